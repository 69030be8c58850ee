/**
 * Which join first. Up to DYNAMIC_RELATION_COUNT_MAX relations: dynamic programming over sets, bushy trees included, joining connected sets only
 * (Selinger 1979; sets as bit masks). Above: greedily the pair with the smallest result. Relations that no condition connects are crossed last.
 *
 * A semi or anti join keeps or drops rows of its left side and adds no column, so it goes wherever the columns of its condition are: it is a relation with a bit of its own, which joins only
 * a set that holds these columns, and is never joined to. What it keeps is a fraction of any such set's rows.
 *
 * Of columns that are equal any two relations may be joined (`equal-columns.ts`); each join of two sets asks once that they are.
 *
 * The rows of a set are those of its relations times the selectivities of the conditions within it, whatever the order: they are computed once a set, and operators
 * are made for the chosen tree alone. The cost of a tree is the sum of the rows that its joins emit and that their build sides hold: the smaller side of an inner join, the right of a semi join. To these a semi or anti join adds
 * the rows that it tests: every relation must be read for its inner joins anyway, but these may be spared.
 */
import { assert } from "#shared/base/assert.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, conjunction } from "../logical/expression.ts";
import { outputColumns } from "../logical/output.ts";
import type { LogicalJoin, LogicalOperator } from "../logical/plan.ts";
import type { Cardinality } from "../statistics/cardinality.ts";
import { type ClassedCondition, withImpliedEqualities } from "./equal-columns.ts";

export const DYNAMIC_RELATION_COUNT_MAX = 10;
/** Relations that a set of bits holds; a larger join keeps the order it was written in. */
export const ORDERED_RELATION_COUNT_MAX = 30;

/** A semi or anti join taken off its left side. */
export interface LooseJoin {
	join: "semi" | "anti";
	right: LogicalOperator;
	condition: Expression | null;
}

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
	parts: (ClassedCondition & { selectivity: number })[];
	set: number;
	/** Of all parts together. */
	selectivity: number;
}

/** A loose join as a relation. */
interface Reducer {
	bit: number;
	/** Relations of its left columns. */
	needs: number;
	/** Fraction of the left rows that it keeps. */
	kept: number;
	join: LooseJoin;
}

interface Graph {
	/** Relations first, then reducers. */
	leaves: Tree[];
	/** Those of several parts first, then by their selectivity: of those that a class makes redundant the first count. */
	conditions: Condition[];
	classCount: number;
	reducers: Reducer[];
}

