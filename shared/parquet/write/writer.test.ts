import { writeFileSync } from "node:fs";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { decodeBound } from "#shared/contracts/bound.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { type Duck, openDuck } from "../../../tests/parquet/duckdb.ts";
import { readAll } from "../../../tests/parquet/read-all.ts";
import { writeRows } from "../../../tests/parquet/write-rows.ts";
import { memorySource } from "../read/byte-source.ts";
import type { WrittenColumn } from "./column-writer.ts";
import { openParquet } from "../read/open.ts";

vi.setConfig({ testTimeout: 30_000 });

let duck: Duck;
beforeAll(async () => {
	duck = await openDuck();
});
afterAll(() => duck.close());

const hex = (value: number): string => value.toString(16).padStart(12, "0");

/** A type, its value at row `i`, and whether DuckDB reads it back as the same value (else as `duck` says). */
const COLUMNS: { name: string; type: DataType; value: (i: number) => SqlValue; duck?: (value: SqlValue) => SqlValue }[] = [
	{ name: "boolean", type: { kind: "boolean" }, value: (i) => i % 3 === 0 },
	{ name: "smallint", type: { kind: "smallint" }, value: (i) => ((i * 7) % 65536) - 32768 },
	{ name: "integer", type: { kind: "integer" }, value: (i) => ((i * 2654435761) % 4294967296) - 2147483648 },
	{ name: "constant", type: { kind: "integer" }, value: () => -5 },
	{ name: "bigint", type: { kind: "bigint" }, value: (i) => BigInt(i) * 1234567890123n - (1n << 61n) },
	{ name: "few", type: { kind: "bigint" }, value: (i) => BigInt(i % 7) - 3n },
	{ name: "real", type: { kind: "real" }, value: (i) => (i - 1000) / 8 },
	{ name: "double", type: { kind: "double" }, value: (i) => (i - 1000) / 7 },
	{
		name: "numeric4",
		type: { kind: "numeric", precision: 4, scale: 2 },
		value: (i) => ({ coefficient: BigInt((i % 19999) - 9999), scale: 2 }),
	},
	{
		name: "numeric18",
		type: { kind: "numeric", precision: 18, scale: 4 },
		value: (i) => ({ coefficient: BigInt(i) * 999999999n - 77n, scale: 4 }),
	},
	{
		name: "numeric38",
		type: { kind: "numeric", precision: 38, scale: 10 },
		value: (i) => ({ coefficient: BigInt(i - 900) * 12345678901234567890123456789n, scale: 10 }),
	},
	{ name: "date", type: { kind: "date" }, value: (i) => i * 3 - 4000 },
	{ name: "time", type: { kind: "time" }, value: (i) => (BigInt(i) * 10000019n) % 86400000000n },
	{ name: "timestamp", type: { kind: "timestamp" }, value: (i) => BigInt(i) * 1000003n - 5000000000n },
	{ name: "timestamptz", type: { kind: "timestamptz" }, value: (i) => BigInt(i) * 77n - 3n },
	{ name: "text", type: { kind: "text" }, value: (i) => (i % 50 === 0 ? "" : `value ${i} ${"é".repeat(i % 30)}`) },
	{ name: "word", type: { kind: "varchar", length: 20 }, value: (i) => ["alpha", "beta", "", "δelta", "epsilon"][i % 5] as string },
	{ name: "bytea", type: { kind: "bytea" }, value: (i) => Uint8Array.from({ length: i % 40 }, (_, index) => (i * index) & 255) },
	{ name: "uuid", type: { kind: "uuid" }, value: (i) => `${i % 2 === 0 ? "f" : "0"}0e1d2c3-b4a5-9687-7869-${hex(i)}` },
	{ name: "jsonb", type: { kind: "jsonb" }, value: (i) => `{"i": ${i}}` },
	{
		name: "interval",
		type: { kind: "interval" },
		value: (i) => ({ months: i - 5, days: 7 - i, microseconds: BigInt(i) * 1001n }),
		duck: (value) => {
			const { months, days, microseconds } = value as { months: number; days: number; microseconds: bigint };
			const bytes = new DataView(new ArrayBuffer(16));
			bytes.setInt32(0, months, true);
			bytes.setInt32(4, days, true);
			bytes.setBigInt64(8, microseconds, true);
			return new Uint8Array(bytes.buffer);
		},
	},
];

