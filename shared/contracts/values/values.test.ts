/** Every text below is read and written by PostgreSQL (PGlite) too: same text back, or the same message and SQLSTATE. */
import { PGlite } from "@electric-sql/pglite";
import { isLittoralError } from "#shared/base/errors.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DataType, typeName } from "../data-type.ts";
import { formatJson, formatValue } from "./format.ts";
import { parseValue } from "./parse.ts";

let postgres: PGlite;
beforeAll(async () => {
	postgres = new PGlite();
	await postgres.exec("SET timezone = 'UTC'");
}, 60_000);
afterAll(() => postgres.close());

const INTEGERS = [
	..."0 1 -1 +7 007 32767 32768 -32768 -32769 2147483647 2147483648 -2147483648 -2147483649".split(" "),
	..."9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 99999999999999999999999999".split(" "),
	..."1.5 1e3 abc - + 1_000 1__0 _1 1_ 0x1F 0x 0xG 0o17 0b101 -0x80 0x7fffffffffffffff 0x8000000000000000 0b2 1a".split(" "),
	"",
	" ",
	" 12 ",
	"\t5\n",
	"1 2",
	"--1",
	"½",
	"１",
];
const FLOATS = [
	..."0 -0 1 1.5 -2.25 .5 5. 1e10 1E-7 1e308 1e309 -1e309 1e-400 4.9e-324 0e999 NaN nan inf -Infinity +inf infinity infinit".split(" "),
	..."0.1 0.3 1e14 1e15 123456789012345678 123456.7 1234567 0.0001 0.00001 100000 1000000 3.4028235e38 3.5e38 1e-45 1e-46".split(" "),
	..."3e10 3.0000001e10 -3e10 1e22 1e23 -1e23 5e22 2e23 9.5e22 1e24 4.5035996273704995e15 9007199254740995".split(" "),
	..."16777217 3.14159274 2.5e-5 1.7976931348623157e308 9007199254740993 abc 1e 1e+ e5 . 1.2.3 1,5".split(" "),
	"",
	" 1.5 ",
	"1 5",
];
const NUMERICS = [
	..."0 -0 1 1.5 -1.50 .5 5. 1e3 1.5e-3 1e0 123456789012345678.99 0.00 -0.001 1_000.5 00012.300 1E+2 0x1F".split(" "),
	..."99999999999999999999999999999999999999 abc 1e 1.2.3 1..2 - . 1e5.5 --1 $5".split(" "),
	"",
	" 7.25 ",
	"1 2",
];
const DATES = [
	..."2026-01-31 2026-02-28 2024-02-29 2026-02-29 2026-02-30 2026-13-01 2026-00-10 2026-01-00 2026-01-32 0001-01-01 0000-01-01".split(" "),
	..."20260131 2026/01/31 2026-1-5 10000-01-01 5874897-12-31 1/8/1999 13/1/1999 99/1/1 1-2-03 1-2-70 epoch 2026-01 2026 abc".split(" "),
	..."1900-02-29 2000-02-29 1970-01-01 1969-12-31".split(" "),
	..."1 7 12 13 32 00 99 100 2024 99999 240229 700229 691231 991301 123456 1230115 1234567 120240229 9999990101 99999990101".split(" "),
	..."9999999999 99999999999999999999 58748970101 24:00:00 25:00 12:60 720:00:00 12:30".split(" "),
	" 42 ",
	"240229 12:00",
	"0044-03-15 BC",
	"4714-11-24 BC",
	"4714-11-23 BC",
	"5874898-01-01",
	" 2026-01-31 ",
	"2026-01-31 12:34:56",
	"2026-01-31T12:34",
	"",
	"2026-01-31 25:00",
	"2026-01-31 12:60",
	"2001-01-01 AD",
	"0001-12-31 BC",
];
const TIMES = [
	..."00:00 12:34 12:34:56 12:34:56.5 12:34:56.123456 12:34:56.1234567 23:59:59.999999 23:59:59.9999999 24:00:00 24:00:01 25:00".split(" "),
	..."12:60 12:34:60 12:34:61 1:2:3 123456 12:34pm 12:00am 13:00am abc 12 12:34:56.".split(" "),
	..."1200 2460 0960 1 240000 12000 1234.5 9999999999".split(" "),
	"",
	" 12:34 ",
	"12:34 PM",
	"12:34:56+02",
	"2026-01-31 12:34:56",
	"allballs",
];
const TIMESTAMPS = [
	..."2026-01-31 2026-01-31T12:34:56 2026-01-31T12:34:56.5 2026-02-30T00:00:00 20260131T123456 2026-01-31T12 epoch abc".split(" "),
	..."42 9999999999 240229 720:00:00 12:30".split(" "),
	"2026-01-31 12:34:56.5",
	"2026-01-31 12:34:56.1234565",
	"2026-01-31 23:59:59.9999999",
	"2026-01-31 24:00:00",
	"2026-01-31 24:00:01",
	"2026-01-31 12:34",
	"2026/01/31 12:34:56.000001",
	"2001/01/01 00:47",
	"2026-01-31  12:34",
	"2026-01-31 12:34:56 PM",
	"1/8/1999 4:05",
	"0044-03-15 10:00 BC",
	"0001-01-01 00:00:00",
	"4714-11-24 00:00:00 BC",
	"4714-11-23 23:59:59 BC",
	"12345-06-07 08:09:10",
	"",
	" ",
	"2026-01-31 ab:cd",
	"2026-01-31 12:34:56.5.5",
	"2026-01-31 12:34:56x",
	"1969-12-31 23:59:59.999999",
];
const ZONED = [
	...TIMESTAMPS,
	..."2026-01-31T12:34:56Z 2026-01-31T12:34:56+02 2026-01-31T12:34:56-05:30 2026-01-31T12:34:56+0530 2026-01-31T12:34:56.5z".split(" "),
	"2026-01-31 12:34:56 +02:00",
	"2026-01-31 12:34:56 UTC",
	"2026-07-31 12:34:56 Europe/Berlin",
	"2026-01-31 12:00 America/New_York",
	"2026-03-29 02:30 Europe/Berlin",
	"2026-10-25 02:30 Europe/Berlin",
	"2026-01-31 12:00 Foo/Bar",
	"2026-01-31 12:00 Foo",
	"2026-01-31 12:00+16",
	"2026-01-31 12:00+15:59",
	"2026-01-31 12:00+02:60",
	"0044-03-15 10:00:00+00 BC",
	"0001-01-01 00:00+01",
];
const INTERVALS = [
	"2024-02-29",
	"2024-02-29 12:34:56",
	"2024-02",
	"1-2-3",
	"1-2 3",
	"1-2 3 4:05",
	"1 day",
	"2 days",
	"1 year 2 months 3 days 04:05:06",
	"1 mon 2 days 03:04:05",
	"-1 mons +2 days -03:00:00",
	"1 year -1 day",
	"0",
	"@ 1 day",
	"1 day ago",
	"@ 1 year 2 mons ago",
	"1.5 days",
	"1.5 months",
	"1.5 years",
	"1 week",
	"2.5 weeks",
	"1 decade",
	"1 century",
	"1 millennium",
	"100 milliseconds",
	"5 us",
	"1.5 hours",
	"90 minutes",
	"3661 seconds",
	"1-2",
	"-1-2",
	"3 4:05:06",
	"04:05",
	"-04:05:06.789",
	"4:05.5",
	"1 day 25:00:00",
	"P1Y2M3DT4H5M6S",
	"P1Y",
	"PT0S",
	"P1W",
	"PT1.5H",
	"P1.5D",
	"P-1Y-2M3D",
	"PT-4H5M",
	"P0001-02-03T04:05:06",
	"PT36H",
	"p1d",
	"1y 2mon 3d 4h 5m 6s",
	"5",
	"1.25",
	"1 2",
	"abc",
	"",
	" ",
	"1 fortnight",
	"1 day 2 days",
	"P",
	"PT",
	"P1H",
	"1 day 1",
	"00:00:00",
	"1 mon -1 mon",
	"100000000 years",
	"2147483647 days",
	"2147483648 days",
	"1 day 12:60:00",
	"infinity2",
	"0.1 month",
	"-0.5 day",
	"00:00:01.999999",
	"00:00:00.0000001",
	"-1 day +02:03",
	"1 year 1 day ago",
	"-1 year",
	"1 mons",
	"12 mons",
	"25 months",
	"999999:00:00",
];
const BOOLEANS = [..."t true TRUE tr f fals false y yes ye n no on off of o 1 0 2 tru3 truee".split(" "), "", " true ", "\toff\n"];
const UUIDS = [
	..."550e8400-e29b-41d4-a716-446655440000 550E8400E29B41D4A716446655440000 {550e8400-e29b-41d4-a716-446655440000}".split(" "),
	..."550e-8400-e29b-41d4-a716-4466-5544-0000 550e8400-e29b-41d4-a716-44665544000 {550e8400-e29b-41d4-a716-446655440000 g50e8400-e29b-41d4-a716-446655440000".split(
		" ",
	),
	"",
	"5-50e8400e29b41d4a716446655440000",
	" 550e8400-e29b-41d4-a716-446655440000",
];
const BYTEAS = [
	"\\xdeadBEEF",
	"\\x",
	"\\xde ad",
	"\\xd",
	"\\xzz",
	"abc",
	"a\\\\b",
	"\\000\\377",
	"\\400",
	"\\1",
	"\\",
	"",
	"é",
	"\\x0",
	"\\xé0",
];
const JSONS = [
	'{"b":1,"a":2}',
	'{"aa":1,"b":2}',
	'{"a":1,"a":2}',
	"[1,2, 3]",
	"[]",
	"{}",
	'"x"',
	"1.50",
	"1e2",
	"1.5e-3",
	"-0",
	"0.0",
	"1E+2",
	"-0.10e1",
	"9007199254740993",
	"123456789012345678901234567890.5",
	"true",
	"false",
	"null",
	" {\n} ",
	'"\\u00e9\\n\\t\\"\\\\\\/"',
	'"\\u0001"',
	'"\\ud83d\\ude00"',
	'{"é":1,"zz":2,"a":3}',
	'[{"x":[[]]}]',
	'{"":1}',
	'"\u007f"',
	"1e-10",
	"10e0",
	"0e5",
	"0.00e1",
	"00",
	"01",
	"1.",
	".5",
	"",
	"tru",
	"[1,]",
	"{,}",
	'{"a"}',
	'{"a":}',
	"{a:1}",
	"'x'",
	'"abc',
	'"\\x"',
	'"\\ud83d"',
	'"\\u0000"',
	"nul",
	"[1",
	"]",
	"1 2",
	"NaN",
	"+1",
	'"\t"',
];
const TEXTS = ["", " ", "abc", "abcd", "abc  ", "é", "😀😀😀", "😀😀😀😀", "NULL"];
const ARRAYS = [
	"{}",
	"{1,2,3}",
	"{1,NULL,3}",
	" { 1 , 2 } ",
	"{null}",
	'{"1","2"}',
	"{a}",
	"{1,2",
	"1,2}",
	"{1,,2}",
	"{1,}",
	"",
	"{1}x",
	'{"1"',
	"{1 2}",
];
const TEXT_ARRAYS = [
	"{a,b}",
	'{"a b","c,d"}',
	'{"a\\"b","c\\\\d"}',
	"{a\\,b}",
	'{"",NULL,"NULL",null}',
	"{ a b , c }",
	'{"{x}"}',
	"{é}",
	'{a"b}',
	'{"a"b}',
	"{,}",
];

