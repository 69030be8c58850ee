/** One value from its text, as PostgreSQL's input functions read it: same values, messages and SQLSTATEs. */
import { unreachable } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, typeName } from "../data-type.ts";
import type { SqlValue } from "../value.ts";
import { splitArray } from "./array-text.ts";
import { parseBytea, parseUuid } from "./binary-text.ts";
import { type DateTimeOptions, parseDate, parseTime, parseTimestamp } from "./date-time-text.ts";
import { parseInterval } from "./interval-text.ts";
import { normalizeJson } from "./json-text.ts";
import { invalidText, parseFloating, parseInteger, parseNumeric } from "./number-text.ts";

/**
 * @param text never NULL's; `{NULL}` inside arrays is
 * @returns the value in `SqlValue`'s form for `type`; CHAR(n) padded with blanks
 * @throws LittoralError with PostgreSQL's message and SQLSTATE; 0A000 for infinite dates and NUMERIC NaN, which are not stored
 */
export function parseValue(type: DataType, text: string, options: DateTimeOptions = {}): SqlValue {
	switch (type.kind) {
		case "boolean":
			return parseBoolean(text);
		case "smallint":
		case "integer":
			return Number(parseInteger(type.kind, text));
		case "bigint":
			return parseInteger(type.kind, text);
		case "real":
		case "double":
			return parseFloating(type.kind, text);
		case "numeric":
			return parseNumeric(text, type.precision, type.scale);
		case "text":
			return checkText(text);
		case "varchar":
		case "char":
			return fitText(type, checkText(text));
		case "bytea":
			return parseBytea(text);
		case "date":
			return parseDate(text);
		case "time":
			return parseTime(text);
		case "timestamp":
		case "timestamptz":
			return parseTimestamp(type.kind, text, options);
		case "interval":
			return parseInterval(text);
		case "uuid":
			return parseUuid(text);
		case "jsonb":
			return normalizeJson(text);
		case "array":
			return splitArray(text).map((element) => (element === null ? null : parseValue(type.element, element, options)));
		default:
			return unreachable(type);
	}
}

const BOOLEAN_WORDS: [word: string, shortest: number, value: boolean][] = [
	["true", 1, true],
	["false", 1, false],
	["yes", 1, true],
	["no", 1, false],
	["on", 2, true],
	["off", 2, false],
	["1", 1, true],
	["0", 1, false],
];

/** Words and their unambiguous prefixes, any case. @throws 22P02 */
function parseBoolean(text: string): boolean {
	const word = text.trim().toLowerCase();
	for (const [whole, shortest, value] of BOOLEAN_WORDS) {
		if (word.length >= shortest && whole.startsWith(word)) return value;
	}
	throw invalidText("boolean", text);
}

function checkText(text: string): string {
	if (text.includes("\u0000")) {
		throw new LittoralError("character_not_in_repertoire", 'invalid byte sequence for encoding "UTF8": 0x00');
	}
	return text;
}

/**
 * The text as VARCHAR(n) or CHAR(n): blanks beyond the length are cut, CHAR is padded. Lengths count code points.
 * @throws 22001 when anything but blanks would be cut
 */
export function fitText(type: DataType & { kind: "varchar" | "char" }, text: string): string {
	if (type.length === undefined) return text;
	if (text.length > type.length) {
		const points = Array.from(text);
		if (points.length > type.length) {
			if (points.slice(type.length).some((point) => point !== " ")) {
				throw new LittoralError("string_data_right_truncation", `value too long for type ${typeName(type)}`);
			}
			return points.slice(0, type.length).join("");
		}
		return type.kind === "char" ? text + " ".repeat(type.length - points.length) : text;
	}
	if (type.kind !== "char") return text;
	return text + " ".repeat(type.length - Array.from(text).length);
}
