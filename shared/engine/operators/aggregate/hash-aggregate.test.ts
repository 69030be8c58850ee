import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import { SIGNATURES } from "#shared/contracts/functions/registry.ts";
import type { AggregateCall } from "#shared/contracts/plan/expression.ts";
import type { PhysicalHashAggregate } from "#shared/contracts/plan/physical.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { aggregateFunction } from "../../functions/aggregates/registry.ts";
import { equalityKey, orderValues } from "../../kernels/reference/value.ts";
import { SCALAR_TYPES } from "../../vector/vectors.fixture.ts";
import {
	call,
	column,
	ESTIMATE,
	integer,
	MemorySpillStore,
	runPlan,
	scan,
	tableRows,
	tablesOf,
	type TestTable,
} from "../operators.fixture.ts";

function aggregate(types: DataType[], groupKeys: number[], aggregates: AggregateCall[]): PhysicalHashAggregate {
	return {
		kind: "hash_aggregate",
		input: scan(0, types),
		groupKeys: groupKeys.map((index) => column(index, types[index]!)),
		aggregates,
		estimate: ESTIMATE,
	};
}

function agg(functionId: string, type: DataType, args: [number, DataType][] = [], options: Partial<AggregateCall> = {}): AggregateCall {
	return {
		functionId,
		arguments: args.map(([index, argument]) => column(index, argument)),
		distinct: false,
		filter: null,
		type,
		...options,
	};
}

const BIGINT: DataType = { kind: "bigint" };
const NUMERIC: DataType = { kind: "numeric" };
const INTEGER: DataType = { kind: "integer" };

/** Groups in the order of their first row. */
function groupRows(rows: SqlValue[][], keys: number[]): SqlValue[][][] {
	const groups = new Map<string, SqlValue[][]>();
	for (const row of rows) {
		const key = keys.map((index) => equalityKey(row[index]!)).join("|");
		groups.set(key, [...(groups.get(key) ?? []), row]);
	}
	return [...groups.values()];
}

const notNull = (rows: SqlValue[][], index: number): SqlValue[] => rows.map((row) => row[index]!).filter((value) => value !== null);

describe.each([1, 2, 1000])("batches of at most %d rows", (rowCountMax) => {
	test.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))(
		"groups by %s: count, distinct count, min and max",
		async (_, type) => {
			const types = [type, INTEGER];
			const extreme: DataType = type.kind === "numeric" ? NUMERIC : type;
			const calls = [
				agg("count()", BIGINT),
				agg("count(any)", BIGINT, [[1, INTEGER]]),
				agg("count(any)", BIGINT, [[0, type]], { distinct: true }),
				agg(`min(${type.kind})`, extreme, [[0, type]]),
				agg(`max(${type.kind})`, extreme, [[0, type]]),
			];
			await fc.assert(
				fc.asyncProperty(tablesOf(types, rowCountMax), fc.constantFrom<number[]>([0], [0, 1], [1]), async (table, keys) => {
					const { rows } = await runPlan(aggregate(types, keys, calls), [table]);
					const expected = groupRows(tableRows(table), keys).map((group) => {
						const values = notNull(group, 0).sort(orderValues);
						return [
							...keys.map((index) => group[0]![index]!),
							BigInt(group.length),
							BigInt(notNull(group, 1).length),
							BigInt(new Set(values.map(equalityKey)).size),
							values[0] ?? null,
							values.at(-1) ?? null,
						].map(equalityKey);
					});
					expect(rows.map((row) => row.map(equalityKey))).toEqual(expected);
				}),
				{ numRuns: rowCountMax === 1000 ? 8 : 15 },
			);
		},
	);

	test("sums and means are exact, and have PostgreSQL's scales", async () => {
		const fixed: DataType = { kind: "numeric", precision: 12, scale: 2 };
		const wide: DataType = { kind: "numeric", precision: 30, scale: 4 };
		const types = [INTEGER, INTEGER, BIGINT, fixed, wide];
		const calls = [
			agg("sum(integer)", BIGINT, [[1, INTEGER]]),
			agg("sum(bigint)", NUMERIC, [[2, BIGINT]]),
			agg("sum(numeric)", NUMERIC, [[3, fixed]]),
			agg("sum(numeric)", NUMERIC, [[4, wide]]),
			agg("avg(integer)", NUMERIC, [[1, INTEGER]]),
		];
		const sum = (values: SqlValue[], scale: number): NumericValue | null =>
			values.length === 0 ? null : { coefficient: values.reduce<bigint>((total, value) => total + coefficientOf(value), 0n), scale };
		await fc.assert(
			fc.asyncProperty(tablesOf(types, rowCountMax), async (table) => {
				const { rows } = await runPlan(aggregate(types, [0], calls), [table]);
				const expected = groupRows(tableRows(table), [0]).map((group) => {
					const integers = notNull(group, 1);
					return [
						group[0]![0],
						integers.length === 0 ? null : integers.reduce<bigint>((total, value) => total + BigInt(value as number), 0n),
						sum(notNull(group, 2), 0),
						sum(notNull(group, 3), 2),
						sum(notNull(group, 4), 4),
						integers.length === 0 ? null : expect.anything(),
					];
				});
				expect(rows).toEqual(expected);
			}),
			{ numRuns: 20 },
		);
	});
});

