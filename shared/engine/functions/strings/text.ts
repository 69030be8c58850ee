/** The other functions of text, one value at a time. Positions count code points. */
import { LittoralError } from "#shared/base/errors.ts";
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { tooLong } from "../casts/text-casts.ts";
import type { Bind } from "../kernel.ts";
import { perValue, perValueNullable } from "../per-value.ts";
import { overlayBounds } from "./bytes.ts";
import { initialCapitals } from "./case-mapping.ts";

/** A function of texts. */
const texts = (compute: (...values: string[]) => SqlValue): Bind => perValue((values) => compute(...(values as string[])));

/** Results stay within the largest value, so that no short text makes a huge one. */
function limited(text: string): string {
	if (text.length > VALUE_BYTES_MAX) throw tooLong();
	return text;
}

function trim(text: string, characters: string, sides: { start: boolean; end: boolean }): string {
	const set = new Set(characters);
	const points = Array.from(text);
	let start = 0;
	let end = points.length;
	if (sides.start) while (start < end && set.has(points[start] as string)) start++;
	if (sides.end) while (end > start && set.has(points[end - 1] as string)) end--;
	return points.slice(start, end).join("");
}

function replace(text: string, from: string, to: string): string {
	if (from === "") return text;
	const count = text.split(from).length - 1;
	if (text.length + count * (to.length - from.length) > VALUE_BYTES_MAX) throw tooLong();
	return text.replaceAll(from, () => to);
}

function translate(text: string, from: string, to: string): string {
	const targets = Array.from(to);
	const map = new Map<string, string>();
	for (const [index, point] of Array.from(from).entries()) if (!map.has(point)) map.set(point, targets[index] ?? "");
	return Array.from(text, (point) => map.get(point) ?? point).join("");
}

function repeat(text: string, count: number): string {
	if (count <= 0 || text === "") return "";
	if (text.length * count > VALUE_BYTES_MAX) throw tooLong();
	return text.repeat(count);
}

function splitPart(text: string, delimiter: string, field: number): string {
	if (field === 0) throw new LittoralError("invalid_parameter_value", "field position must not be zero");
	const parts = delimiter === "" ? [text] : text.split(delimiter);
	if (text === "") return "";
	return parts.at(field > 0 ? field - 1 : field) ?? "";
}

function pad(text: string, length: number, fill: string, atStart: boolean): string {
	const points = Array.from(text);
	const wanted = Math.max(0, length);
	if (wanted > VALUE_BYTES_MAX) throw tooLong();
	if (points.length >= wanted) return points.slice(0, wanted).join("");
	const filler = Array.from(fill);
	if (filler.length === 0) return text;
	const missing = wanted - points.length;
	const padding = Array.from({ length: missing }, (_, index) => filler[index % filler.length]).join("");
	return atStart ? padding + text : text + padding;
}

function character(code: number): string {
	if (code < 0) throw new LittoralError("invalid_parameter_value", "character number must be positive");
	if (code === 0) throw new LittoralError("program_limit_exceeded", "null character not permitted");
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
		throw new LittoralError(
			"program_limit_exceeded",
			`requested character ${code > 0x10ffff ? "too large for encoding" : "not valid for encoding"}: ${code}`,
		);
	}
	return String.fromCodePoint(code);
}

function overlay([text, replacement, start, length]: SqlValue[]): SqlValue {
	const points = Array.from(text as string);
	const added = Array.from(replacement as string);
	const { before, after } = overlayBounds(start as number, (length as number | undefined) ?? added.length);
	return limited([...points.slice(0, before), ...added, ...points.slice(after)].join(""));
}

/** concat_ws: values that are NULL are left out, with their separator. */
const joinWithSeparator: Bind = perValueNullable(({ argumentTypes, statement }) => ([separator, ...values]) => {
	if (separator === null) return null;
	const texts = values.flatMap((value, index) =>
		value === null ? [] : [formatValue(argumentTypes[index + 1] as DataType, value, { timeZone: statement.timeZone })],
	);
	return limited(texts.join(separator as string));
});

export const TEXT_KERNELS: Record<string, Bind> = {
	"initcap(text)": texts(initialCapitals),
	"btrim(text,text)": texts((text, characters) => trim(text, characters, { start: true, end: true })),
	"ltrim(text,text)": texts((text, characters) => trim(text, characters, { start: true, end: false })),
	"rtrim(text,text)": texts((text, characters) => trim(text, characters, { start: false, end: true })),
	"replace(text,text,text)": texts(replace),
	"translate(text,text,text)": texts(translate),
	"repeat(text,integer)": perValue(([text, count]) => repeat(text as string, count as number)),
	"reverse(text)": texts((text) => Array.from(text).reverse().join("")),
	"split_part(text,text,integer)": perValue(([text, delimiter, field]) => splitPart(text as string, delimiter as string, field as number)),
	"lpad(text,integer)": perValue(([text, length]) => pad(text as string, length as number, " ", true)),
	"rpad(text,integer)": perValue(([text, length]) => pad(text as string, length as number, " ", false)),
	"lpad(text,integer,text)": perValue(([text, length, fill]) => limited(pad(text as string, length as number, fill as string, true))),
	"rpad(text,integer,text)": perValue(([text, length, fill]) => limited(pad(text as string, length as number, fill as string, false))),
	"concat_ws(text,any...)": joinWithSeparator,
	"overlay(text,text,integer)": perValue(overlay),
	"overlay(text,text,integer,integer)": perValue(overlay),
	"ascii(text)": texts((text) => text.codePointAt(0) ?? 0),
	"chr(integer)": perValue(([code]) => character(code as number)),
};
