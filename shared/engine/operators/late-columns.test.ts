/** A top-N over a scan or a group-by has the rows that a sort of all groups begins with, and every row counts that was there, those that nobody wanted too. */
import { expect, test } from "vitest";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SortKey } from "#shared/contracts/plan/expression.ts";
import type { PhysicalHashAggregate } from "#shared/contracts/plan/physical.ts";
import { column, ESTIMATE, MemorySpillStore, runPlan, scan, type TestTable } from "./operators.fixture.ts";

const INTEGER: DataType = { kind: "integer" };
const TEXT: DataType = { kind: "text" };
const BIGINT: DataType = { kind: "bigint" };
const NUMERIC: DataType = { kind: "numeric" };
const ROW_COUNT = 24_000;
const GROUP_COUNT = 15_000;

/** Groups of one row and of two, none of them in order, and one of NULL. */
const table: TestTable = {
	types: [INTEGER, TEXT],
	batches: Array.from({ length: ROW_COUNT / 2000 }, (_, batch) => {
		const numbers = Array.from({ length: 2000 }, (__, row) => ((batch * 2000 + row) * 7919) % GROUP_COUNT);
		return {
			rowCount: 2000,
			selection: null,
			columns: [
				{ type: INTEGER, encoding: "flat" as const, values: numbers.map((number) => (number === 77 ? null : number)) },
				{ type: TEXT, encoding: "flat" as const, values: numbers.map((number) => `text ${number}`) },
			],
		};
	}),
};
const call = (functionId: string, index: number | null, type: DataType) => ({
	functionId,
	arguments: index === null ? [] : [column(index, table.types[index] as DataType)],
	distinct: false,
	filter: null,
	type,
});
const groups: PhysicalHashAggregate = {
	kind: "hash_aggregate",
	input: scan(0, table.types),
	groupKeys: [column(0, INTEGER)],
	aggregates: [call("avg(integer)", 0, NUMERIC), call("count()", null, BIGINT), call("max(text)", 1, TEXT)],
	estimate: ESTIMATE,
};

const KEYS: [string, SortKey[]][] = [
	["by a count and a key", [key(2, BIGINT, true), key(0, INTEGER, true)]],
	["by the key, NULL first", [key(0, INTEGER, true)]],
	["by a text and a mean", [key(3, TEXT, false), key(1, NUMERIC, true)]],
];
function key(index: number, type: DataType, descending: boolean): SortKey {
	return { expression: column(index, type), descending, nullsFirst: descending };
}

test.each(KEYS)("%s", async (_, keys) => {
	const [limit, offset] = [30, 5];
	const all = await runPlan({ kind: "sort", input: groups, keys, estimate: ESTIMATE }, [table], {});
	const plan = { kind: "top_n" as const, input: groups, keys, limit, offset, estimate: ESTIMATE };
	for (const options of [{}, { spill: new MemorySpillStore(), testModes: { spillAlways: true } }]) {
		const { rows, operators } = await runPlan(plan, [table], options);
		expect(rows).toEqual(all.rows.slice(offset, offset + limit));
		expect(operators.find(({ node }) => node.kind === "hash_aggregate")?.statistics.rows).toBe(GROUP_COUNT);
	}
});

/** The same rows, each batch with dictionaries of its own. */
const coded: TestTable = {
	...table,
	batches: table.batches.map((batch) => ({
		...batch,
		columns: batch.columns.map((each) => ({ ...each, encoding: "dictionary" as const })),
	})),
};

test.each([
	["a number, then a text", [key(0, INTEGER, true), key(1, TEXT, false)], table],
	["a text of which many are equal", [key(1, TEXT, true), key(0, INTEGER, false)], table],
	["a number of a dictionary, then a text", [key(0, INTEGER, false), key(1, TEXT, false)], coded],
	["a text of a dictionary", [key(1, TEXT, false), key(0, INTEGER, false)], coded],
	["a text of a dictionary alone, from the last", [key(1, TEXT, true)], coded],
])("a scan by %s", async (_, keys, read) => {
	const input = scan(0, table.types);
	const all = await runPlan({ kind: "sort", input, keys, estimate: ESTIMATE }, [read], {});
	for (const [limit, offset] of [
		[10, 0],
		[1, 3],
		[5000, 700],
	] as const) {
		for (const options of [
			{},
			{ spill: new MemorySpillStore(), testModes: { spillAlways: true } },
			{ testModes: { batchRowCountMax: 2 } },
		]) {
			const { rows, operators } = await runPlan({ kind: "top_n", input, keys, limit, offset, estimate: ESTIMATE }, [read], options);
			expect(rows).toEqual(all.rows.slice(offset, offset + limit));
			expect(operators.find(({ node }) => node.kind === "scan")?.statistics.rows).toBe(ROW_COUNT);
			// The same columns, picked in another order.
			const exchanged = keys.map((sortKey) => ({
				...sortKey,
				expression: column(sortKey.expression.type === TEXT ? 0 : 1, sortKey.expression.type),
			}));
			const picked = { kind: "project" as const, input, expressions: [column(1, TEXT), column(0, INTEGER)], estimate: ESTIMATE };
			const over = { kind: "top_n" as const, input: picked, keys: exchanged, limit, offset, estimate: ESTIMATE };
			const answer = await runPlan(over, [read], options);
			expect(answer.rows).toEqual(rows.map(([number, text]) => [text, number]));
			expect(answer.operators.find(({ node }) => node.kind === "scan")?.statistics.rows).toBe(ROW_COUNT);
		}
	}
});
