/**
 * Projections behind a top-N.
 *
 * Effect: a projection of groups below a top-N that sorts by columns it passes on is put on top.
 * Better: it computes what it has to for the rows that are left; and a top-N that stands on the group-by itself keeps it from making columns of groups that are not among the first.
 * Safe: the order does not depend on what is computed, and nothing in it can raise for a row that is left out.
 * Must not match: `GROUP BY x, x - 1 ... ORDER BY count(*) LIMIT 10`, where x - 1 may be out of range in another group; `ORDER BY` a computed column.
 */
import { isStable } from "../expression.ts";
import { mapInputs } from "../output.ts";
import type { LogicalOperator } from "../plan.ts";
import type { Rule } from "../rule.ts";
import { mayRaise } from "../unnest/raising.ts";

export const delayProjections: Rule = { name: "delay-projections", apply: rewritten };

function rewritten(plan: LogicalOperator): LogicalOperator {
	const node = mapInputs(plan, rewritten);
	if (node.kind !== "top_n" || node.input.kind !== "project" || node.input.input.kind !== "aggregate") return node;
	const { input: groups, columns, expressions } = node.input;
	const passed = new Set(
		columns.filter((id, index) => {
			const expression = expressions[index];
			return expression?.kind === "column" && expression.index === id;
		}),
	);
	const isSortedByPassed = node.keys.every(({ expression }) => expression.kind === "column" && passed.has(expression.index));
	if (!isSortedByPassed || !expressions.every((expression) => isStable(expression) && !mayRaise(expression))) return node;
	return { kind: "project", input: { ...node, input: groups }, columns, expressions };
}
