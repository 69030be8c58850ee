/**
 * Scalar subqueries of one row.
 *
 * Effect: a single join whose right side has at most one row becomes a left join, or an inner one where it has exactly one.
 * Better: nothing counts matches, predicates become conditions, and the join order is free.
 * Safe: an aggregation without keys has one row, LIMIT 1 at most one: the check could not fail.
 * Must not match: `(SELECT x FROM u WHERE u.k = t.k)`, where only the data says whether k is unique.
 */
import { mapInputs } from "../output.ts";
import type { LogicalOperator } from "../plan.ts";
import type { Rule } from "../rule.ts";

export const dropSingleChecks: Rule = { name: "drop-single-checks", apply: rewritten };

function rewritten(plan: LogicalOperator): LogicalOperator {
	const node = mapInputs(plan, rewritten);
	if (node.kind !== "join" || node.join !== "single" || node.condition !== null) return node;
	const rows = rowsOf(node.right);
	if (rows === "any") return node;
	// Left rows that a guard keeps from the subquery stay all the same.
	return { ...node, join: rows === "one" && node.guard === undefined ? "inner" : "left" };
}

/** How many rows it can have, by its operators alone. */
export function rowsOf(node: LogicalOperator): "one" | "at most one" | "any" {
	switch (node.kind) {
		case "aggregate":
			return node.groupColumns.length === 0 ? "one" : "any";
		case "values":
			return node.rows.length === 1 ? "one" : "any";
		case "project":
		case "sort":
			return rowsOf(node.input);
		case "filter":
			return rowsOf(node.input) === "any" ? "any" : "at most one";
		case "limit":
		case "top_n":
			return node.limit !== null && node.limit <= 1 ? "at most one" : "any";
		default:
			return "any";
	}
}