function coefficientOf(value: SqlValue): bigint {
	if (typeof value === "bigint") return value;
	return (value as NumericValue).coefficient;
}

const table = (types: DataType[], rows: SqlValue[][]): TestTable => ({
	types,
	batches: [
		{
			rowCount: rows.length,
			selection: null,
			columns: types.map((type, index) => ({ type, encoding: "flat" as const, values: rows.map((row) => row[index]!) })),
		},
	],
});

const numeric = (text: string): NumericValue => {
	const [whole, fraction = ""] = text.split(".") as [string, string?];
	return { coefficient: BigInt(whole + fraction), scale: fraction.length };
};

test("over no input, one row without keys and none with", async () => {
	const empty = table([INTEGER], []);
	const calls = [agg("count()", BIGINT), agg("sum(integer)", BIGINT, [[0, INTEGER]]), agg("avg(integer)", NUMERIC, [[0, INTEGER]])];
	expect((await runPlan(aggregate([INTEGER], [], calls), [empty])).rows).toEqual([[0n, null, null]]);
	expect((await runPlan(aggregate([INTEGER], [0], calls), [empty])).rows).toEqual([]);
});

// PostgreSQL 18: SELECT avg(v) FROM (VALUES ...) t(v).
test.each([
	[[1, 2], "1.5000000000000000"],
	[[1, 1, 2], "1.3333333333333333"],
	[[100000, 100001, 100001], "100000.666666666667"],
	[[-7, 2], "-2.5000000000000000"],
	[[0, 0], "0.00000000000000000000"],
	[[9999, 9999, 10000], "9999.3333333333333333"],
])("avg(integer) of %j shows the digits that PostgreSQL shows: %s", async (values, expected) => {
	const calls = [agg("avg(integer)", NUMERIC, [[0, INTEGER]])];
	const { rows } = await runPlan(aggregate([INTEGER], [], calls), [
		table(
			[INTEGER],
			values.map((value) => [value]),
		),
	]);
	expect(rows).toEqual([[numeric(expected)]]);
});

test("avg of a numeric(12,2) and of free numerics of several scales", async () => {
	const fixed: DataType = { kind: "numeric", precision: 12, scale: 2 };
	const types = [fixed, NUMERIC];
	const calls = [
		agg("avg(numeric)", NUMERIC, [[0, fixed]]),
		agg("sum(numeric)", NUMERIC, [[1, NUMERIC]]),
		agg("avg(numeric)", NUMERIC, [[1, NUMERIC]]),
	];
	const rows = [
		[numeric("1.10"), numeric("1.5")],
		[numeric("2.25"), numeric("0.125")],
		[null, numeric("10")],
	];
	const result = await runPlan(aggregate(types, [], calls), [table(types, rows)]);
	expect(result.rows).toEqual([[numeric("1.6750000000000000"), numeric("11.625"), numeric("3.8750000000000000")]]);
});

test("sum(real) adds in 32 bits, avg(real) in 64", async () => {
	const real: DataType = { kind: "real" };
	const calls = [agg("sum(real)", real, [[0, real]]), agg("avg(real)", { kind: "double" }, [[0, real]])];
	const { rows } = await runPlan(aggregate([real], [], calls), [table([real], [[16777216], [1], [1], [null]])]);
	expect(rows).toEqual([[16777216, 16777218 / 3]]);
});

