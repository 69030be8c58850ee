/** Elements of a JSON array as values of an array column. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { parseBase64, parseBytea } from "#shared/contracts/values/binary-text.ts";
import { jsonElements } from "#shared/contracts/values/json-parts.ts";
import { normalizeJson } from "#shared/contracts/values/json-text.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import { mismatch } from "./columns/column-writer.ts";

/** A number of an array as its own characters. */
class NumberText {
	readonly text: string;

	constructor(text: string) {
		this.text = text;
	}
}

function keepNumberText(_key: string, value: unknown, context?: { source?: string }): unknown {
	return typeof value === "number" ? new NumberText(context?.source ?? String(value)) : value;
}

/** The elements of a JSON array; a null is NULL. */
export function elementValues(type: DataType, text: string): SqlValue[] {
	if (type.kind === "jsonb") return jsonElements(normalizeJson(text)).map((element) => (element === "null" ? null : element));
	return (JSON.parse(text, keepNumberText) as unknown[]).map((element) => elementValue(type, element));
}

/** An element of a JSON array as the element type's value. */
function elementValue(type: DataType, element: unknown): SqlValue {
	if (element === null) return null;
	if (typeof element === "string") {
		if (type.kind === "bytea") return element.startsWith("\\x") ? parseBytea(element) : parseBase64(element);
		return parseValue(type, element, { refuseOffset: true });
	}
	if (typeof element === "boolean") {
		if (type.kind !== "boolean") throw mismatch(type, "boolean");
		return element;
	}
	if (Array.isArray(element)) throw mismatch(type, "array");
	if (!(element instanceof NumberText)) throw mismatch(type, "object");
	switch (type.kind) {
		case "smallint":
		case "integer":
		case "bigint":
		case "numeric":
		case "real":
		case "double":
			return parseValue(type, element.text);
		default:
			throw mismatch(type, "number");
	}
}