const array = (element: DataType): DataType => ({ kind: "array", element });
const CASES: [DataType, string[]][] = [
	...(["smallint", "integer", "bigint"] as const).map((kind): [DataType, string[]] => [{ kind }, INTEGERS]),
	[{ kind: "real" }, FLOATS],
	[{ kind: "double" }, FLOATS],
	[{ kind: "numeric" }, NUMERICS],
	[
		{ kind: "numeric", precision: 5, scale: 2 },
		[...NUMERICS, "999.994", "999.995", "-999.995", "1.005", "2.675", "1e-300", "0.5e-2", "0.4e-2", "1e400"],
	],
	[{ kind: "numeric", precision: 18, scale: 0 }, [...NUMERICS, "0.5", "-0.5", "999999999999999999.4", "999999999999999999.5"]],
	[
		{ kind: "numeric", precision: 38, scale: 10 },
		[...NUMERICS, "1234567890123456789012345678.01234567891", "12345678901234567890123456789"],
	],
	[{ kind: "boolean" }, BOOLEANS],
	[{ kind: "date" }, DATES],
	[{ kind: "time" }, TIMES],
	[{ kind: "timestamp" }, TIMESTAMPS],
	[{ kind: "timestamptz" }, ZONED],
	[{ kind: "interval" }, INTERVALS],
	[{ kind: "uuid" }, UUIDS],
	[{ kind: "bytea" }, BYTEAS],
	[{ kind: "jsonb" }, JSONS],
	[{ kind: "text" }, TEXTS],
	[{ kind: "varchar", length: 3 }, TEXTS],
	[{ kind: "char", length: 3 }, TEXTS],
	[array({ kind: "integer" }), ARRAYS],
	[array({ kind: "text" }), TEXT_ARRAYS],
	[array({ kind: "timestamp" }), ["{2026-01-31,NULL}", '{"2026-01-31 12:34:56.5"}', "{2026-02-30}"]],
];

