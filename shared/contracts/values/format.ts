/** One value to text: PostgreSQL's output functions, and the forms of the API's JSON. */
import { unreachable } from "#shared/base/assert.ts";
import type { DataType } from "../data-type.ts";
import type { IntervalValue, NumericValue, SqlValue } from "../value.ts";
import { joinArray } from "./array-text.ts";
import { formatBase64, formatBytea } from "./binary-text.ts";
import { formatDate, formatTime, formatTimestamp, formatTimestamptz } from "./date-time-text.ts";
import { formatInterval, formatIntervalIso } from "./interval-text.ts";
import { formatFloating, formatNumeric, shortestReal } from "./number-text.ts";

export interface FormatOptions {
	/** Zone in which TIMESTAMPTZ is written; UTC when absent. */
	timeZone?: string;
}

/**
 * PostgreSQL's text output (`bytea_output` hex, DateStyle ISO, IntervalStyle postgres).
 * @param value of `type`'s form in `SqlValue`, never null at the top
 */
export function formatValue(type: DataType, value: SqlValue, options: FormatOptions = {}): string {
	switch (type.kind) {
		case "boolean":
			return value ? "t" : "f";
		case "smallint":
		case "integer":
		case "bigint":
			return String(value);
		case "real":
		case "double":
			return formatFloating(type.kind, value as number);
		case "numeric":
			return formatNumeric(value as NumericValue);
		case "text":
		case "varchar":
		case "char":
		case "uuid":
		case "jsonb":
			return value as string;
		case "bytea":
			return formatBytea(value as Uint8Array);
		case "date":
			return formatDate(value as number);
		case "time":
			return formatTime(value as bigint);
		case "timestamp":
			return formatTimestamp(value as bigint);
		case "timestamptz":
			return formatTimestamptz(value as bigint, options.timeZone);
		case "interval":
			return formatInterval(value as IntervalValue);
		case "array":
			return joinArray((value as SqlValue[]).map((element) => (element === null ? null : formatValue(type.element, element, options))));
		default:
			return unreachable(type);
	}
}

export interface JsonFormatOptions {
	/** Every BIGINT as a string, not only those beyond +-(2^53-1). */
	bigintAsString?: boolean | undefined;
}

const SAFE_INTEGER_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** @returns the API's JSON text of the value: `"2026-01-31T12:34:56Z"`, `"0.10"`, `9007199254740991`, `null` */
export function formatJson(type: DataType, value: SqlValue, options: JsonFormatOptions = {}): string {
	if (value === null) return "null";
	switch (type.kind) {
		case "boolean":
		case "smallint":
		case "integer":
			return String(value);
		case "bigint": {
			const integer = value as bigint;
			const quoted = options.bigintAsString || integer > SAFE_INTEGER_MAX || integer < -SAFE_INTEGER_MAX;
			return quoted ? `"${integer}"` : String(integer);
		}
		case "real":
		case "double": {
			const number = value as number;
			if (!Number.isFinite(number)) return `"${formatFloating(type.kind, number)}"`;
			if (Object.is(number, -0)) return "-0";
			return type.kind === "real" ? String(Number(shortestReal(number))) : String(number);
		}
		case "text":
		case "varchar":
		case "char":
			return JSON.stringify(value);
		case "jsonb":
			return value as string;
		case "bytea":
			return `"${formatBase64(value as Uint8Array)}"`;
		case "interval":
			return `"${formatIntervalIso(value as IntervalValue)}"`;
		case "timestamp":
			return `"${formatTimestamp(value as bigint, "T")}"`;
		case "timestamptz":
			return `"${formatTimestamp(value as bigint, "T", "Z")}"`;
		case "numeric":
		case "uuid":
		case "date":
		case "time":
			return `"${formatValue(type, value)}"`;
		case "array":
			return `[${(value as SqlValue[]).map((element) => formatJson(type.element, element, options)).join(",")}]`;
		default:
			return unreachable(type);
	}
}
