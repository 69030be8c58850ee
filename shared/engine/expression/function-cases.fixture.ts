/** Functions that are compared with PostgreSQL on tables of arguments. */
import { signatureById } from "#shared/contracts/functions/registry.ts";
import { call, type Case, lit } from "./oracle.fixture.ts";

/** One row of texts per call; null is NULL. `any` and polymorphic arguments say their type: `integer:5`. */
function table(id: string, rows: (string | null)[][]): Case[] {
	const kinds = signatureById(id)?.arguments;
	if (kinds === undefined) throw new Error(`no function ${id}`);
	return rows.map((row) =>
		call(
			id,
			...row.map((text, index) => {
				const kind = kinds[Math.min(index, kinds.length - 1)] as string;
				if (!["any", "element", "compatible", "compatible_array"].includes(kind)) return lit(kind, text);
				const [, type, value] = /^([^:]+):([\s\S]*)$/.exec(text ?? "text:") as RegExpExecArray;
				return lit(type as string, text === null ? null : (value as string));
			}),
		),
	);
}
const each = (ids: string[], rows: (string | null)[][]): Case[] => ids.flatMap((id) => table(id, rows));
const column = (texts: string[]): string[][] => texts.map((text) => [text]);
const product = (...lists: string[][]): string[][] =>
	lists.reduce<string[][]>((rows, list) => rows.flatMap((row) => list.map((text) => [...row, text])), [[]]);

const ANGLES = [
	"0",
	"30",
	"45",
	"60",
	"90",
	"120",
	"135",
	"180",
	"210",
	"270",
	"300",
	"360",
	"-30",
	"-90",
	"725.5",
	"1e-7",
	"NaN",
	"Infinity",
];
const RATIOS = ["0", "0.5", "1", "-0.5", "-1", "0.3", "-0.25", "2", "NaN", "1e-9", "Infinity"];
const WHOLES = ["0", "1", "12", "-18", "2147483647", "-2147483648", "97"];

const math = [
	...each(["sind(double)", "cosd(double)", "tand(double)", "cotd(double)"], column(ANGLES)),
	...each(["asind(double)", "acosd(double)", "atand(double)", "atanh(double)"], column(RATIOS)),
	...each(
		["cot(double)", "sinh(double)", "cosh(double)", "tanh(double)", "asinh(double)"],
		column(["0", "1", "-2.5", "20", "1e-5", "NaN", "Infinity"]),
	),
	...each(["acosh(double)"], column(["1", "2.5", "0.5", "NaN", "Infinity"])),
	...table("atan2d(double,double)", product(["0", "1", "-1"], ["0", "1", "-1", "NaN"])),
	...each(["gcd(integer,integer)", "lcm(integer,integer)", "gcd(bigint,bigint)", "lcm(bigint,bigint)"], product(WHOLES, WHOLES)),
	...each(["gcd(numeric,numeric)", "lcm(numeric,numeric)"], product(["0", "0.00", "12.5", "-1.75", "100"], ["0", "12.5", "-1.75", "33"])),
	...table("div(numeric,numeric)", product(["7.5", "-7.5", "0", "123456789.123"], ["2", "-0.3", "0"])),
	...table("factorial(bigint)", column(["0", "1", "5", "20", "33", "-1"])),
	...each(["min_scale(numeric)", "trim_scale(numeric)"], column(["0", "0.00", "1.2300", "100", "-5.0", "1.23"])),
	...table("width_bucket(double,double,double,integer)", [
		...product(["5.35", "-1", "0.024", "10.06", "NaN", "Infinity"], ["0.024"], ["10.06", "0.024", "NaN", "Infinity"], ["5", "0"]),
		...product(["5", "10", "0"], ["10"], ["0"], ["4", "2147483647"]),
	]),
	...table("width_bucket(numeric,numeric,numeric,integer)", product(["5.35", "-1", "0", "10"], ["0", "10.0"], ["10", "-3"], ["5", "0"])),
	...table("width_bucket(compatible,compatible_array)", [
		["integer:5", "integer[]:{1,5,9}"],
		["integer:0", "integer[]:{1,5,9}"],
		["integer:5", "integer[]:{}"],
		["integer:5", "integer[]:{1,NULL}"],
		["text:b", "text[]:{a,b,c}"],
		["double:NaN", "double[]:{1,2}"],
		["numeric:1.5", "numeric[]:{1,1.50,2}"],
	]),
	...table("sqrt_op(double)", column(["0", "2", "-1", "NaN"])),
];

