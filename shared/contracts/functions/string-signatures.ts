/** Functions of text and bytea. Positions and lengths count code points in text, bytes in bytea. */
import { scalar } from "./define.ts";
import type { FunctionSignature } from "./signature.ts";

const CHEAP = { cost: 8 } as const;
const COSTLY = { cost: 60 } as const;
const RAISING = { canRaise: true, cost: 20 } as const;
const PATTERN = { canRaise: true, cost: 40 } as const;

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

export const STRING_SIGNATURES: readonly FunctionSignature[] = [
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
