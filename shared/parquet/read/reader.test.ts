import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { PARQUET_PAGE_ROW_COUNT } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { type ByteRange, type ByteSource, memorySource } from "./byte-source.ts";
import { type Duck, openDuck } from "../../../tests/parquet/duckdb.ts";
import { readAll } from "../../../tests/parquet/read-all.ts";
import { writeRows } from "../../../tests/parquet/write-rows.ts";

vi.setConfig({ testTimeout: 30_000 });

let duck: Duck;
beforeAll(async () => {
	duck = await openDuck();
});
afterAll(() => duck.close());

/** Column name -> DuckDB's expression over `i`, and the type to read it as. */
const COLUMNS: Record<string, { sql: string; type: DataType }> = {
	b: { sql: "i % 3 = 0", type: { kind: "boolean" } },
	i16: { sql: "((i * 7) % 60000 - 30000)::smallint", type: { kind: "smallint" } },
	i32: { sql: "(i * 31337 - 99999999)::integer", type: { kind: "integer" } },
	i64: { sql: "i * 1234567890123 - 77", type: { kind: "bigint" } },
	few: { sql: "(i % 7)::bigint", type: { kind: "bigint" } },
	small: { sql: "(i % 100)::bigint", type: { kind: "integer" } },
	u8: { sql: "(i % 256)::utinyint", type: { kind: "smallint" } },
	u32: { sql: "(4294967295 - i)::uinteger", type: { kind: "bigint" } },
	f32: { sql: "(i / 8)::real", type: { kind: "real" } },
	f64: { sql: "i / 7.0::double", type: { kind: "double" } },
	wide: { sql: "(i / 4)::real", type: { kind: "double" } },
	date: { sql: "date '1969-01-01' + (i % 30000)::integer", type: { kind: "date" } },
	time: { sql: "time '00:00:00' + to_microseconds(i * 1000003)", type: { kind: "time" } },
	ts: { sql: "timestamp '1969-12-31 23:00:00' + to_microseconds(i * 1000003)", type: { kind: "timestamp" } },
	tstz: { sql: "timestamptz '1969-12-31 23:00:00+00' + to_microseconds(i * 77)", type: { kind: "timestamptz" } },
	d4: { sql: "((i % 10000) / 100)::decimal(4,2)", type: { kind: "numeric", precision: 4, scale: 2 } },
	d9: { sql: "(i * 0.01 - 5)::decimal(9,2)", type: { kind: "numeric", precision: 9, scale: 2 } },
	d18: { sql: "(i * 1000.0001 - 5)::decimal(18,4)", type: { kind: "numeric", precision: 18, scale: 4 } },
	d38: { sql: "(i::hugeint * 123456789012345678901234567 - 17)::decimal(38,0)", type: { kind: "numeric", precision: 38, scale: 0 } },
	text: { sql: "'value ' || i::varchar || repeat('é', (i % 5)::integer)", type: { kind: "text" } },
	word: { sql: "['alpha','beta','','δelta','epsilon'][1 + (i % 5)::integer]", type: { kind: "varchar", length: 10 } },
	blob: { sql: "encode('b' || i::varchar)", type: { kind: "bytea" } },
	uuid: { sql: "md5(i::varchar)::uuid", type: { kind: "uuid" } },
};
const NAMES = Object.keys(COLUMNS);
const REQUEST = NAMES.map((name) => ({ name, type: (COLUMNS[name] as { type: DataType }).type }));

/** Every column, NULL where `nulls` says so, over `rowCount` rows. */
function query(rowCount: number, nulls: string): string {
	const columns = NAMES.map((name, index) => {
		const { sql } = COLUMNS[name] as { sql: string };
		return `CASE WHEN ${nulls.replaceAll("$", String(index))} THEN NULL ELSE ${sql} END AS ${name}`;
	});
	return `SELECT ${columns.join(", ")} FROM (SELECT unnest(range(${rowCount})) AS i) ORDER BY i`;
}

