/** Work units that an expression costs a row, by the costs its functions declare. */
import { partsOf } from "#shared/contracts/plan/expression-parts.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { signatureOf } from "../logical/expression.ts";

/** A cast, on average: most are widenings, some parse text. */
const CAST_COST = 2;

function workUnits(expression: Expression): number {
	const inner = partsOf(expression).reduce((sum, child) => sum + workUnits(child), 0);
	switch (expression.kind) {
		case "column":
		case "constant":
			return 0;
		case "call":
			return inner + signatureOf(expression.functionId).cost;
		case "cast":
			return inner + CAST_COST;
		case "in_list":
			return inner + 2;
		default:
			return inner + 1;
	}
}

export function totalWorkUnits(expressions: readonly (Expression | null)[]): number {
	return expressions.reduce((sum, expression) => sum + (expression === null ? 0 : workUnits(expression)), 0);
}
