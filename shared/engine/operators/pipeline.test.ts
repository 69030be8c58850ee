import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
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

test("arrays and documents sort and group by their values, not by their bytes", async () => {
	const numeric = (text: string) => parseValue({ kind: "numeric" }, text);
	const numbers: DataType = { kind: "array", element: { kind: "numeric" } };
	const json: DataType = { kind: "jsonb" };
	const constant = (value: SqlValue, type: DataType): Expression => ({ kind: "constant", value, type });
	const rows: [SqlValue, SqlValue][] = [
		[[numeric("2")], '{"a": 1.0}'],
		[[numeric("1.0"), null], '{"a": 1}'],
		[[numeric("1.00"), null], '{"a": 1.00}'],
		[[], "[]"],
		[null, "[]"],
	];
	const input: PhysicalOperator = {
		kind: "values",
		types: [numbers, json],
		rows: rows.map(([array, document]) => [constant(array, numbers), constant(document, json)]),
		estimate: ESTIMATE,
	};
	const grouped = async (index: number, type: DataType): Promise<string[]> => {
		const groups: PhysicalOperator = {
			kind: "hash_aggregate",
			input,
			groupKeys: [column(index, type)],
			aggregates: [{ functionId: "count()", arguments: [], distinct: false, filter: null, type: { kind: "bigint" } }],
			estimate: ESTIMATE,
		};
		const keys = [{ expression: column(0, type), descending: true, nullsFirst: true }];
		const { rows: answer } = await runPlan({ kind: "sort", input: groups, keys, estimate: ESTIMATE }, []);
		return answer.map(([value, count]) => `${value === null ? "NULL" : formatValue(type, value as SqlValue)} x${String(count)}`);
	};
	expect(await grouped(0, numbers)).toEqual(["NULL x1", "{2} x1", "{1.0,NULL} x2", "{} x1"]);
	expect(await grouped(1, json)).toEqual(['{"a": 1.0} x3', "[] x2"]);
});