/** @returns a tree that joins all of `relations` under all of `conditions`, and applies each of `looseJoins`, whose conditions have columns of relations */
export function chooseJoinOrder(
	relations: LogicalOperator[],
	conditions: Expression[],
	looseJoins: LooseJoin[],
	cardinality: Pick<Cardinality, "rowCount" | "joinSelectivities" | "keptFraction">,
): LogicalOperator {
	const owners = new Map(relations.flatMap((relation, index) => outputColumns(relation).map((id) => [id, index] as const)));
	const setOf = (expression: Expression | null) => {
		let set = 0;
		for (const id of expression === null ? [] : collectColumns(expression)) {
			const owner = owners.get(id);
			if (owner !== undefined) set |= 1 << owner;
		}
		return set;
	};
	const classed = withImpliedEqualities(conditions, (column) => owners.get(column));
	const placed = classed.map((condition) => ({ ...condition, set: setOf(condition.expression) }));
	const plans = relations.map((relation, index): LogicalOperator => {
		const own = conjunction(placed.filter(({ set }) => set === 1 << index).map(({ expression }) => expression));
		return own === null ? relation : { kind: "filter", input: relation, predicate: own };
	});
	const rowCounts = plans.map((plan) => cardinality.rowCount(plan));
	const rowCountOf = (expression: Expression) => product(rowCounts.filter((_, index) => (setOf(expression) & (1 << index)) !== 0));
	const joining = Array.from(Map.groupBy(placed, ({ set }) => set))
		.filter(([set]) => (set & (set - 1)) !== 0)
		.map(([set, conjuncts]): Condition => {
			const selectivityOf = (list: ClassedCondition[]) =>
				cardinality.joinSelectivities(
					list.map(({ expression }) => expression),
					rowCountOf,
				);
			const parts = conjuncts.map(({ expression, equalClass }) => ({ expression, equalClass }));
			const selectivity = selectivityOf(parts);
			return {
				set,
				selectivity,
				parts: parts.map((part) => ({ ...part, selectivity: parts.length === 1 ? selectivity : selectivityOf([part]) })),
			};
		})
		.sort((left, right) => right.parts.length - left.parts.length || left.selectivity - right.selectivity);
	const reducers = looseJoins.map((join, index): Reducer => {
		const needs = setOf(join.condition);
		assert(needs !== 0, "a loose join asks something of the relations");
		const left = plans.filter((_, relation) => (needs & (1 << relation)) !== 0).reduce(crossed);
		return { bit: 1 << (relations.length + index), needs, kept: cardinality.keptFraction({ kind: "join", left, ...join }), join };
	});
	const leaves = rowCounts.map((rowCount, index): Tree => ({ set: 1 << index, rowCount, cost: 0, sides: null }));
	for (const { bit, join } of reducers) leaves.push({ set: bit, rowCount: cardinality.rowCount(join.right), cost: 0, sides: null });
	const classCount = 1 + Math.max(-1, ...classed.map(({ equalClass }) => equalClass ?? -1));
	const graph = { leaves, conditions: joining, reducers, classCount };
	const components = leaves.length <= DYNAMIC_RELATION_COUNT_MAX ? dynamic(graph) : greedy(graph);
	const isReducer = ({ set }: Tree) => reducers.some(({ bit }) => bit === set);
	// What needs columns of several components is applied to all of them crossed.
	const whole = components.filter((tree) => !isReducer(tree)).sort((left, right) => left.rowCount - right.rowCount);
	const best = [...whole, ...components.filter(isReducer)].reduce((left, right) => combined(left, right, graph));
	const result = operatorOf(best, plans, graph);
	const loose = conjunction(placed.filter(({ set }) => set === 0).map(({ expression }) => expression));
	return loose === null ? result : { kind: "filter", input: result, predicate: loose };
}

function crossed(left: LogicalOperator, right: LogicalOperator): LogicalOperator {
	return { kind: "join", join: "inner", left, right, condition: null };
}

function product(list: number[]): number {
	return list.reduce((all, one) => all * one, 1);
}

/** Has both sides, and nothing else: it becomes the condition of their join. */
function connects({ set }: Condition, left: number, right: number): boolean {
	return (set & left) !== 0 && (set & right) !== 0 && (set & ~(left | right)) === 0;
}

function reducerOf({ set }: Tree, reducers: Reducer[]): Reducer | undefined {
	return reducers.find(({ bit }) => bit === set);
}

/** Whether the two may be joined without crossing anything; a reducer stands on the right. */
function isJoinable(left: Tree, right: Tree, { conditions, reducers }: Graph): boolean {
	if (reducerOf(left, reducers) !== undefined) return false;
	const reducer = reducerOf(right, reducers);
	if (reducer !== undefined) return (reducer.needs & ~left.set) === 0;
	return conditions.some((condition) => connects(condition, left.set, right.set));
}

function combined(left: Tree, right: Tree, graph: Graph): Tree {
	return joinedTree(left, right, rowCountOf(left.set | right.set, graph), reducerOf(right, graph.reducers) !== undefined);
}

function joinedTree(left: Tree, right: Tree, rowCount: number, isReduced: boolean): Tree {
	const held = isReduced ? left.rowCount + right.rowCount : Math.min(left.rowCount, right.rowCount);
	return { set: left.set | right.set, rowCount, cost: left.cost + right.cost + rowCount + held, sides: [left, right] };
}

function operatorOf({ set, sides }: Tree, plans: LogicalOperator[], graph: Graph): LogicalOperator {
	if (sides === null) return plans[31 - Math.clz32(set)] as LogicalOperator;
	const [left, right] = sides;
	const reducer = reducerOf(right, graph.reducers);
	if (reducer !== undefined) return { kind: "join", left: operatorOf(left, plans, graph), ...reducer.join } satisfies LogicalJoin;
	const asked = new Set<number>();
	const own = graph.conditions
		.filter((condition) => connects(condition, left.set, right.set))
		.flatMap(({ parts }) => parts)
		.filter(({ equalClass }) => {
			if (equalClass === null) return true;
			const isFirst = !asked.has(equalClass);
			asked.add(equalClass);
			return isFirst;
		});
	return {
		kind: "join",
		join: "inner",
		left: operatorOf(left, plans, graph),
		right: operatorOf(right, plans, graph),
		condition: conjunction(own.map(({ expression }) => expression)),
	};
}

