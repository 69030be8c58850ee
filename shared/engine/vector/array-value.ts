/**
 * One array as the bytes that stand in a lane of an array column. The element's type is the column's.
 *
 *   nothing             the empty array
 *   u32 count           bit 31 set: a bitmap follows
 *   bitmap              (count + 7) / 8 bytes, least significant bit first, 1 = valid; only where an element is NULL
 *   lanes               count values of the element's physical type, zero under NULL; of free NUMERIC the coefficients, then i32 scales; of bytes u32 ends,
 *                       then the bytes
 *
 * Little-endian, nothing aligned, so one value has one encoding: arrays of elements whose bytes are their values are equal where their bytes are.
 * Kernels read the same layout (`kernels/assembly/array.ts`).
 */
import { type DataType, PHYSICAL_BYTES, physicalType } from "#shared/contracts/data-type.ts";
import type { IntervalValue, NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { coefficientAt } from "./coefficient.ts";
import { int128ToUuid, uuidToInt128 } from "./int128.ts";

const HAS_NULLS = 0x80000000;
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** @param values of `element`'s form in `SqlValue`, or null */
export function encodeArray(element: DataType, values: SqlValue[]): Uint8Array {
	const count = values.length;
	if (count === 0) return EMPTY;
	const physical = physicalType(element);
	const hasNulls = values.includes(null);
	const lanesOffset = 4 + (hasNulls ? (count + 7) >> 3 : 0);
	const texts = physical === "bytes" ? values.map(bytesOf) : [];
	const textBytes = texts.reduce((sum, text) => sum + text.length, 0);
	const lanesBytes = count * (physical === "numeric" ? 20 : PHYSICAL_BYTES[physical]);
	const bytes = new Uint8Array(lanesOffset + lanesBytes + textBytes);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, hasNulls ? count + HAS_NULLS : count, true);
	if (hasNulls) for (const [index, value] of values.entries()) if (value !== null) setBit(bytes, 4, index);
	if (physical === "bytes") {
		let end = 0;
		for (const [index, text] of texts.entries()) {
			bytes.set(text, lanesOffset + count * 4 + end);
			end += text.length;
			view.setUint32(lanesOffset + index * 4, end, true);
		}
		return bytes;
	}
	for (const [index, value] of values.entries()) if (value !== null) writeLane(view, { element, lanesOffset, count, index }, value);
	return bytes;
}

/** @param bytes what {@link encodeArray} made */
export function decodeArray(element: DataType, bytes: Uint8Array): SqlValue[] {
	const elements = openArray(element, bytes);
	return Array.from({ length: elements.count }, (_, index) => elements.at(index));
}

export interface ArrayElements {
	count: number;
	/** The element at `index`, from 0. */
	at: (index: number) => SqlValue;
}

/** An encoded array of which only some elements are wanted. */
export function openArray(element: DataType, bytes: Uint8Array): ArrayElements {
	const count = arrayCount(bytes);
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const hasNulls = count > 0 && (bytes[3] as number) >= 0x80;
	const lanesOffset = 4 + (hasNulls ? (count + 7) >> 3 : 0);
	const textStart = lanesOffset + count * 4;
	const isText = physicalType(element) === "bytes";
	const at = (index: number): SqlValue => {
		if (hasNulls && (((bytes[4 + (index >> 3)] as number) >> (index & 7)) & 1) === 0) return null;
		if (!isText) return readLane(view, { element, lanesOffset, count, index });
		const start = index === 0 ? 0 : view.getUint32(lanesOffset + (index - 1) * 4, true);
		const part = bytes.subarray(textStart + start, textStart + view.getUint32(lanesOffset + index * 4, true));
		return element.kind === "bytea" ? part.slice() : decoder.decode(part);
	};
	return { count, at };
}

/** Elements of an encoded array. */
function arrayCount(bytes: Uint8Array): number {
	if (bytes.length === 0) return 0;
	return ((bytes[3] as number) & 0x7f) * 0x1000000 + ((bytes[2] as number) << 16) + ((bytes[1] as number) << 8) + (bytes[0] as number);
}

function bytesOf(value: SqlValue): Uint8Array {
	if (value === null) return EMPTY;
	return typeof value === "string" ? encoder.encode(value) : (value as Uint8Array);
}

function setBit(bytes: Uint8Array, from: number, index: number): void {
	const at = from + (index >> 3);
	bytes[at] = (bytes[at] as number) | (1 << (index & 7));
}

interface Place {
	element: DataType;
	lanesOffset: number;
	count: number;
	index: number;
}

function writeLane(view: DataView, { element, lanesOffset, count, index }: Place, value: SqlValue): void {
	const physical = physicalType(element);
	const at = lanesOffset + index * PHYSICAL_BYTES[physical];
	switch (physical) {
		case "bool":
			view.setUint8(at, value === true ? 1 : 0);
			return;
		case "i32":
			view.setInt32(at, value as number, true);
			return;
		case "i64":
			view.setBigInt64(at, element.kind === "numeric" ? coefficientAt(element, value as NumericValue) : (value as bigint), true);
			return;
		case "i128":
			writeInt128(view, at, element.kind === "uuid" ? uuidToInt128(value as string) : coefficientAt(element, value as NumericValue));
			return;
		case "numeric":
			writeInt128(view, at, (value as NumericValue).coefficient);
			view.setInt32(lanesOffset + count * 16 + index * 4, (value as NumericValue).scale, true);
			return;
		case "f32":
			view.setFloat32(at, value as number, true);
			return;
		case "f64":
			view.setFloat64(at, value as number, true);
			return;
		case "interval":
			view.setInt32(at, (value as IntervalValue).months, true);
			view.setInt32(at + 4, (value as IntervalValue).days, true);
			view.setBigInt64(at + 8, (value as IntervalValue).microseconds, true);
			return;
		case "bytes":
			throw new Error("bytes have ends, not lanes");
	}
}

function readLane(view: DataView, { element, lanesOffset, count, index }: Place): SqlValue {
	const physical = physicalType(element);
	const at = lanesOffset + index * PHYSICAL_BYTES[physical];
	const scale = element.kind === "numeric" ? (element.scale ?? 0) : 0;
	switch (physical) {
		case "bool":
			return view.getUint8(at) !== 0;
		case "i32":
			return view.getInt32(at, true);
		case "i64": {
			const value = view.getBigInt64(at, true);
			return element.kind === "numeric" ? { coefficient: value, scale } : value;
		}
		case "i128": {
			const value = readInt128(view, at);
			return element.kind === "uuid" ? int128ToUuid(value) : { coefficient: value, scale };
		}
		case "numeric":
			return { coefficient: readInt128(view, at), scale: view.getInt32(lanesOffset + count * 16 + index * 4, true) };
		case "f32":
			return view.getFloat32(at, true);
		case "f64":
			return view.getFloat64(at, true);
		case "interval":
			return { months: view.getInt32(at, true), days: view.getInt32(at + 4, true), microseconds: view.getBigInt64(at + 8, true) };
		case "bytes":
			throw new Error("bytes have ends, not lanes");
	}
}

function writeInt128(view: DataView, at: number, value: bigint): void {
	view.setBigUint64(at, BigInt.asUintN(64, value), true);
	view.setBigInt64(at + 8, BigInt.asIntN(64, value >> 64n), true);
}

function readInt128(view: DataView, at: number): bigint {
	return (view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true);
}
