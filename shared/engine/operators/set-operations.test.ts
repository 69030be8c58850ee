import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { PhysicalOperator, PhysicalSetOperation } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { equalityKey } from "../kernels/reference/value.ts";
import { SCALAR_TYPES } from "../vector/vectors.fixture.ts";
import { column, ESTIMATE, integer, call, evaluateRow, runPlan, scan, type TestTable, tableRows, tablesOf } from "./operators.fixture.ts";

const INTEGER: DataType = { kind: "integer" };
type Operation = Pick<PhysicalSetOperation, "operation" | "all">;

const rowKey = (row: SqlValue[]): string => row.map(equalityKey).join("|");
const sorted = (rows: SqlValue[][]): string[] => rows.map(rowKey).sort();

/** Row keys by taking copies of the left side out one by one. */
function setRows({ operation, all }: Operation, left: SqlValue[][], right: SqlValue[][]): string[] {
	const keys = left.map(rowKey);
	const others = right.map(rowKey);
	if (!all) return [...new Set(keys)].filter((key) => others.includes(key) === (operation === "intersect"));
	return keys.filter((key) => {
		const at = others.indexOf(key);
		if (at >= 0) others.splice(at, 1);
		return at >= 0 === (operation === "intersect");
	});
}

const setPlan = (operation: Operation, types: DataType[]): PhysicalOperator => ({
	kind: "set_operation",
	...operation,
	left: scan(0, types),
	right: scan(1, types),
	estimate: ESTIMATE,
});

describe.each([1, 2, 1000])("batches of at most %d rows", (rowCountMax) => {
	test.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("intersect and except of %s", async (_, type) => {
		const types = [type, { kind: "boolean" } as DataType];
		const sides = tablesOf(types, rowCountMax);
		const operations = fc.record({ operation: fc.constantFrom("intersect" as const, "except" as const), all: fc.boolean() });
		await fc.assert(
			fc.asyncProperty(sides, sides, operations, async (left, right, operation) => {
				const { rows, closeCounts } = await runPlan(setPlan(operation, types), [left, right]);
				expect(sorted(rows)).toEqual(setRows(operation, tableRows(left), tableRows(right)).sort());
				expect(closeCounts).toEqual([1, 1]);
			}),
			{ numRuns: rowCountMax === 1000 ? 8 : 20 },
		);
	});

	test("union all and expand", async () => {
		const types = [INTEGER, { kind: "text" } as DataType];
		const sum = call("add(integer,integer)", [column(0, INTEGER), integer(5)], INTEGER);
		const projections = [
			[column(0, INTEGER), column(1, types[1]!)],
			[sum, { kind: "constant" as const, value: null, type: types[1]! }],
		];
		await fc.assert(
			fc.asyncProperty(tablesOf(types, rowCountMax), tablesOf(types, rowCountMax), async (first, second) => {
				const union: PhysicalOperator = { kind: "union_all", inputs: [scan(0, types), scan(1, types), scan(0, types)], estimate: ESTIMATE };
				const united = await runPlan(union, [first, second]);
				expect(united.rows).toEqual([...tableRows(first), ...tableRows(second), ...tableRows(first)]);
				expect(united.closeCounts).toEqual([1, 1, 1]);
				const expanded = await runPlan({ kind: "expand", input: scan(0, types), projections, estimate: ESTIMATE }, [first]);
				const expected = tableRows(first).flatMap((row) =>
					projections.map((list) => list.map((one) => evaluateRow(one, (index) => row[index]!))),
				);
				expect(sorted(expanded.rows)).toEqual(sorted(expected));
			}),
			{ numRuns: rowCountMax === 1000 ? 10 : 30 },
		);
	});
});

test("more copies of a row than a batch holds", async () => {
	const copies = (batchCount: number): TestTable => ({
		types: [INTEGER],
		batches: Array.from({ length: batchCount }, () => ({
			rowCount: 2000,
			selection: null,
			columns: [{ type: INTEGER, encoding: "constant" as const, values: Array.from({ length: 2000 }, () => 7) }],
		})),
	});
	const { batchRowCounts } = await runPlan(setPlan({ operation: "except", all: true }, [INTEGER]), [copies(10), copies(2)]);
	expect(batchRowCounts.reduce((sum, count) => sum + count, 0)).toBe(16_000);
	expect(Math.max(...batchRowCounts)).toBe(BATCH_ROW_COUNT_MAX);
});
