/** The expressions that are compared with PostgreSQL, by group. */
import { call, type Case, cast, lit } from "./oracle.fixture.ts";

const pairs = (values: string[]): [string, string][] => values.flatMap((left) => values.map((right): [string, string] => [left, right]));

/** Every function id on every pair of texts of the type. */
function grid(names: string[], type: string, kind: string, values: string[]): Case[] {
	return names.flatMap((name) => pairs(values).map(([left, right]) => call(`${name}(${kind},${kind})`, lit(type, left), lit(type, right))));
}
const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"];
const ARITHMETIC = ["add", "subtract", "multiply", "divide"];

const SAMPLES: Record<string, string[]> = {
	boolean: ["true", "false"],
	smallint: ["0", "7", "-3", "32767", "-32768"],
	integer: ["0", "7", "-3", "2147483647", "-2147483648"],
	bigint: ["0", "7", "-3", "4294967296", "9223372036854775807", "-9223372036854775808"],
	real: ["0", "1.5", "-2.25", "3e38", "1e-38", "NaN", "Infinity"],
	double: ["0", "-0", "1.5", "-2.25", "1e308", "1e-308", "NaN", "Infinity", "-Infinity"],
	numeric: [
		"0",
		"0.00",
		"1",
		"3",
		"100000",
		"-2.5",
		"0.001",
		"12345678901234567.89",
		"99999999999999999999999999999999999999",
		"0.0000000000000000000001",
	],
	text: ["", "a", "ab", "Ab", "über", "日本語", "a b "],
	bytea: ["\\x", "\\x00", "\\x61ff"],
	date: ["1970-01-01", "2000-02-29", "2024-12-31", "1600-03-01", "0001-01-01"],
	time: ["00:00:00", "12:34:56.789012", "23:59:59.999999"],
	timestamp: [
		"1970-01-01 00:00:00",
		"2024-02-29 23:59:59.999999",
		"1999-12-31 12:00:00",
		"0044-03-15 06:00:00 BC",
		"2021-01-03 10:11:12.5",
	],
	timestamptz: ["1970-01-01 00:00:00+00", "2024-03-31 01:30:00+00"],
	interval: ["0", "1 mon", "30 days", "-1 day", "1 year 2 mons 3 days 04:05:06.7", "720:00:00", "-1 mon +1 day"],
	uuid: ["00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
};

const comparisons = Object.entries(SAMPLES).flatMap(([kind, values]) => grid(COMPARISONS, kind, kind, values));
const fixedComparisons = [
	...grid(COMPARISONS, "numeric(10,2)", "numeric", ["0", "1.10", "-3.25"]),
	...grid(COMPARISONS, "numeric(30,5)", "numeric", ["0", "1.10", "-3.25", "1234567890123456789.5"]),
	...COMPARISONS.map((name) => call(`${name}(numeric,numeric)`, lit("numeric(10,2)", "1.10"), lit("numeric(30,5)", "1.1"))),
	...grid(COMPARISONS, "char(5)", "char", ["a", "a  ", "ab"]),
];
const arithmetic = ["smallint", "integer", "bigint", "real", "double", "numeric"].flatMap((kind) =>
	grid([...ARITHMETIC, ...(kind === "real" || kind === "double" ? [] : ["modulo", "mod"])], kind, kind, SAMPLES[kind] as string[]),
);
const unary = ["smallint", "integer", "bigint", "real", "double", "numeric"].flatMap((kind) =>
	["negate", "abs", "plus"].flatMap((name) => (SAMPLES[kind] as string[]).map((value) => call(`${name}(${kind})`, lit(kind, value)))),
);
const bits = ["smallint", "integer", "bigint"].flatMap((kind) => [
	...grid(["bitwise_and", "bitwise_or", "bitwise_xor"], kind, kind, ["0", "7", "-3"]),
	...["1", "0", "31"].flatMap((count) =>
		["shift_left", "shift_right"].map((name) => call(`${name}(${kind},integer)`, lit(kind, "-3"), lit("integer", count))),
	),
	call(`bitwise_not(${kind})`, lit(kind, "5")),
]);

const DIVIDENDS = [
	"1",
	"10",
	"2",
	"0.5",
	"100000",
	"12345.678",
	"-7.00",
	"0",
	"99999999999999999999",
	"1e-10",
	"123456789012345678901234567890",
];
const division = DIVIDENDS.flatMap((left) =>
	["3", "7.0", "-0.001", "9999", "10000", "33333333333333333333", "1e-12"].flatMap((right) =>
		["divide", "modulo"].map((name) => call(`${name}(numeric,numeric)`, lit("numeric", left), lit("numeric", right))),
	),
);
const mixedNumeric = ARITHMETIC.map((name) =>
	call(`${name}(numeric,numeric)`, lit("numeric(10,2)", "12.50"), lit("numeric(30,5)", "-3.00001")),
);

const rounding = ["0", "0.5", "1.5", "2.5", "-0.5", "-1.5", "1.4999", "-7.25", "123456.789", "99999999999999999999.5"].flatMap((value) => [
	...["round", "trunc", "floor", "ceil", "ceiling", "sign"].flatMap((name) => [
		call(`${name}(numeric)`, lit("numeric", value)),
		call(`${name}(double)`, lit("double", value)),
	]),
	...["2", "0", "-1", "-3", "10"].flatMap((digits) => [
		call("round(numeric,integer)", lit("numeric", value), lit("integer", digits)),
		call("trunc(numeric,integer)", lit("numeric", value), lit("integer", digits)),
	]),
	call("scale(numeric)", lit("numeric", value)),
]);
const transcendental = ["0.5", "1", "2", "10", "0.001", "123.456", "1.05", "0.97", "12345678.9", "10000", "1e-9", "0"].flatMap((value) => [
	...["sqrt", "ln", "log", "log10"].flatMap((name) => [
		call(`${name}(numeric)`, lit("numeric", value)),
		...(Number(value) > 0 || name === "sqrt" ? [] : [call(`${name}(double)`, lit("double", value))]),
	]),
	...(Number(value) < 80 ? [call("exp(numeric)", lit("numeric", value))] : []),
	...["0", "1", "2", "-1", "-2", "3", "0.5", "1.7", "-0.25"].map((exponent) =>
		call("power(numeric,numeric)", lit("numeric", value), lit("numeric", exponent)),
	),
]);
const domain = [
	call("sqrt(numeric)", lit("numeric", "-1")),
	call("sqrt(double)", lit("double", "-1")),
	call("sqrt(double)", lit("double", "2")),
	call("ln(numeric)", lit("numeric", "-1")),
	call("ln(double)", lit("double", "0")),
	call("log(numeric,numeric)", lit("numeric", "2"), lit("numeric", "64")),
	call("log(numeric,numeric)", lit("numeric", "3"), lit("numeric", "10")),
	call("power(double,double)", lit("double", "2"), lit("double", "10")),
	call("power(double,double)", lit("double", "0"), lit("double", "-1")),
	call("power(double,double)", lit("double", "-8"), lit("double", "0.5")),
	call("power(double,double)", lit("double", "1e300"), lit("double", "2")),
	call("power(numeric,numeric)", lit("numeric", "0"), lit("numeric", "-1")),
	call("power(numeric,numeric)", lit("numeric", "-2"), lit("numeric", "0.5")),
	call("power(numeric,numeric)", lit("numeric", "-2"), lit("numeric", "3")),
	call("exp(double)", lit("double", "1000")),
	call("exp(double)", lit("double", "-1000")),
	call("pi()"),
	call("degrees(double)", lit("double", "1")),
	call("radians(double)", lit("double", "180")),
	call("cbrt(double)", lit("double", "27")),
	call("asin(double)", lit("double", "2")),
];

const TEXTS = ["", "abc", "  pad ", "Ünïcödé Σ", "日本語テキスト", "a%b_c", "xxabcxx", "a,b,,c"];
const unaryText = TEXTS.flatMap((text) =>
	["length", "char_length", "octet_length", "bit_length", "lower", "upper", "btrim", "ltrim", "rtrim", "reverse", "ascii"].map((name) =>
		call(`${name}(text)`, lit("text", text)),
	),
);
const slices = TEXTS.flatMap((text) => [
	...["-2", "0", "1", "3", "100"].flatMap((from) => [
		call("substring(text,integer)", lit("text", text), lit("integer", from)),
		...["0", "2", "-1", "2147483647"].map((size) =>
			call("substr(text,integer,integer)", lit("text", text), lit("integer", from), lit("integer", size)),
		),
		call("left(text,integer)", lit("text", text), lit("integer", from)),
		call("right(text,integer)", lit("text", text), lit("integer", from)),
		call("lpad(text,integer)", lit("text", text), lit("integer", from === "100" ? "8" : from)),
		call("rpad(text,integer,text)", lit("text", text), lit("integer", from === "100" ? "9" : from), lit("text", "xy")),
		call("lpad(text,integer,text)", lit("text", text), lit("integer", "6"), lit("text", "")),
		call("repeat(text,integer)", lit("text", text), lit("integer", from === "100" ? "2" : from)),
		call("split_part(text,text,integer)", lit("text", text), lit("text", ","), lit("integer", from)),
	]),
	...["", "a", "abc", "語", "zz"].flatMap((other) => [
		call("position(text,text)", lit("text", text), lit("text", other)),
		call("strpos(text,text)", lit("text", text), lit("text", other)),
		call("starts_with(text,text)", lit("text", text), lit("text", other)),
		call("replace(text,text,text)", lit("text", text), lit("text", other), lit("text", "<$&>")),
		call("translate(text,text,text)", lit("text", text), lit("text", `${other}b`), lit("text", "12")),
		call("btrim(text,text)", lit("text", text), lit("text", `${other}x`)),
		call("ltrim(text,text)", lit("text", text), lit("text", `${other}x`)),
		call("rtrim(text,text)", lit("text", text), lit("text", `${other}x`)),
		call("concat_op(text,text)", lit("text", text), lit("text", other)),
		call("split_part(text,text,integer)", lit("text", text), lit("text", other), lit("integer", "-1")),
	]),
]);
const PATTERNS = ["", "%", "abc", "a%", "%c", "%b%", "_bc", "a_%c", "%\\%%", "a\\_c", "___", "%語%", "日__テ%", "%a%b%", "a%_", "\\", "_"];
const likes = TEXTS.flatMap((text) =>
	PATTERNS.flatMap((pattern) => [
		call("like(text,text)", lit("text", text), lit("text", pattern)),
		call("not_ilike(text,text)", lit("text", text), lit("text", pattern.toUpperCase())),
	]),
);
const escapes = [
	call("like(text,text,text)", lit("text", "a%b"), lit("text", "a#%b"), lit("text", "#")),
	call("like(text,text,text)", lit("text", "a\\b"), lit("text", "a\\b"), lit("text", "")),
	call("not_like(text,text,text)", lit("text", "a%b"), lit("text", "a#%b"), lit("text", "##")),
	call("ilike(text,text)", lit("text", "ÜBER"), lit("text", "über%")),
];
const strings = [
	call("concat(any...)", lit("text", "a"), lit("integer", "1"), lit("boolean", "true"), lit("text", null), lit("char(3)", "x")),
	call("concat(any...)", lit("date", "2024-01-02"), lit("numeric(5,2)", "1.50")),
	call("concat_op(text,nonarray)", lit("text", "n="), lit("boolean", "false")),
	call("concat_op(nonarray,text)", lit("timestamp", "2024-01-02 03:04:05"), lit("text", "!")),
	call("concat_op(bytea,bytea)", lit("bytea", "\\x01"), lit("bytea", "\\xff")),
	call("substring(bytea,integer,integer)", lit("bytea", "\\x010203"), lit("integer", "2"), lit("integer", "1")),
	call("length(bytea)", lit("bytea", "\\x010203")),
	call("initcap(text)", lit("text", "hello wORLD 2nd-time")),
	call("chr(integer)", lit("integer", "8364")),
	call("chr(integer)", lit("integer", "0")),
	call("chr(integer)", lit("integer", "-1")),
	call("chr(integer)", lit("integer", "55296")),
	call("chr(integer)", lit("integer", "2000000")),
	call("split_part(text,text,integer)", lit("text", "a"), lit("text", ","), lit("integer", "0")),
	call("greatest(any...)", lit("integer", "1"), lit("integer", null), lit("integer", "3")),
	call("least(any...)", lit("text", "b"), lit("text", "a"), lit("text", "c")),
	call("greatest(any...)", lit("numeric", "1.5"), lit("numeric", "1.50")),
	call("least(any...)", lit("double", "NaN"), lit("double", "1")),
];
const regexps = [
	...(
		[
			["https://www.example.com/path", "^https?://(?:www\\.)?([^/]+)/.*$", "\\1"],
			["abc", "b*", "-"],
			["abcabc", "(b)(c)", "[\\2\\1\\&\\\\]"],
			["aaa", "a|aa", "x"],
			["foo bar", "\\s+", ""],
			["foobar", "o", "$1"],
			["foobar", "(x)?o", "<\\1>"],
			["line1\nline2", "1.l", "_"],
		] as const
	).flatMap(([text, pattern, replacement]) => [
		call("regexp_replace(text,text,text)", lit("text", text), lit("text", pattern), lit("text", replacement)),
		call("regexp_replace(text,text,text,text)", lit("text", text), lit("text", pattern), lit("text", replacement), lit("text", "g")),
		call("regexp_like(text,text)", lit("text", text), lit("text", pattern)),
		call("regexp_count(text,text)", lit("text", text), lit("text", pattern)),
		call("regexp_substr(text,text)", lit("text", text), lit("text", pattern)),
		call("substring(text,text)", lit("text", text), lit("text", pattern)),
		call("regexp_match_op(text,text)", lit("text", text), lit("text", pattern)),
	]),
	call("regexp_imatch_op(text,text)", lit("text", "ABC"), lit("text", "^b|c$")),
	call("not_regexp_match_op(text,text)", lit("text", "ABC"), lit("text", "\\yABC\\y")),
	call("not_regexp_imatch_op(text,text)", lit("text", "ABC"), lit("text", "abc")),
	call("regexp_like(text,text,text)", lit("text", "ABC"), lit("text", "abc"), lit("text", "i")),
	call("regexp_like(text,text,text)", lit("text", "ABC"), lit("text", "abc"), lit("text", "z")),
	call("regexp_like(text,text,text)", lit("text", "ABC"), lit("text", "abc"), lit("text", "g")),
];

const INTERVALS = SAMPLES.interval as string[];
const STAMPS = SAMPLES.timestamp as string[];
const datetime = [
	...(SAMPLES.date as string[]).flatMap((date) => [
		...["0", "1", "-365", "2147483647"].flatMap((days) => [
			call("add(date,integer)", lit("date", date), lit("integer", days)),
			call("subtract(date,integer)", lit("date", date), lit("integer", days)),
		]),
		...INTERVALS.flatMap((interval) => [
			call("add(date,interval)", lit("date", date), lit("interval", interval)),
			call("subtract(date,interval)", lit("date", date), lit("interval", interval)),
			call("add(interval,date)", lit("interval", interval), lit("date", date)),
		]),
		call("subtract(date,date)", lit("date", date), lit("date", "2001-02-03")),
		call("add(date,time)", lit("date", date), lit("time", "12:34:56")),
	]),
	...[...STAMPS, "2024-01-31 10:00:00", "2023-03-31 00:00:00", "294246-12-31 23:59:59"].flatMap((stamp) => [
		...[...INTERVALS, "1 mon", "-1 mon", "-13 mons", "1000 years", "2147483647 days"].flatMap((interval) => [
			call("add(timestamp,interval)", lit("timestamp", stamp), lit("interval", interval)),
			call("subtract(timestamp,interval)", lit("timestamp", stamp), lit("interval", interval)),
			call("add(timestamptz,interval)", lit("timestamptz", `${stamp.replace(" BC", "")}+00`), lit("interval", interval)),
		]),
		call("subtract(timestamp,timestamp)", lit("timestamp", stamp), lit("timestamp", "2001-02-03 04:05:06.789")),
		call("subtract(timestamp,timestamp)", lit("timestamp", "2001-02-03 04:05:06.789"), lit("timestamp", stamp)),
		call("age(timestamp,timestamp)", lit("timestamp", stamp), lit("timestamp", "2001-02-03 04:05:06.789")),
		call("age(timestamp,timestamp)", lit("timestamp", "2001-02-03 04:05:06.789"), lit("timestamp", stamp)),
	]),
	...INTERVALS.flatMap((left) => [
		...(SAMPLES.time as string[]).flatMap((time) => [
			call("add(time,interval)", lit("time", time), lit("interval", left)),
			call("subtract(time,interval)", lit("time", time), lit("interval", left)),
		]),
		...INTERVALS.flatMap((right) => [
			call("add(interval,interval)", lit("interval", left), lit("interval", right)),
			call("subtract(interval,interval)", lit("interval", left), lit("interval", right)),
		]),
		...["2", "-0.5", "1.3333", "0", "1e300", "0.1"].flatMap((factor) => [
			call("multiply(interval,double)", lit("interval", left), lit("double", factor)),
			call("divide(interval,double)", lit("interval", left), lit("double", factor)),
		]),
		call("negate(interval)", lit("interval", left)),
	]),
	call("subtract(time,time)", lit("time", "10:00"), lit("time", "11:30")),
	call("make_date(integer,integer,integer)", lit("integer", "2024"), lit("integer", "2"), lit("integer", "29")),
	call("make_date(integer,integer,integer)", lit("integer", "2023"), lit("integer", "2"), lit("integer", "29")),
	call("make_date(integer,integer,integer)", lit("integer", "-44"), lit("integer", "3"), lit("integer", "15")),
	call("make_date(integer,integer,integer)", lit("integer", "0"), lit("integer", "1"), lit("integer", "1")),
	call("to_timestamp(double)", lit("double", "1700000000.123456")),
	call("to_timestamp(double)", lit("double", "1e20")),
	call("timezone(text,timestamptz)", lit("text", "Europe/Berlin"), lit("timestamptz", "2024-07-01 12:00:00+00")),
	call("timezone(text,timestamp)", lit("text", "America/New_York"), lit("timestamp", "2024-03-10 02:30:00")),
	call("timezone(text,timestamp)", lit("text", "America/New_York"), lit("timestamp", "2024-11-03 01:30:00")),
];
const UNITS = [
	"microseconds",
	"milliseconds",
	"second",
	"minute",
	"hour",
	"day",
	"week",
	"month",
	"quarter",
	"year",
	"decade",
	"century",
	"millennium",
];
const FIELDS = [...UNITS, "dow", "isodow", "doy", "isoyear", "epoch", "julian", "timezone", "timezone_hour", "nonsense", "Mins"];
const fields = [
	...[...STAMPS, "2001-01-01 00:00:00", "0001-12-31 00:00:00 BC", "1900-06-15 13:14:15"].flatMap((stamp) => [
		...FIELDS.filter((unit) => unit !== "julian" || stamp.endsWith("00:00:00")).flatMap((unit) => [
			call("extract(text,timestamp)", lit("text", unit), lit("timestamp", stamp)),
			call("date_part(text,timestamp)", lit("text", unit), lit("timestamp", stamp)),
		]),
		...[...UNITS, "dow", "nonsense"].flatMap((unit) => [
			call("date_trunc(text,timestamp)", lit("text", unit), lit("timestamp", stamp)),
			call("date_trunc(text,timestamptz)", lit("text", unit), lit("timestamptz", stamp)),
		]),
	]),
	...(SAMPLES.date as string[]).flatMap((date) => FIELDS.map((unit) => call("extract(text,date)", lit("text", unit), lit("date", date)))),
	...(SAMPLES.time as string[]).flatMap((time) => FIELDS.map((unit) => call("extract(text,time)", lit("text", unit), lit("time", time)))),
	...[...INTERVALS, "-5 mons"].flatMap((interval) => [
		...FIELDS.flatMap((unit) => [
			call("extract(text,interval)", lit("text", unit), lit("interval", interval)),
			call("date_part(text,interval)", lit("text", unit), lit("interval", interval)),
		]),
		...[...UNITS, "dow"].map((unit) => call("date_trunc(text,interval)", lit("text", unit), lit("interval", interval))),
	]),
	...FIELDS.map((unit) => call("extract(text,timestamptz)", lit("text", unit), lit("timestamptz", "2024-02-29 00:00:00+00"))),
];

/** Texts that some casts take and others refuse. */
const CAST_SOURCES: Record<string, string[]> = {
	...SAMPLES,
	double: ["0", "0.5", "1.5", "2.5", "-2.5", "32767.5", "2147483647.5", "1e20", "123456.789", "0.1", "1e-7", "NaN", "Infinity", "1e39"],
	real: ["0", "0.5", "1.5", "2.5", "16777217", "3.1e10", "0.1", "1e-7"],
	numeric: [
		"0",
		"0.5",
		"1.5",
		"-2.5",
		"32767.5",
		"2147483647.5",
		"9223372036854775807.5",
		"0.1",
		"1234567890123456789012345678.9",
		"1e-20",
	],
	text: ["", "1", " 42 ", "1.5", "abc", "true", "2024-02-29", "12:34", "2024-02-29 12:34:56", "1 day", "\\x41", "9999999999"],
	boolean: ["true", "false"],
	"varchar(5)": ["ab", "12"],
	"char(5)": ["ab", "12"],
	"numeric(5,2)": ["999.99", "-0.50"],
};
const CAST_TARGETS = [
	"boolean",
	"smallint",
	"integer",
	"bigint",
	"real",
	"double",
	"numeric",
	"numeric(5,2)",
	"numeric(25,3)",
	"text",
	"varchar(3)",
	"char(3)",
	"date",
	"time",
	"timestamp",
	"timestamptz",
	"interval",
	"uuid",
	"bytea",
];

export const CASE_GROUPS: Record<string, Case[]> = {
	comparisons: [...comparisons, ...fixedComparisons],
	arithmetic: [...arithmetic, ...unary, ...bits],
	"numeric arithmetic": [...division, ...mixedNumeric],
	rounding,
	transcendental: [...transcendental, ...domain],
	text: [...unaryText, ...slices, ...strings],
	patterns: [...likes, ...escapes, ...regexps],
	datetime,
	fields,
};

/** Casts that exist, by the caller's judgement. */
export function castCases(exists: (from: Case["expression"]["type"], to: string) => boolean): Case[] {
	return Object.entries(CAST_SOURCES).flatMap(([from, texts]) =>
		texts.flatMap((text) =>
			CAST_TARGETS.filter((to) => exists(lit(from, text).expression.type, to)).map((to) => cast(lit(from, text), to)),
		),
	);
}
