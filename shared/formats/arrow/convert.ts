/** Arrow values as values of a table's column: widened exactly, checked one by one where the column is narrower, refused by type where neither can be. */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { DATE_DAYS_MAX, DATE_DAYS_MIN, MICROSECONDS_PER_DAY } from "#shared/contracts/values/calendar.ts";
import { formatNumeric, parseNumeric } from "#shared/contracts/values/number-text.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import { decodeUtf8, isUtf8 } from "../utf8.ts";
import { malformedArrow } from "./flatbuffer-reader.ts";
import { type ArrowValues, isValidAt } from "./record-batch.ts";
import type { ArrowField, ArrowType } from "./schema.ts";

/** The value at a valid row. @throws with an SQLSTATE where it does not fit; malformed_body */
export type Converter = (values: ArrowValues, row: number) => SqlValue;

/** @returns null where values of `field` cannot become values of `type` without loss */
export function converterFor(field: ArrowField, type: DataType): Converter | null {
	const convert = plainConverter(field.type, type);
	if (convert === null || field.dictionary === null) return convert;
	return (values, row) => {
		const { dictionary } = values;
		if (dictionary === null) throw malformedArrow("a column has no dictionary");
		const code = Number(readInteger(values.data, row, dictionary.width, dictionary.signed));
		if (code < 0 || code >= dictionary.values.rowCount) throw malformedArrow("a code lies outside its dictionary");
		return isValidAt(dictionary.values, code) ? convert(dictionary.values, code) : null;
	};
}

/** A type's name in errors. */
export function arrowTypeName(type: ArrowType): string {
	switch (type.kind) {
		case "int":
			return `${type.signed ? "" : "u"}int${type.width * 8}`;
		case "float":
			return `float${type.width * 8}`;
		case "decimal":
			return `decimal(${type.precision},${type.scale})`;
		case "timestamp":
			return type.zone === null ? "timestamp" : `timestamp with zone ${type.zone}`;
		case "unsupported":
			return type.name;
		default:
			return type.kind;
	}
}

function plainConverter(from: ArrowType, type: DataType): Converter | null {
	if (from.kind === "null") return () => null;
	switch (type.kind) {
		case "boolean":
			return from.kind === "bool" ? (values, row) => ((values.data.getUint8(row >> 3) >> (row & 7)) & 1) !== 0 : null;
		case "smallint":
		case "integer":
		case "bigint":
			return from.kind === "int" ? integerConverter(from, type) : null;
		case "numeric":
			return numericConverter(from, type);
		case "real":
		case "double":
			return floatConverter(from, type.kind);
		case "text":
			return from.kind === "utf8" ? readTextBytes : null;
		case "varchar":
		case "char":
		case "jsonb":
			return from.kind === "utf8" ? (values, row) => parseValue(type, readText(values, row)) : null;
		case "bytea":
			return from.kind === "binary" || from.kind === "fixed" ? (values, row) => readBytes(values, row).slice() : null;
		case "uuid":
			if (from.kind === "utf8") return (values, row) => parseValue(type, readText(values, row));
			return from.kind === "fixed" && from.width === 16 ? (values, row) => parseValue(type, hex(readBytes(values, row))) : null;
		case "date":
		case "time":
		case "timestamp":
		case "timestamptz":
			return timeConverter(from, type.kind);
		case "interval":
			if (from.kind === "utf8") return (values, row) => parseValue(type, readText(values, row));
			return from.kind === "interval" ? readInterval : null;
		case "array":
			return listConverter(from, type.element);
	}
}

function integerConverter(from: ArrowType & { kind: "int" }, type: DataType): Converter {
	const { width, signed } = from;
	const checked: Converter = (values, row) => parseValue(type, String(readInteger(values.data, row, width, signed)));
	if (type.kind === "bigint") return signed || width < 8 ? (values, row) => readInteger(values.data, row, width, signed) : checked;
	const fits = type.kind === "integer" ? width < 4 || (width === 4 && signed) : width < 2 || (width === 2 && signed);
	return fits ? (values, row) => Number(readInteger(values.data, row, width, signed)) : checked;
}

function numericConverter(from: ArrowType, type: DataType & { kind: "numeric" }): Converter | null {
	if (from.kind !== "int" && from.kind !== "decimal") return null;
	const scale = from.kind === "decimal" ? from.scale : 0;
	return (values, row) => {
		const coefficient =
			from.kind === "int" ? readInteger(values.data, row, from.width, from.signed) : readWide(values.data, row, from.width);
		const text = formatNumeric({ coefficient, scale });
		const value = parseNumeric(text, type.precision, type.scale);
		// A scale that is narrower is taken only where nothing is rounded away.
		if (scale > value.scale && coefficient !== value.coefficient * 10n ** BigInt(scale - value.scale)) {
			throw new LittoralError("numeric_value_out_of_range", `value "${text}" does not fit ${typeName(type)} without rounding`);
		}
		return value;
	};
}