interface Outcome {
	text?: string;
	message?: string;
	sqlstate?: string | undefined;
}

function ours(type: DataType, text: string): Outcome {
	try {
		return { text: formatValue(type, parseValue(type, text)) };
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		return { message: error.message, sqlstate: error.details.sqlstate };
	}
}

async function theirs(type: DataType, text: string): Promise<Outcome> {
	try {
		if (type.kind === "varchar" || type.kind === "char") {
			// An explicit cast cuts what is too long; an assignment refuses it, as we do.
			await postgres.exec(`DROP TABLE IF EXISTS one; CREATE TABLE one (value ${typeName(type)})`);
			const { rows } = await postgres.query<{ text: string }>("INSERT INTO one VALUES ($1) RETURNING format('%s', value) AS text", [text]);
			return { text: (rows[0] as { text: string }).text };
		}
		const { rows } = await postgres.query<{ text: string }>(`SELECT format('%s', ($1::text)::${typeName(type)}) AS text`, [text]);
		return { text: (rows[0] as { text: string }).text };
	} catch (error) {
		const { message, code } = error as { message: string; code: string };
		return { message, sqlstate: code };
	}
}

test.each<[DataType, string, string]>([
	[{ kind: "date" }, "infinity", 'date value "infinity" is not supported'],
	[{ kind: "timestamp" }, "now", 'timestamp value "now" is not supported'],
	[{ kind: "interval" }, "-infinity", 'interval value "-infinity" is not supported'],
	[{ kind: "numeric" }, "NaN", 'numeric value "NaN" is not supported'],
	[array({ kind: "integer" }), "{{1},{2}}", "arrays of more than one dimension are not supported"],
])("what is not stored is refused with 0A000: %j %s", (type, text, message) => {
	expect(ours(type, text)).toEqual({ message, sqlstate: "0A000" });
});

