/** Join order over random join graphs: the cheapest of all trees, found by trying them all; every condition once, every semi and anti join once and where its columns are. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { chooseJoinOrder, DYNAMIC_RELATION_COUNT_MAX, type LooseJoin } from "../../workers/optimizer/src/join-order/choose.ts";
import { collectColumns, conjuncts } from "../../workers/optimizer/src/logical/expression.ts";
import type { LogicalOperator } from "../../workers/optimizer/src/logical/plan.ts";

interface TestGraph {
	rowCounts: number[];
	/** Pairs of relations, at most one condition each. */
	edges: { left: number; right: number; selectivity: number }[];
	/** Each over one or two relations. */
	loose: { join: "semi" | "anti"; needs: number[]; rowCount: number; kept: number }[];
}

const BOOLEAN = { kind: "boolean" } as const;
const LOOSE_FROM = 100;

/** Relation i has column i, and one more for each edge, so that no two edges make columns equal to a third; the right side of loose join j has column 100 + j. */
const EDGE_FROM = 1000;
const relationOf = (column: number): number => column % EDGE_FROM;
const edgeColumn = (relation: number, edge: number): number => EDGE_FROM * (edge + 1) + relation;
const scan = (column: number, edgeCount = 0): LogicalOperator => {
	const columns = [column, ...Array.from({ length: edgeCount }, (_, edge) => edgeColumn(column, edge))];
	return { kind: "scan", table: column, columns, fieldIds: columns.map((_, index) => index + 1), predicate: null };
};
const equal = (columns: number[]): Expression => ({
	kind: "call",
	functionId: "eq(integer,integer)",
	arguments: columns.map((index): Expression => ({ kind: "column", index, type: { kind: "integer" } })),
	type: BOOLEAN,
});

function graphs(relationCountMax: number, looseCountMax: number): fc.Arbitrary<TestGraph> {
	return fc.integer({ min: 2, max: relationCountMax }).chain((count) =>
		fc.record({
			rowCounts: fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: count, maxLength: count }),
			// A spanning tree, so that nothing is crossed, and some edges more.
			edges: fc
				.tuple(
					fc.array(fc.nat(), { minLength: count - 1, maxLength: count - 1 }),
					fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 3 }),
					fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: count + 3, maxLength: count + 3 }),
				)
				.map(([parents, more, selectivities]) => {
					const pairs = new Map<string, [number, number]>();
					for (const [index, parent] of parents.entries())
						pairs.set(`${parent % (index + 1)},${index + 1}`, [parent % (index + 1), index + 1]);
					for (const [one, other] of more)
						if (one !== other) pairs.set(`${Math.min(one, other)},${Math.max(one, other)}`, [Math.min(one, other), Math.max(one, other)]);
					return Array.from(pairs.values(), ([left, right], index) => ({ left, right, selectivity: selectivities[index] as number }));
				}),
			loose: fc.array(
				fc.record({
					join: fc.constantFrom("semi" as const, "anti" as const),
					needs: fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: 2 }),
					rowCount: fc.integer({ min: 1, max: 100_000 }),
					kept: fc.double({ min: 0.001, max: 1, noNaN: true }),
				}),
				{ maxLength: looseCountMax },
			),
		}),
	);
}

function choose({ rowCounts, edges, loose }: TestGraph): LogicalOperator {
	const looseJoins = loose.map(
		({ join, needs }, index): LooseJoin => ({ join, right: scan(LOOSE_FROM + index), condition: equal([...needs, LOOSE_FROM + index]) }),
	);
	return chooseJoinOrder(
		rowCounts.map((_, index) => scan(index, edges.length)),
		edges.map(({ left, right }, edge) => equal([edgeColumn(left, edge), edgeColumn(right, edge)])),
		looseJoins,
		{
			rowCount: (node) => {
				const column = node.kind === "scan" ? (node.columns[0] as number) : Number.NaN;
				return rowCounts[column] ?? loose[column - LOOSE_FROM]?.rowCount ?? Number.NaN;
			},
			joinSelectivities: ([condition]) => {
				const [left, right] = Array.from(collectColumns(condition as Expression), relationOf);
				return edges.find((edge) => edge.left === left && edge.right === right)?.selectivity ?? Number.NaN;
			},
			keptFraction: ({ right }) => loose[(right.kind === "scan" ? (right.columns[0] as number) : 0) - LOOSE_FROM]?.kept ?? Number.NaN,
		},
	);
}

interface Costed {
	relations: number;
	/** Loose joins applied. */
	applied: number;
	rowCount: number;
	cost: number;
}

const bit = (index: number) => 1 << index;
const maskOf = (list: number[]) => list.reduce((mask, index) => mask | bit(index), 0);