/** The values as our types see them. */
function expected(rows: unknown[][]): unknown[][] {
	return rows.map((row) =>
		row.map((value, index) => {
			const { kind } = (COLUMNS[NAMES[index] as string] as { type: DataType }).type;
			if (value === null) return null;
			if (kind === "bigint") return BigInt(value as number);
			return kind === "integer" || kind === "smallint" ? Number(value) : value;
		}),
	);
}

const FILES: { name: string; rowCount: number; nulls: string; options: string }[] = [
	{ name: "snappy, no NULL", rowCount: 2200, nulls: "false", options: "CODEC snappy" },
	{ name: "snappy, NULLs", rowCount: 2200, nulls: "(i + $) % 11 = 0", options: "CODEC snappy" },
	{ name: "zstd, long runs of NULLs", rowCount: 2200, nulls: "(i // 500 + $) % 3 = 0", options: "CODEC zstd" },
	{ name: "gzip, v2", rowCount: 2200, nulls: "(i * 7 + $) % 5 < 2", options: "CODEC gzip, PARQUET_VERSION 'V2'" },
	{ name: "uncompressed", rowCount: 2200, nulls: "(i + $) % 2 = 0", options: "CODEC uncompressed" },
	{ name: "v2 snappy", rowCount: 2200, nulls: "false", options: "PARQUET_VERSION 'V2'" },
	{
		name: "v2 zstd without dictionaries",
		rowCount: 2200,
		nulls: "(i + $) % 9 = 0",
		options: "PARQUET_VERSION 'V2', CODEC zstd, DICTIONARY_SIZE_LIMIT 1",
	},
	{ name: "v1 without dictionaries", rowCount: 2200, nulls: "(i + $) % 9 = 0", options: "DICTIONARY_SIZE_LIMIT 1" },
	{ name: "many row groups", rowCount: 4500, nulls: "(i + $) % 13 = 0", options: "ROW_GROUP_SIZE 2048" },
	{ name: "all NULL", rowCount: 2500, nulls: "true", options: "" },
	{ name: "no rows", rowCount: 0, nulls: "false", options: "" },
	{ name: "one row", rowCount: 1, nulls: "false", options: "" },
];

for (const { name, rowCount, nulls, options } of FILES) {
	test(`reads what DuckDB wrote: ${name}`, async () => {
		const bytes = await duck.write(query(rowCount, nulls), options);
		const want = expected(await duck.rows(query(rowCount, nulls)));
		expect(await readAll(bytes, REQUEST)).toEqual(want);
		const errors: never[] = [];
		expect(await readAll(bytes, REQUEST, { errors })).toEqual(want);
		expect(errors).toEqual([]);
		// Batches of no row wanted, of a few, and of all, decided by each column in turn: what is passed over leaves the others at the right row.
		for (const [salt, deciding] of [[0], [5, 19], [20], [22], NAMES.map((_, index) => index), []].entries()) {
			const wants = (row: number): boolean => (Math.floor(row / 700) + salt) % 3 > 0 && (row * 7 + salt) % 5 < 3;
			expect(await readAll(bytes, REQUEST, { keep: { deciding, wants } })).toEqual(want.filter((_, row) => wants(row)));
		}
	});
}

test("a filter passes over pages without opening them, and enters one in its middle", async () => {
	const columns = [
		{ name: "k", type: { kind: "integer" }, fieldId: 1, nullable: false },
		{ name: "plain", type: { kind: "bigint" }, fieldId: 2, nullable: true },
		{ name: "word", type: { kind: "text" }, fieldId: 3, nullable: true },
		{ name: "text", type: { kind: "text" }, fieldId: 4, nullable: false },
	] as const;
	const rows = Array.from({ length: 65_000 }, (_, row) => [
		row % 50,
		row % 9 === 0 ? null : BigInt(row) * 1_000_003n,
		row % 7 === 0 ? null : `word ${row % 30}`,
		`text ${row}`,
	]);
	const { bytes } = await writeRows([...columns], rows);
	const request = columns.map(({ fieldId, type }) => ({ fieldId, type }));
	for (const wants of [
		(row: number) => row >= 47_000 && row < 47_010,
		(row: number) => row < 10 || row >= 64_990,
		(row: number) => row >= 20_000 && row < 40_000 && row % 3 === 0,
		() => false,
	]) {
		expect(await readAll(bytes, request, { keep: { deciding: [0], wants } })).toEqual(rows.filter((_, row) => wants(row)));
	}
});

