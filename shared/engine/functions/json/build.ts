/** Documents made of SQL values. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { formatTimestamp, formatTimestamptz } from "#shared/contracts/values/date-time-text.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { jsonKind, unquoteJson } from "#shared/contracts/values/json-parts.ts";
import { plainNumber, quoteJson, writeArray, writeObject } from "#shared/contracts/values/json-text.ts";
import { formatNumeric } from "#shared/contracts/values/number-text.ts";

/** The canonical JSON of a value: numbers with all digits, times in ISO 8601, arrays as arrays, anything else as its text. */
export function toJson(type: DataType, value: SqlValue, timeZone: string): string {
	if (value === null) return "null";
	switch (type.kind) {
		case "boolean":
			return value === true ? "true" : "false";
		case "smallint":
		case "integer":
		case "bigint":
			return String(value);
		case "numeric":
			return plainNumber(formatNumeric(value as NumericValue));
		case "real":
		case "double": {
			const text = formatValue(type, value);
			return Number.isFinite(value as number) ? plainNumber(text) : quoteJson(text);
		}
		case "timestamp":
			return quoteJson(formatTimestamp(value as bigint, "T"));
		case "timestamptz":
			return quoteJson(isoInstant(formatTimestamptz(value as bigint, timeZone)));
		case "jsonb":
			return value as string;
		case "array":
			return writeArray((value as SqlValue[]).map((element) => toJson(type.element, element, timeZone)));
		default:
			return quoteJson(formatValue(type, value, { timeZone }));
	}
}

/** `2024-01-01 12:00:00+02` with a T, and with minutes of the offset. */
function isoInstant(text: string): string {
	return text.replace(" ", "T").replace(/([+-]\d\d)( BC)?$/, "$1:00$2");
}

/** @throws invalid_parameter_value (22023) for a type that is no scalar */
export function toJsonKey(type: DataType, value: SqlValue, timeZone: string): string {
	if (type.kind === "jsonb" || type.kind === "array") {
		throw new LittoralError("invalid_parameter_value", "key value must be scalar, not array, composite, or json");
	}
	// A number's key is its text as it is, `1e+20` too.
	if (type.kind === "real" || type.kind === "double") return formatValue(type, value);
	const json = toJson(type, value, timeZone);
	return jsonKind(json) === "string" ? unquoteJson(json) : json;
}

/** Keys and values in turn. */
export function buildObject(types: DataType[], values: SqlValue[], timeZone: string): string {
	if (values.length % 2 !== 0) {
		throw new LittoralError("invalid_parameter_value", "argument list must have even number of elements", {
			hint: "The arguments of jsonb_build_object() must consist of alternating keys and values.",
		});
	}
	const members = new Map<string, string>();
	for (let index = 0; index < values.length; index += 2) {
		const key = values[index] as SqlValue;
		if (key === null) throw new LittoralError("invalid_parameter_value", `argument ${index + 1}: key must not be null`);
		const text = toJsonKey(types[index] as DataType, key, timeZone);
		members.set(text, toJson(types[index + 1] as DataType, values[index + 1] as SqlValue, timeZone));
	}
	return writeObject(members);
}

/** An object of strings; a NULL value is null. */
export function objectOfTexts(keys: (string | null)[], values: (string | null)[]): string {
	// An empty array has no dimension at all.
	if ((keys.length === 0) !== (values.length === 0)) throw new LittoralError("array_subscript_error", "wrong number of array subscripts");
	if (keys.length !== values.length) throw new LittoralError("array_subscript_error", "mismatched array dimensions");
	const members = new Map<string, string>();
	for (const [index, key] of keys.entries()) {
		if (key === null) throw new LittoralError("null_value_not_allowed", "null value not allowed for object key");
		const value = values[index] as string | null;
		members.set(key, value === null ? "null" : quoteJson(value));
	}
	return writeObject(members);
}

/** As {@link objectOfTexts}, of keys and values in turn. */
export function objectOfPairs(texts: (string | null)[]): string {
	if (texts.length % 2 !== 0) throw new LittoralError("array_subscript_error", "array must have even number of elements");
	return objectOfTexts(
		texts.filter((_, index) => index % 2 === 0),
		texts.filter((_, index) => index % 2 === 1),
	);
}
