/**
 * Memcomparable bounds of statistics: unsigned byte order is the type's order, so one comparison serves every type. The encodings are
 * listed in `snapshot.ts`; they are stored in manifests and D1 and never change.
 */
import { unreachable } from "#shared/base/assert.ts";
import { STATISTICS_BOUND_BYTES_MAX } from "#shared/base/limits.ts";
import { DECIMAL_I64_PRECISION_MAX, type DataType } from "./data-type.ts";
import type { NumericValue, SqlValue } from "./value.ts";

const UUID_BYTES = 16;
const HEX = /^[0-9a-f]{32}$/;

/** Big-endian two's complement with the sign bit flipped: negative numbers come first. Null where the value does not fit. */
function encodeInteger(value: bigint, byteCount: number): Uint8Array | null {
	const bits = BigInt(byteCount * 8);
	if (BigInt.asIntN(Number(bits), value) !== value) return null;
	let rest = BigInt.asUintN(Number(bits), value) ^ (1n << (bits - 1n));
	const bytes = new Uint8Array(byteCount);
	for (let index = byteCount - 1; index >= 0; index--) {
		bytes[index] = Number(rest & 0xffn);
		rest >>= 8n;
	}
	return bytes;
}

function decodeInteger(bytes: Uint8Array): bigint {
	let value = 0n;
	for (const byte of bytes) value = (value << 8n) | BigInt(byte);
	const bits = bytes.length * 8;
	return BigInt.asIntN(bits, value ^ (1n << BigInt(bits - 1)));
}

/** IEEE bits big-endian; all flipped when negative, else the sign bit only. -0 is stored as 0; NaN has no bound. */
function encodeFloat(value: number, byteCount: 4 | 8): Uint8Array | null {
	if (Number.isNaN(value)) return null;
	const bytes = new Uint8Array(byteCount);
	const view = new DataView(bytes.buffer);
	const positive = value === 0 ? 0 : value;
	if (byteCount === 4) view.setFloat32(0, positive);
	else view.setFloat64(0, positive);
	flipFloat(bytes, (bytes[0] as number) >= 0x80);
	return bytes;
}

function decodeFloat(bytes: Uint8Array): number {
	const copy = bytes.slice();
	flipFloat(copy, (copy[0] as number) < 0x80);
	const view = new DataView(copy.buffer);
	return copy.length === 4 ? view.getFloat32(0) : view.getFloat64(0);
}

function flipFloat(bytes: Uint8Array, negative: boolean): void {
	if (negative) for (let index = 0; index < bytes.length; index++) bytes[index] = ~(bytes[index] as number);
	else bytes[0] = (bytes[0] as number) ^ 0x80;
}

