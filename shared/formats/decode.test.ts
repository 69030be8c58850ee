/** Bodies in text formats: every type, every kind of mistake, chunk boundaries anywhere. */
import { isLittoralError, LittoralError, type RowError } from "#shared/base/errors.ts";
import { BATCH_ROW_COUNT_MAX, VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { expect, test } from "vitest";
import { Lease } from "#shared/engine/memory/lease.ts";
import { bodyIn, bodyOf, collectRows, decodeAll, engine, tableOf } from "./decode.fixture.ts";
import { decodeRows } from "./decode.ts";

const EVERY_TYPE = tableOf({
	flag: { type: { kind: "boolean" } },
	small: { type: { kind: "smallint" } },
	number: { type: { kind: "integer" } },
	big: { type: { kind: "bigint" } },
	price: { type: { kind: "numeric", precision: 10, scale: 2 } },
	wide: { type: { kind: "numeric", precision: 38, scale: 10 } },
	single: { type: { kind: "real" } },
	double: { type: { kind: "double" } },
	name: { type: { kind: "text" } },
	code: { type: { kind: "varchar", length: 3 } },
	letter: { type: { kind: "char", length: 3 } },
	payload: { type: { kind: "bytea" } },
	day: { type: { kind: "date" } },
	clock: { type: { kind: "time" } },
	local: { type: { kind: "timestamp" } },
	instant: { type: { kind: "timestamptz" } },
	span: { type: { kind: "interval" } },
	id: { type: { kind: "uuid" } },
	document: { type: { kind: "jsonb" } },
	numbers: { type: { kind: "array", element: { kind: "bigint" } } },
	words: { type: { kind: "array", element: { kind: "text" } } },
});

const texts = (rows: SqlValue[][], types: DataType[]): (string | null)[][] =>
	rows.map((row) => row.map((value, index) => (value === null ? null : formatValue(types[index] as DataType, value))));

const JSON_ROWS = String.raw`[
 {"flag": true, "small": -5, "number": 2147483647, "big": 9007199254740993, "price": 0.1, "wide": 1234567890123456789012345678.0123456789,
  "single": 0.1, "double": 1e300, "name": "é\"\\\u00e9\ud83d\ude00\n/\/", "code": "abc", "letter": "a", "payload": "3q2+7w==", "day": "2026-01-31",
  "clock": "12:34:56.5", "local": "2026-01-31T12:34:56.123456", "instant": "2026-01-31T12:34:56+02:00", "span": "P1DT2H",
  "id": "550E8400-E29B-41D4-A716-446655440000", "document": {"b": [1, 2.50, null], "a": "\u0041"}, "numbers": [1, null, 9223372036854775807],
  "words": ["a b", "", "c\"d"]},
 {},
 {"words": null, "flag": false, "big": "-9223372036854775808", "number": 1e3, "small": 5.0, "price": "12.345", "wide": 1E-10, "double": "NaN",
  "single": -0, "name": "", "payload": "\\xdead", "local": "2001/01/01 00:47", "instant": "2026/01/31 12:34", "document": null, "numbers": "{1,2}",
  "day": "0044-03-15 BC"},
 {"number": "42", "big": 123456789012345678, "document": "text", "price": 99999999.99, "double": 123456789.123456789, "numbers": [], "flag": "no"}
]`;
const NULLS = (count: number): null[] => Array.from({ length: count }, () => null);
const JSON_TEXTS = [
	[
		..."t|-5|2147483647|9007199254740993|0.10|1234567890123456789012345678.0123456789|0.1|1e+300".split("|"),
		'é"\\é😀\n//',
		..."abc|a  |\\xdeadbeef|2026-01-31|12:34:56.5|2026-01-31 12:34:56.123456|2026-01-31 10:34:56+00|1 day 02:00:00".split("|"),
		"550e8400-e29b-41d4-a716-446655440000",
		'{"a": "A", "b": [1, 2.50, null]}',
		"{1,NULL,9223372036854775807}",
		'{"a b","","c\\"d"}',
	],
	NULLS(21),
	[
		..."f|5|1000|-9223372036854775808|12.35|0.0000000001|-0|NaN||".split("|").slice(0, 9),
		null,
		null,
		"\\xdead",
		"0044-03-15 BC",
		null,
		"2001-01-01 00:47:00",
		"2026-01-31 12:34:00+00",
		null,
		null,
		null,
		"{1,2}",
		null,
	],
	["f", null, "42", "123456789012345678", "99999999.99", null, null, "123456789.12345679", ...NULLS(10), '"text"', "{}", null],
];

const types = EVERY_TYPE.columns.map((column) => column.type);

test.each([1, 2, 3, 7, 64, 1000, 100_000, "whole"] as const)(
	"a JSON array in chunks of %s bytes gives every type exactly",
	async (chunkBytes) => {
		const { rows } = await decodeAll("json", EVERY_TYPE, bodyIn(JSON_ROWS, chunkBytes));
		expect(texts(rows, types)).toEqual(JSON_TEXTS);
	},
);

test.each([1, 5, 1000, "whole"] as const)("NDJSON in chunks of %s bytes gives the same rows", async (chunkBytes) => {
	const lines = `\n${JSON_ROWS.slice(1, -1).replaceAll("\n", " ").replaceAll("},  {", "}\r\n{").replaceAll("},  {", "}\n\n{")}`;
	const { rows } = await decodeAll("ndjson", EVERY_TYPE, bodyIn(lines.replace(/\},\s+\{/g, "}\n \n{"), chunkBytes));
	expect(texts(rows, types)).toEqual(JSON_TEXTS);
});

const CSV_TABLE = tableOf({
	number: { type: { kind: "integer" } },
	name: { type: { kind: "text" } },
	price: { type: { kind: "numeric", precision: 10, scale: 2 } },
	at: { type: { kind: "timestamptz" }, default: "now()" },
	words: { type: { kind: "array", element: { kind: "text" } } },
});

test.each([1, 2, 3, 10, 10_000, "whole"] as const)(
	"CSV in chunks of %s bytes: BOM, any order, quotes, NULL and the empty string, CRLF and LF",
	async (chunkBytes) => {
		const body = '\ufeffname,number,"price",words\r\n"a ""quoted"", é\r\nline",1,0.1,"{a,""b c""}"\r\n"",,12.5,\n,3,,{}\nlast,4,5,';
		const { rows } = await decodeAll("csv", CSV_TABLE, bodyIn(body, chunkBytes), { nowMicroseconds: 1_500_000n });
		const now = 1_500_000n;
		expect(rows).toEqual([
			[1, 'a "quoted", é\r\nline', { coefficient: 10n, scale: 2 }, now, ["a", "b c"]],
			[null, "", { coefficient: 1250n, scale: 2 }, now, null],
			[3, null, null, now, []],
			[4, "last", { coefficient: 500n, scale: 2 }, now, null],
		]);
	},
);

test.each<[Parameters<typeof decodeAll>[0], string]>([
	["json", "[]"],
	["json", " [ \n ] \n"],
	["ndjson", ""],
	["ndjson", "\n \r\n\n"],
	["csv", "number,name\n"],
	["csv", "number"],
])("%s %j is zero rows", async (format, body) => {
	expect(await decodeAll(format, CSV_TABLE, bodyOf(body))).toEqual({ rows: [], batchRowCounts: [] });
});

const TABLE = tableOf({
	n: { type: { kind: "integer" } },
	b: { type: { kind: "bigint" } },
	d: { type: { kind: "numeric", precision: 5, scale: 2 } },
	t: { type: { kind: "text" } },
	v: { type: { kind: "varchar", length: 3 } },
	day: { type: { kind: "date" } },
	at: { type: { kind: "timestamp" } },
	j: { type: { kind: "jsonb" } },
	a: { type: { kind: "array", element: { kind: "integer" } } },
	required: { type: { kind: "integer" }, notNull: true, default: "7" },
});

async function errorOf(
	format: Parameters<typeof decodeAll>[0],
	body: string | Uint8Array,
	chunkBytes: number | "whole" = 1000,
): Promise<LittoralError> {
	try {
		await decodeAll(format, TABLE, bodyIn(body, chunkBytes));
	} catch (error) {
		if (isLittoralError(error)) return error;
		throw error;
	}
	throw new Error(`no error for ${String(body)}`);
}

const VALUE_ERRORS: [string, Omit<RowError, "row" | "line">][] = [
	['{"n": 1.5}', { column: "n", code: "invalid_text_representation", detail: 'invalid input syntax for type integer: "1.5"' }],
	['{"n": 2147483648}', { column: "n", code: "numeric_value_out_of_range", detail: 'value "2147483648" is out of range for type integer' }],
	['{"n": 1e99}', { column: "n", code: "numeric_value_out_of_range", detail: 'value "1e99" is out of range for type integer' }],
	['{"n": "x"}', { column: "n", code: "invalid_text_representation", detail: 'invalid input syntax for type integer: "x"' }],
	['{"n": "1.0"}', { column: "n", code: "invalid_text_representation", detail: 'invalid input syntax for type integer: "1.0"' }],
	['{"n": true}', { column: "n", code: "datatype_mismatch", detail: "a column of type integer takes no JSON boolean" }],
	['{"n": {}}', { column: "n", code: "datatype_mismatch", detail: "a column of type integer takes no JSON object" }],
	['{"n": [1]}', { column: "n", code: "datatype_mismatch", detail: "a column of type integer takes no JSON array" }],
	['{"t": 5}', { column: "t", code: "datatype_mismatch", detail: "a column of type text takes no JSON number" }],
	[
		'{"b": 9223372036854775808}',
		{ column: "b", code: "numeric_value_out_of_range", detail: 'value "9223372036854775808" is out of range for type bigint' },
	],
	['{"d": 1000}', { column: "d", code: "numeric_value_out_of_range", detail: "numeric field overflow" }],
	['{"d": 1e400000}', { column: "d", code: "numeric_value_out_of_range", detail: "value overflows numeric format" }],
	[
		'{"t": "a\\u0000b"}',
		{ column: "t", code: "untranslatable_character", detail: "a string has the character \\u0000, which text cannot hold" },
	],
	['{"t": "\\ud83d"}', { column: "t", code: "invalid_text_representation", detail: "a string has half of a Unicode surrogate pair" }],
	['{"v": "éééé"}', { column: "v", code: "string_data_right_truncation", detail: "value too long for type character varying(3)" }],
	['{"day": "2026-02-30"}', { column: "day", code: "datetime_field_overflow", detail: 'date/time field value out of range: "2026-02-30"' }],
	['{"day": "soon"}', { column: "day", code: "invalid_datetime_format", detail: 'invalid input syntax for type date: "soon"' }],
	[
		'{"at": "2026-01-31 12:00+02"}',
		{ column: "at", code: "invalid_datetime_format", detail: 'a timestamp without time zone takes no offset: "2026-01-31 12:00+02"' },
	],
	[
		'{"at": "2026-01-31T12:00Z"}',
		{ column: "at", code: "invalid_datetime_format", detail: 'a timestamp without time zone takes no offset: "2026-01-31T12:00Z"' },
	],
	['{"j": "\\u0000"}', { column: "j", code: "untranslatable_character", detail: "unsupported Unicode escape sequence" }],
	['{"a": [1, "x"]}', { column: "a", code: "invalid_text_representation", detail: 'invalid input syntax for type integer: "x"' }],
	['{"a": [[1]]}', { column: "a", code: "datatype_mismatch", detail: "a column of type integer takes no JSON array" }],
	['{"zz": [{"x": "\\n"}]}', { column: "zz", code: "unknown_column", detail: 'column "zz" of relation "events" does not exist' }],
	['{"n": 1, "n": 2}', { column: "n", code: "duplicate_column", detail: 'column "n" appears more than once' }],
	[
		'{"required": null}',
		{
			column: "required",
			code: "not_null_violation",
			detail: 'null value in column "required" of relation "events" violates not-null constraint',
		},
	],
];

test.each(VALUE_ERRORS)("a bad value is a row error: %s", async (row, expected) => {
	for (const chunkBytes of [1, 1000]) {
		const json = await errorOf("json", `[{"n": 1}, ${row}]`, chunkBytes);
		expect({ code: json.code, ...json.details }).toEqual({ code: "invalid_rows", rowErrorCount: 1, rowErrors: [{ row: 2, ...expected }] });
		const ndjson = await errorOf("ndjson", `{"n": 1}\n\n${row}\n{}`, chunkBytes);
		expect({ code: ndjson.code, ...ndjson.details }).toEqual({
			code: "invalid_rows",
			rowErrorCount: 1,
			rowErrors: [{ row: 2, line: 3, ...expected }],
		});
	}
});

test("every bad row is counted, the first hundred reported, and no batch follows the first", async () => {
	const body = `${'{"n": 1}\n'.repeat(BATCH_ROW_COUNT_MAX)}${'{"n": "x", "b": 1.5}\n'.repeat(5000)}`;
	const error = await errorOf("ndjson", body);
	expect(error.message).toBe("10000 values are invalid");
	expect(error.details.rowErrorCount).toBe(10_000);
	expect(error.details.rowErrors).toHaveLength(100);
	expect(error.details.rowErrors?.[99]).toEqual({
		row: BATCH_ROW_COUNT_MAX + 50,
		line: BATCH_ROW_COUNT_MAX + 50,
		column: "b",
		code: "invalid_text_representation",
		detail: 'invalid input syntax for type bigint: "1.5"',
	});
});

const invalidUtf8 = new Uint8Array([...new TextEncoder().encode('[{"t": "'), 0xc3, 0x28, ...new TextEncoder().encode('"}]')]);
const MALFORMED: [Parameters<typeof decodeAll>[0], string | Uint8Array, string][] = [
	["json", "", "line 1, column 1: the body ends within the array of rows"],
	["json", "{}", "line 1, column 1: the body is an array of objects"],
	["json", "[1]", "line 1, column 2: a row is a JSON object"],
	["json", '[{"n": 1}', "line 1, column 10: the body ends within the array of rows"],
	["json", '[{"n": 1},]', "line 1, column 11: a row is a JSON object"],
	["json", '[{"n": 1}] x', "line 1, column 12: nothing follows the array of rows"],
	["json", '[{"n": 1} {"n": 2}]', 'line 1, column 11: "," or "]" was expected'],
	["json", '[\n{"n": 1,\n"t" 5}]', 'line 3, column 5: ":" was expected'],
	["json", '[{"n": 01}]', "line 1, column 9: a number is malformed"],
	["json", '[{"n": 1.}]', "line 1, column 10: a number is malformed"],
	["json", '[{"n": -}]', "line 1, column 9: a number is malformed"],
	["json", '[{"n": 1e}]', "line 1, column 10: a number is malformed"],
	["json", '[{"n": +1}]', "line 1, column 8: a value was expected"],
	["json", '[{"n": nul}]', "line 1, column 8: a value was expected"],
	["json", '[{"n": NaN}]', "line 1, column 8: a value was expected"],
	["json", "[{n: 1}]", "line 1, column 3: a key in double quotes was expected"],
	["json", '[{"n": 1,}]', "line 1, column 10: a key in double quotes was expected"],
	["json", '[{"t": "a\nb"}]', "line 1, column 10: a control character stands in a string"],
	["json", '[{"t": "\\x"}]', "line 1, column 8: a string has a bad escape"],
	["json", '[{"zz": "\\x"}]', "line 1, column 10: a string has a bad escape"],
	["json", '[{"t": "abc', "line 1, column 8: the body ends within a string"],
	["json", '[{"j": [1, 2}]', 'line 1, column 13: "," or "]" was expected'],
	["json", `[{"j": ${"[".repeat(600)}]`, "line 1, column 508: values are nested more than 500 deep"],
	["json", invalidUtf8, "line 1, column 9: invalid UTF-8"],
	["ndjson", '{"n": 1}\n{"n": \n2}', "line 2, column 7: a value was expected"],
	["ndjson", '{"n": 1} {"n": 2}', "line 1, column 10: a line holds one object and nothing else"],
	["ndjson", '{"n": 1}\n[2]', "line 2, column 1: a row is a JSON object"],
	["ndjson", '{"n": 1}\n{"n": 2', "line 2, column 8: the body ends within a number"],
	["csv", "", "line 1, column 1: the body ends within the header"],
	["csv", "n,t\n1,a\n2\n3,c\n", "line 3, column 1: a row has only 1 fields where the header has 2"],
	["csv", "n,t\n1,a,\n", "line 2, column 1: a row has more fields where the header has 2"],
	["csv", 'n,t\n1,"a\n', "line 3, column 1: the body ends within a quoted field"],
	["csv", 'n,t\n1,"a"b\n', "line 2, column 6: a comma or a line end was expected"],
	["csv", 'n,t\n1,a"b\n', "line 2, column 4: a quote stands inside a field that is not quoted"],
	["csv", "n,t\n1,a\u0000b\n", "line 2, column 4: a zero byte"],
	["csv", "n,t\n1,a\rb\n", "line 2, column 5: a comma or a line end was expected"],
	["csv", new Uint8Array([110, 10, 0xff, 10]), "line 2, column 1: invalid UTF-8"],
];

test.each(MALFORMED)("%s %j is malformed", async (format, body, message) => {
	for (const chunkBytes of [1, 3, 100_000, "whole"] as const) {
		const error = await errorOf(format, body, chunkBytes);
		expect({ code: error.code, message: error.message.replace(/column \d+: the body ends/, "column: the body ends") }).toEqual({
			code: "malformed_body",
			message: message.replace(/column \d+: the body ends/, "column: the body ends"),
		});
		expect(error.details.line).toBe(Number(/line (\d+)/.exec(message)?.[1]));
	}
});

test("a header that names an unknown column, or one twice, is refused at once", async () => {
	const error = await errorOf("csv", "n,zz,n\n1,2,3\n4,5,6\n");
	expect(error.code).toBe("invalid_rows");
	expect(error.details.rowErrors).toEqual([
		{ row: 1, line: 1, column: "zz", code: "unknown_column", detail: 'column "zz" of relation "events" does not exist' },
		{ row: 1, line: 1, column: "n", code: "duplicate_column", detail: 'column "n" appears more than once' },
	]);
});

test("CSV row errors carry the line on which the row begins", async () => {
	const error = await errorOf("csv", 'n,t\n1,"a\nb"\nx,"c\nd"\n,e\n99999999999,f');
	expect(error.details.rowErrors).toEqual([
		{ row: 2, line: 4, column: "n", code: "invalid_text_representation", detail: 'invalid input syntax for type integer: "x"' },
		{ row: 4, line: 7, column: "n", code: "numeric_value_out_of_range", detail: 'value "99999999999" is out of range for type integer' },
	]);
});

test.each(["json", "ndjson", "csv"] as const)("%s: a value above its bound is too large, one at the bound is kept", async (format) => {
	const wrap = (value: string): string =>
		format === "json" ? `[{"t": "${value}"}]` : format === "ndjson" ? `{"t": "${value}"}` : `t\n"${value}"`;
	const { rows } = await decodeAll(format, TABLE, bodyOf(wrap("x".repeat(VALUE_BYTES_MAX)), 65_536));
	expect(rows[0]?.[3]).toHaveLength(VALUE_BYTES_MAX);
	const error = await errorOf(format, wrap("x".repeat(VALUE_BYTES_MAX + 1)), 65_536);
	expect(error.code).toBe("body_too_large");
	expect(error.message).toMatch(/^line \d: a value takes more than 1048576 bytes$/);
});

test("batches are cut by rows and by bytes, and no memory stays leased", async () => {
	const small = await decodeAll("ndjson", TABLE, bodyOf('{"n": 5}\n'.repeat(5000), 10_000));
	expect(small.batchRowCounts).toEqual([2048, 2048, 904]);
	expect(small.rows[4999]).toEqual([5, null, null, null, null, null, null, null, null, 7]);
	const large = await decodeAll("ndjson", TABLE, bodyOf(`{"t": "${"y".repeat(500_000)}"}\n`.repeat(20), 65_536));
	expect(large.batchRowCounts).toEqual([9, 9, 2]);
	expect(engine.arena.leasedPageCount).toBe(0);
});

test("long arrays end a batch early, and one that is too long is a row error wherever it stands", async () => {
	const array = (count: number): string => `{"a": [${Array.from({ length: count }, () => "1").join(",")}]}\n`;
	// Four bytes an element, and four for their number.
	const most = VALUE_BYTES_MAX / 4 - 1;
	const { batchRowCounts, rows } = await decodeAll("ndjson", TABLE, bodyOf(array(most).repeat(4) + array(1)));
	expect(batchRowCounts).toEqual([4, 1]);
	expect(rows.map((row) => (row[8] as unknown[]).length)).toEqual([most, most, most, most, 1]);
	expect((await errorOf("ndjson", array(1) + array(most + 1))).details.rowErrors).toEqual([
		{ row: 2, line: 2, column: "a", code: "program_limit_exceeded", detail: "a value takes more than 1048576 bytes" },
	]);
});

test("a text that begins with U+FEFF keeps it", async () => {
	expect((await decodeAll("ndjson", TABLE, bodyOf('{"t": "\ufeffx"}'))).rows[0]?.[3]).toBe("\ufeffx");
	expect((await decodeAll("csv", TABLE, bodyOf("\ufefft\n\ufeffx\n"))).rows[0]?.[3]).toBe("\ufeffx");
});

test("a small append of a wide table takes little memory", async () => {
	const wide = tableOf(
		Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`c${index}`, { type: { kind: "text" } as DataType }])),
	);
	const lease = new Lease(engine.arena, { owner: "test", byteCountMax: 2 * 1024 * 1024 });
	const decoded = decodeRows({ format: "ndjson", body: bodyOf('{"c1": "x"}'), schema: wide, engine, lease, nowMicroseconds: 0n });
	expect((await collectRows(decoded))[0]?.[1]).toBe("x");
	lease.release();
});

test("a body that fails, and a caller that gives up, end the read with their own reason", async () => {
	const failing = new ReadableStream<Uint8Array>({
		pull() {
			throw new LittoralError("body_too_large", "the compressed body takes more than 5 bytes");
		},
	});
	await expect(decodeAll("ndjson", TABLE, failing)).rejects.toThrow("the compressed body takes more than 5 bytes");
	await expect(decodeAll("ndjson", TABLE, bodyOf("{}"), { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
});
