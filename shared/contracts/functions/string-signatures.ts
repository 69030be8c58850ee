/** Functions of text and bytea. Positions and lengths count code points in text, bytes in bytea. */
import type { DataType } from "../data-type.ts";
import { scalar } from "./define.ts";
import type { ArgumentKind, FunctionSignature } from "./signature.ts";

const CHEAP = { cost: 8 } as const;
const COSTLY = { cost: 60 } as const;
const RAISING = { canRaise: true, cost: 20 } as const;
const PATTERN = { canRaise: true, cost: 40 } as const;

const HASH = { cost: 400 } as const;
const TEXTS = (): DataType => ({ kind: "array", element: { kind: "text" } });

const patterns: FunctionSignature[] = (
	[
		["like", "True when the text matches the LIKE pattern."],
		["not_like", "True when the text does not match the LIKE pattern."],
		["ilike", "True when the text matches the LIKE pattern, letter case ignored."],
		["not_ilike", "True when the text does not match the LIKE pattern, letter case ignored."],
	] as const
).flatMap(([name, description]) => [
	scalar(name, ["text", "text"], "boolean", description, PATTERN),
	scalar(
		name,
		["text", "text", "text"],
		"boolean",
		`${description} The third argument is the ESCAPE character, or empty for none.`,
		PATTERN,
	),
]);

const regularExpressions: FunctionSignature[] = [
	scalar("regexp_match_op", ["text", "text"], "boolean", "True when the regular expression matches somewhere (`~`).", PATTERN),
	scalar("regexp_imatch_op", ["text", "text"], "boolean", "As `~`, letter case ignored (`~*`).", PATTERN),
	scalar("not_regexp_match_op", ["text", "text"], "boolean", "The negation of `~`.", PATTERN),
	scalar("not_regexp_imatch_op", ["text", "text"], "boolean", "The negation of `~*`.", PATTERN),
	scalar("regexp_like", ["text", "text"], "boolean", "True when the regular expression matches somewhere.", PATTERN),
	scalar("regexp_like", ["text", "text", "text"], "boolean", "As regexp_like, with flags.", PATTERN),
	scalar("regexp_replace", ["text", "text", "text"], "text", "The first match replaced; \\1 to \\9 and \\& name what matched.", {
		...PATTERN,
		cost: 100,
	}),
	scalar("regexp_replace", ["text", "text", "text", "text"], "text", "As regexp_replace, with flags; g replaces every match.", {
		...PATTERN,
		cost: 100,
	}),
	scalar("regexp_count", ["text", "text"], "integer", "Matches of the regular expression.", PATTERN),
	scalar("regexp_substr", ["text", "text"], "text", "The first match, or NULL.", { ...PATTERN, nullable: true }),
];

const trims: FunctionSignature[] = (
	[
		["btrim", "both ends"],
		["ltrim", "the start"],
		["rtrim", "the end"],
	] as const
).flatMap(([name, where]) => [
	scalar(name, ["text"], "text", `Blanks removed from ${where}.`, CHEAP),
	scalar(name, ["text", "text"], "text", `Characters of the second text removed from ${where}.`, CHEAP),
]);

const HASHES = ["sha224", "sha256", "sha384", "sha512"] as const;

const bytes: FunctionSignature[] = [
	scalar("get_byte", ["bytea", "integer"], "integer", "The byte at that index, from 0; 2202E where there is none.", RAISING),
	scalar("set_byte", ["bytea", "integer", "integer"], "bytea", "The bytes with the one at that index changed.", RAISING),
	scalar("get_bit", ["bytea", "bigint"], "integer", "The bit at that index, from 0, the lowest of each byte first.", RAISING),
	scalar("set_bit", ["bytea", "bigint", "integer"], "bytea", "The bytes with the bit at that index changed.", RAISING),
	scalar("bit_count", ["bytea"], "bigint", "Bits that are set.", CHEAP),
	scalar("reverse", ["bytea"], "bytea", "The bytes in reverse order.", CHEAP),
	...(["btrim", "ltrim", "rtrim"] as const).map((name) =>
		scalar(name, ["bytea", "bytea"], "bytea", `As ${name} of text, with bytes.`, CHEAP),
	),
	scalar(
		"position",
		["bytea", "bytea"],
		"integer",
		"Where the second run of bytes first occurs in the first, from 1; 0 where it does not.",
		CHEAP,
	),
	...(["text", "bytea"] as const).flatMap((kind) => [
		scalar(
			"overlay",
			[kind, kind, "integer"],
			kind,
			"The second argument in place of as much of the first, from the position on.",
			RAISING,
		),
		scalar("overlay", [kind, kind, "integer", "integer"], kind, "The second argument in place of so much of the first.", RAISING),
	]),
];

