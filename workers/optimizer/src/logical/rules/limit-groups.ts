/**
 * Groups that nobody takes are not made.
 *
 * Effect: a group-by (or DISTINCT) right under a LIMIT, or under a top-N whose first keys are group keys, is told how many groups are taken: any so many, or the first by these keys.
 * Better: rows of other groups are dropped when they come, by a comparison with the groups that are there: no hash table of all groups, nothing spilled; a DISTINCT stops reading.
 * Safe: without an order any groups are right, if each has all of its rows. With one, a row behind n groups is of none of the first n, since groups only become more; the keys of the
 * order behind the last group key decide between groups of equal ones, none of which is dropped.
 * Must not match: `ORDER BY count(*) LIMIT 10`; HAVING or anything else in between that drops groups; an aggregate whose argument may raise for a row that would be
 * left out; a DISTINCT over what may raise for a row that would not be read.
 */
import type { WantedGroups } from "#shared/contracts/plan/physical.ts";
import { mapInputs } from "../output.ts";
import type { LogicalAggregate, LogicalOperator, LogicalTopN } from "../plan.ts";
import type { Rule } from "../rule.ts";
import { operatorMayRaise, planMayRaise } from "../unnest/raising.ts";

/** The first groups are sorted again and again while rows come: above, that is no longer nothing. */
const ORDERED_GROUP_COUNT_MAX = 4096;

export const limitGroups: Rule = { name: "limit-groups", apply: rewritten };

function rewritten(plan: LogicalOperator): LogicalOperator {
	const node = mapInputs(plan, rewritten);
	switch (node.kind) {
		case "limit":
			return node.limit === null ? node : { ...node, input: limited(node.input, { groupCount: node.limit + node.offset, order: [] }) };
		case "top_n":
			return node.input.kind === "aggregate" ? { ...node, input: first(node.input, node) } : node;
		default:
			return node;
	}
}

/** Projections keep the number of rows. */
function limited(node: LogicalOperator, wanted: WantedGroups): LogicalOperator {
	if (node.kind === "project") return { ...node, input: limited(node.input, wanted) };
	return node.kind === "aggregate" && canLimit(node, wanted) ? { ...node, wanted } : node;
}

function first(node: LogicalAggregate, { keys, limit, offset }: LogicalTopN): LogicalAggregate {
	const order: WantedGroups["order"] = [];
	for (const { expression, descending, nullsFirst } of keys) {
		const key = expression.kind === "column" ? node.groupColumns.indexOf(expression.index) : -1;
		if (key < 0) break;
		order.push({ key, descending, nullsFirst });
	}
	const wanted = { groupCount: limit + offset, order };
	return order.length > 0 && wanted.groupCount <= ORDERED_GROUP_COUNT_MAX && canLimit(node, wanted) ? { ...node, wanted } : node;
}

function canLimit(node: LogicalAggregate, { groupCount, order }: WantedGroups): boolean {
	if (groupCount < 1 || node.groupKeys.length === 0) return false;
	const stopsReading = order.length === 0 && node.aggregates.length === 0;
	return stopsReading ? !planMayRaise(node, { subplans: true }) : !operatorMayRaise(node);
}