const written = (nullable: boolean): WrittenColumn[] =>
	COLUMNS.map(({ name, type }, index) => ({ fieldId: index + 1, name, type, nullable }));
const REQUEST = COLUMNS.map(({ type }, index) => ({ fieldId: index + 1, type }));

function makeRows(rowCount: number, isNull: (row: number, column: number) => boolean): SqlValue[][] {
	return Array.from({ length: rowCount }, (_, row) => COLUMNS.map(({ value }, column) => (isNull(row, column) ? null : value(row))));
}

const asDuck = (rows: SqlValue[][]): SqlValue[][] =>
	rows.map((row) => row.map((value, column) => (value === null ? null : (COLUMNS[column]?.duck?.(value) ?? value))));

/** DuckDB gives BIGINT as bigint and smaller integers as numbers, as we do. */
const CASES: {
	name: string;
	rowCount: number;
	isNull: (row: number, column: number) => boolean;
	nullable: boolean;
	batchRowCount?: number;
}[] = [
	{ name: "required columns", rowCount: 2500, isNull: () => false, nullable: false },
	{ name: "nullable columns without NULL", rowCount: 2500, isNull: () => false, nullable: true },
	{ name: "scattered NULLs", rowCount: 2100, isNull: (row, column) => (row * 7 + column) % 5 === 0, nullable: true },
	{ name: "runs of NULLs", rowCount: 2100, isNull: (row, column) => (Math.floor(row / 100) + column) % 3 === 0, nullable: true },
	{ name: "only NULLs", rowCount: 3000, isNull: () => true, nullable: true },
	{ name: "no rows", rowCount: 0, isNull: () => false, nullable: true },
	{ name: "one row", rowCount: 1, isNull: () => false, nullable: true },
	{ name: "batches of seven rows", rowCount: 300, isNull: (row, column) => (row + column) % 2 === 0, nullable: true, batchRowCount: 7 },
];

for (const { name, rowCount, isNull, nullable, batchRowCount } of CASES) {
	test(`writes what DuckDB and we read back: ${name}`, async () => {
		const rows = makeRows(rowCount, isNull);
		const engine = createEngine();
		const file = await writeRows(written(nullable), rows, { engine, ...(batchRowCount === undefined ? {} : { batchRowCount }) });
		expect(engine.arena.leasedPageCount).toBe(0);
		expect(file).toMatchObject({ rowCount, byteCount: file.bytes.length });
		expect(await readAll(file.bytes, REQUEST)).toEqual(rows);
		expect(await duck.read(file.bytes)).toEqual(asDuck(rows));
		for (const [column, statistics] of file.columns.entries()) {
			expect(statistics).toMatchObject({
				fieldId: column + 1,
				nullCount: rows.filter((row) => row[column] === null).length,
				hasNaN: false,
			});
		}
	});
}