function rowsOf(graph: TestGraph, relations: number, applied: number): number {
	let rowCount = 1;
	for (const [index, count] of graph.rowCounts.entries()) if (relations & bit(index)) rowCount *= count;
	for (const { left, right, selectivity } of graph.edges) if (relations & bit(left) && relations & bit(right)) rowCount *= selectivity;
	for (const [index, { kept }] of graph.loose.entries()) if (applied & bit(index)) rowCount *= kept;
	return Math.max(1, rowCount);
}

/** Every tree without a cross join; the least cost of those over these relations with these loose joins applied. */
function bruteForce(graph: TestGraph): number {
	const known = new Map<string, Costed | null>();
	const best = (relations: number, applied: number): Costed | null => {
		const key = `${relations},${applied}`;
		const before = known.get(key);
		if (before !== undefined) return before;
		const rowCount = rowsOf(graph, relations, applied);
		let least: Costed | null = null;
		const offer = (cost: number) => {
			if (least === null || cost < least.cost) least = { relations, applied, rowCount, cost };
		};
		if ((relations & (relations - 1)) === 0 && applied === 0) offer(0);
		for (const [index, { needs, rowCount: built }] of graph.loose.entries()) {
			if (!(applied & bit(index)) || maskOf(needs) & ~relations) continue;
			const left = best(relations, applied & ~bit(index));
			if (left !== null) offer(left.cost + left.rowCount + rowCount + built);
		}
		for (let part = (relations - 1) & relations; part > 0; part = (part - 1) & relations) {
			const rest = relations & ~part;
			const isConnected = graph.edges.some(
				({ left, right }) => (part & bit(left) && rest & bit(right)) || (part & bit(right) && rest & bit(left)),
			);
			if (!isConnected) continue;
			for (let taken = applied; ; taken = (taken - 1) & applied) {
				const [left, right] = [best(part, taken), best(rest, applied & ~taken)];
				if (left !== null && right !== null) offer(left.cost + right.cost + rowCount + Math.min(left.rowCount, right.rowCount));
				if (taken === 0) break;
			}
		}
		known.set(key, least);
		return least;
	};
	return best(bit(graph.rowCounts.length) - 1, bit(graph.loose.length) - 1)?.cost ?? Number.NaN;
}

/** What the chosen tree costs, by the documented model; fails where a condition is lost, doubled or placed where its columns are not. */
function costed(graph: TestGraph, node: LogicalOperator, seen: string[]): Costed {
	if (node.kind === "scan") {
		const relations = bit(node.columns[0] as number);
		return { relations, applied: 0, rowCount: rowsOf(graph, relations, 0), cost: 0 };
	}
	if (node.kind !== "join") throw new Error(`a ${node.kind} where only joins are`);
	const left = costed(graph, node.left, seen);
	const columns = conjuncts(node.condition).map((part) => Array.from(collectColumns(part), relationOf));
	if (node.join === "inner") {
		const right = costed(graph, node.right, seen);
		for (const [one, other] of columns as [number, number][]) {
			seen.push(`${one},${other}`);
			const sides = [left, right].map(({ relations }) => [one, other].filter((id) => relations & bit(id)).length);
			expect(sides).toEqual([1, 1]);
		}
		const relations = left.relations | right.relations;
		const applied = left.applied | right.applied;
		const rowCount = rowsOf(graph, relations, applied);
		return { relations, applied, rowCount, cost: left.cost + right.cost + rowCount + Math.min(left.rowCount, right.rowCount) };
	}
	const index = (node.right.kind === "scan" ? (node.right.columns[0] as number) : Number.NaN) - LOOSE_FROM;
	const loose = graph.loose[index];
	if (loose === undefined) throw new Error("an unknown loose join");
	seen.push(`${loose.join} ${index}`);
	expect(node.join).toBe(loose.join);
	expect(maskOf(loose.needs) & ~left.relations).toBe(0);
	const applied = left.applied | bit(index);
	const rowCount = rowsOf(graph, left.relations, applied);
	return { relations: left.relations, applied, rowCount, cost: left.cost + left.rowCount + rowCount + loose.rowCount };
}

function checked(graph: TestGraph): Costed {
	const seen: string[] = [];
	const result = costed(graph, choose(graph), seen);
	const wanted = [...graph.edges.map(({ left, right }) => `${left},${right}`), ...graph.loose.map(({ join }, index) => `${join} ${index}`)];
	expect(seen.toSorted()).toEqual(wanted.toSorted());
	expect(result.relations).toBe(bit(graph.rowCounts.length) - 1);
	return result;
}