function floatConverter(from: ArrowType, kind: "real" | "double"): Converter | null {
	if (from.kind === "float" && from.width === 4) return (values, row) => values.data.getFloat32(row * 4, true);
	if (from.kind === "float" && kind === "double") return (values, row) => values.data.getFloat64(row * 8, true);
	// Integers that every value of the type holds exactly.
	if (from.kind !== "int" || from.width > (kind === "double" ? 4 : 2)) return null;
	return (values, row) => Number(readInteger(values.data, row, from.width, from.signed));
}

function timeConverter(from: ArrowType, kind: "date" | "time" | "timestamp" | "timestamptz"): Converter | null {
	if (kind === "date") {
		if (from.kind !== "date") return null;
		if (from.width === 4) return (values, row) => checkDays(values.data.getInt32(row * 4, true));
		return (values, row) => checkDays(Number(exactQuotient(values.data.getBigInt64(row * 8, true), 86_400_000n, kind)));
	}
	if (kind === "time" ? from.kind !== "time" : from.kind !== "timestamp") return null;
	const { width, unitsPerSecond } = from as { width: number; unitsPerSecond: number };
	// A local time says nothing of a zone; an instant cannot become a local time without one. Without a zone, UTC is meant.
	if (from.kind === "timestamp" && from.zone !== null && kind === "timestamp") return null;
	return (values, row) => {
		const count = readInteger(values.data, row, width, true);
		const micros = unitsPerSecond > 1e6 ? exactQuotient(count, BigInt(unitsPerSecond / 1e6), kind) : count * BigInt(1e6 / unitsPerSecond);
		return kind === "time" ? checkTime(micros) : checkTimestamp(micros);
	};
}

function exactQuotient(value: bigint, divisor: bigint, kind: string): bigint {
	if (value % divisor !== 0n)
		throw new LittoralError("datetime_field_overflow", `value ${value} does not fit type ${kind} without rounding`);
	return value / divisor;
}

function checkDays(days: number): number {
	if (days < DATE_DAYS_MIN || days > DATE_DAYS_MAX) throw new LittoralError("datetime_field_overflow", "date out of range");
	return days;
}

function checkTime(micros: bigint): bigint {
	if (micros < 0n || micros > MICROSECONDS_PER_DAY) throw new LittoralError("datetime_field_overflow", "time out of range");
	return micros;
}

const TIMESTAMP_MIN = BigInt(DATE_DAYS_MIN) * MICROSECONDS_PER_DAY;

function checkTimestamp(micros: bigint): bigint {
	if (micros < TIMESTAMP_MIN || BigInt.asIntN(64, micros) !== micros) {
		throw new LittoralError("datetime_field_overflow", "timestamp out of range");
	}
	return micros;
}

/** Months i32, days i32, nanoseconds i64. */
const readInterval: Converter = (values, row) => ({
	months: values.data.getInt32(row * 16, true),
	days: values.data.getInt32(row * 16 + 4, true),
	microseconds: exactQuotient(values.data.getBigInt64(row * 16 + 8, true), 1000n, "interval"),
});

function listConverter(from: ArrowType, elementType: DataType): Converter | null {
	if (from.kind !== "list") return null;
	const convert = converterFor(from.element, elementType);
	if (convert === null) return null;
	return (values, row) => {
		const { element, offsets } = values;
		if (element === null || offsets === null) throw malformedArrow("a list has no elements");
		const elements: SqlValue[] = [];
		for (let at = offsets[row] as number; at < (offsets[row + 1] as number); at++) {
			elements.push(isValidAt(element, at) ? convert(element, at) : null);
		}
		return elements;
	};
}

function readInteger(data: DataView, row: number, width: number, signed: boolean): bigint {
	switch (width) {
		case 1:
			return BigInt(signed ? data.getInt8(row) : data.getUint8(row));
		case 2:
			return BigInt(signed ? data.getInt16(row * 2, true) : data.getUint16(row * 2, true));
		case 4:
			return BigInt(signed ? data.getInt32(row * 4, true) : data.getUint32(row * 4, true));
		default:
			return signed ? data.getBigInt64(row * 8, true) : data.getBigUint64(row * 8, true);
	}
}

function readWide(data: DataView, row: number, width: number): bigint {
	if (width < 16) return readInteger(data, row, width, true);
	return (data.getBigInt64(row * 16 + 8, true) << 64n) | data.getBigUint64(row * 16, true);
}

function readBytes({ data, offsets, type }: ArrowValues, row: number): Uint8Array {
	const width = type.kind === "fixed" ? type.width : 0;
	const start = offsets === null ? row * width : (offsets[row] as number);
	const end = offsets === null ? start + width : (offsets[row + 1] as number);
	return new Uint8Array(data.buffer, data.byteOffset + start, end - start);
}

/** UTF-8 without zero bytes, as a view of the body. */
function readTextBytes(values: ArrowValues, row: number): Uint8Array {
	const bytes = readBytes(values, row);
	if (!isUtf8(bytes, 0, bytes.length) || bytes.includes(0)) {
		throw new LittoralError("character_not_in_repertoire", "value is not UTF-8, or holds a zero byte");
	}
	return bytes;
}

function readText(values: ArrowValues, row: number): string {
	const bytes = readTextBytes(values, row);
	return decodeUtf8(bytes, 0, bytes.length);
}

function hex(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
