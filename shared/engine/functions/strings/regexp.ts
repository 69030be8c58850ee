/**
 * Regular expressions by re2js, whose time is linear in the text: the host's own engine cannot be interrupted. PostgreSQL's advanced syntax is translated where
 * the two differ in spelling; back references and look-around, which no linear engine has, are refused. As in PostgreSQL the longest match wins, unless
 * the expression has a non-greedy quantifier. Where only "does it match" or the first replacement is asked of a column, kernels run re2js's program (`regexp-automaton/`).
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { RE2JS } from "re2js";
import { readValue } from "../../vector/read.ts";
import type { Bind, Kernel, KernelCall, Operand } from "../kernel.ts";
import { perValueBound } from "../per-value.ts";
import { RecentResults } from "./recent-results.ts";
import { type Piece, RegexpRunner } from "./regexp-automaton/run.ts";

export interface Flags {
	global: boolean;
	bits: number;
	literal: boolean;
}

/** PostgreSQL's option letters. @throws 22023 for one that is none, 0A000 for expanded syntax */
function parseFlags(text: string): Flags {
	// The dot matches a newline, and ^ and $ only the ends of the text, unless newline-sensitive matching is asked for.
	const flags: Flags = { global: false, bits: RE2JS.DOTALL, literal: false };
	for (const letter of text) {
		switch (letter) {
			case "g":
				flags.global = true;
				break;
			case "i":
				flags.bits |= RE2JS.CASE_INSENSITIVE;
				break;
			case "c":
				flags.bits &= ~RE2JS.CASE_INSENSITIVE;
				break;
			case "n":
			case "m":
				flags.bits = (flags.bits | RE2JS.MULTILINE) & ~RE2JS.DOTALL;
				break;
			case "p":
				flags.bits &= ~(RE2JS.DOTALL | RE2JS.MULTILINE);
				break;
			case "w":
				flags.bits |= RE2JS.DOTALL | RE2JS.MULTILINE;
				break;
			case "s":
				flags.bits = (flags.bits | RE2JS.DOTALL) & ~RE2JS.MULTILINE;
				break;
			case "t":
				break;
			case "q":
				flags.literal = true;
				break;
			case "x":
				throw new LittoralError("feature_not_supported", "expanded syntax of regular expressions is not supported");
			default:
				throw new LittoralError("invalid_parameter_value", `invalid regular expression option: "${letter}"`);
		}
	}
	return flags;
}

const ESCAPES: Record<string, string> = { y: "\\b", Y: "\\B", m: "\\b", M: "\\b", Z: "\\z" };
const NON_GREEDY = /[*+?}]\?/;

/** PostgreSQL's spelling to re2's. */
function translate(pattern: string): string {
	return pattern.replace(/\[\[:[<>]:\]\]/g, "\\b").replace(/\\([\s\S])/g, (escape, letter: string) => ESCAPES[letter] ?? escape);
}

function compile(pattern: string, flags: Flags): RE2JS {
	const source = flags.literal ? RE2JS.quote(pattern) : translate(pattern);
	const longest = NON_GREEDY.test(source) ? 0 : RE2JS.LONGEST_MATCH;
	try {
		return RE2JS.compile(source, flags.bits | longest);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new LittoralError("invalid_regular_expression", `invalid regular expression: ${reason}`);
	}
}

/** Remembers the last expression: a constant pattern is compiled once, when the first row asks. */
export function rememberPattern(): (pattern: string, flags: string) => { expression: RE2JS; flags: Flags } {
	let known: { pattern: string; flagText: string; expression: RE2JS; flags: Flags } | null = null;
	return (pattern, flagText) => {
		if (known?.pattern !== pattern || known.flagText !== flagText) {
			const flags = parseFlags(flagText);
			known = { pattern, flagText, expression: compile(pattern, flags), flags };
		}
		return known;
	};
}

/** Texts of the constant operands behind the first, a column; null where one of them is no constant, or NULL. */
function constantTexts(call: KernelCall, [subject, ...others]: Operand[]): string[] | null {
	if (call.rows.count === 0 || subject?.constant !== 0 || others.some(({ constant }) => constant === 0)) return null;
	const texts = others.map(({ vector }) => readValue(call.engine, vector, 0));
	return texts.includes(null) ? null : (texts as string[]);
}

/** Tries kernels first. @param run gives null where they cannot say */
function bindWithKernels(
	perRow: Bind,
	makeRun: () => (call: KernelCall, subject: Operand, texts: string[]) => ReturnType<Kernel> | null,
): Bind {
	return (binding) => {
		const slow = perRow(binding);
		const run = makeRun();
		return (call, operands) => {
			const texts = constantTexts(call, operands);
			return (texts === null ? null : run(call, operands[0] as Operand, texts)) ?? slow(call, operands);
		};
	};
}

function bindMatch(fixedFlags: string, negated: boolean): Bind {
	return bindWithKernels(bindMatchPerRow(fixedFlags, negated), () => {
		const compiled = rememberPattern();
		const runner = new RegexpRunner();
		return (call, { vector }, [pattern, flagText]) => {
			const { expression, flags } = compiled(pattern as string, flagText ?? fixedFlags);
			return flags.global ? null : runner.test(call, vector, expression, negated ? 1 : 0);
		};
	});
}