describe("dynamic programming", () => {
	test("finds what trying all trees finds", () => {
		fc.assert(
			fc.property(graphs(6, 3), (graph) => {
				const { cost } = checked(graph);
				expect(cost / bruteForce(graph)).toBeCloseTo(1, 9);
			}),
			{ numRuns: 300 },
		);
	});

	test("a semi join that keeps little comes before a join that multiplies, one that keeps all after one that reduces", () => {
		const graph = (kept: number, selectivity: number): TestGraph => ({
			rowCounts: [1000, 1000],
			edges: [{ left: 0, right: 1, selectivity }],
			loose: [{ join: "semi", needs: [0], rowCount: 10, kept }],
		});
		const isLast = (node: LogicalOperator) => node.kind === "join" && node.join === "semi";
		expect(isLast(choose(graph(0.001, 0.1)))).toBe(false);
		expect(isLast(choose(graph(1, 0.000_01)))).toBe(true);
	});
});

test(`beyond ${DYNAMIC_RELATION_COUNT_MAX} relations a greedy tree is whole and right`, () => {
	fc.assert(
		fc.property(graphs(20, 8), (graph) => {
			fc.pre(graph.rowCounts.length + graph.loose.length > DYNAMIC_RELATION_COUNT_MAX);
			expect(checked(graph).cost).toBeGreaterThan(0);
		}),
		{ numRuns: 200 },
	);
});

test("a loose join over relations that nothing connects is applied to both crossed", () => {
	for (const looseCount of [1, 12]) {
		const loose = Array.from({ length: looseCount }, () => ({ join: "anti" as const, needs: [0, 1], rowCount: 5, kept: 0.5 }));
		const result = checked({ rowCounts: [3, 4], edges: [], loose });
		expect(result.applied).toBe(bit(looseCount) - 1);
	}
});

describe("columns that are equal", () => {
	/** Relations of one column each, all equal by a chain of conditions; every two rows match with this chance. */
	function chosen(rowCounts: number[], order: number[], chance: number): LogicalOperator {
		const conditions = order.slice(1).map((relation, index) => equal([order[index] as number, relation]));
		return chooseJoinOrder(
			rowCounts.map((_, index) => scan(index)),
			conditions,
			[],
			{
				rowCount: (node) => (node.kind === "scan" ? (rowCounts[node.columns[0] as number] as number) : Number.NaN),
				joinSelectivities: (asked) => chance ** asked.length,
				keptFraction: () => Number.NaN,
			},
		);
	}

	/** The relations below, after checking that each join asks one equality, between its sides. */
	function relationsOf(node: LogicalOperator): number[] {
		if (node.kind === "scan") return [node.columns[0] as number];
		if (node.kind !== "join") throw new Error(`a ${node.kind} where only joins are`);
		const [left, right] = [relationsOf(node.left), relationsOf(node.right)];
		const asked = conjuncts(node.condition).map((part) => [...collectColumns(part)]);
		expect(asked).toHaveLength(1);
		expect(asked[0]?.map((id) => (left.includes(id) ? "left" : right.includes(id) ? "right" : "none")).toSorted()).toEqual([
			"left",
			"right",
		]);
		return [...left, ...right];
	}

	test("each join asks once, whatever the chain was written", () => {
		fc.assert(
			fc.property(
				fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 3, maxLength: 12 }).chain((rowCounts) =>
					fc.record({
						rowCounts: fc.constant(rowCounts),
						order: fc.shuffledSubarray([...rowCounts.keys()], { minLength: rowCounts.length }),
						chance: fc.double({ min: 1e-6, max: 1, noNaN: true }),
					}),
				),
				({ rowCounts, order, chance }) => {
					const found = relationsOf(chosen(rowCounts, order, chance));
					expect(found.toSorted((left, right) => left - right)).toEqual([...rowCounts.keys()]);
				},
			),
			{ numRuns: 100 },
		);
	});

	test("the two small ends of a chain are joined first, though no condition names both", () => {
		const tree = chosen([100, 1_000_000, 10_000], [0, 1, 2], 1e-4);
		const sides =
			tree.kind === "join" ? [tree.left, tree.right].map(relationsOf).toSorted((left, right) => left.length - right.length) : [];
		expect(sides[0]).toEqual([1]);
	});

	test("an equality within a relation is asked as it was written", () => {
		const two: LogicalOperator = { kind: "scan", table: 0, columns: [0, 7], fieldIds: [1, 2], predicate: null };
		const tree = chooseJoinOrder([two, scan(1), scan(2)], [equal([0, 1]), equal([1, 7]), equal([1, 2])], [], {
			rowCount: () => 10,
			joinSelectivities: (asked) => 0.1 ** asked.length,
			keptFraction: () => Number.NaN,
		});
		const asked: string[] = [];
		const collect = (node: LogicalOperator): void => {
			if (node.kind !== "join") return;
			for (const part of conjuncts(node.condition)) asked.push([...collectColumns(part)].join("="));
			collect(node.left);
			collect(node.right);
		};
		collect(tree);
		expect(asked.toSorted()).toEqual(["0=1", "1=2", "1=7"]);
	});
});
