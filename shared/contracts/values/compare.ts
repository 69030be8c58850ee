/** Single values in the order of their type, as the kernels compare columns: NaN last and equal to itself, -0 = 0, text by its UTF-8 bytes. */
import type { DataType } from "../data-type.ts";
import type { IntervalValue, NumericValue, SqlValue } from "../value.ts";
import { compareJson, jsonKey } from "./json-order.ts";
import { compareText } from "./text-order.ts";

/** A comparison of two values of the type, neither NULL. @returns negative, 0 or positive */
export function comparatorOf(type: DataType): (left: SqlValue, right: SqlValue) => number {
	switch (type.kind) {
		case "real":
		case "double":
			return (left, right) => compareFloats(left as number, right as number);
		case "numeric":
			return (left, right) => compareNumerics(left as NumericValue, right as NumericValue);
		case "interval":
			return (left, right) => compareNumbers(intervalMicroseconds(left as IntervalValue), intervalMicroseconds(right as IntervalValue));
		case "text":
		case "varchar":
			return (left, right) => compareText(left as string, right as string);
		case "char":
			return (left, right) => compareText(withoutBlanks(left), withoutBlanks(right));
		case "bytea":
			return (left, right) => compareByteStrings(left as Uint8Array, right as Uint8Array);
		case "jsonb":
			return (left, right) => compareJson(left as string, right as string);
		case "array": {
			const elements = comparatorOf(type.element);
			return (left, right) => compareArrays(left as SqlValue[], right as SqlValue[], elements);
		}
		default:
			return (left, right) => compareNumbers(left as number, right as number);
	}
}

/** A primitive that equal values of the type, and no others, share: for sets and maps. */
export function equalityKeyOf(type: DataType): (value: SqlValue) => string | number | bigint | boolean {
	switch (type.kind) {
		case "numeric":
			return (value) => numericKey(value as NumericValue);
		case "interval":
			return (value) => intervalMicroseconds(value as IntervalValue);
		case "char":
			return withoutBlanks;
		case "bytea":
			return (value) => bytesKey(value as Uint8Array);
		case "jsonb":
			return (value) => jsonKey(value as string);
		case "array": {
			const element = equalityKeyOf(type.element);
			return (value) => JSON.stringify((value as SqlValue[]).map((item) => (item === null ? null : String(element(item)))));
		}
		default:
			return (value) => value as string | number | bigint | boolean;
	}
}

const withoutBlanks = (value: SqlValue): string => (value as string).replace(/ +$/, "");

function bytesKey(bytes: Uint8Array): string {
	let key = "";
	for (const byte of bytes) key += String.fromCharCode(byte);
	return key;
}

function compareNumbers<Value extends number | bigint | string | boolean>(left: Value, right: Value): number {
	return left < right ? -1 : left > right ? 1 : 0;
}

function compareFloats(left: number, right: number): number {
	if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
	return compareNumbers(left, right);
}

export function compareNumerics(left: NumericValue, right: NumericValue): number {
	const scale = Math.max(left.scale, right.scale);
	return compareNumbers(left.coefficient * 10n ** BigInt(scale - left.scale), right.coefficient * 10n ** BigInt(scale - right.scale));
}

function numericKey({ coefficient, scale }: NumericValue): string {
	if (coefficient === 0n) return "0";
	const digits = coefficient.toString();
	const zeros = digits.length - digits.replace(/0+$/, "").length;
	return `${digits.slice(0, digits.length - zeros)}e${zeros - scale}`;
}

/** An interval's length, with months of 30 days of 24 hours: what PostgreSQL orders by. */
function intervalMicroseconds({ months, days, microseconds }: IntervalValue): bigint {
	return (BigInt(months) * 30n + BigInt(days)) * 86_400_000_000n + microseconds;
}

function compareByteStrings(left: Uint8Array, right: Uint8Array): number {
	const common = Math.min(left.length, right.length);
	for (let index = 0; index < common; index++) {
		const order = (left[index] as number) - (right[index] as number);
		if (order !== 0) return order;
	}
	return left.length - right.length;
}

/** NULL equals NULL and is above everything; of two that begin alike the shorter is first. */
function compareArrays(left: SqlValue[], right: SqlValue[], elements: (left: SqlValue, right: SqlValue) => number): number {
	const common = Math.min(left.length, right.length);
	for (let index = 0; index < common; index++) {
		const one = left[index] as SqlValue;
		const other = right[index] as SqlValue;
		const order = one === null || other === null ? Number(one === null) - Number(other === null) : elements(one, other);
		if (order !== 0) return order;
	}
	return left.length - right.length;
}
