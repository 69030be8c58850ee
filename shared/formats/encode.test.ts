/** Results in every format: every type, names, no rows, errors before and after the first megabyte, backpressure. */
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { OutputColumn } from "#shared/contracts/plan/physical.ts";
import type { ResultFormat } from "#shared/contracts/rpc.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { BatchBuilder, constantVector } from "#shared/engine/vector/builder.ts";
import { tableFromIPC } from "apache-arrow";
import { parquetReadObjects } from "hyparquet";
import { afterAll, describe, expect, test } from "vitest";
import { memorySource } from "#shared/parquet/read/byte-source.ts";
import { bodyOf, collectRows, decodeAll, engine, tableOf } from "./decode.fixture.ts";
import { decodeParquetRows } from "./decode-parquet.ts";
import { encodeResult } from "./encode.ts";
import { holdBack } from "./hold-back.ts";
import type { ResultStatistics } from "./result.ts";
import { startPostgres } from "../../tests/postgres.ts";

const lease = new Lease(engine.arena, { owner: "encode" });
afterAll(() => lease.release());

const STATISTICS: ResultStatistics = {
	elapsedMs: 12,
	rowsScanned: 3,
	bytesScanned: 4,
	filesScanned: 5,
	filesPruned: 6,
	estimatedCostUsd: 0.0000012,
	arenaPeakBytes: 65_536,
	spilledBytes: 0,
};

function batchOf(types: DataType[], rows: SqlValue[][]): Batch {
	const builder = new BatchBuilder(engine, lease.region(), types);
	for (const row of rows) builder.appendRow(row);
	return builder.finish();
}

async function* batchesOf(...batches: Batch[]): AsyncGenerator<Batch> {
	for (const batch of batches) yield await Promise.resolve(batch);
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
	return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
	return new Response(stream).text();
}

interface Options {
	format: ResultFormat;
	columns: OutputColumn[];
	batches: AsyncIterable<Batch>;
	bigintAsString?: boolean;
}
const encode = (options: Options): ReadableStream<Uint8Array> =>
	encodeResult({ engine, queryId: "q1", statistics: () => STATISTICS, ...options });