test("a page of which no row is kept is never opened, and one that is kept once", async () => {
	const columns = ["k", "a", "b"].map((name, index) => ({ name, type: { kind: "bigint" } as const, fieldId: index + 1, nullable: false }));
	const rowCount = 65_000;
	const rows = Array.from({ length: rowCount }, (_, row) =>
		columns.map((_column, index) => BigInt(((row * 7919) % 65_521) * (index + 1)) * 1_000_003n),
	);
	const { bytes } = await writeRows(columns, rows);
	const request = columns.map(({ fieldId, type }) => ({ fieldId, type }));
	let openedCount = 0;
	const engine = createEngine({
		wrap: (kernels) => ({
			...kernels,
			delta_open: (...input) => {
				openedCount++;
				return kernels.delta_open(...input);
			},
		}),
	});
	const openedFor = async (wants: (row: number) => boolean): Promise<number> => {
		openedCount = 0;
		expect(await readAll(bytes, request, { engine, keep: { deciding: [0], wants } })).toEqual(rows.filter((_, row) => wants(row)));
		return openedCount;
	};
	const pageCount = Math.ceil(rowCount / PARQUET_PAGE_ROW_COUNT);
	// The deciding column's pages are all needed; of the two others, those with a row that is kept.
	expect(await openedFor(() => false)).toBe(pageCount);
	expect(await openedFor((row) => row === 40_000)).toBe(pageCount + 2);
	expect(await openedFor((row) => row === 0 || row === rowCount - 1)).toBe(pageCount + 4);
	expect(await openedFor(() => true)).toBe(3 * pageCount);
});

test("a source is told of the chunks that will be read next, in order, and of no others", async () => {
	const bytes = await duck.write(
		"SELECT i, i * 2 AS j, i * 3 AS k FROM (SELECT unnest(range(10240)) AS i) ORDER BY i",
		"ROW_GROUP_SIZE 2048",
	);
	const columns = ["k", "i"].map((name) => ({ name, type: { kind: "bigint" } as const }));
	const memory = memorySource(bytes);
	const told: ByteRange[][] = [];
	const read: ByteRange[][] = [];
	const source: ByteSource = {
		...memory,
		expect: (ranges) => void told.push(ranges),
		read: (ranges) => {
			if (told.length > 0) read.push(ranges);
			return memory.read(ranges);
		},
	};
	const rows = await readAll(source, columns, { rowGroups: [3, 0, 4] });
	expect(rows.map(([, i]) => Number(i))).toEqual(
		[3, 0, 4].flatMap((group) => Array.from({ length: 2048 }, (_, row) => group * 2048 + row)),
	);
	const [first, second, third] = read as [ByteRange[], ByteRange[], ByteRange[]];
	expect(told).toEqual([[...second, ...third], third, []]);
	expect(first.length).toBe(2);
});

test("windows that move through a row group hold nothing of what they let go", async () => {
	const types = [{ kind: "bigint" }, { kind: "text" }] as const;
	const columns = types.map((type, index) => ({ name: `c${index}`, type, fieldId: index + 1, nullable: false }));
	const rows = Array.from({ length: 100_000 }, (_, row) => [
		BigInt.asIntN(64, (BigInt(row) * 1_000_003n) ** 5n),
		`text number ${row * 7919}`,
	]);
	const windowBytes = 200_000;
	const { bytes } = await writeRows(columns, rows);
	expect(bytes.length).toBeGreaterThan(4 * windowBytes);
	const request = columns.map(({ fieldId, type }) => ({ fieldId, type }));
	expect(await readAll(bytes, request, { windowBytes })).toEqual(rows);
});
