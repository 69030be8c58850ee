/** Arrow uploads, written by apache-arrow and by ourselves: types, row errors, streams that do not fit, and damaged bytes. */
import {
	Binary,
	Bool,
	type DataType as ArrowDataType,
	DateDay,
	DateMillisecond,
	Decimal,
	Dictionary,
	Field,
	FixedSizeBinary,
	Float32,
	Float64,
	Int16,
	Int32,
	Int64,
	List,
	Null,
	Struct,
	Table,
	tableFromArrays,
	tableToIPC,
	TimeMicrosecond,
	TimestampMicrosecond,
	TimestampMillisecond,
	TimestampNanosecond,
	TimestampSecond,
	Uint64,
	Uint8,
	Utf8,
	vectorFromArray,
} from "apache-arrow";
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { expect, test } from "vitest";
import { bodyOf, decodeAll, engine, tableOf } from "./decode.fixture.ts";

/** One column `c` of an Arrow type, as a stream. */
function streamOf(type: ArrowDataType, values: unknown[]): Uint8Array {
	return tableToIPC(new Table({ c: vectorFromArray(values, type) }), "stream");
}

const column = (type: DataType): ReturnType<typeof tableOf> => tableOf({ c: { type } });

async function valuesOf(type: DataType, bytes: Uint8Array, chunkBytes = 1000): Promise<SqlValue[]> {
	return (await decodeAll("arrow", column(type), bodyOf(bytes, chunkBytes))).rows.map((row) => row[0] as SqlValue);
}

async function failure(schema: ReturnType<typeof tableOf>, bytes: Uint8Array): Promise<LittoralError> {
	try {
		await decodeAll("arrow", schema, bodyOf(bytes));
	} catch (error) {
		if (isLittoralError(error)) return error;
		throw error;
	}
	throw new Error("the stream was taken");
}

const numeric = (precision: number, scale: number): DataType => ({ kind: "numeric", precision, scale });
const INSTANT = Date.UTC(2026, 0, 31, 12, 34, 56, 500);
const MICROS = BigInt(INSTANT) * 1000n;

const TAKEN: [string, ArrowDataType, unknown[], DataType, SqlValue[]][] = [
	["bool", new Bool(), [true, null, false], { kind: "boolean" }, [true, null, false]],
	["int16", new Int16(), [-5, null], { kind: "bigint" }, [-5n, null]],
	["int64", new Int64(), [9007199254740993n, null], { kind: "bigint" }, [9007199254740993n, null]],
	["int64 into integer", new Int64(), [-2147483648n], { kind: "integer" }, [-2147483648]],
	["uint8", new Uint8(), [255], { kind: "smallint" }, [255]],
	["uint64", new Uint64(), [9223372036854775807n], { kind: "bigint" }, [9223372036854775807n]],
	["int32 into numeric", new Int32(), [-7], numeric(10, 2), [{ coefficient: -700n, scale: 2 }]],
	["float32", new Float32(), [1.5, null], { kind: "real" }, [1.5, null]],
	["float32 into double", new Float32(), [0.5], { kind: "double" }, [0.5]],
	["float64", new Float64(), [0.1, Number.NaN], { kind: "double" }, [0.1, Number.NaN]],
	["int32 into double", new Int32(), [-3], { kind: "double" }, [-3]],
	["utf8", new Utf8(), ["é", null, ""], { kind: "text" }, ["é", null, ""]],
	["dictionary", new Dictionary(new Utf8(), new Int32()), ["a", "b", null, "a"], { kind: "text" }, ["a", "b", null, "a"]],
	["utf8 into char", new Utf8(), ["a"], { kind: "char", length: 3 }, ["a  "]],
	["utf8 into jsonb", new Utf8(), ['{"b":1,"a":2}'], { kind: "jsonb" }, ['{"a": 2, "b": 1}']],
	["binary", new Binary(), [new Uint8Array([1, 2]), null], { kind: "bytea" }, [new Uint8Array([1, 2]), null]],
	[
		"16 bytes into uuid",
		new FixedSizeBinary(16),
		[Uint8Array.from({ length: 16 }, (_, index) => index)],
		{ kind: "uuid" },
		["00010203-0405-0607-0809-0a0b0c0d0e0f"],
	],
	["date32", new DateDay(), [new Date(Date.UTC(2026, 0, 31)), null], { kind: "date" }, [20484, null]],
	["date64", new DateMillisecond(), [new Date(Date.UTC(1969, 11, 31))], { kind: "date" }, [-1]],
	["time64", new TimeMicrosecond(), [45_296_500_000n], { kind: "time" }, [45_296_500_000n]],
	["timestamp ms", new TimestampMillisecond(), [INSTANT, null], { kind: "timestamp" }, [MICROS, null]],
	["timestamp s", new TimestampSecond(), [INSTANT - 500], { kind: "timestamp" }, [MICROS - 500_000n]],
	["timestamp us, zone", new TimestampMicrosecond("Europe/Berlin"), [INSTANT], { kind: "timestamptz" }, [MICROS]],
	["timestamp ns without zone", new TimestampNanosecond(), [INSTANT], { kind: "timestamptz" }, [MICROS]],
	[
		"list",
		new List(new Field("item", new Int32(), true)),
		[[1, null], null, []],
		{ kind: "array", element: { kind: "bigint" } },
		[[1n, null], null, []],
	],
	["null", new Null(), [null, null], { kind: "integer" }, [null, null]],
];

