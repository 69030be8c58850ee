/** Group-bys of which not all groups are wanted: whichever come out have all of their rows, and there are as many, and the first by their keys. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { PhysicalHashAggregate, PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import { equalityKey } from "../../kernels/reference/value.ts";
import { SCALAR_TYPES } from "../../vector/vectors.fixture.ts";
import { column, ESTIMATE, MemorySpillStore, type RunOptions, runPlan, scan, tablesOf, type TestTable } from "../operators.fixture.ts";

const INTEGER: DataType = { kind: "integer" };
const BIGINT: DataType = { kind: "bigint" };
const TEXT: DataType = { kind: "text" };

const count = (distinct: boolean, argument: [number, DataType] | null) => ({
	functionId: argument === null ? "count()" : "count(any)",
	arguments: argument === null ? [] : [column(...argument)],
	distinct,
	filter: null,
	type: BIGINT,
});

interface Wanted {
	keys: number[];
	order: { key: number; descending: boolean; nullsFirst: boolean }[];
	limit: number;
	offset: number;
	/** What lies between the scan and the group-by hides the scan's columns. */
	isHidden: boolean;
	isDistinct: boolean;
}

function plans(types: DataType[], { keys, order, limit, offset, isHidden, isDistinct }: Wanted) {
	const table = scan(0, types);
	const expressions = types.map((type, index) => column(index, type));
	const input: PhysicalOperator = isHidden ? { kind: "project", input: table, expressions, estimate: ESTIMATE } : table;
	const groups: PhysicalHashAggregate = {
		kind: "hash_aggregate",
		input,
		groupKeys: keys.map((index) => column(index, types[index] as DataType)),
		aggregates: isDistinct ? [] : [count(false, null), count(true, [types.length - 1, types.at(-1) as DataType])],
		estimate: ESTIMATE,
	};
	const some: PhysicalHashAggregate = { ...groups, wanted: { groupCount: limit + offset, order } };
	const sortKeys = order.map(({ key, ...rest }) => ({ ...rest, expression: column(key, types[keys[key] as number] as DataType) }));
	const estimate = ESTIMATE;
	const taken: PhysicalOperator =
		order.length === 0
			? { kind: "limit", input: some, limit, offset, estimate }
			: { kind: "top_n", input: some, keys: sortKeys, limit, offset, estimate };
	const all: PhysicalOperator = order.length === 0 ? groups : { kind: "sort", input: groups, keys: sortKeys, estimate };
	return { taken, all };
}

/** @returns the plan's operators */
async function expectWholeGroups(types: DataType[], table: TestTable, wanted: Wanted, options: RunOptions = {}) {
	const { taken, all } = plans(types, wanted);
	const truth = (await runPlan(all, [table])).rows.map((row) => row.map(equalityKey));
	const { rows, operators, statistics } = await runPlan(taken, [table], options);
	const found = rows.map((row) => row.map(equalityKey));
	const { limit, offset, order } = wanted;
	expect(found.length).toBe(Math.max(0, Math.min(limit, truth.length - offset)));
	const whole = new Set(truth.map((row) => row.join("|")));
	expect(found.filter((row) => !whole.has(row.join("|")))).toEqual([]);
	expect(new Set(found.map((row) => row.join("|"))).size).toBe(found.length);
	const ordered = (list: typeof found) => list.map((row) => order.map(({ key }) => row[key]));
	expect(ordered(found)).toEqual(ordered(truth.slice(offset, offset + limit)));
	return { operators, statistics };
}

const wantedGroups = (keyCount: number): fc.Arbitrary<Wanted> =>
	fc.record({
		keys: fc.constantFrom(...[[0], [0, 1], [1, 0]].slice(0, keyCount === 1 ? 1 : 3)),
		order: fc
			.subarray([0, 1].slice(0, keyCount))
			.chain((keys) =>
				fc.tuple(...keys.map((key) => fc.record({ key: fc.constant(key), descending: fc.boolean(), nullsFirst: fc.boolean() }))),
			),
		limit: fc.integer({ min: 1, max: 12 }),
		offset: fc.constantFrom(0, 0, 1, 5),
		isHidden: fc.boolean(),
		isDistinct: fc.boolean(),
	});