test("bool_and, bool_or, string_agg with a delimiter per row, FILTER", async () => {
	const boolean: DataType = { kind: "boolean" };
	const text: DataType = { kind: "text" };
	const types = [boolean, text, text, INTEGER];
	const below3 = call("lt(integer,integer)", [column(3, INTEGER), integer(3)]);
	const calls = [
		agg("bool_and(boolean)", boolean, [[0, boolean]]),
		agg("bool_or(boolean)", boolean, [[0, boolean]]),
		agg("string_agg(text,text)", text, [
			[1, text],
			[2, text],
		]),
		agg("sum(integer)", BIGINT, [[3, INTEGER]], { filter: below3 }),
		agg("count()", BIGINT, [], { filter: below3 }),
	];
	const rows = [
		[true, "a", ", ", 1],
		[null, null, "!", 2],
		[false, "b", "; ", 3],
		[true, "c", null, null],
	];
	const result = await runPlan(aggregate(types, [], calls), [table(types, rows)]);
	expect(result.rows).toEqual([[false, true, "a; bc", 3n, 2n]]);
});

test("a group's string may outgrow every block of memory it was given", async () => {
	const text: DataType = { kind: "text" };
	const piece = "x".repeat(1000);
	const rows = Array.from({ length: 2000 }, (_, row) => [row % 2, row === 999 ? "y" : piece, ","] as SqlValue[]);
	const types = [INTEGER, text, text];
	const calls = [
		agg("string_agg(text,text)", text, [
			[1, text],
			[2, text],
		]),
		agg("max(text)", text, [[1, text]]),
	];
	const result = await runPlan(aggregate(types, [0], calls), [table(types, rows)]);
	const expected = (group: number) =>
		rows
			.filter((row) => row[0] === group)
			.map((row) => row[1])
			.join(",");
	expect(result.rows).toEqual([
		[0, expected(0), piece],
		[1, expected(1), "y"],
	]);
});

test("rows reach an ordered aggregate in its order, in every group, FILTER and DISTINCT before it", async () => {
	const text: DataType = { kind: "text" };
	const types = [INTEGER, text, INTEGER];
	const rows: SqlValue[][] = [
		[1, "c", 3],
		[2, "x", 1],
		[1, "a", null],
		[1, "b", 1],
		[2, "y", 1],
		[1, "c", 2],
		[1, null, 9],
	];
	const order = (index: number, descending: boolean) => ({ expression: column(index, types[index]!), descending, nullsFirst: descending });
	const joined = (options: Partial<AggregateCall>) =>
		agg(
			"string_agg(text,text)",
			text,
			[
				[1, text],
				[1, text],
			],
			options,
		);
	const below: AggregateCall["filter"] = call("lt(integer,integer)", [column(2, INTEGER), integer(3)]);
	const calls = [
		joined({ orderBy: [order(2, false)] }),
		joined({ orderBy: [order(2, true)] }),
		joined({ orderBy: [order(1, true)], distinct: true }),
		joined({ orderBy: [order(1, false)], filter: below }),
		agg("count()", BIGINT),
	];
	const expected = [
		[1, "bccccaa", "accccbb", "cbbaa", "bcc", 5n],
		[2, "xyy", "xyy", "yxx", "xyy", 2n],
	];
	// string_agg(s, s): the delimiter of a row stands before its value.
	const { rows: result } = await runPlan(aggregate(types, [0], calls), [table(types, rows)]);
	expect(result).toEqual(expected);
});

test("many groups fit, and the table grows", async () => {
	const rowCount = 2000;
	const batches = Array.from({ length: 40 }, (_, batch) => ({
		rowCount,
		selection: null,
		columns: [{ type: INTEGER, encoding: "flat" as const, values: Array.from({ length: rowCount }, (_, row) => batch * rowCount + row) }],
	}));
	const result = await runPlan(aggregate([INTEGER], [0], [agg("count()", BIGINT)]), [{ types: [INTEGER], batches }]);
	expect(result.rows.length).toBe(80_000);
	expect(new Set(result.rows.map(([key]) => key)).size).toBe(80_000);
	expect(result.rows.every(([, count]) => count === 1n)).toBe(true);
});