/** [type, text, JSON, CSV] */
const VALUES: [DataType, string, string, string][] = [
	[{ kind: "boolean" }, "t", "true", "true"],
	[{ kind: "smallint" }, "-5", "-5", "-5"],
	[{ kind: "integer" }, "-2147483648", "-2147483648", "-2147483648"],
	[{ kind: "bigint" }, "9007199254740991", "9007199254740991", "9007199254740991"],
	[{ kind: "bigint" }, "-9007199254740992", '"-9007199254740992"', "-9007199254740992"],
	[{ kind: "bigint" }, "9223372036854775807", '"9223372036854775807"', "9223372036854775807"],
	[{ kind: "numeric", precision: 10, scale: 2 }, "-0.05", '"-0.05"', "-0.05"],
	[{ kind: "numeric", precision: 18, scale: 0 }, "999999999999999999", '"999999999999999999"', "999999999999999999"],
	[
		{ kind: "numeric", precision: 38, scale: 10 },
		"1234567890123456789012345678.0123456789",
		'"1234567890123456789012345678.0123456789"',
		"1234567890123456789012345678.0123456789",
	],
	[{ kind: "numeric" }, "0.33333333333333333333", '"0.33333333333333333333"', "0.33333333333333333333"],
	[{ kind: "real" }, "0.1", "0.1", "0.1"],
	[{ kind: "double" }, "-1.5e-7", "-1.5e-7", "-1.5e-7"],
	[{ kind: "double" }, "NaN", '"NaN"', "NaN"],
	[{ kind: "text" }, 'é "q" \\ \n\u0001,x', '"é \\"q\\" \\\\ \\n\\u0001,x"', '"é ""q"" \\ \n\u0001,x"'],
	[{ kind: "text" }, "", '""', '""'],
	[{ kind: "varchar", length: 3 }, "a b", '"a b"', "a b"],
	[{ kind: "char", length: 3 }, "a", '"a  "', "a  "],
	[{ kind: "bytea" }, "\\xdeadbeef", '"3q2+7w=="', "3q2+7w=="],
	[{ kind: "date" }, "2026-01-31", '"2026-01-31"', "2026-01-31"],
	[{ kind: "date" }, "0044-03-15 BC", '"0044-03-15 BC"', "0044-03-15 BC"],
	[{ kind: "time" }, "12:34:56.5", '"12:34:56.5"', "12:34:56.5"],
	[{ kind: "timestamp" }, "2026-01-31 12:34:56.123456", '"2026-01-31T12:34:56.123456"', "2026-01-31T12:34:56.123456"],
	[{ kind: "timestamp" }, "1969-12-31 23:59:59.999999", '"1969-12-31T23:59:59.999999"', "1969-12-31T23:59:59.999999"],
	[{ kind: "timestamptz" }, "2026-01-31 12:34:56+02", '"2026-01-31T10:34:56Z"', "2026-01-31T10:34:56Z"],
	[{ kind: "timestamptz" }, "0044-03-15 10:00:00+00 BC", '"0044-03-15T10:00:00Z BC"', "0044-03-15T10:00:00Z BC"],
	[{ kind: "timestamp" }, "99999-01-01 00:00:00", '"99999-01-01T00:00:00"', "99999-01-01T00:00:00"],
	[{ kind: "interval" }, "1 mon -2 days 03:04:05.5", '"P1M-2DT3H4M5.5S"', "P1M-2DT3H4M5.5S"],
	[
		{ kind: "uuid" },
		"550E8400-E29B-41D4-A716-446655440000",
		'"550e8400-e29b-41d4-a716-446655440000"',
		"550e8400-e29b-41d4-a716-446655440000",
	],
	[{ kind: "jsonb" }, '{"a":"x,y"}', '{"a": "x,y"}', '"{""a"": ""x,y""}"'],
	[{ kind: "array", element: { kind: "text" } }, '{a,NULL,"b c"}', '["a",null,"b c"]', '"{a,NULL,""b c""}"'],
	[{ kind: "array", element: { kind: "integer" } }, "{}", "[]", "{}"],
];
const TYPES = VALUES.map(([type]) => type);
const COLUMNS = TYPES.map((type, index): OutputColumn => ({ name: `c${index}`, type, nullable: true }));
const everyValue = (): SqlValue[] => VALUES.map(([type, text]) => parseValue(type, text));
const everyNull = (): SqlValue[] => VALUES.map(() => null);

test("JSON: names, types, every value, NULL, and the statistics behind", async () => {
	const text = await textOf(encode({ format: "json", columns: COLUMNS, batches: batchesOf(batchOf(TYPES, [everyValue(), everyNull()])) }));
	const nulls = VALUES.map(() => "null").join(",");
	expect(text).toContain(`"rows":[\n[${VALUES.map(([, , json]) => json).join(",")}],\n[${nulls}]]`);
	const parsed = JSON.parse(text) as Record<string, unknown>;
	expect(Object.keys(parsed)).toEqual(["query_id", "columns", "rows", "row_count", "statistics"]);
	expect((parsed.columns as unknown[])[6]).toEqual({ name: "c6", type: "numeric(10,2)", nullable: true });
	expect((parsed.columns as unknown[])[21]).toEqual({ name: "c21", type: "timestamp without time zone", nullable: true });
	expect(parsed.row_count).toBe(2);
	expect(parsed.statistics).toEqual({
		elapsed_ms: 12,
		rows_scanned: 3,
		bytes_scanned: 4,
		files_scanned: 5,
		files_pruned: 6,
		estimated_cost_usd: 0.0000012,
		arena_peak_bytes: 65_536,
		spilled_bytes: 0,
	});
});

test("NDJSON and CSV: every value and NULL", async () => {
	const batches = (): AsyncGenerator<Batch> => batchesOf(batchOf(TYPES, [everyValue(), everyNull()]));
	expect(await textOf(encode({ format: "ndjson", columns: COLUMNS, batches: batches() }))).toBe(
		`{${VALUES.map(([, , json], index) => `"c${index}":${json}`).join(",")}}\n{${VALUES.map((_, index) => `"c${index}":null`).join(",")}}\n`,
	);
	expect(await textOf(encode({ format: "csv", columns: COLUMNS, batches: batches() }))).toBe(
		`${COLUMNS.map((column) => column.name).join(",")}\n${VALUES.map(([, , , csv]) => csv).join(",")}\n${",".repeat(VALUES.length - 1)}\n`,
	);
});

