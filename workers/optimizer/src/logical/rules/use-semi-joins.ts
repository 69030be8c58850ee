/**
 * Semi and anti joins.
 *
 * Effect: a filter on the mark of a mark join (IN, EXISTS) makes the join a semi join, a filter on its negation an anti join.
 * Better: no mark is made, what the condition demands moves down on both sides, and a row that has its answer is done.
 * Safe: a mark that is true is a match. One that is not true may be NULL as well: an anti join drops such rows only where the comparison cannot be NULL.
 * Must not match: `x NOT IN (SELECT y ...)` where x or y may be NULL; `x IN (...) OR ...`, whose rows are kept for another reason.
 */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, conjunction, conjuncts, isNullable, substitute } from "../expression.ts";
import { mapInputs } from "../output.ts";
import type { ColumnId, ColumnTable, LogicalJoin, LogicalOperator } from "../plan.ts";
import type { Rule } from "../rule.ts";

export const useSemiJoins: Rule = { name: "use-semi-joins", apply: (plan, context) => rewritten(plan, context.columns) };

function rewritten(plan: LogicalOperator, columns: ColumnTable): LogicalOperator {
	const node = mapInputs(plan, (input) => rewritten(input, columns));
	if (node.kind !== "filter") return node;
	let { input } = node;
	const kept: Expression[] = [];
	const decided = new Map<ColumnId, boolean>();
	for (const part of conjuncts(node.predicate)) {
		const demand = demandOf(part);
		const replaced = demand === null ? null : replaceMark(input, demand, columns);
		if (demand === null || replaced === null) kept.push(part);
		else {
			input = replaced;
			decided.set(demand.mark, demand.value);
		}
	}
	if (decided.size === 0) return node;
	const rest = conjunction(kept.map((part) => substitute(part, (id) => constantOf(decided.get(id)))));
	return rest === null ? input : { kind: "filter", input, predicate: rest };
}

function constantOf(value: boolean | undefined): Expression | undefined {
	return value === undefined ? undefined : { kind: "constant", value, type: BOOLEAN };
}

interface Demand {
	mark: ColumnId;
	value: boolean;
}

function demandOf(part: Expression): Demand | null {
	if (part.kind === "column") return { mark: part.index, value: true };
	return part.kind === "not" && part.input.kind === "column" ? { mark: part.input.index, value: false } : null;
}

/** The plan with the join of that mark replaced, found on the left of joins below: a filter on left columns commutes with all but a full one. */
function replaceMark(node: LogicalOperator, demand: Demand, columns: ColumnTable): LogicalOperator | null {
	if (node.kind !== "join" || node.join === "full") return null;
	if (node.mark === undefined || node.mark.column !== demand.mark) {
		const left = replaceMark(node.left, demand, columns);
		return left === null ? null : { ...node, left };
	}
	const { comparison } = node.mark;
	if (!demand.value && comparison !== null && isNullable(comparison, columns)) return null;
	const parts = [...conjuncts(node.condition), ...conjuncts(comparison)];
	const { left, right, guard } = node;
	const joined: LogicalJoin = { kind: "join", join: demand.value ? "semi" : "anti", left, right, condition: conjunction(parts) };
	// What a guard keeps from the subquery is decided by another part of the filter, whatever the mark.
	return guard === undefined ? joined : { ...joined, guard };
}