const encodings: FunctionSignature[] = [
	scalar("encode", ["bytea", "text"], "text", "The bytes as text in the format hex, base64 or escape.", { ...COSTLY, canRaise: true }),
	scalar("decode", ["text", "text"], "bytea", "The bytes that the text stands for in the format hex, base64 or escape.", {
		...COSTLY,
		canRaise: true,
	}),
	...(["text", "bytea"] as const).map((kind) => scalar("md5", [kind], "text", "The MD5 hash in hexadecimal.", HASH)),
	...HASHES.map((name) => scalar(name, ["bytea"], "bytea", `The ${name.replace("sha", "SHA-")} hash.`, HASH)),
	scalar("crc32", ["bytea"], "bigint", "The CRC-32 checksum.", COSTLY),
	scalar("crc32c", ["bytea"], "bigint", "The CRC-32C checksum.", COSTLY),
	...(["integer", "bigint"] as const).flatMap((kind) => [
		scalar("to_bin", [kind], "text", "The number in binary, a negative one in two's complement.", COSTLY),
		scalar("to_oct", [kind], "text", "The number in octal, a negative one in two's complement.", COSTLY),
		scalar("to_hex", [kind], "text", "The number in hexadecimal, a negative one in two's complement.", COSTLY),
	]),
];

const quoting: FunctionSignature[] = [
	scalar("quote_ident", ["text"], "text", "The text as an identifier of SQL, in quotes where it needs them.", COSTLY),
	scalar("quote_literal", ["text"], "text", "The text as a literal of SQL.", COSTLY),
	scalar("quote_literal", ["element"], "text", "The value as a literal of SQL.", { ...COSTLY, volatility: "stable" }),
	scalar("quote_nullable", ["text"], "text", "The text as a literal of SQL, NULL as the word.", { ...COSTLY, strict: false }),
	scalar("quote_nullable", ["element"], "text", "The value as a literal of SQL, NULL as the word.", {
		...COSTLY,
		strict: false,
		volatility: "stable",
	}),
	scalar("format", ["text"], "text", "The template; %% stands for %.", { ...COSTLY, canRaise: true, strict: false }),
	scalar("format", ["text", "any"], "text", "The template with %s, %I and %L replaced by values, identifiers and literals.", {
		...COSTLY,
		canRaise: true,
		strict: false,
		variadic: true,
		volatility: "stable",
	}),
	scalar("parse_ident", ["text"], TEXTS, "The parts of a qualified name; 22023 where something follows.", { ...COSTLY, canRaise: true }),
	scalar("parse_ident", ["text", "boolean"], TEXTS, "The parts of a qualified name; false: what follows is left out.", {
		...COSTLY,
		canRaise: true,
	}),
	scalar("concat_ws", ["text", "any"], "text", "Texts of the arguments that are not NULL, the first argument between them.", {
		variadic: true,
		strict: false,
		canRaise: true,
		cost: 20,
		volatility: "stable",
	}),
];

const unicode: FunctionSignature[] = [
	scalar("normalize", ["text"], "text", "The text in Unicode's normal form NFC.", { ...COSTLY, canRaise: true }),
	scalar("normalize", ["text", "text"], "text", "The text in the normal form NFC, NFD, NFKC or NFKD.", { ...COSTLY, canRaise: true }),
	scalar("is_normalized", ["text"], "boolean", "True when the text is in the normal form NFC.", { ...COSTLY, canRaise: true }),
	scalar("is_normalized", ["text", "text"], "boolean", "True when the text is in that normal form.", { ...COSTLY, canRaise: true }),
	scalar("unistr", ["text"], "text", "The text with \\XXXX, \\+XXXXXX, \\uXXXX and \\UXXXXXXXX replaced by the code point.", {
		...COSTLY,
		canRaise: true,
	}),
];

const positions: FunctionSignature[] = [
	scalar("regexp_count", ["text", "text", "integer"], "integer", "Matches from a position on.", PATTERN),
	scalar("regexp_count", ["text", "text", "integer", "text"], "integer", "Matches from a position on, with flags.", PATTERN),
	...prefixes<ArgumentKind>(["text", "text", "integer", "integer", "integer", "text", "integer"], 2).map((kinds) =>
		scalar(
			"regexp_instr",
			kinds,
			"integer",
			"Where the n-th match from a position on begins (endoption 1: ends), or a group of it; 0 where there is none.",
			PATTERN,
		),
	),
	...prefixes<ArgumentKind>(["text", "text", "integer", "integer", "text", "integer"], 3).map((kinds) =>
		scalar("regexp_substr", kinds, "text", "The n-th match from a position on, or a group of it; NULL where there is none.", {
			...PATTERN,
			nullable: true,
		}),
	),
	...prefixes<ArgumentKind>(["text", "text", "text", "integer", "integer", "text"], 4).map((kinds) =>
		scalar("regexp_replace", kinds, "text", "The n-th match from a position on replaced; n 0: every match.", { ...PATTERN, cost: 100 }),
	),
	scalar("similar_to_escape", ["text"], "text", "The pattern of SIMILAR TO as a regular expression.", PATTERN),
	scalar("similar_to_escape", ["text", "text"], "text", "As similar_to_escape, with the escape character, or empty for none.", PATTERN),
	scalar("substring", ["text", "text", "text"], "text", "What the middle part of the SIMILAR pattern matches; else NULL.", {
		...PATTERN,
		nullable: true,
	}),
];