/** Arrow's own words for the types of VALUES. */
const ARROW =
	"Bool|Int16|Int32|Int64|Int64|Int64|Decimal[10e+2]|Decimal[18e0]|Decimal[38e+10]|Utf8|Float32|Float64|Float64|Utf8|Utf8|Utf8|Utf8|Binary|" +
	"Date32<DAY>|Date32<DAY>|Time64<MICROSECOND>|Timestamp<MICROSECOND>|Timestamp<MICROSECOND>|Timestamp<MICROSECOND, UTC>|" +
	"Timestamp<MICROSECOND, UTC>|Timestamp<MICROSECOND>|Utf8|Utf8|Utf8|List<Utf8>|List<Int32>";

test("Arrow: apache-arrow reads every type, value and NULL", async () => {
	const bytes = await bytesOf(
		encode({
			format: "arrow",
			columns: COLUMNS,
			batches: batchesOf(batchOf(TYPES, [everyValue(), everyNull()]), batchOf(TYPES, [everyValue()])),
		}),
	);
	const table = tableFromIPC(bytes);
	expect(table.batches.map((batch) => batch.numRows)).toEqual([2, 1]);
	const read = table.schema.fields.map((field, index) => {
		const column = table.getChildAt(index);
		expect(column?.get(1)).toBe(null);
		return [String(field.type), column?.get(0)];
	});
	expect(read.map(([type]) => type).join("|")).toBe(ARROW);
	const value = (index: number): unknown => read[index]?.[1];
	expect([0, 1, 2, 3, 5].map(value)).toEqual([true, -5, -2147483648, 9007199254740991n, 9223372036854775807n]);
	expect(new BigInt64Array((value(6) as Uint32Array).slice().buffer)).toEqual(new BigInt64Array([-5n, -1n]));
	expect([9, 13, 14, 16, 26, 27, 28].map(value)).toEqual([
		"0.33333333333333333333",
		'é "q" \\ \n\u0001,x',
		"",
		"a  ",
		"P1M-2DT3H4M5.5S",
		"550e8400-e29b-41d4-a716-446655440000",
		'{"a": "x,y"}',
	]);
	expect(value(17)).toEqual(new Uint8Array([0xde, 0xad, 0xbe, 0xef]));
	expect((value(29) as { toJSON(): unknown }).toJSON()).toEqual(["a", null, "b c"]);
	expect(value(23)).toBe(Date.UTC(2026, 0, 31, 10, 34, 56));
});

test("Parquet: a result is read back by its own reader with the same rows", async () => {
	const columns = COLUMNS.map((column) => ({ ...column }));
	const bytes = await bytesOf(
		encode({ format: "parquet", columns, batches: batchesOf(batchOf(TYPES, [everyValue(), everyNull()]), batchOf(TYPES, [everyValue()])) }),
	);
	// Free NUMERIC comes back as the text that it was written as.
	const schema = tableOf(
		Object.fromEntries(
			COLUMNS.map(({ name, type }) => [name, { type: type.kind === "numeric" && type.precision === undefined ? { kind: "text" } : type }]),
		),
	);
	const rows = await collectRows(decodeParquetRows({ source: memorySource(bytes), schema, engine, lease, nowMicroseconds: 0n }));
	const expected = everyValue();
	expected[9] = "0.33333333333333333333";
	expect(rows).toEqual([expected, everyNull(), expected]);
});

const INTEGER: OutputColumn = { name: "a", type: { kind: "integer" }, nullable: false };
const BIGINT: OutputColumn = { name: "a", type: { kind: "bigint" }, nullable: true };

test("no rows still give the header or the schema", async () => {
	const empty = (format: ResultFormat): Promise<string> => textOf(encode({ format, columns: [INTEGER], batches: batchesOf() }));
	expect(JSON.parse(await empty("json"))).toMatchObject({
		columns: [{ name: "a", type: "integer", nullable: false }],
		rows: [],
		row_count: 0,
	});
	expect(await empty("ndjson")).toBe("");
	expect(await empty("csv")).toBe("a\n");
	expect(
		tableFromIPC(await bytesOf(encode({ format: "arrow", columns: [INTEGER], batches: batchesOf() }))).schema.fields.map(String),
	).toEqual(["a: Int32"]);
});

