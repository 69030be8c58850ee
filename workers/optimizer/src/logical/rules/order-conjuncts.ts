/**
 * The order of conjuncts.
 *
 * Effect: the parts of a scan's or a filter's AND are asked in ascending order of cost / (1 - selectivity); parts over the same column alone stay together.
 * Better: each part is asked only about rows that those before it kept, and a scan reads a part's columns where such a row is left. That order costs least where parts are
 * independent (Hellerstein and Stonebraker, "Predicate migration", 1993).
 * Safe: AND commutes where nothing raises. A part that may raise, or gives another answer at each call, keeps its place in PostgreSQL's own order (ascending count of function
 * calls, else as written: order_qual_clauses in planner/createplan.c), and no other part passes it in either direction: it sees the rows that it sees there.
 * Must not match: `a <> 0 AND 10 / a > 3`, in which the division is asked only where a is not 0, whatever either costs.
 */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { Cardinality } from "../../statistics/cardinality.ts";
import { ASK_COST, conjunctCost, postgresCost } from "../../statistics/conjunct-cost.ts";
import { selectivity, type StatisticsOf } from "../../statistics/selectivity.ts";
import { collectColumns, conjunction, conjuncts, isStable } from "../expression.ts";
import { mapInputs } from "../output.ts";
import type { LogicalOperator } from "../plan.ts";
import type { Rule } from "../rule.ts";
import { mayRaise } from "../unnest/raising.ts";

export const orderConjuncts: Rule = {
	name: "order-conjuncts",
	apply: (plan, { cardinality }) => ordered(plan, cardinality),
};

function ordered(plan: LogicalOperator, cardinality: Cardinality): LogicalOperator {
	const node = mapInputs(plan, (input) => ordered(input, cardinality));
	if ((node.kind !== "scan" && node.kind !== "filter") || node.predicate?.kind !== "and") return node;
	const before = conjuncts(node.predicate);
	const after = inOrder(before, cardinality.statistics);
	return after.every((part, index) => part === before[index]) ? node : { ...node, predicate: conjunction(after) as Expression };
}

function inOrder(parts: readonly Expression[], statistics: StatisticsOf): Expression[] {
	const isFixed = (part: Expression): boolean => mayRaise(part) || !isStable(part);
	if (!parts.some(isFixed)) return byRank(parts, statistics);
	const result: Expression[] = [];
	let movable: Expression[] = [];
	for (const part of parts.toSorted((left, right) => postgresCost(left) - postgresCost(right))) {
		if (!isFixed(part)) {
			movable.push(part);
			continue;
		}
		result.push(...byRank(movable, statistics), part);
		movable = [];
	}
	return [...result, ...byRank(movable, statistics)];
}

/** Parts as one: those over the same column alone, which a dictionary answers together. */
interface Ranked {
	parts: Expression[];
	rank: number;
}

function byRank(parts: readonly Expression[], statistics: StatisticsOf): Expression[] {
	const groups = new Map<string, Expression[]>();
	for (const [index, part] of parts.entries()) {
		const columns = collectColumns(part);
		const key = columns.size === 1 ? `column ${[...columns].join()}` : `part ${index}`;
		groups.set(key, [...(groups.get(key) ?? []), part]);
	}
	return [...groups.values()]
		.map((group) => ranked(group, statistics))
		.toSorted((left, right) => left.rank - right.rank)
		.flatMap((group) => group.parts);
}

/** Of one column's parts the cheap ones come first, else as written: a range reads as it did. A row is looked up once for all of them. */
function ranked(group: readonly Expression[], statistics: StatisticsOf): Ranked {
	const asked = group
		.map((part) => ({ part, cost: conjunctCost(part, statistics), kept: selectivity(part, statistics) }))
		.toSorted((left, right) => left.cost - right.cost);
	let cost = ASK_COST;
	let reached = 1;
	for (const part of asked) {
		cost += reached * (part.cost - ASK_COST);
		reached *= part.kept;
	}
	const parts = asked.map(({ part }) => part);
	const kept = selectivity(conjunction(parts), statistics);
	return { parts, rank: kept < 1 ? cost / (1 - kept) : Number.POSITIVE_INFINITY };
}
