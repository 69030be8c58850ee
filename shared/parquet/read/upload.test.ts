/** Files from outside: types widened or refused by name, values that do not fit reported row by row, real data. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { LittoralError, type RowError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { flatten } from "#shared/engine/vector/copy.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import { type Duck, openDuck } from "../../../tests/parquet/duckdb.ts";
import { readAll, readBatches } from "../../../tests/parquet/read-all.ts";
import { memorySource } from "./byte-source.ts";
import { openParquet } from "./open.ts";
import { ParquetReader } from "./reader.ts";

vi.setConfig({ testTimeout: 30_000 });

let duck: Duck;
beforeAll(async () => {
	duck = await openDuck();
});
afterAll(() => duck.close());

const FLIGHTS = "node_modules/vega-datasets/data/flights-3m.parquet";

test("three million flights give DuckDB's count and sums", async () => {
	const [want] = await duck.rows(
		`SELECT count(*), (sum(epoch_us(date)) // 1000000)::bigint, sum(delay)::bigint, sum(distance)::bigint, sum(length(origin) + ascii(origin))::bigint, count(DISTINCT destination) FROM '${FLIGHTS}'`,
	);
	const errors: RowError[] = [];
	const sums = { date: 0n, delay: 0, distance: 0, origin: 0 };
	const destinations = new Set<string>();
	const rowCount = await readBatches(
		new Uint8Array(readFileSync(FLIGHTS)),
		[
			{ name: "date", type: { kind: "timestamp" } },
			{ name: "delay", type: { kind: "integer" } },
			{ name: "distance", type: { kind: "integer" } },
			{ name: "origin", type: { kind: "text" } },
			{ name: "destination", type: { kind: "text" } },
		],
		{
			errors,
			onBatch: (batch, engine) => {
				const { i32, u8, data } = engine.arena.views;
				const [, , , origin, destination] = batch.columns;
				const lease = new Lease(engine.arena, { owner: "test" });
				const region = lease.region();
				const [date, delay, distance] = batch.columns.slice(0, 3).map((column) => flatten(engine, column, batch, region)) as [
					FlatVector,
					FlatVector,
					FlatVector,
				];
				if (origin?.kind !== "dictionary" || destination?.kind !== "dictionary") throw new Error("dictionaries stay dictionaries");
				const originOffsets = origin.dictionary.values.offsets >> 2;
				let batchDate = 0;
				for (let row = 0; row < batch.rowCount; row++) {
					// Whole minutes: their seconds add up exactly.
					batchDate += Number(data.getBigInt64(date.values + row * 8, true)) / 1e6;
					sums.delay += i32[(delay.values >> 2) + row] as number;
					sums.distance += i32[(distance.values >> 2) + row] as number;
					const code = i32[(origin.codes >> 2) + row] as number;
					const start = i32[originOffsets + code] as number;
					sums.origin += (i32[originOffsets + code + 1] as number) - start + (u8[origin.dictionary.values.values + start] as number);
				}
				sums.date += BigInt(batchDate);
				for (let code = 0; code < destination.dictionary.entryCount; code++) {
					const { values, offsets } = destination.dictionary.values;
					const [start, end] = [i32[(offsets >> 2) + code] as number, i32[(offsets >> 2) + code + 1] as number];
					destinations.add(String.fromCharCode(...u8.subarray(values + start, values + end)));
				}
				lease.release();
			},
		},
	);
	expect(errors).toEqual([]);
	expect([BigInt(rowCount), sums.date, BigInt(sums.delay), BigInt(sums.distance), BigInt(sums.origin), BigInt(destinations.size)]).toEqual(
		want,
	);
});

/** A DuckDB expression for column x, the type asked for, and the values read with the errors reported. */
const READ: { sql: string; options?: string; type: DataType; rows: SqlValue[]; errors: Omit<RowError, "column">[] }[] = [
	{
		sql: "unnest([1, 40000, NULL, -32768, -32769])::integer",
		type: { kind: "smallint" },
		rows: [1, 0, null, -32768, 0],
		errors: [
			{ row: 2, code: "numeric_value_out_of_range", detail: 'value "40000" is out of range for type smallint' },
			{ row: 5, code: "numeric_value_out_of_range", detail: 'value "-32769" is out of range for type smallint' },
		],
	},
	{
		sql: "unnest([1, NULL, 2147483648])::bigint",
		type: { kind: "integer" },
		rows: [1, null, 0],
		errors: [{ row: 3, code: "numeric_value_out_of_range", detail: 'value "2147483648" is out of range for type integer' }],
	},
	{
		sql: "unnest([1, 18446744073709551615])::ubigint",
		type: { kind: "bigint" },
		rows: [1n, 0n],
		errors: [{ row: 2, code: "numeric_value_out_of_range", detail: 'value "18446744073709551615" is out of range for type bigint' }],
	},
	{
		sql: "unnest([1.25, 99.50, -3.10])::decimal(10,2)",
		type: { kind: "numeric", precision: 3, scale: 1 },
		rows: [0n, 995n, -31n].map((coefficient) => ({ coefficient, scale: 1 })),
		errors: [{ row: 1, code: "numeric_value_out_of_range", detail: 'value "1.25" is out of range for type numeric(3,1)' }],
	},
	{
		sql: "unnest([5, 12345])::bigint",
		type: { kind: "numeric", precision: 20, scale: 16 },
		rows: [50000000000000000n, 0n].map((coefficient) => ({ coefficient, scale: 16 })),
		errors: [{ row: 2, code: "numeric_value_out_of_range", detail: 'value "12345" is out of range for type numeric(20,16)' }],
	},
	{ sql: "unnest([7.00, -2.00])::decimal(30,2)", type: { kind: "integer" }, rows: [7, -2], errors: [] },
	{
		sql: "unnest([date '2020-01-01', date '1969-12-31'])",
		type: { kind: "timestamp" },
		rows: [1577836800000000n, -86400000000n],
		errors: [],
	},
	{
		sql: "unnest([timestamp '2020-01-01 00:00:00.123'])::timestamp_ms",
		type: { kind: "timestamp" },
		rows: [1577836800123000n],
		errors: [],
	},
	{
		sql: "unnest([timestamp_ns '2020-01-01 00:00:00.123456', timestamp_ns '2020-01-01 00:00:00.123456789'])",
		type: { kind: "timestamp" },
		rows: [1577836800123456n, 0n],
		errors: [{ row: 2, code: "datetime_field_overflow", detail: "value has nanoseconds, which microseconds do not hold" }],
	},
	{ sql: "unnest([1, -1, NULL])::integer", type: { kind: "double" }, rows: [1, -1, null], errors: [] },
	{
		sql: "unnest([interval '1 month 2 days 3 milliseconds'])",
		type: { kind: "interval" },
		rows: [{ months: 1, days: 2, microseconds: 3000n }],
		errors: [],
	},
	{
		sql: "unnest(['abc', 'abcd', 'ééé'])",
		type: { kind: "varchar", length: 3 },
		rows: ["abc", "abcd", "ééé"],
		errors: [{ row: 2, code: "string_data_right_truncation", detail: "value too long for type character varying(3)" }],
	},
	{
		sql: "unnest(['ok'::blob, '\\xFF'::blob, 'a\\x00b'::blob, 'ok'::blob, '\\xFF'::blob])",
		type: { kind: "text" },
		rows: ["ok", "�", "a\0b", "ok", "�"],
		errors: [2, 3, 5].map((row) => ({ row, code: "character_not_in_repertoire", detail: "value is not UTF-8, or holds a zero byte" })),
	},
];