test("rows without a column are rows", async () => {
	const batch: Batch = { rowCount: 2, columns: [], selection: 0, selectedCount: 2 };
	const text = (format: ResultFormat): Promise<string> => textOf(encode({ format, columns: [], batches: batchesOf(batch) }));
	expect(JSON.parse(await text("json"))).toMatchObject({ columns: [], rows: [[], []], row_count: 2 });
	expect(await text("ndjson")).toBe("{}\n{}\n");
	expect(await text("csv")).toBe("\n\n\n");
});

test("duplicate names: as they are in JSON and CSV, suffixed in objects", async () => {
	const columns = [INTEGER, { ...INTEGER, name: "a_1" }, INTEGER, INTEGER, { ...INTEGER, name: 'q"' }];
	const batches = (): AsyncGenerator<Batch> =>
		batchesOf(
			batchOf(
				columns.map((column) => column.type),
				[[1, 2, 3, 4, 5]],
			),
		);
	expect(await textOf(encode({ format: "ndjson", columns, batches: batches() }))).toBe('{"a":1,"a_1":2,"a_2":3,"a_3":4,"q\\"":5}\n');
	expect(await textOf(encode({ format: "csv", columns, batches: batches() }))).toBe('a,a_1,a,a,"q"""\n1,2,3,4,5\n');
});

test("selections, constants, dictionaries and narrowed values give the rows they stand for", async () => {
	const region = lease.region();
	const batch = batchOf(
		[{ kind: "integer" }, { kind: "text" }, { kind: "bigint" }],
		[
			[1, "x", 10n],
			[2, "y", 20n],
			[3, "z", 30n],
		],
	);
	const { views } = engine.arena;
	const selection = region.allocate(4);
	views.u16.set([0, 2], selection / 2);
	const codes = region.allocate(12);
	views.i32.set([2, 0, 1], codes / 4);
	const text = batch.columns[1];
	if (text?.kind !== "flat") throw new Error("builders give flat vectors");
	const narrowed = region.allocate(12);
	views.i32.set([-7, 0, 8], narrowed / 4);
	batch.columns = [
		constantVector(engine, region, { kind: "integer" }, 9),
		{ kind: "dictionary", type: { kind: "text" }, physical: "bytes", codes, validity: 0, dictionary: { values: text, entryCount: 3 } },
		{ kind: "flat", type: { kind: "bigint" }, physical: "i32", values: narrowed, validity: 0, offsets: 0 },
		constantVector(engine, region, { kind: "integer" }, null),
	];
	const columns = [
		INTEGER,
		{ ...INTEGER, name: "t", type: { kind: "text" } as DataType },
		{ ...BIGINT, name: "n" },
		{ ...INTEGER, name: "z" },
	];
	const selected = { ...batch, selection, selectedCount: 2 };
	expect(await textOf(encode({ format: "csv", columns, batches: batchesOf(selected) }))).toBe("a,t,n,z\n9,z,-7,\n9,y,8,\n");
});

test("settings.bigint writes every BIGINT as a string, in JSON only", async () => {
	const batches = (): AsyncGenerator<Batch> => batchesOf(batchOf([{ kind: "bigint" }], [[5n], [null]]));
	expect(await textOf(encode({ format: "ndjson", columns: [BIGINT], batches: batches(), bigintAsString: true }))).toBe(
		'{"a":"5"}\n{"a":null}\n',
	);
	expect(await textOf(encode({ format: "csv", columns: [BIGINT], batches: batches(), bigintAsString: true }))).toBe("a\n5\n\n");
});

const FAILURE = new LittoralError("division_by_zero", "division by zero");
const WIDE: OutputColumn = { name: "t", type: { kind: "text" }, nullable: false };

async function* failingAfter(byteCount: number): AsyncGenerator<Batch> {
	const batch = batchOf(
		[WIDE.type],
		Array.from({ length: 10 }, () => ["x".repeat(10_000)]),
	);
	for (let written = 0; written < byteCount; written += 100_000) yield await Promise.resolve(batch);
	throw FAILURE;
}

test.each(["json", "ndjson", "csv"] as const)("%s: an error within the first megabyte is thrown, not written", async (format) => {
	try {
		await holdBack(encode({ format, columns: [WIDE], batches: failingAfter(500_000) }));
		expect.unreachable();
	} catch (error) {
		expect(isLittoralError(error) && error.code).toBe("division_by_zero");
	}
});