const TEXTS = ["", "abc", "Hello, Wörld", "日本語", "a'b\\c", '"x"', "select", "Mixed Case", "_ok9"];
const BYTES = ["\\x", "\\x00", "\\x61ff", "\\x0102030405", "\\xdeadbeef5c"];
const texts = [
	...table("overlay(text,text,integer)", product(["Txxxxas", "日本語", ""], ["hom", ""], ["2", "1", "0", "100", "2147483647"])),
	...table(
		"overlay(text,text,integer,integer)",
		product(["Txxxxas", "日本語"], ["hom"], ["2", "-1"], ["4", "0", "-1", "-5", "2147483647"]),
	),
	...table("overlay(bytea,bytea,integer)", product(BYTES, ["\\xaa"], ["1", "2", "0"])),
	...table("overlay(bytea,bytea,integer,integer)", product(BYTES, ["\\xaa"], ["2"], ["0", "2", "-1"])),
	...table("concat_ws(text,any...)", [
		["-", "text:a", null, "integer:5", "boolean:true", "date:2024-01-01"],
		["", "text:a", "text:b"],
		[null, "text:a"],
		["-", null],
	]),
	...each(["md5(text)"], column(TEXTS)),
	...each(
		[
			"md5(bytea)",
			"sha224(bytea)",
			"sha256(bytea)",
			"sha384(bytea)",
			"sha512(bytea)",
			"crc32(bytea)",
			"crc32c(bytea)",
			"bit_count(bytea)",
			"reverse(bytea)",
		],
		column(BYTES),
	),
	...table("encode(bytea,text)", product([...BYTES, `\\x${"ab".repeat(60)}`], ["hex", "base64", "escape", "HEX", "nonsense"])),
	...table(
		"decode(text,text)",
		product(
			["", "01ff", "01f", "0g", "aGk=", "aGk", "aG k=", "a===", "YWJj\nZGVm", "a\\001b\\\\", "a\\9", "aGk=x", "aG=="],
			["hex", "base64", "escape", "nonsense"],
		),
	),
	...each(["to_bin(integer)", "to_oct(integer)", "to_hex(integer)"], column(WHOLES)),
	...each(["to_bin(bigint)", "to_oct(bigint)", "to_hex(bigint)"], column([...WHOLES, "-9223372036854775808"])),
	...each(["get_byte(bytea,integer)"], product(BYTES, ["0", "1", "-1", "4"])),
	...each(["get_bit(bytea,bigint)"], product(BYTES, ["0", "7", "8", "-1", "39"])),
	...table("set_byte(bytea,integer,integer)", product(BYTES, ["0", "1"], ["255", "300", "-1"])),
	...table("set_bit(bytea,bigint,integer)", product(BYTES, ["0", "9"], ["0", "1", "2"])),
	...each(
		["btrim(bytea,bytea)", "ltrim(bytea,bytea)", "rtrim(bytea,bytea)"],
		product(["\\x0001020100", "\\x", "\\x0000"], ["\\x00", "\\x0102", "\\x"]),
	),
	...table("position(bytea,bytea)", product(BYTES, ["\\x", "\\x61", "\\x0304"])),
	...each(
		["quote_ident(text)", "quote_literal(text)", "quote_nullable(text)", "unistr(text)", "normalize(text)", "is_normalized(text)"],
		[...column(TEXTS), [null]],
	),
	...each(["quote_literal(element)", "quote_nullable(element)"], column(["integer:5", "date:2024-01-01", "boolean:true", "double:1e20"])),
	...table(
		"unistr(text)",
		column(["d\\0061t\\+000061", "\\u00e9\\U0001F600", "\\\\", "\\d83d\\de00", "\\d83d", "\\de00", "\\00", "\\0000"]),
	),
	...each(["normalize(text,text)", "is_normalized(text,text)"], product(["é", "é", "ﬁ", "abc"], ["NFC", "NFD", "nfkc", "NFKD", "XYZ"])),
	...table("format(text)", column(["abc", "%%", "%s", "%", "%x", "%1$", "%0$s"])),
	...table("format(text,any...)", [
		["%s-%I-%L", "text:a", "text:b c", "text:d'e"],
		["%2$s %1$s", "integer:1", "boolean:false"],
		["%5s|%-5s|%*s|%-*s|", "text:a", "text:b", "integer:4", "text:c", "integer:3", "text:d"],
		["%s %L", null, null],
		["%I", null],
		["%3$s", "text:a"],
		["%1$s %s", "text:a", "text:b"],
		["%z", "text:a"],
		[null, "text:a"],
	]),
	...table("parse_ident(text)", column(['"Foo".b', "a . B", "a.", ".a", "a b", '"x', '""', "1a", "", "Été"])),
	...table("parse_ident(text,boolean)", product(["a.b extra", "a(b)"], ["true", "false"])),
];

