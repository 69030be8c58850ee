/** The one place that knows which expressions an expression is made of: a new kind of expression is added here, and every visitor follows. */
import { unreachable } from "#shared/base/assert.ts";
import type { Expression } from "./expression.ts";

/** Its direct parts, in the order of their evaluation. */
export function partsOf(expression: Expression): Expression[] {
	switch (expression.kind) {
		case "column":
		case "constant":
			return [];
		case "call":
		case "and":
		case "or":
		case "coalesce":
			return expression.arguments;
		case "cast":
		case "not":
		case "is_null":
		case "in_list":
			return [expression.input];
		case "quantified":
			return [expression.input, expression.array];
		case "case":
			return [...expression.branches.flatMap(({ when, then }) => [when, then]), expression.otherwise];
		default:
			return unreachable(expression);
	}
}