test("NUMERIC beyond 38 digits overflows, and jsonb does not grow without bound", () => {
	expect(ours({ kind: "numeric" }, "1e38")).toEqual({ message: "value overflows numeric format", sqlstate: "22003" });
	const bomb = `[${"1e131071,".repeat(1000)}1]`;
	expect(ours({ kind: "jsonb" }, bomb)).toEqual({ message: "a jsonb value takes more than 1048576 bytes", sqlstate: "54000" });
	expect(ours({ kind: "jsonb" }, "[".repeat(100_000))).toEqual({ message: "stack depth limit exceeded", sqlstate: "54001" });
});

test("the API's JSON forms", () => {
	const json = (type: DataType, text: string, options = {}): string => formatJson(type, parseValue(type, text), options);
	expect(json({ kind: "boolean" }, "t")).toBe("true");
	expect(json({ kind: "bigint" }, "9007199254740991")).toBe("9007199254740991");
	expect(json({ kind: "bigint" }, "-9007199254740991")).toBe("-9007199254740991");
	expect(json({ kind: "bigint" }, "9007199254740992")).toBe('"9007199254740992"');
	expect(json({ kind: "bigint" }, "1", { bigintAsString: true })).toBe('"1"');
	expect(json({ kind: "numeric" }, "1.50")).toBe('"1.50"');
	expect(json({ kind: "real" }, "0.1")).toBe("0.1");
	expect(json({ kind: "real" }, "0")).toBe("0");
	expect(json({ kind: "real" }, "10")).toBe("10");
	expect(json({ kind: "double" }, "1e20")).toBe("100000000000000000000");
	expect(json({ kind: "double" }, "-infinity")).toBe('"-Infinity"');
	expect(json({ kind: "date" }, "0044-03-15 BC")).toBe('"0044-03-15 BC"');
	expect(json({ kind: "timestamp" }, "2026-01-31 12:34:56.5")).toBe('"2026-01-31T12:34:56.5"');
	expect(json({ kind: "timestamptz" }, "2026-01-31 12:34:56+02")).toBe('"2026-01-31T10:34:56Z"');
	expect(json({ kind: "time" }, "12:34")).toBe('"12:34:00"');
	expect(json({ kind: "interval" }, "1 year -2 days 3.5 hours")).toBe('"P1Y-2DT3H30M"');
	expect(json({ kind: "bytea" }, "\\xdeadbeef")).toBe('"3q2+7w=="');
	expect(json({ kind: "jsonb" }, '{"b":1,"a":[1]}')).toBe('{"a": [1], "b": 1}');
	expect(json(array({ kind: "text" }), '{a,NULL,"b\\"c"}')).toBe('["a",null,"b\\"c"]');
	expect(formatJson({ kind: "text" }, null)).toBe("null");
	const zoned = { timeZone: "Asia/Kolkata" };
	expect(formatValue({ kind: "timestamptz" }, parseValue({ kind: "timestamptz" }, "2026-01-31 12:00", zoned), zoned)).toBe(
		"2026-01-31 12:00:00+05:30",
	);
});

