/**
 * SIMILAR TO's patterns as regular expressions that match the whole text: `%` and `_` become `.*` and `.`, the escape character a backslash, what is special in regular
 * expressions alone is escaped. Two escaped double quotes part the pattern of SUBSTRING in three, of which the middle one is what is wanted.
 * Source: PostgreSQL's similar_escape_internal.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Bind } from "../kernel.ts";
import { perValue, perValueBound } from "../per-value.ts";
import { rememberPattern } from "./regexp.ts";

/** The part of the pattern before, between and behind the two separators. */
const SEPARATORS = ["){1,1}?(", "){1,1}(?:"];

function similarToRegExp(pattern: string, escapeText: string): string {
	const escapes = Array.from(escapeText);
	if (escapes.length > 1) {
		throw new LittoralError("invalid_escape_sequence", "invalid escape string", { hint: "Escape string must be empty or one character." });
	}
	const [escape] = escapes;
	let out = "^(?:";
	let separatorCount = 0;
	let inBrackets = false;
	let classStart = false;
	let afterEscape = false;
	for (const point of pattern) {
		const atStart = classStart;
		classStart = false;
		if (afterEscape) {
			if (point === '"' && !inBrackets) {
				const separator = SEPARATORS[separatorCount++];
				if (separator === undefined) {
					throw new LittoralError(
						"invalid_use_of_escape_character",
						"SQL regular expression may not contain more than two escape-double-quote separators",
					);
				}
				out += separator;
			} else out += `\\${point}`;
			afterEscape = false;
		} else if (point === escape) afterEscape = true;
		else if (inBrackets) {
			out += point === "\\" ? "\\\\" : point;
			if (point === "]" && !atStart) inBrackets = false;
			else if (point === "^" && atStart) classStart = true;
		} else if (point === "[") {
			out += point;
			inBrackets = true;
			classStart = true;
		} else if (point === "%") out += ".*";
		else if (point === "_") out += ".";
		else if (point === "(") out += "(?:";
		else if ("\\.^$".includes(point)) out += `\\${point}`;
		else out += point;
	}
	return `${out})$`;
}

const toRegExp = ([pattern, escape]: SqlValue[]): string => similarToRegExp(pattern as string, (escape as string | undefined) ?? "\\");

/** SUBSTRING(text SIMILAR pattern ESCAPE escape). */
const bindSubstring: Bind = perValueBound(() => {
	const compiled = rememberPattern();
	return ([text, pattern, escape]) => {
		const matcher = compiled(similarToRegExp(pattern as string, escape as string), "").expression.matcher(text as string);
		if (!matcher.find()) return null;
		return matcher.groupCount() > 0 ? matcher.group(1) : matcher.group(0);
	};
});

export const SIMILAR_KERNELS: Record<string, Bind> = {
	"similar_to_escape(text)": perValue(toRegExp),
	"similar_to_escape(text,text)": perValue(toRegExp),
	"substring(text,text,text)": bindSubstring,
};