test.each(TAKEN)("%s is read exactly", async (_, arrow, values, type, expected) => {
	const bytes = streamOf(arrow, values);
	for (const chunkBytes of [1, 100_000]) expect(await valuesOf(type, bytes, chunkBytes)).toEqual(expected);
});

test("decimals are read exactly, and refused where a digit would be lost", async () => {
	const words = (value: bigint): number[] =>
		Array.from({ length: 4 }, (_, index) => Number(BigInt.asUintN(32, value >> BigInt(32 * index))));
	const bytes = streamOf(new Decimal(3, 38), [Uint32Array.from(words(-12_345n)), Uint32Array.from(words(12_340n))]);
	expect(await valuesOf(numeric(10, 4), bytes)).toEqual([
		{ coefficient: -123_450n, scale: 4 },
		{ coefficient: 123_400n, scale: 4 },
	]);
	expect((await failure(column(numeric(10, 2)), bytes)).details.rowErrors).toEqual([
		{ row: 1, column: "c", code: "numeric_value_out_of_range", detail: 'value "-12.345" does not fit numeric(10,2) without rounding' },
	]);
});

test.each<[string, ArrowDataType, unknown[], DataType, string, string]>([
	[
		"int64",
		new Int64(),
		[2147483648n],
		{ kind: "integer" },
		"numeric_value_out_of_range",
		'value "2147483648" is out of range for type integer',
	],
	[
		"uint64",
		new Uint64(),
		[2n ** 63n],
		{ kind: "bigint" },
		"numeric_value_out_of_range",
		'value "9223372036854775808" is out of range for type bigint',
	],
	[
		"utf8",
		new Utf8(),
		["abcd"],
		{ kind: "varchar", length: 3 },
		"string_data_right_truncation",
		"value too long for type character varying(3)",
	],
	["utf8", new Utf8(), ["a\u0000"], { kind: "text" }, "character_not_in_repertoire", "value is not UTF-8, or holds a zero byte"],
	[
		"double",
		new Float64(),
		[1],
		{ kind: "integer" },
		"datatype_mismatch",
		'column "c" holds float64, which cannot be read as integer without loss',
	],
	[
		"utf8",
		new Utf8(),
		["1"],
		{ kind: "integer" },
		"datatype_mismatch",
		'column "c" holds utf8, which cannot be read as integer without loss',
	],
	[
		"zoned",
		new TimestampMillisecond("UTC"),
		[0],
		{ kind: "timestamp" },
		"datatype_mismatch",
		'column "c" holds timestamp with zone UTC, which cannot be read as timestamp without time zone without loss',
	],
	[
		"struct",
		new Struct([new Field("x", new Int32())]),
		[{ x: 1 }],
		{ kind: "integer" },
		"datatype_mismatch",
		'column "c" holds struct, which cannot be read as integer without loss',
	],
])("%s that does not fit is a row error", async (_, arrow, values, type, code, detail) => {
	const error = await failure(column(type), streamOf(arrow, values));
	expect({ code: error.code, ...error.details }).toEqual({
		code: "invalid_rows",
		rowErrorCount: 1,
		rowErrors: [{ row: 1, column: "c", code, detail }],
	});
});