/** The list's first `least` items, one more, and so on to all. */
function prefixes<Item>(items: Item[], least: number): Item[][] {
	return Array.from({ length: items.length - least + 1 }, (_, index) => items.slice(0, least + index));
}

export const STRING_SIGNATURES: readonly FunctionSignature[] = [
	...bytes,
	...encodings,
	...quoting,
	...unicode,
	...positions,
	scalar("length", ["text"], "integer", "Characters.", CHEAP),
	scalar("length", ["bytea"], "integer", "Bytes."),
	scalar("char_length", ["text"], "integer", "Characters.", CHEAP),
	scalar("character_length", ["text"], "integer", "Characters.", CHEAP),
	scalar("octet_length", ["text"], "integer", "Bytes of the UTF-8 text."),
	scalar("octet_length", ["bytea"], "integer", "Bytes."),
	scalar("bit_length", ["text"], "integer", "Eight times the bytes."),
	scalar("bit_length", ["bytea"], "integer", "Eight times the bytes."),
	scalar("lower", ["text"], "text", "Lower case, by Unicode's simple mapping.", COSTLY),
	scalar("upper", ["text"], "text", "Upper case, by Unicode's simple mapping.", COSTLY),
	scalar("initcap", ["text"], "text", "The first letter of each word in upper case, the others in lower case.", COSTLY),
	...trims,
	...(["substring", "substr"] as const).flatMap((name) =>
		(["text", "bytea"] as const).flatMap((kind) => [
			scalar(name, [kind, "integer"], kind, "From the position (1 is the first) to the end.", CHEAP),
			scalar(name, [kind, "integer", "integer"], kind, "So many from the position (1 is the first); 22011 for a negative count.", {
				...CHEAP,
				canRaise: true,
			}),
		]),
	),
	scalar("substring", ["text", "text"], "text", "What the regular expression, or its first group, matched; else NULL.", {
		...PATTERN,
		nullable: true,
	}),
	scalar("position", ["text", "text"], "integer", "Where the second text first occurs in the first, from 1; 0 where it does not.", CHEAP),
	scalar("strpos", ["text", "text"], "integer", "Where the second text first occurs in the first, from 1; 0 where it does not.", CHEAP),
	scalar("left", ["text", "integer"], "text", "The first characters; a negative count leaves off so many at the end.", CHEAP),
	scalar("right", ["text", "integer"], "text", "The last characters; a negative count leaves off so many at the start.", CHEAP),
	scalar("replace", ["text", "text", "text"], "text", "Every occurrence of the second text replaced by the third.", RAISING),
	scalar("translate", ["text", "text", "text"], "text", "Characters of the second text replaced one by one by those of the third.", COSTLY),
	scalar("concat", ["any"], "text", "Texts of all arguments in a row, NULL as nothing.", {
		variadic: true,
		strict: false,
		canRaise: true,
		cost: 20,
		volatility: "stable",
	}),
	scalar("concat_op", ["text", "text"], "text", "The two texts in a row.", RAISING),
	scalar("concat_op", ["text", "nonarray"], "text", "The text, then the text of the value.", { ...RAISING, volatility: "stable" }),
	scalar("concat_op", ["nonarray", "text"], "text", "The text of the value, then the text.", { ...RAISING, volatility: "stable" }),
	scalar("concat_op", ["bytea", "bytea"], "bytea", "The bytes in a row.", RAISING),
	scalar("repeat", ["text", "integer"], "text", "The text so many times.", RAISING),
	scalar("reverse", ["text"], "text", "Characters in reverse order.", COSTLY),
	scalar("starts_with", ["text", "text"], "boolean", "True when the first text begins with the second.", CHEAP),
	scalar("split_part", ["text", "text", "integer"], "text", "The n-th field between delimiters, from 1, or from the end where negative.", {
		canRaise: true,
		cost: 60,
	}),
	...(["lpad", "rpad"] as const).flatMap((name) => [
		scalar(name, ["text", "integer"], "text", "Filled up with blanks, or cut, to so many characters.", RAISING),
		scalar(name, ["text", "integer", "text"], "text", "Filled up with the third text, or cut, to so many characters.", RAISING),
	]),
	scalar("ascii", ["text"], "integer", "Code point of the first character, 0 for the empty text.", CHEAP),
	scalar("chr", ["integer"], "text", "The character of a code point.", RAISING),
	...patterns,
	...regularExpressions,
];
