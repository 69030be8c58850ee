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

test.each([
	["a number, then a text", [key(0, INTEGER, true), key(1, TEXT, false)]],
	["a text of which many are equal", [key(1, TEXT, true), key(0, INTEGER, false)]],
])("a scan by %s", async (_, keys) => {
	const input = scan(0, table.types);
	const all = await runPlan({ kind: "sort", input, keys, estimate: ESTIMATE }, [table], {});
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
			const { rows, operators } = await runPlan({ kind: "top_n", input, keys, limit, offset, estimate: ESTIMATE }, [table], options);
			expect(rows).toEqual(all.rows.slice(offset, offset + limit));
			expect(operators.find(({ node }) => node.kind === "scan")?.statistics.rows).toBe(ROW_COUNT);
		}
	}
});