test("an offset on a TIMESTAMP is refused where appends ask for it", () => {
	expect(() => parseValue({ kind: "timestamp" }, "2026-01-31 12:00+02", { refuseOffset: true })).toThrow(
		'a timestamp without time zone takes no offset: "2026-01-31 12:00+02"',
	);
});

test.each(CASES.map(([type, texts]) => [typeName(type), type, texts] as const))(
	"%s reads and writes as PostgreSQL does",
	async (_, type, texts) => {
		const expected: Record<string, Outcome> = {};
		const actual: Record<string, Outcome> = {};
		for (const text of texts) {
			expected[text] = await theirs(type, text);
			actual[text] = ours(type, text);
		}
		expect(actual).toEqual(expected);
	},
);

test.each([
	["real", -149, 127],
	["double", -1074, 1023],
] as const)("every power of two of %s and its neighbours are written as PostgreSQL does", async (kind, low, high) => {
	const type: DataType = { kind };
	const texts: string[] = [];
	for (let exponent = low; exponent <= high; exponent++) {
		const power = 2 ** exponent;
		const next = kind === "real" ? 2 ** Math.max(exponent - 23, low) : 2 ** Math.max(exponent - 52, low);
		for (const value of [power, power + next, power - next / 2]) {
			const stored = kind === "real" ? Math.fround(value) : value;
			if (stored !== 0 && Number.isFinite(stored)) texts.push(stored.toExponential(20));
		}
	}
	const { rows } = await postgres.query<{ text: string }>(
		`SELECT value::${typeName(type)}::text AS text FROM unnest($1::text[]) AS t (value)`,
		[texts],
	);
	expect(texts.map((text) => formatValue(type, parseValue(type, text)))).toEqual(rows.map(({ text }) => text));
});
