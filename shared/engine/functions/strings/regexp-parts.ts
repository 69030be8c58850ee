/** What regular expressions find as arrays and rows: the groups of matches, and the parts between them. */
import { LittoralError } from "#shared/base/errors.ts";
import type { RE2JS } from "re2js";
import type { Bind } from "../kernel.ts";
import { perValueBound } from "../per-value.ts";
import { type Flags, rememberPattern } from "./regexp.ts";

type Matcher = ReturnType<RE2JS["matcher"]>;

/** Calls `visit` for each match at or behind the code unit `from`, an empty one once at each place, at most `countMax` times. */
export function forEachMatch(
	expression: RE2JS,
	text: string,
	range: { from: number; countMax: number },
	visit: (matcher: Matcher) => void,
): void {
	const matcher = expression.matcher(text);
	const { countMax } = range;
	let { from } = range;
	for (let count = 0; count < countMax && from <= text.length && matcher.find(from); count++) {
		visit(matcher);
		const end = matcher.end();
		// An empty match goes on behind the next character, which may take two units.
		from = end > matcher.start() ? end : end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1);
	}
}

/** The groups of each match, or the match itself where the expression has none; a group that took no part is NULL. */
export function matchGroups(expression: RE2JS, text: string, countMax: number): (string | null)[][] {
	const found: (string | null)[][] = [];
	forEachMatch(expression, text, { from: 0, countMax }, (matcher) => {
		const count = matcher.groupCount();
		found.push(count === 0 ? [matcher.group(0)] : Array.from({ length: count }, (_, index) => matcher.group(index + 1)));
	});
	return found;
}

/** The parts between matches; empty matches at the ends, and right behind another match, part nothing. */
export function splitAtMatches(expression: RE2JS, text: string): string[] {
	const parts: string[] = [];
	let copied = 0;
	let previousEnd = 0;
	forEachMatch(expression, text, { from: 0, countMax: Number.POSITIVE_INFINITY }, (matcher) => {
		if (matcher.start() < text.length && matcher.end() > previousEnd) {
			parts.push(text.slice(copied, matcher.start()));
			copied = matcher.end();
		}
		previousEnd = matcher.end();
	});
	return [...parts, text.slice(copied)];
}

/** @throws invalid_parameter_value (22023) */
export function refuseGlobal(name: string, flags: Flags, hint?: string): void {
	if (!flags.global) return;
	throw new LittoralError("invalid_parameter_value", `${name}() does not support the "global" option`, hint === undefined ? {} : { hint });
}

const bindMatch: Bind = perValueBound(() => {
	const compiled = rememberPattern();
	return ([text, pattern, flagText]) => {
		const { expression, flags } = compiled(pattern as string, (flagText as string | undefined) ?? "");
		refuseGlobal("regexp_match", flags, "Use the regexp_matches function instead.");
		return matchGroups(expression, text as string, 1)[0] ?? null;
	};
});

const bindSplit: Bind = perValueBound(() => {
	const compiled = rememberPattern();
	return ([text, pattern, flagText]) => {
		const { expression, flags } = compiled(pattern as string, (flagText as string | undefined) ?? "");
		refuseGlobal("regexp_split_to_array", flags);
		return splitAtMatches(expression, text as string);
	};
});

export const REGEXP_PART_KERNELS: Record<string, Bind> = {
	"regexp_match(text,text)": bindMatch,
	"regexp_match(text,text,text)": bindMatch,
	"regexp_split_to_array(text,text)": bindSplit,
	"regexp_split_to_array(text,text,text)": bindSplit,
};
