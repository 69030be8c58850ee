/** Evaluates expressions without columns: constant folding, DEFAULTs, VALUES. */
import { assert } from "#shared/base/assert.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { Lease } from "../memory/lease.ts";
import { readValue } from "../vector/read.ts";
import { compileExpression } from "./compile.ts";
import type { CompileOptions } from "./evaluator.ts";

/** The value of an expression that names no column, in `contracts/value.ts`'s form for its type. @throws LittoralError that evaluation raises */
export function evaluateConstant(expression: Expression, options: CompileOptions): SqlValue {
	if (expression.kind === "constant") return expression.value;
	const lease = new Lease(options.engine.arena, { owner: "constants" });
	try {
		const batch = { rowCount: 1, columns: [], selection: 0, selectedCount: 1 };
		return readValue(options.engine, compileExpression(expression, options).evaluate(batch, lease.region()), 0);
	} finally {
		lease.release();
	}
}

/** True when the expression names no column and always has the same value: what constant folding may replace. */
export function isFoldable(expression: Expression): boolean {
	switch (expression.kind) {
		case "column":
			return false;
		case "constant":
			return true;
		case "call": {
			const signature = signatureById(expression.functionId);
			assert(signature !== undefined, `${expression.functionId} is a function`);
			return signature.kind === "scalar" && signature.volatility !== "volatile" && expression.arguments.every(isFoldable);
		}
		case "and":
		case "or":
		case "coalesce":
			return expression.arguments.every(isFoldable);
		case "cast":
		case "not":
		case "is_null":
		case "in_list":
			return isFoldable(expression.input);
		case "quantified":
			return isFoldable(expression.input) && isFoldable(expression.array);
		case "case":
			return expression.branches.every(({ when, then }) => isFoldable(when) && isFoldable(then)) && isFoldable(expression.otherwise);
	}
}