const MODES: [string, () => RunOptions][] = [
	["in memory", () => ({})],
	["spilling at once", () => ({ spill: new MemorySpillStore(), testModes: { spillAlways: true } })],
	["in batches of two, no dictionary looked up by codes", () => ({ testModes: { batchRowCountMax: 2, dictionaryEntryCountMax: 0 } })],
];

describe.each(MODES)("%s", (_mode, options) => {
	test.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("the first groups, and any, by %s", async (_, type) => {
		const types = [type, INTEGER];
		const wanted = wantedGroups(2).map((one) => ({ ...one, order: one.order.filter(({ key }) => key < one.keys.length) }));
		await fc.assert(
			fc.asyncProperty(tablesOf(types, 200), wanted, async (table, one) => {
				await expectWholeGroups(types, table, one, options());
			}),
			{ numRuns: 12 },
		);
	});
});

const GROUP_COUNT = 9000;
/** Two rows a group, in an order of their own: 0 up, 1 down, else none. */
function manyGroups(order: number): TestTable {
	const numbers = Array.from({ length: 2 * GROUP_COUNT }, (_, row) => {
		const group = row % GROUP_COUNT;
		return order === 0 ? group : order === 1 ? GROUP_COUNT - group : (group * 7919) % GROUP_COUNT;
	});
	return {
		types: [INTEGER, TEXT],
		batches: Array.from({ length: numbers.length / 2000 }, (_, batch) => {
			const values = numbers.slice(batch * 2000, batch * 2000 + 2000);
			return {
				rowCount: 2000,
				selection: null,
				columns: [
					{ type: INTEGER, encoding: "flat" as const, values },
					{ type: TEXT, encoding: "flat" as const, values: values.map((value) => `text ${value % 50}`) },
				],
			};
		}),
	};
}
const ANY: Wanted = { keys: [0, 1], order: [], limit: 10, offset: 3, isHidden: false, isDistinct: false };
const UP = { descending: false, nullsFirst: false };

test.each([0, 1, 2])("rows of other groups are dropped, whatever the order of the input (%d)", async (order) => {
	const table = manyGroups(order);
	const { operators: any } = await expectWholeGroups(table.types, table, ANY);
	const groupsOf = (nodes: typeof any) => nodes.find(({ node }) => node.kind === "hash_aggregate")?.statistics.rows ?? 0;
	expect(groupsOf(any)).toBeLessThanOrEqual(2000);
	for (const keys of [[0], [1, 0]]) {
		const wanted = { ...ANY, order: keys.map((key) => ({ key, ...UP })) };
		const { operators } = await expectWholeGroups(table.types, table, wanted);
		// Rows that come in the opposite order are each of a new first group.
		if (order !== 1) expect(groupsOf(operators)).toBeLessThan(GROUP_COUNT / 2);
		// The scan counts what nobody wanted, too.
		expect(operators.find(({ node }) => node.kind === "scan")?.statistics.rows).toBe(2 * GROUP_COUNT);
	}
});

test("DISTINCT stops reading once it has as many as are wanted", async () => {
	const table = manyGroups(2);
	const { operators } = await expectWholeGroups(table.types, table, { ...ANY, isDistinct: true });
	expect(operators.find(({ node }) => node.kind === "scan")?.statistics.rows).toBe(2000);
});

test("groups that tie with the last one wanted keep their rows, however many they are", async () => {
	const table = manyGroups(2);
	for (const limit of [1, 10, 400]) {
		await expectWholeGroups(table.types, table, { ...ANY, limit, order: [{ key: 1, ...UP }] });
	}
});

test("groups of which there are more than memory for all are counted where the first fit, and spill nothing", async () => {
	const table = manyGroups(2);
	const wanted = { ...ANY, order: [{ key: 0, ...UP }] };
	const spill = new MemorySpillStore();
	const { statistics } = await expectWholeGroups(table.types, table, wanted, { spill });
	expect(statistics.spilledBytes).toBe(0);
});

test("a failed reservation leaves nothing leased", async () => {
	const table = manyGroups(1);
	const { taken } = plans(table.types, { ...ANY, order: [{ key: 0, ...UP }] });
	let failures = 0;
	for (let pages = 1; pages <= 12; pages++) {
		const run = runPlan(taken, [table], { byteCountMax: pages * 65_536 });
		await run.catch((error: unknown) => {
			expect(error).toMatchObject({ code: "resource_exhausted" });
			failures++;
		});
	}
	expect(failures).toBeGreaterThan(0);
});
