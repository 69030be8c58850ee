/** regexp_count, regexp_instr, regexp_substr and regexp_replace from a position, of the n-th match, of a group. Positions count code points from 1. */
import { LittoralError } from "#shared/base/errors.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Bind } from "../kernel.ts";
import { perValueBound } from "../per-value.ts";
import { parseReplacement, rememberPattern, replaceMatches } from "./regexp.ts";
import { forEachMatch, refuseGlobal } from "./regexp-parts.ts";

function refuse(name: string, value: number): never {
	throw new LittoralError("invalid_parameter_value", `invalid value for parameter "${name}": ${value}`);
}

/** The code unit at which the code point `start` (from 1) begins; beyond the end, one behind it. */
function unitOf(text: string, start: number): number {
	if (start <= 0) refuse("start", start);
	let unit = 0;
	for (let point = 1; point < start; point++) {
		if (unit >= text.length) return text.length + 1;
		unit += (text.codePointAt(unit) as number) > 0xffff ? 2 : 1;
	}
	return unit;
}

const pointsBefore = (text: string, unit: number): number => Array.from(text.slice(0, unit)).length;

interface Options {
	start?: number;
	count?: number;
	endOption?: number;
	flags?: string;
	group?: number;
}

/** Binds a function to the arguments behind text and pattern, in order. */
function bindSearch(name: string, parameters: (keyof Options)[], compute: (search: Search) => SqlValue): Bind {
	return perValueBound(() => {
		const compiled = rememberPattern();
		return ([text, pattern, ...rest]) => {
			const options: Options = Object.fromEntries(parameters.map((parameter, index) => [parameter, rest[index]] as const));
			const { start = 1, count = 1, endOption = 0, group = 0 } = options;
			if (start <= 0) refuse("start", start);
			if (count <= 0) refuse("n", count);
			if (endOption !== 0 && endOption !== 1) refuse("endoption", endOption);
			if (group < 0) refuse("subexpr", group);
			const { expression, flags } = compiled(pattern as string, options.flags ?? "");
			refuseGlobal(name, flags);
			const subject = text as string;
			const from = unitOf(subject, start);
			const found: Match[] = [];
			forEachMatch(expression, subject, { from, countMax: name === "regexp_count" ? Number.POSITIVE_INFINITY : count }, (matcher) => {
				// Of an expression without groups, the first group is the match.
				const wanted = group === 1 && matcher.groupCount() === 0 ? 0 : group;
				const inside = wanted <= matcher.groupCount() && matcher.start(wanted) >= 0;
				found.push({ start: inside ? matcher.start(wanted) : -1, end: inside ? matcher.end(wanted) : -1 });
			});
			return compute({ text: subject, found, count, endOption });
		};
	});
}
interface Match {
	start: number;
	end: number;
}
interface Search {
	text: string;
	/** Of the whole matches, or of the group asked for; -1 where that took no part. */
	found: Match[];
	count: number;
	endOption: number;
}

const countOf = ({ found }: Search): SqlValue => found.length;
function placeOf({ text, found, count, endOption }: Search): SqlValue {
	const match = found[count - 1];
	if (match === undefined || match.start < 0) return 0;
	return pointsBefore(text, endOption === 1 ? match.end : match.start) + 1;
}
function partOf({ text, found, count }: Search): SqlValue {
	const match = found[count - 1];
	return match === undefined || match.start < 0 ? null : text.slice(match.start, match.end);
}

const COUNT = bindSearch("regexp_count", ["start", "flags"], countOf);
const PLACE = bindSearch("regexp_instr", ["start", "count", "endOption", "flags", "group"], placeOf);
const PART = bindSearch("regexp_substr", ["start", "count", "flags", "group"], partOf);

/** regexp_replace(text, pattern, replacement, start [, n [, flags]]): n 0 replaces every match; without n, the first, or all with the flag g. */
const bindReplace: Bind = perValueBound(() => {
	const compiled = rememberPattern();
	return ([text, pattern, replacement, start, count, flagText]) => {
		const from = unitOf(text as string, start as number);
		const number = (count as number | undefined) ?? 1;
		if (number < 0) refuse("n", number);
		const { expression } = compiled(pattern as string, (flagText as string | undefined) ?? "");
		return replaceMatches(expression, text as string, { pieces: parseReplacement(replacement as string), from, only: number });
	};
});

export const REGEXP_POSITION_KERNELS: Record<string, Bind> = {
	"regexp_count(text,text,integer)": COUNT,
	"regexp_count(text,text,integer,text)": COUNT,
	"regexp_instr(text,text)": PLACE,
	"regexp_instr(text,text,integer)": PLACE,
	"regexp_instr(text,text,integer,integer)": PLACE,
	"regexp_instr(text,text,integer,integer,integer)": PLACE,
	"regexp_instr(text,text,integer,integer,integer,text)": PLACE,
	"regexp_instr(text,text,integer,integer,integer,text,integer)": PLACE,
	"regexp_substr(text,text,integer)": PART,
	"regexp_substr(text,text,integer,integer)": PART,
	"regexp_substr(text,text,integer,integer,text)": PART,
	"regexp_substr(text,text,integer,integer,text,integer)": PART,
	"regexp_replace(text,text,text,integer)": bindReplace,
	"regexp_replace(text,text,text,integer,integer)": bindReplace,
	"regexp_replace(text,text,text,integer,integer,text)": bindReplace,
};
