/**
 * Which inner join first. Up to DYNAMIC_RELATION_COUNT_MAX relations: dynamic programming over sets, bushy trees included, joining connected sets only
 * (Selinger 1979; sets as bit masks). Above: greedily the pair with the smallest result. Relations that no condition connects are crossed last.
 *
 * The rows of a set are those of its relations times the selectivities of the conditions within it, whatever the order: they are computed once a set, and operators
 * are made for the chosen tree alone. The cost of a tree is the sum of the rows that its joins emit and that its build sides hold.
 */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, conjunction } from "../logical/expression.ts";
import { outputColumns } from "../logical/output.ts";
import type { LogicalOperator } from "../logical/plan.ts";
import type { Cardinality } from "../statistics/cardinality.ts";

const DYNAMIC_RELATION_COUNT_MAX = 10;
/** Relations that a set of bits holds; a larger join keeps the order it was written in. */
export const ORDERED_RELATION_COUNT_MAX = 30;

/** A tree over a set of relations; bit i of `set`: relation i is in it. */
interface Tree {
	set: number;
	rowCount: number;
	cost: number;
	/** null for one relation. */
	sides: [Tree, Tree] | null;
}

/** All conjuncts over one set of relations. */
interface Condition {
	expressions: Expression[];
	set: number;
	selectivity: number;
}

/** @returns a tree that joins all of `relations` under all of `conditions` */
export function chooseJoinOrder(relations: LogicalOperator[], conditions: Expression[], cardinality: Cardinality): LogicalOperator {
	const owners = new Map(relations.flatMap((relation, index) => outputColumns(relation).map((id) => [id, index] as const)));
	const setOf = (expression: Expression) => {
		let set = 0;
		for (const id of collectColumns(expression)) set |= 1 << (owners.get(id) as number);
		return set;
	};
	const placed = conditions.map((expression) => ({ expression, set: setOf(expression) }));
	const plans = relations.map((relation, index): LogicalOperator => {
		const own = conjunction(placed.filter(({ set }) => set === 1 << index).map(({ expression }) => expression));
		return own === null ? relation : { kind: "filter", input: relation, predicate: own };
	});
	const rowCounts = plans.map((plan) => cardinality.rowCount(plan));
	const rowCountOf = (expression: Expression) => product(rowCounts.filter((_, index) => (setOf(expression) & (1 << index)) !== 0));
	const joining = Array.from(Map.groupBy(placed, ({ set }) => set))
		.filter(([set]) => (set & (set - 1)) !== 0)
		.map(([set, parts]): Condition => {
			const expressions = parts.map(({ expression }) => expression);
			return { expressions, set, selectivity: cardinality.joinSelectivities(expressions, rowCountOf) };
		});
	const leaves = rowCounts.map((rowCount, index): Tree => ({ set: 1 << index, rowCount, cost: 0, sides: null }));
	const components = relations.length <= DYNAMIC_RELATION_COUNT_MAX ? dynamic(leaves, joining) : greedy(leaves, joining);
	components.sort((left, right) => left.rowCount - right.rowCount);
	const best = components.reduce((left, right) =>
		combined(left, right, left.rowCount * right.rowCount * newSelectivity(left.set, right.set, joining)),
	);
	const result = operatorOf(best, plans, joining);
	const loose = conjunction(placed.filter(({ set }) => set === 0).map(({ expression }) => expression));
	return loose === null ? result : { kind: "filter", input: result, predicate: loose };
}

function product(list: number[]): number {
	return list.reduce((all, one) => all * one, 1);
}

/** Has both sides, and nothing else: it becomes the condition of their join. */
function connects({ set }: Condition, left: number, right: number): boolean {
	return (set & left) !== 0 && (set & right) !== 0 && (set & ~(left | right)) === 0;
}

function newSelectivity(left: number, right: number, conditions: Condition[]): number {
	return product(conditions.filter((condition) => connects(condition, left, right)).map(({ selectivity }) => selectivity));
}