/** @returns the best tree of each connected component */
function dynamic(graph: Graph): Tree[] {
	const { leaves, conditions, reducers } = graph;
	const setCount = 2 ** leaves.length;
	const best = Array.from<Tree | undefined>({ length: setCount });
	for (const leaf of leaves) best[leaf.set] = leaf;
	/** Relations next to any of a set, by conditions over two; the few over more are asked one by one. */
	const neighbours = new Int32Array(setCount);
	const wide = conditions.filter(({ set }) => bitCount(set) > 2);
	for (const { set } of conditions)
		if (bitCount(set) === 2)
			for (const { set: one } of leaves) if ((set & one) !== 0) neighbours[one] = (neighbours[one] as number) | (set & ~one);
	const needs = new Int32Array(setCount);
	for (const { bit, needs: needed } of reducers) needs[bit] = needed;
	for (let set = 1; set < setCount; set++) {
		const lowest = set & -set;
		const rest = set ^ lowest;
		if (rest === 0) continue;
		neighbours[set] = (neighbours[lowest] as number) | (neighbours[rest] as number);
		const rowCount = rowCountOf(set, graph);
		let chosen: Tree | undefined;
		// Each pair once: the left side has the lowest relation, so never a reducer alone, whose bits are the highest.
		for (let part = rest; ; part = (part - 1) & rest) {
			const [left, right] = [best[lowest | (rest ^ part)], best[part]];
			if (left !== undefined && right !== undefined) {
				const needed = needs[right.set] as number;
				const isConnected =
					needed !== 0
						? (needed & ~left.set) === 0
						: ((neighbours[left.set] as number) & right.set) !== 0 || wide.some((condition) => connects(condition, left.set, right.set));
				if (isConnected && needs[left.set] === 0) {
					const tree = joinedTree(left, right, rowCount, needed !== 0);
					if (chosen === undefined || tree.cost < chosen.cost) chosen = tree;
				}
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

function rowCountOf(set: number, { leaves, conditions, reducers, classCount }: Graph): number {
	let rowCount = 1;
	for (const [index, leaf] of leaves.entries())
		if ((leaf.set & set) !== 0) rowCount *= index < leaves.length - reducers.length ? leaf.rowCount : 1;
	/** By class: sets of relations whose columns are known to be equal so far. */
	const equal = Array.from<unknown, number[]>({ length: classCount }, () => []);
	for (const condition of conditions) {
		if ((condition.set & ~set) !== 0) continue;
		const counted = condition.parts.filter(
			({ equalClass }) => equalClass === null || makesEqual(equal[equalClass] as number[], condition.set),
		);
		rowCount *= counted.length === condition.parts.length ? condition.selectivity : product(counted.map(({ selectivity }) => selectivity));
	}
	for (const { bit, kept } of reducers) if ((bit & set) !== 0) rowCount *= kept;
	return Math.max(1, rowCount);
}

/** Notes that the pair's columns are equal. @returns whether that was not known before */
function makesEqual(known: number[], pair: number): boolean {
	const met = known.filter((set) => (set & pair) !== 0);
	const merged = met.reduce((all, set) => all | set, pair);
	if (met.length === 1 && merged === met[0]) return false;
	known.splice(0, known.length, ...known.filter((set) => !met.includes(set)), merged);
	return true;
}

function greedy(graph: Graph): Tree[] {
	let open = [...graph.leaves];
	for (;;) {
		let choice: Tree | null = null;
		// A reducer comes after every relation: on the right.
		for (const [index, left] of open.entries()) {
			for (const right of open.slice(index + 1)) {
				const sides = reducerOf(left, graph.reducers) === undefined ? ([left, right] as const) : ([right, left] as const);
				if (!isJoinable(...sides, graph)) continue;
				const joined = combined(...sides, graph);
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
