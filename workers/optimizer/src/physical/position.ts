/** From column ids to positions in an operator's input, the last step of planning. */
import { assert } from "#shared/base/assert.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { rewrite } from "../logical/expression.ts";
import type { ColumnId } from "../logical/plan.ts";

/** The input's columns, in order. */
export class Positions {
	private readonly byId: Map<ColumnId, number>;

	constructor(columns: ColumnId[]) {
		this.byId = new Map(columns.map((id, index) => [id, index]));
	}

	/** @throws Error for a column that the input does not have: a bug of a rule */
	place(expression: Expression): Expression {
		return rewrite(expression, (node) => {
			if (node.kind !== "column") return node;
			const index = this.byId.get(node.index);
			assert(index !== undefined, `column ${node.index} reaches the operator that uses it`);
			return { ...node, index };
		});
	}
}