function combined(left: Tree, right: Tree, rowCount: number): Tree {
	const emitted = Math.max(1, rowCount);
	const cost = left.cost + right.cost + emitted + Math.min(left.rowCount, right.rowCount);
	return { set: left.set | right.set, rowCount: emitted, cost, sides: [left, right] };
}

function operatorOf({ set, sides }: Tree, plans: LogicalOperator[], conditions: Condition[]): LogicalOperator {
	if (sides === null) return plans[31 - Math.clz32(set)] as LogicalOperator;
	const [left, right] = sides;
	const own = conditions.filter((condition) => connects(condition, left.set, right.set));
	return {
		kind: "join",
		join: "inner",
		left: operatorOf(left, plans, conditions),
		right: operatorOf(right, plans, conditions),
		condition: conjunction(own.flatMap(({ expressions }) => expressions)),
	};
}

/** @returns the best tree of each connected component */
function dynamic(leaves: Tree[], conditions: Condition[]): Tree[] {
	const setCount = 2 ** leaves.length;
	const best = Array.from<Tree | undefined>({ length: setCount });
	for (const leaf of leaves) best[leaf.set] = leaf;
	/** Relations next to any of a set, by conditions over two; the few over more are asked one by one. */
	const neighbours = new Int32Array(setCount);
	const wide = conditions.filter(({ set }) => bitCount(set) > 2);
	for (const { set } of conditions)
		if (bitCount(set) === 2)
			for (const { set: one } of leaves) if ((set & one) !== 0) neighbours[one] = (neighbours[one] as number) | (set & ~one);
	for (let set = 1; set < setCount; set++) {
		const lowest = set & -set;
		const rest = set ^ lowest;
		if (rest === 0) continue;
		neighbours[set] = (neighbours[lowest] as number) | (neighbours[rest] as number);
		const rowCount = rowCountOf(set, leaves, conditions);
		let chosen: Tree | undefined;
		// Each pair once: the left side has the lowest relation.
		for (let part = rest; ; part = (part - 1) & rest) {
			const [left, right] = [best[lowest | (rest ^ part)], best[part]];
			if (left !== undefined && right !== undefined) {
				const isConnected =
					((neighbours[left.set] as number) & right.set) !== 0 || wide.some((condition) => connects(condition, left.set, right.set));
				const cost = left.cost + right.cost + rowCount + Math.min(left.rowCount, right.rowCount);
				if (isConnected && (chosen === undefined || cost < chosen.cost)) chosen = { set, rowCount, cost, sides: [left, right] };
			}
			if (part === 0) break;
		}
		best[set] = chosen;
	}
	// Largest sets first; each relation belongs to the first set that has it.
	const components: Tree[] = [];
	let covered = 0;
	const found = best.filter((tree) => tree !== undefined);
	for (const tree of found.sort((left, right) => bitCount(right.set) - bitCount(left.set))) {
		if ((tree.set & covered) !== 0) continue;
		components.push(tree);
		covered |= tree.set;
	}
	return components;
}

function rowCountOf(set: number, leaves: Tree[], conditions: Condition[]): number {
	let rowCount = 1;
	for (const leaf of leaves) if ((leaf.set & set) !== 0) rowCount *= leaf.rowCount;
	for (const condition of conditions) if ((condition.set & ~set) === 0) rowCount *= condition.selectivity;
	return Math.max(1, rowCount);
}

function greedy(leaves: Tree[], conditions: Condition[]): Tree[] {
	let open = [...leaves];
	for (;;) {
		let choice: Tree | null = null;
		for (const [index, left] of open.entries()) {
			for (const right of open.slice(index + 1)) {
				if (!conditions.some((condition) => connects(condition, left.set, right.set))) continue;
				const joined = combined(left, right, left.rowCount * right.rowCount * newSelectivity(left.set, right.set, conditions));
				if (choice === null || joined.rowCount < choice.rowCount) choice = joined;
			}
		}
		if (choice === null) return open;
		const { set } = choice;
		open = [...open.filter((tree) => (tree.set & set) === 0), choice];
	}
}

function bitCount(set: number): number {
	let count = 0;
	for (let rest = set; rest !== 0; rest &= rest - 1) count++;
	return count;
}