test("an error behind the first megabyte ends JSON and NDJSON in their own form", async () => {
	const late = async (format: ResultFormat): Promise<string> =>
		textOf(await holdBack(encode({ format, columns: [WIDE], batches: failingAfter(1_500_000) })));
	const shape = { code: "division_by_zero", detail: "division by zero", sqlstate: "22012" };
	const json = JSON.parse(await late("json")) as Record<string, unknown>;
	expect(json.error).toEqual(shape);
	expect(json.row_count).toBe(150);
	expect(json.rows).toHaveLength(150);
	expect(json.statistics).toBeUndefined();
	const lines = (await late("ndjson")).trimEnd().split("\n");
	expect(lines).toHaveLength(151);
	expect(JSON.parse(lines[150] as string)).toEqual({ error: shape });
});

/** What a client has that is not told of the reset: every byte before it. */
async function bytesBeforeReset(format: ResultFormat): Promise<Uint8Array<ArrayBuffer>> {
	const stream = await holdBack(encode({ format, columns: [WIDE], batches: failingAfter(1_500_000) }));
	const reader = stream.getReader();
	const parts: Uint8Array<ArrayBuffer>[] = [];
	const read = async (): Promise<void> => {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			parts.push(value as Uint8Array<ArrayBuffer>);
		}
	};
	await expect(read()).rejects.toThrow("division by zero");
	return new Uint8Array(await new Blob(parts).arrayBuffer());
}

describe("a result that fails late is whole for no reader, even where the reset is lost", () => {
	test("CSV", async () => {
		const bytes = await bytesBeforeReset("csv");
		expect(new TextDecoder().decode(bytes).slice(-33)).toBe('x\n"query failed: division by zero');
		const postgres = await startPostgres();
		await postgres.exec("CREATE TABLE t (t text)");
		await expect(postgres.query("COPY t FROM '/dev/blob' (FORMAT csv, HEADER)", [], { blob: new Blob([bytes]) })).rejects.toThrow(
			"unterminated CSV quoted field",
		);
		await postgres.close();
		await expect(decodeAll("csv", tableOf({ t: { type: WIDE.type } }), bodyOf(bytes))).rejects.toThrow(
			"the body ends within a quoted field",
		);
	}, 60_000);

	test("Arrow", async () => {
		const bytes = await bytesBeforeReset("arrow");
		expect(() => tableFromIPC(bytes)).toThrow("Expected to read 1054 metadata bytes, but only read 30.");
	});

	test("Parquet", async () => {
		// The footer comes last: a file that fails is a file without its end.
		const whole = await bytesOf(encode({ format: "parquet", columns: [WIDE], batches: batchesOf(batchOf([WIDE.type], [["a"], ["b"]])) }));
		for (let byteCount = 0; byteCount < whole.length; byteCount++) {
			await expect(parquetReadObjects({ file: whole.slice(0, byteCount).buffer as ArrayBuffer })).rejects.toThrow();
		}
	});
});

test("what a result shows of an error that is not ours is only that it failed", async () => {
	async function* broken(): AsyncGenerator<Batch> {
		const batch = batchOf([WIDE.type], [["x".repeat(1_100_000)]]);
		yield await Promise.resolve(batch);
		throw new Error("secret at /internal/path");
	}
	const text = await textOf(encode({ format: "ndjson", columns: [WIDE], batches: broken() }));
	expect(text.trimEnd().split("\n")[1]).toBe('{"error":{"code":"internal_error","detail":"the query failed"}}');
});

test("batches are pulled no faster than the stream is read, and a reader that leaves ends them", async () => {
	let given = 0;
	let returned = false;
	async function* endless(): AsyncGenerator<Batch> {
		const batch = batchOf([WIDE.type], [["x".repeat(70_000)]]);
		try {
			for (;;) {
				given++;
				yield await Promise.resolve(batch);
			}
		} finally {
			returned = true;
		}
	}
	const reader = encode({ format: "csv", columns: [WIDE], batches: endless() }).getReader();
	for (let index = 0; index < 5; index++) await reader.read();
	expect(given).toBeLessThanOrEqual(6);
	await reader.cancel();
	expect(returned).toBe(true);
});