for (const { sql, type, rows, errors } of READ) {
	for (const options of ["", "PARQUET_VERSION 'V2', DICTIONARY_SIZE_LIMIT 1"]) {
		test(`${sql} as ${JSON.stringify(type)} ${options}`, async () => {
			const reported: RowError[] = [];
			const bytes = await duck.write(`SELECT ${sql} AS x`, options);
			expect(await readAll(bytes, [{ name: "x", type }], { errors: reported })).toEqual(rows.map((value) => [value]));
			expect(reported.toSorted((left, right) => left.row - right.row)).toEqual(errors.map((error) => ({ ...error, column: "x" })));
		});
	}
}

const REFUSED: { sql: string; type: DataType; message: string }[] = [
	{ sql: "1.5::double", type: { kind: "real" }, message: 'Parquet: column "x" holds double, which cannot be read as real without loss' },
	{
		sql: "1::bigint",
		type: { kind: "double" },
		message: 'Parquet: column "x" holds int64, which cannot be read as double precision without loss',
	},
	{
		sql: "1.5::double",
		type: { kind: "integer" },
		message: 'Parquet: column "x" holds double, which cannot be read as integer without loss',
	},
	{ sql: "'a'", type: { kind: "integer" }, message: 'Parquet: column "x" holds text, which cannot be read as integer without loss' },
	{
		sql: "[1, 2]",
		type: { kind: "integer" },
		message: 'Parquet: column "x" holds a list of int32, which cannot be read as integer without loss',
	},
	{
		sql: "{'a': 1}",
		type: { kind: "text" },
		message: 'Parquet: column "x" holds a nested or repeated type, which cannot be read as text without loss',
	},
];
for (const { sql, type, message } of REFUSED) {
	test(`refused: ${sql} as ${JSON.stringify(type)}, unless it is not asked for`, async () => {
		const bytes = await duck.write(`SELECT ${sql} AS x, 42::bigint AS y`);
		await expect(readAll(bytes, [{ name: "x", type }])).rejects.toThrow(new LittoralError("feature_not_supported", message));
		expect(await readAll(bytes, [{ name: "y", type: { kind: "bigint" } }])).toEqual([[42n]]);
	});
}