function encodeUuid(text: string): Uint8Array | null {
	const hex = text.replaceAll("-", "").toLowerCase();
	if (!HEX.test(hex)) return null;
	const bytes = new Uint8Array(UUID_BYTES);
	for (let index = 0; index < UUID_BYTES; index++) bytes[index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
	return bytes;
}

function decodeUuid(bytes: Uint8Array): string {
	const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The coefficient at `scale`; null where the value has more digits after the point than the type holds. */
function coefficientAt(value: NumericValue, scale: number): bigint | null {
	if (value.scale <= scale) return value.coefficient * 10n ** BigInt(scale - value.scale);
	const divisor = 10n ** BigInt(value.scale - scale);
	return value.coefficient % divisor === 0n ? value.coefficient / divisor : null;
}

/** Bytes of the type's bound where all have one length; null for byte strings and for types without bounds. */
function boundByteCount(type: DataType): number | null {
	switch (type.kind) {
		case "boolean":
			return 1;
		case "smallint":
		case "integer":
		case "date":
		case "real":
			return 4;
		case "bigint":
		case "time":
		case "timestamp":
		case "timestamptz":
		case "double":
			return 8;
		case "uuid":
			return UUID_BYTES;
		case "numeric":
			if (type.precision === undefined) return null;
			return type.precision <= DECIMAL_I64_PRECISION_MAX ? 8 : 16;
		case "text":
		case "varchar":
		case "char":
		case "bytea":
		case "interval":
		case "jsonb":
		case "array":
			return null;
		default:
			return unreachable(type);
	}
}

/** True where values of the type have bounds at all: not interval, jsonb, arrays and NUMERIC without a fixed scale. */
export function hasBounds(type: DataType): boolean {
	return boundByteCount(type) !== null || isByteString(type);
}

function isByteString(type: DataType): boolean {
	return type.kind === "text" || type.kind === "varchar" || type.kind === "char" || type.kind === "bytea";
}

/**
 * Encodes one value of `type` exactly; text and bytea are not cut (see {@link truncateLower}, {@link truncateUpper}).
 *
 * @returns null for NULL, NaN, a type without bounds, and a value that the type cannot hold exactly (1.5 as numeric(3,0))
 */
export function encodeBound(type: DataType, value: SqlValue): Uint8Array | null {
	if (value === null) return null;
	switch (type.kind) {
		case "boolean":
			return Uint8Array.of(value ? 1 : 0);
		case "smallint":
		case "integer":
		case "date":
			return encodeInteger(BigInt(value as number), 4);
		case "bigint":
		case "time":
		case "timestamp":
		case "timestamptz":
			return encodeInteger(value as bigint, 8);
		case "real":
			return encodeFloat(value as number, 4);
		case "double":
			return encodeFloat(value as number, 8);
		case "uuid":
			return encodeUuid(value as string);
		case "numeric": {
			const byteCount = boundByteCount(type);
			if (byteCount === null) return null;
			const coefficient = coefficientAt(value as NumericValue, type.scale ?? 0);
			return coefficient === null ? null : encodeInteger(coefficient, byteCount);
		}
		case "text":
		case "varchar":
		case "char":
			return new TextEncoder().encode(value as string);
		case "bytea":
			return (value as Uint8Array).slice();
		case "interval":
		case "jsonb":
		case "array":
			return null;
		default:
			return unreachable(type);
	}
}

/**
 * The value of a bound, for display and selectivity. A cut text bound decodes without the character that was cut through, and a
 * rounded-up one may hold U+FFFD: never use it to decide whether a file can be skipped; compare bytes.
 *
 * @returns null for a type without bounds, or bytes of another length than the type's
 */
export function decodeBound(type: DataType, bytes: Uint8Array): SqlValue | null {
	const byteCount = boundByteCount(type);
	if (byteCount !== null && bytes.length !== byteCount) return null;
	switch (type.kind) {
		case "boolean":
			return bytes[0] !== 0;
		case "smallint":
		case "integer":
		case "date":
			return Number(decodeInteger(bytes));
		case "bigint":
		case "time":
		case "timestamp":
		case "timestamptz":
			return decodeInteger(bytes);
		case "real":
		case "double":
			return decodeFloat(bytes);
		case "uuid":
			return decodeUuid(bytes);
		case "numeric":
			return byteCount === null ? null : { coefficient: decodeInteger(bytes), scale: type.scale ?? 0 };
		case "text":
		case "varchar":
		case "char":
			return new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes, { stream: true });
		case "bytea":
			return bytes.slice();
		case "interval":
		case "jsonb":
		case "array":
			return null;
		default:
			return unreachable(type);
	}
}

/** Unsigned byte order; a prefix comes before what it begins. @returns negative, 0 or positive */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
	const byteCount = Math.min(left.length, right.length);
	for (let index = 0; index < byteCount; index++) {
		const difference = (left[index] as number) - (right[index] as number);
		if (difference !== 0) return difference;
	}
	return left.length - right.length;
}

/** A lower bound of at most `byteCountMax` bytes: a prefix, which is never above what it begins. Owns its buffer. */
export function truncateLower(bytes: Uint8Array, byteCountMax = STATISTICS_BOUND_BYTES_MAX): Uint8Array {
	return bytes.slice(0, byteCountMax);
}

/**
 * An upper bound of at most `byteCountMax` bytes: the prefix with its last byte below 0xff raised by one, and what follows dropped.
 *
 * @returns bytes not below `bytes`, owning their buffer; null where the whole prefix is 0xff
 */
export function truncateUpper(bytes: Uint8Array, byteCountMax = STATISTICS_BOUND_BYTES_MAX): Uint8Array | null {
	if (bytes.length <= byteCountMax) return bytes.slice();
	let last = byteCountMax - 1;
	while (last >= 0 && bytes[last] === 0xff) last--;
	if (last < 0) return null;
	const rounded = bytes.slice(0, last + 1);
	rounded[last] = (rounded[last] as number) + 1;
	return rounded;
}
