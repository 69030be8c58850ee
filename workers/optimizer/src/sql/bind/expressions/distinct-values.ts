/** IS [NOT] DISTINCT FROM of two values. */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN } from "../../../logical/expression.ts";
import type { Bound } from "../bound.ts";
import { settle } from "./coerce.ts";
import { bindComparison } from "./operators.ts";
import type { StatementContext } from "../statement.ts";

/** Equality in which NULL equals NULL, or its opposite: never NULL. */
export function distinctValues(
	statement: StatementContext,
	[left, right]: readonly [Bound, Bound],
	{ negated, location }: { negated: boolean; location: number },
): Expression {
	// PostgreSQL looks up the equality operator for both.
	const equal = bindComparison(statement, "=", [left, right], location);
	const compared: Expression = negated ? equal : { kind: "not", input: equal, type: BOOLEAN };
	const isNull = (bound: Bound, not: boolean): Expression => ({
		kind: "is_null",
		input: settle(statement, bound),
		negated: not,
		type: BOOLEAN,
	});
	return {
		kind: "case",
		branches: [
			{ when: isNull(left, false), then: isNull(right, !negated) },
			{ when: isNull(right, false), then: { kind: "constant", value: !negated, type: BOOLEAN } },
		],
		otherwise: compared,
		type: BOOLEAN,
	};
}