const patterns = [
	...table(
		"regexp_instr(text,text,integer,integer,integer,text,integer)",
		product(["abcABC日bc", ""], ["b(c)", "x?"], ["1", "3", "0"], ["1", "2", "0"], ["0", "1", "2"], ["", "i", "g"], ["0", "1", "2"]),
	),
	...table("regexp_instr(text,text)", product(["abcabc"], ["c", "x", ""])),
	...table(
		"regexp_substr(text,text,integer,integer,text,integer)",
		product(["abcABC日bc"], ["b(c)", "(x)?b"], ["1", "3", "99"], ["1", "2"], ["", "i"], ["0", "1", "2", "-1"]),
	),
	...table("regexp_count(text,text,integer,text)", product(["abcABC", ""], ["b", "", "(a|b)"], ["1", "2", "9", "0"], ["", "i", "g"])),
	...table(
		"regexp_replace(text,text,text,integer)",
		product(["A PostgreSQL function", "日本語"], ["a|e|i|o|u", "本"], ["X"], ["1", "3", "30", "0"]),
	),
	...table(
		"regexp_replace(text,text,text,integer,integer,text)",
		product(["A PostgreSQL function"], ["a|e|i|o|u", "[^x]"], ["<\\&>"], ["1", "5"], ["0", "1", "3", "-1"], ["", "i"]),
	),
	...table("similar_to_escape(text)", column(["abc", "a%b_c", "[a%_]x", "a\\%b", "(a|b)*", "a.b^c$", "[^]x]y", '\\"x\\"', "a{2}+?"])),
	...table("similar_to_escape(text,text)", product(["a#%b", '%#"o_b#"%', "a\\b", '#"#"#"'], ["#", "", "##"])),
	...table("substring(text,text,text)", product(["foobar", "xyz", ""], ['%#"o_b#"%', '#"%#"r', "foo%", "f%"], ["#"])),
];

const SPANS = [
	"0",
	"27:00:00",
	"35 days",
	"1 mon -1 hour",
	"-1 mon 1 day",
	"-35 days 49:00:00",
	"1 mon -30 days -1 hour",
	"29 days 24:00:00",
];
const STAMPS = ["2020-02-11 15:44:17", "2001-01-01 00:00:00", "1999-12-31 23:59:59.5"];
const times = [
	...each(["justify_hours(interval)", "justify_days(interval)", "justify_interval(interval)", "isfinite(interval)"], column(SPANS)),
	...each(
		["date_bin(interval,timestamp,timestamp)", "date_bin(interval,timestamptz,timestamptz)"],
		product(["15 minutes", "1 day", "0", "-1 day", "1 mon", "7 days 00:00:00.5"], STAMPS, ["2001-01-01 02:00:00"]),
	),
	...each(["isfinite(date)", "isfinite(timestamp)", "isfinite(timestamptz)"], column(["2024-01-01"])),
	...table("make_time(integer,integer,double)", product(["0", "23", "24", "-1"], ["0", "59", "60"], ["0", "59.999999", "60", "61", "-1"])),
	...each(
		["make_timestamp(integer,integer,integer,integer,integer,double)", "make_timestamptz(integer,integer,integer,integer,integer,double)"],
		product(["2013", "-44", "0"], ["7", "13"], ["15", "31"], ["8", "25"], ["15"], ["23.5"]),
	),
	...table(
		"make_timestamptz(integer,integer,integer,integer,integer,double,text)",
		product(["2024"], ["3"], ["31"], ["2"], ["30"], ["0"], ["Europe/Berlin", "UTC", "America/New_York"]),
	),
	...table("make_interval(integer,integer,integer,integer)", [["1", "2", "0", "3"]]),
	...table(
		"make_interval(integer,integer,integer,integer,integer,integer,double)",
		product(["1", "2147483647"], ["-2"], ["1"], ["3"], ["4"], ["5"], ["6.789", "1e300"]),
	),
	...table("make_interval()", [[]]),
	...each(["age(timestamptz,timestamptz)"], product(STAMPS, ["2000-02-29 12:00:00", "2020-03-01 00:00:00"])),
	...table("overlaps(timestamp,timestamp,timestamp,timestamp)", [
		...product(["2024-01-01", "2024-03-01"], ["2024-02-01", "2024-01-01"], ["2024-01-15", "2024-02-01"], ["2024-03-01", "2024-01-15"]),
		["2024-01-01", null, "2024-01-15", "2024-03-01"],
		[null, "2024-02-01", "2024-01-15", "2024-03-01"],
		[null, null, "2024-01-15", "2024-03-01"],
		["2024-01-01", "2024-02-01", "2024-01-15", null],
		["2024-01-01", "2024-02-01", "2024-01-01", null],
		["2024-01-01", "2024-02-01", "2024-03-01", null],
	]),
	...table(
		"overlaps(timestamp,interval,timestamp,interval)",
		product(["2024-01-01", "2024-03-01"], ["1 mon", "-10 days"], ["2024-01-31"], ["1 day", "0"]),
	),
	...table("overlaps(time,time,time,interval)", product(["10:00", "23:00"], ["11:00"], ["10:30"], ["1 hour", "14 hours"])),
	...table(
		"overlaps(timestamptz,timestamptz,timestamptz,interval)",
		product(["2024-01-01"], ["2024-02-01"], ["2024-01-31"], ["1 day", "-1 mon"]),
	),
];

export const FUNCTION_CASE_GROUPS: Record<string, Case[]> = {
	"functions of numbers": math,
	"functions of text": texts,
	"parts and patterns": patterns,
	"functions of times": times,
};
