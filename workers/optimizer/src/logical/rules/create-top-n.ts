/**
 * Top-N.
 *
 * Effect: LIMIT over ORDER BY becomes one operator that keeps limit + offset rows.
 * Better: memory for the kept rows only, and no sort of the others.
 * Safe: both give the first rows of the same order; ties are free in SQL.
 * Must not match: a limit too large to keep its rows in memory, or OFFSET without LIMIT.
 */
import { mapInputs } from "../output.ts";
import type { LogicalOperator } from "../plan.ts";
import type { Rule } from "../rule.ts";

/** Rows kept at most; above, an external sort is the better plan. */
const TOP_N_ROW_COUNT_MAX = 65_536;

export const createTopN: Rule = { name: "create-top-n", apply: rewritten };

function rewritten(plan: LogicalOperator): LogicalOperator {
	const node = mapInputs(plan, rewritten);
	if (node.kind !== "limit" || node.limit === null || node.input.kind !== "sort") return node;
	if (node.limit + node.offset > TOP_N_ROW_COUNT_MAX) return node;
	return { kind: "top_n", input: node.input.input, keys: node.input.keys, limit: node.limit, offset: node.offset };
}