test("DuckDB sees the types as they are", async () => {
	const { bytes } = await writeRows(
		written(true),
		makeRows(3, () => false),
	);
	const path = duck.path("described.parquet");
	writeFileSync(path, bytes);
	expect(await duck.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '${path}')`)).toEqual([
		["boolean", "BOOLEAN"],
		["smallint", "SMALLINT"],
		["integer", "INTEGER"],
		["constant", "INTEGER"],
		["bigint", "BIGINT"],
		["few", "BIGINT"],
		["real", "FLOAT"],
		["double", "DOUBLE"],
		["numeric4", "DECIMAL(4,2)"],
		["numeric18", "DECIMAL(18,4)"],
		["numeric38", "DECIMAL(38,10)"],
		["date", "DATE"],
		["time", "TIME"],
		["timestamp", "TIMESTAMP"],
		["timestamptz", "TIMESTAMP WITH TIME ZONE"],
		["text", "VARCHAR"],
		["word", "VARCHAR"],
		["bytea", "BLOB"],
		["uuid", "UUID"],
		["jsonb", "JSON"],
		["interval", "BLOB"],
	]);
	expect(
		await duck.rows(`SELECT name, field_id FROM parquet_schema('${path}') WHERE field_id IS NOT NULL AND name IN ('boolean', 'interval')`),
	).toEqual([
		["boolean", 1n],
		["interval", 21n],
	]);
});

test("each column is written in the encoding that suits it, compressed where that pays; DuckDB and we read it over many pages", async () => {
	const integer = { kind: "integer" } as const;
	const mixed = (value: number): number => Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
	const scattered = (row: number): number => mixed(mixed(Math.imul(row, 0x9e3779b1))) >>> 0;
	const columns: { name: string; type: DataType; value: (row: number) => SqlValue; want: [string, string] }[] = [
		{
			name: "in_order",
			type: { kind: "bigint" },
			value: (row) => BigInt(row - (row % 3)) * 4n,
			want: ["DELTA_BINARY_PACKED, RLE", "SNAPPY"],
		},
		{ name: "narrow", type: integer, value: (row) => scattered(row) % 300_000, want: ["DELTA_BINARY_PACKED, RLE", "UNCOMPRESSED"] },
		{ name: "all_bits", type: integer, value: (row) => scattered(row) | 0, want: ["PLAIN, RLE", "UNCOMPRESSED"] },
		{ name: "few", type: integer, value: (row) => scattered(row) % 50, want: ["RLE_DICTIONARY, PLAIN, RLE", "UNCOMPRESSED"] },
		{ name: "one", type: integer, value: () => 7, want: ["RLE_DICTIONARY, PLAIN, RLE", "UNCOMPRESSED"] },
		{
			name: "price",
			type: { kind: "numeric", precision: 15, scale: 2 },
			value: (row) => ({ coefficient: BigInt(scattered(row) % 10_000_000), scale: 2 }),
			want: ["DELTA_BINARY_PACKED, RLE", "UNCOMPRESSED"],
		},
		{
			name: "small_price",
			type: { kind: "numeric", precision: 7, scale: 2 },
			value: (row) => ({ coefficient: BigInt(scattered(row) % 1_000_000) - 500_000n, scale: 2 }),
			want: ["DELTA_BINARY_PACKED, RLE", "UNCOMPRESSED"],
		},
		{ name: "time", type: { kind: "timestamp" }, value: (row) => BigInt(row) * 1_000_000n, want: ["DELTA_BINARY_PACKED, RLE", "SNAPPY"] },
		{ name: "text", type: { kind: "text" }, value: (row) => `some text ${row}`, want: ["DELTA_LENGTH_BYTE_ARRAY, RLE", "SNAPPY"] },
		{
			name: "noise",
			type: { kind: "text" },
			value: (row) => hex(scattered(row)) + hex(scattered(row + 1_000_000)),
			want: ["DELTA_LENGTH_BYTE_ARRAY, RLE", "UNCOMPRESSED"],
		},
		{
			// Its dictionary alone is compressed.
			name: "word",
			type: { kind: "text" },
			value: (row) => `word ${scattered(row) % 9}`,
			want: ["RLE_DICTIONARY, PLAIN, RLE", "SNAPPY"],
		},
		{ name: "double", type: { kind: "double" }, value: (row) => scattered(row) / 7, want: ["PLAIN, RLE", "UNCOMPRESSED"] },
	];
	for (const nullable of [false, true]) {
		const rows = Array.from({ length: 40_000 }, (_, row) =>
			columns.map(({ value }, index) => (nullable && (row + index) % 11 === 0 ? null : value(row))),
		);
		const { bytes } = await writeRows(
			columns.map(({ name, type }, index) => ({ name, type, fieldId: index + 1, nullable })),
			rows,
		);
		const path = duck.path(`chosen-${nullable}.parquet`);
		writeFileSync(path, bytes);
		const chunks = await duck.rows(`SELECT path_in_schema, encodings, compression FROM parquet_metadata('${path}') ORDER BY column_id`);
		if (!nullable) expect(chunks).toEqual(columns.map(({ name, want }) => [name, ...want]));
		expect(
			await readAll(
				bytes,
				columns.map(({ type }, index) => ({ fieldId: index + 1, type })),
			),
		).toEqual(rows);
		expect(await duck.read(bytes)).toEqual(rows);
	}
});

test("hyparquet reads a file back", async () => {
	const rows = makeRows(2500, (row, column) => (row + column) % 4 === 0);
	const { bytes } = await writeRows(written(true), rows);
	const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
	const names = ["boolean", "smallint", "integer", "bigint", "few", "double", "text", "word", "timestamp"];
	const objects = await parquetReadObjects({ file: buffer, columns: names });
	const want = rows.map((row) =>
		Object.fromEntries(
			names.map((name) => {
				const value = row[COLUMNS.findIndex((column) => column.name === name)] as SqlValue;
				return [name, name === "timestamp" && value !== null ? new Date(Number((value as bigint) / 1000n)) : value];
			}),
		),
	);
	const integers = objects.map((object) => ({ ...object, few: object["few"] === null ? null : BigInt(object["few"] as number) }));
	expect(integers.slice(0, 5).map((row) => ({ ...row, timestamp: null }))).toEqual(
		want.slice(0, 5).map((row) => ({ ...row, timestamp: null })),
	);
	expect(objects.map((row) => row["text"])).toEqual(want.map((row) => row["text"]));
	expect(objects.map((row) => row["bigint"])).toEqual(want.map((row) => row["bigint"]));
});

test("a file of several row groups keeps its order, its pages' limits and its statistics", async () => {
	const columns: WrittenColumn[] = [
		{ fieldId: 4, name: "id", type: { kind: "bigint" }, nullable: false },
		{ fieldId: 9, name: "name", type: { kind: "text" }, nullable: true },
	];
	const rowCount = 150_000;
	function* rows(): Generator<SqlValue[]> {
		for (let row = 0; row < rowCount; row++) yield [BigInt(row) - 5n, row % 10 === 0 ? null : `name ${row % 1000}`];
	}
	const file = await writeRows(columns, rows());
	expect(file.columns).toMatchObject([
		{ fieldId: 4, nullCount: 0 },
		{ fieldId: 9, nullCount: 15_000 },
	]);
	expect(
		file.columns.map(({ minimum, maximum }, index) =>
			[minimum, maximum].map((bound) => decodeBound((columns[index] as WrittenColumn).type, bound as Uint8Array)),
		),
	).toEqual([
		[-5n, 149_994n],
		["name 1", "name 999"],
	]);
	const opened = await openParquet(memorySource(file.bytes));
	expect(opened.rowGroups.map((group) => group.rowCount)).toEqual([131_072, 18_928]);
	expect(opened.createdBy).toBe("littoral");
	const path = duck.path("groups.parquet");
	writeFileSync(path, file.bytes);
	expect(await duck.rows(`SELECT count(*), sum(id)::bigint, count(name), count(DISTINCT name), min(id), max(name) FROM '${path}'`)).toEqual(
		[[150_000n, (149_994n * 149_995n) / 2n - 15n, 135_000n, 900n, -5n, "name 999"]],
	);
	expect(await duck.rows(`SELECT count(*) FROM '${path}' WHERE id = 140000 AND name IS NULL`)).toEqual([[0n]]);
	expect(await duck.rows(`SELECT id FROM '${path}' WHERE id BETWEEN 131066 AND 131068 ORDER BY id`)).toEqual([
		[131_066n],
		[131_067n],
		[131_068n],
	]);
	const ids = await readAll(file.bytes, [{ fieldId: 4, type: { kind: "bigint" } }]);
	expect(ids.length).toBe(rowCount);
	expect(ids.findIndex(([id], row) => id !== BigInt(row) - 5n)).toBe(-1);
});