const TABLE = tableOf({
	n: { type: { kind: "integer" }, notNull: true },
	name: { type: { kind: "text" } },
	level: { type: { kind: "integer" }, default: "7" },
	list: { type: { kind: "array", element: { kind: "text" } } },
});

test("columns meet by name, absent ones take their DEFAULT, batches are cut at their bound", async () => {
	const rows = 5000;
	const bytes = tableToIPC(
		tableFromArrays({
			name: Array.from({ length: rows }, (_, index) => `name ${index % 10}`),
			n: Int32Array.from({ length: rows }, (_, index) => index),
		}),
		"stream",
	);
	const decoded = await decodeAll("arrow", TABLE, bodyOf(bytes, 4096));
	expect(decoded.batchRowCounts).toEqual([2048, 2048, 904]);
	expect(decoded.rows[4999]).toEqual([4999, "name 9", 7, null]);
	expect(await decodeAll("arrow", TABLE, bodyOf(tableToIPC(tableFromArrays({ n: new Int32Array(0) }), "stream")))).toEqual({
		rows: [],
		batchRowCounts: [],
	});
});

test("NULL in NOT NULL, a missing NOT NULL column and unknown columns are row errors", async () => {
	expect((await failure(TABLE, tableToIPC(new Table({ n: vectorFromArray([1, null], new Int32()) }), "stream"))).details.rowErrors).toEqual(
		[
			{
				row: 2,
				column: "n",
				code: "not_null_violation",
				detail: 'null value in column "n" of relation "events" violates not-null constraint',
			},
		],
	);
	expect((await failure(TABLE, tableToIPC(tableFromArrays({ name: ["x"] }), "stream"))).details.rowErrorCount).toBe(1);
	expect((await failure(TABLE, tableToIPC(tableFromArrays({ n: Int32Array.of(1), zz: ["x"] }), "stream"))).details.rowErrors).toEqual([
		{ row: 1, column: "zz", code: "unknown_column", detail: 'column "zz" of relation "events" does not exist' },
	]);
});

const SMALL = tableToIPC(
	new Table({
		n: vectorFromArray([1, 2, 3], new Int32()),
		name: vectorFromArray(["a", null, "b"]),
		list: vectorFromArray([["x"], null, []], new List(new Field("item", new Utf8(), true))),
	}),
	"stream",
);

test("every prefix of a stream is malformed, and so is anything behind its end", async () => {
	for (let length = 0; length < SMALL.length; length++) {
		const error = await failure(TABLE, SMALL.slice(0, length));
		expect(error.code).toBe("malformed_body");
		expect(error.message).toMatch(/^the Arrow stream is malformed: /);
	}
	expect((await failure(TABLE, new Uint8Array([...SMALL, 0]))).message).toBe("the Arrow stream is malformed: something follows its end");
	expect((await failure(TABLE, new TextEncoder().encode("n,name\n1,a\n"))).code).toBe("malformed_body");
});

test("bits flipped all over the stream give rows or an error of the body, never anything else", async () => {
	const outcomes = new Set<string>();
	for (let bit = 0; bit < SMALL.length * 8; bit += 5) {
		const damaged = SMALL.slice();
		damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
		try {
			await decodeAll("arrow", TABLE, bodyOf(damaged));
			outcomes.add("rows");
		} catch (error) {
			outcomes.add(isLittoralError(error) ? error.code : String(error));
		}
	}
	expect([...outcomes].toSorted()).toEqual(["body_too_large", "invalid_rows", "malformed_body", "rows"]);
	expect(engine.arena.leasedPageCount).toBe(0);
}, 20_000);