function bindMatchPerRow(fixedFlags: string, negated: boolean): Bind {
	return perValueBound(() => {
		const compiled = rememberPattern();
		return ([text, pattern, flags]) => {
			const { expression, flags: parsed } = compiled(pattern as string, (flags as string | undefined) ?? fixedFlags);
			if (parsed.global) {
				throw new LittoralError("invalid_parameter_value", 'regexp_like() does not support the "global" option');
			}
			return expression.matcher(text as string).find() !== negated;
		};
	});
}

/** `\1` to `\9` and `\&` name what matched, `\\` is a backslash; another escape stands for itself. */
export function parseReplacement(text: string): Piece[] {
	const pieces: Piece[] = [];
	for (const part of text.split(/(\\[1-9&\\])/)) {
		if (part === "\\\\") pieces.push("\\");
		else if (/^\\[1-9]$/.test(part)) pieces.push(Number(part[1]));
		else if (part === "\\&") pieces.push(0);
		else if (part !== "") pieces.push(part);
	}
	return pieces;
}

/** @param options `only` is the number of the match to replace, from 1, or 0 for every match; `from` a code unit */
export function replaceMatches(expression: RE2JS, text: string, options: { pieces: Piece[]; from: number; only: number }): string {
	const { pieces, only } = options;
	const matcher = expression.matcher(text);
	let out = "";
	let copied = 0;
	let { from } = options;
	for (let number = 1; from <= text.length && matcher.find(from); number++) {
		const start = matcher.start();
		const end = matcher.end();
		if (only === 0 || only === number) {
			out += text.slice(copied, start);
			for (const piece of pieces) {
				if (typeof piece === "string") out += piece;
				else if (piece <= matcher.groupCount()) out += matcher.group(piece) ?? "";
			}
			copied = end;
			if (only === number) break;
		}
		from = end > start ? end : end + (String.fromCodePoint(text.codePointAt(end) ?? 0).length || 1);
	}
	return out + text.slice(copied);
}

const bindReplacePerRow: Bind = perValueBound(() => {
	const compiled = rememberPattern();
	const recent = new RecentResults();
	let known: { expression: RE2JS | null; replacement: string; pieces: Piece[] } = { expression: null, replacement: "", pieces: [] };
	return ([text, pattern, replacement, flagText]) => {
		const { expression, flags } = compiled(pattern as string, (flagText as string | undefined) ?? "");
		if (known.expression !== expression || known.replacement !== replacement) {
			known = { expression, replacement: replacement as string, pieces: parseReplacement(replacement as string) };
			recent.clear();
		}
		const only = flags.global ? 0 : 1;
		return recent.of(text as string, (subject) => replaceMatches(expression, subject, { pieces: known.pieces, from: 0, only }));
	};
});

const bindReplace: Bind = bindWithKernels(bindReplacePerRow, () => {
	const compiled = rememberPattern();
	const runner = new RegexpRunner();
	return (call, { vector }, [pattern, replacement, flagText]) => {
		const { expression, flags } = compiled(pattern as string, flagText ?? "");
		return flags.global ? null : runner.replaceFirst(call, vector, expression, parseReplacement(replacement as string));
	};
});

function bindFirst(choose: (matcher: ReturnType<RE2JS["matcher"]>) => SqlValue): Bind {
	return perValueBound(() => {
		const compiled = rememberPattern();
		return ([text, pattern]) => {
			const matcher = compiled(pattern as string, "").expression.matcher(text as string);
			return matcher.find() ? choose(matcher) : null;
		};
	});
}

const bindCount: Bind = perValueBound(() => {
	const compiled = rememberPattern();
	return ([value, pattern]) => {
		const text = value as string;
		const matcher = compiled(pattern as string, "").expression.matcher(text);
		let count = 0;
		let from = 0;
		while (from <= text.length && matcher.find(from)) {
			count++;
			from = matcher.end() > matcher.start() ? matcher.end() : matcher.end() + 1;
		}
		return count;
	};
});

export const REGEXP_KERNELS: Record<string, Bind> = {
	"regexp_match_op(text,text)": bindMatch("", false),
	"regexp_imatch_op(text,text)": bindMatch("i", false),
	"not_regexp_match_op(text,text)": bindMatch("", true),
	"not_regexp_imatch_op(text,text)": bindMatch("i", true),
	"regexp_like(text,text)": bindMatch("", false),
	"regexp_like(text,text,text)": bindMatch("", false),
	"regexp_replace(text,text,text)": bindReplace,
	"regexp_replace(text,text,text,text)": bindReplace,
	"regexp_count(text,text)": bindCount,
	"regexp_substr(text,text)": bindFirst((matcher) => matcher.group(0)),
	"substring(text,text)": bindFirst((matcher) => (matcher.groupCount() > 0 ? matcher.group(1) : matcher.group(0))),
};