test.each([
	["sum(numeric)", NUMERIC, NUMERIC, { coefficient: 10n ** 38n - 1n, scale: 0 }, "value overflows numeric format"],
	["sum(double)", { kind: "double" } as DataType, { kind: "double" } as DataType, 1.7e308, "value out of range: overflow"],
	["sum(real)", { kind: "real" } as DataType, { kind: "real" } as DataType, 3.4e38, "value out of range: overflow"],
])("%s beyond its range is 22003", async (functionId, argument, type, value, message) => {
	const calls = [agg(functionId, type, [[0, argument]])];
	await expect(runPlan(aggregate([argument], [], calls), [table([argument], [[value], [value]])])).rejects.toMatchObject({
		code: "numeric_value_out_of_range",
		message,
		details: { sqlstate: "22003" },
	});
});

// PostgreSQL 18: SELECT stddev(v), stddev_pop(v), variance(v), var_pop(v) FROM (VALUES (1),(2),(4)) t(v).
test("stddev and variance of integers and doubles", async () => {
	const double: DataType = { kind: "double" };
	const names = ["stddev", "stddev_pop", "variance", "var_pop"];
	const types = [INTEGER, double];
	const calls = names.flatMap((name) => [agg(`${name}(integer)`, NUMERIC, [[0, INTEGER]]), agg(`${name}(double)`, double, [[1, double]])]);
	const { rows } = await runPlan(aggregate(types, [], calls), [
		table(types, [
			[1, 1],
			[2, 2],
			[4, 4],
		]),
	]);
	expect(rows[0]!.filter((_, index) => index % 2 === 0)).toEqual([
		numeric("1.5275252316519467"),
		numeric("1.2472191289246471"),
		numeric("2.3333333333333333"),
		numeric("1.5555555555555556"),
	]);
	const floats = rows[0]!.filter((_, index) => index % 2 === 1) as number[];
	for (const [index, expected] of [1.5275252316519468, 1.247219128924647, 2.3333333333333335, 1.5555555555555556].entries()) {
		expect(floats[index]).toBeCloseTo(expected, 14);
	}
});

test("every aggregate signature is bound", () => {
	const unbound = SIGNATURES.filter(({ kind }) => kind === "aggregate").filter(({ id }) => {
		try {
			return aggregateFunction(id).stateBytes % 8 !== 0;
		} catch {
			return true;
		}
	});
	expect(unbound.map(({ id }) => id)).toEqual([]);
});

test("columns that neither keys nor aggregates read are not spilled, and rows are not told apart by them", async () => {
	const text: DataType = { kind: "text" };
	const flat = (type: DataType, values: SqlValue[]) => ({ type, encoding: "flat" as const, values });
	const spilledBy = async (isAlone: boolean) => {
		const types = isAlone ? [INTEGER] : [text, INTEGER, text];
		const batches = [0, 500].map((first) => {
			const numbers = Array.from({ length: 2000 }, (_, row) => first + ((row * 7) % 899));
			const read = flat(INTEGER, numbers);
			const filler = flat(
				text,
				numbers.map((_, row) => `unread ${row} `.repeat(10)),
			);
			const selection = numbers.flatMap((_, row) => (row % 3 === 0 ? [] : [row]));
			return { rowCount: 2000, selection, columns: isAlone ? [read] : [filler, read, filler] };
		});
		const place = isAlone ? 0 : 1;
		const plan = aggregate(types, [place], [agg("count()", BIGINT), agg("sum(integer)", BIGINT, [[place, INTEGER]])]);
		const options = { spill: new MemorySpillStore(), testModes: { spillAlways: true } };
		const { rows, statistics } = await runPlan(plan, [{ types, batches }], options);
		return { rows: rows.map((row) => row.map(equalityKey).join()).sort(), byteCount: statistics.spilledBytes };
	};
	const alone = await spilledBy(true);
	expect(alone.rows.length).toBe(1399);
	expect(alone.byteCount).toBeGreaterThan(0);
	expect(await spilledBy(false)).toEqual(alone);
});