test("a column that is not there: an error by name, NULL by field id; no columns at all still count rows", async () => {
	const bytes = await duck.write("SELECT 1 AS x FROM range(3000)");
	await expect(readAll(bytes, [{ name: "z", type: { kind: "integer" } }])).rejects.toThrow(
		new LittoralError("malformed_body", 'Parquet: the file has no column "z"'),
	);
	expect(await readAll(bytes, [{ fieldId: 12, type: { kind: "text" } }])).toEqual(Array.from({ length: 3000 }, () => [null]));
	expect(await readBatches(bytes, [], {})).toBe(3000);
});

test("chosen row groups are read in the order asked, and rows of errors count in the file", async () => {
	const bytes = await duck.write("SELECT i FROM range(5000) t(i)", "ROW_GROUP_SIZE 2048");
	const errors: RowError[] = [];
	const rows = await readAll(bytes, [{ name: "i", type: { kind: "numeric", precision: 3, scale: 0 } }], { rowGroups: [1], errors });
	expect(rows.length).toBe(2048);
	expect(errors[0]).toEqual({
		row: 2049,
		column: "i",
		code: "numeric_value_out_of_range",
		detail: 'value "2048" is out of range for type numeric(3,0)',
	});
});

test("a few bytes that decode to more than a body may hold are refused", async () => {
	const bytes = await duck.write("SELECT repeat('x', 900000) AS x FROM range(3000)", "CODEC zstd");
	expect(bytes.length).toBeLessThan(100_000);
	await expect(readBatches(bytes, [{ name: "x", type: { kind: "text" } }], { errors: [] })).rejects.toThrow(
		new LittoralError("body_too_large", "Parquet: the file decodes to more than 1073741824 bytes"),
	);
});

test("every blocked answer hands its promise over, also when asked again before the read has ended", async () => {
	const bytes = await duck.write("SELECT i FROM range(3000) t(i)");
	const gate = Promise.withResolvers<void>();
	const inner = memorySource(bytes);
	const file = await openParquet(inner);
	const engine = createEngine({ pageCount: 32 });
	const lease = new Lease(engine.arena, { owner: "test" });
	const promises: Promise<unknown>[] = [];
	const reader = new ParquetReader({
		file,
		source: { byteCount: bytes.length, read: (ranges) => gate.promise.then(() => inner.read(ranges)) },
		columns: [{ name: "i", type: { kind: "bigint" } }],
		engine,
		lease,
		blockOn: (promise) => promises.push(promise),
	});
	expect([reader.next(), reader.next()]).toEqual(["blocked", "blocked"]);
	expect(promises.length).toBe(2);
	expect(promises[0]).toBe(promises[1]);
	gate.resolve();
	await promises[1];
	expect(reader.next()).toMatchObject({ rowCount: 2048 });
	reader.close();
	lease.release();
	expect(engine.arena.leasedPageCount).toBe(0);
});
