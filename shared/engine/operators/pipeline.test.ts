import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import { call, column, ESTIMATE, evaluateRow, integer, runPlan, scan, tableRows, tablesOf } from "./operators.fixture.ts";

const INTEGER: DataType = { kind: "integer" };
const types: DataType[] = [INTEGER, { kind: "text" }, { kind: "array", element: INTEGER }];
const predicate = call("lt(integer,integer)", [column(0, INTEGER), integer(2)]);
const sum = call("add(integer,integer)", [column(0, INTEGER), integer(5)], INTEGER);

describe.each([1, 2, 1000])("batches of at most %d rows", (rowCountMax) => {
	test("filter, project and limit, over every encoding", async () => {
		const cut = fc.record({ limit: fc.option(fc.integer({ min: 0, max: 1500 })), offset: fc.integer({ min: 0, max: 12 }) });
		await fc.assert(
			fc.asyncProperty(tablesOf(types, rowCountMax), cut, async (table, { limit, offset }) => {
				const plan: PhysicalOperator = {
					kind: "limit",
					limit,
					offset,
					estimate: ESTIMATE,
					input: {
						kind: "project",
						expressions: [sum, column(2, types[2]!), column(1, types[1]!)],
						estimate: ESTIMATE,
						input: { kind: "filter", predicate, estimate: ESTIMATE, input: scan(0, types) },
					},
				};
				const expected = tableRows(table)
					.filter((row) => evaluateRow(predicate, (index) => row[index]!) === true)
					.map((row) => [evaluateRow(sum, (index) => row[index]!), row[2], row[1]])
					.slice(offset, limit === null ? undefined : offset + limit);
				const { rows, closeCounts } = await runPlan(plan, [table]);
				expect(rows).toEqual(expected);
				expect(closeCounts).toEqual([1]);
			}),
			{ numRuns: rowCountMax === 1000 ? 15 : 40 },
		);
	});
});

test("a limit pulls its input no further than it must", async () => {
	const types1 = [INTEGER];
	const batch = { rowCount: 2, selection: null, columns: [{ type: INTEGER, encoding: "flat" as const, values: [1, 2] }] };
	const plan: PhysicalOperator = { kind: "limit", limit: 3, offset: 0, estimate: ESTIMATE, input: scan(0, types1) };
	const { rows, statistics } = await runPlan(plan, [{ types: types1, batches: Array.from({ length: 100 }, () => batch) }]);
	expect(rows).toEqual([[1], [2], [1]]);
	expect(statistics.workUnits).toBe(4);
});

test("values evaluates each row, in batches", async () => {
	const constant = (value: number) => call("add(integer,integer)", [integer(value), integer(1)], INTEGER);
	const rows = Array.from({ length: 5000 }, (_, row) => [row % 2 === 0 ? integer(row) : constant(row - 1)]);
	const plan: PhysicalOperator = { kind: "values", types: [INTEGER], rows, estimate: ESTIMATE };
	const result = await runPlan(plan, []);
	expect(result.rows).toEqual(rows.map((_, row) => [row]));
	expect(result.batchRowCounts).toEqual([2048, 2048, 904]);
});

test("an exchange of a one-executor plan hands its input on", async () => {
	const values: PhysicalOperator = { kind: "values", types: [INTEGER], rows: [[integer(1)]], estimate: ESTIMATE };
	const plan: PhysicalOperator = { kind: "exchange", mode: "gather", keys: [], input: values, estimate: ESTIMATE };
	expect((await runPlan(plan, [])).rows).toEqual([[1]]);
});

test("arrays are refused where they would have to be compared", async () => {
	const plan: PhysicalOperator = {
		kind: "sort",
		input: scan(0, types),
		keys: [{ expression: column(0, INTEGER), descending: false, nullsFirst: false }],
		estimate: ESTIMATE,
	};
	await expect(runPlan(plan, [{ types, batches: [] }])).rejects.toMatchObject({
		code: "feature_not_supported",
		message: "arrays in joins, sorts and groups are not supported yet",
	});
});
