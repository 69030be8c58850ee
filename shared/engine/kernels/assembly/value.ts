// One value of any kind by its address: order, equality and hash, as SQL has them (NaN = NaN and above infinity, -0 = 0, NUMERIC whatever its scale,
// an interval by its length, text by its bytes). Kinds are numbered as `vector/row-layout.ts` numbers them.
//
// A value is (address, extra): `extra` is a length in bytes from KIND_BYTES on, a NUMERIC's scale, else 0. An array's kind is its element's plus KIND_ARRAY.
import { elementCount, elementLanes, elementValidity } from "./array";
import { hashJson, orderJson } from "./json-order";
import { isValid } from "./validity";

export const KIND_BOOL: i32 = 0;
export const KIND_I32: i32 = 1;
export const KIND_I64: i32 = 2;
export const KIND_I128: i32 = 3;
export const KIND_U128: i32 = 4;
export const KIND_F32: i32 = 5;
export const KIND_F64: i32 = 6;
export const KIND_NUMERIC: i32 = 7;
export const KIND_INTERVAL: i32 = 8;
/** This kind and those above it have a length. */
export const KIND_BYTES: i32 = 9;
export const KIND_JSON: i32 = 10;
export const KIND_ARRAY: i32 = 16;

const DAY_MICROSECONDS: i64 = 86_400_000_000;

// @ts-ignore: decorator
@inline
function order<T>(left: T, right: T): i32 {
	return i32(left > right) - i32(left < right);
}

/** NaN is above everything and equal to itself. */
// @ts-ignore: decorator
@inline
function orderFloat<T>(left: T, right: T): i32 {
	if (left != left || right != right) return i32(left != left) - i32(right != right);
	return order<T>(left, right);
}

/** Bytes as unsigned numbers; a prefix comes first. Eight at a time. */
export function orderBytes(left: usize, leftBytes: i32, right: usize, rightBytes: i32): i32 {
	const common: i32 = min(leftBytes, rightBytes);
	let index: i32 = 0;
	for (; index + 8 <= common; index += 8) {
		const a = load<u64>(left + index);
		const b = load<u64>(right + index);
		if (a != b) return order<u64>(bswap<u64>(a), bswap<u64>(b));
	}
	for (; index < common; index++) {
		const a = load<u8>(left + index);
		const b = load<u8>(right + index);
		if (a != b) return order<i32>(<i32>a, <i32>b);
	}
	return order<i32>(leftBytes, rightBytes);
}

/** The last step ends where the bytes end, over some that were compared already. */
export function equalBytes(left: usize, right: usize, byteCount: i32): bool {
	if (byteCount >= 8) {
		const last = byteCount - 8;
		for (let index: i32 = 0; index < last; index += 8) if (load<u64>(left + index) != load<u64>(right + index)) return false;
		return load<u64>(left + last) == load<u64>(right + last);
	}
	if (byteCount >= 4) {
		const last = byteCount - 4;
		return load<u32>(left) == load<u32>(right) && load<u32>(left + last) == load<u32>(right + last);
	}
	for (let index: i32 = 0; index < byteCount; index++) if (load<u8>(left + index) != load<u8>(right + index)) return false;
	return true;
}

// @ts-ignore: decorator
@inline
function orderU128(leftLow: u64, leftHigh: u64, rightLow: u64, rightHigh: u64): i32 {
	return leftHigh != rightHigh ? order<u64>(leftHigh, rightHigh) : order<u64>(leftLow, rightLow);
}

/** The magnitudes at a common scale: the one of fewer decimals is multiplied up; if it leaves 128 bits it is the larger. */
function orderNumeric(left: usize, leftScale: i32, right: usize, rightScale: i32): i32 {
	let aLow = load<u64>(left);
	let aHigh = load<u64>(left, 8);
	let bLow = load<u64>(right);
	let bHigh = load<u64>(right, 8);
	if (leftScale == rightScale) return <i64>aHigh != <i64>bHigh ? order<i64>(<i64>aHigh, <i64>bHigh) : order<u64>(aLow, bLow);
	const aSign: i32 = <i64>aHigh < 0 ? -1 : i32((aLow | aHigh) != 0);
	const bSign: i32 = <i64>bHigh < 0 ? -1 : i32((bLow | bHigh) != 0);
	if (aSign != bSign || aSign == 0) return order<i32>(aSign, bSign);
	if (aSign < 0) {
		aHigh = ~aHigh + u64(aLow == 0);
		aLow = 0 - aLow;
		bHigh = ~bHigh + u64(bLow == 0);
		bLow = 0 - bLow;
	}
	const swapped = leftScale > rightScale;
	let low = swapped ? bLow : aLow;
	let high = swapped ? bHigh : aHigh;
	const otherLow = swapped ? aLow : bLow;
	const otherHigh = swapped ? aHigh : bHigh;
	let result: i32 = 0;
	for (let steps: i32 = abs(leftScale - rightScale); steps > 0; steps--) {
		if (orderU128(low, high, otherLow, otherHigh) > 0) break;
		// Not above `otherHigh` < 2^127, but ten times it may pass 2^128.
		if (high > 0x1999999999999998) {
			result = 1;
			break;
		}
		const part = (low & 0xffffffff) * 10;
		const upper = (low >> 32) * 10 + (part >> 32);
		low = (part & 0xffffffff) | (upper << 32);
		high = high * 10 + (upper >> 32);
	}
	if (result == 0) result = orderU128(low, high, otherLow, otherHigh);
	return (swapped ? -result : result) * aSign;
}

// @ts-ignore: decorator
@inline
function intervalDays(at: usize): i64 {
	const microseconds = load<i64>(at, 8);
	const days = microseconds / DAY_MICROSECONDS - i64(microseconds % DAY_MICROSECONDS < 0);
	return <i64>load<i32>(at) * 30 + <i64>load<i32>(at, 4) + days;
}
// @ts-ignore: decorator
@inline
function intervalRest(at: usize): i64 {
	const rest = load<i64>(at, 8) % DAY_MICROSECONDS;
	return rest < 0 ? rest + DAY_MICROSECONDS : rest;
}

/** -1, 0 or 1. */
export function orderValues(kind: i32, left: usize, leftExtra: i32, right: usize, rightExtra: i32): i32 {
	switch (kind) {
		case KIND_BOOL:
			return order<i32>(<i32>load<u8>(left), <i32>load<u8>(right));
		case KIND_I32:
			return order<i32>(load<i32>(left), load<i32>(right));
		case KIND_I64:
			return order<i64>(load<i64>(left), load<i64>(right));
		case KIND_I128:
			return load<i64>(left, 8) != load<i64>(right, 8)
				? order<i64>(load<i64>(left, 8), load<i64>(right, 8))
				: order<u64>(load<u64>(left), load<u64>(right));
		case KIND_U128:
			return orderU128(load<u64>(left), load<u64>(left, 8), load<u64>(right), load<u64>(right, 8));
		case KIND_F32:
			return orderFloat<f32>(load<f32>(left), load<f32>(right));
		case KIND_F64:
			return orderFloat<f64>(load<f64>(left), load<f64>(right));
		case KIND_NUMERIC:
			return orderNumeric(left, leftExtra, right, rightExtra);
		case KIND_INTERVAL: {
			const days = order<i64>(intervalDays(left), intervalDays(right));
			return days != 0 ? days : order<i64>(intervalRest(left), intervalRest(right));
		}
		case KIND_BYTES:
			return orderBytes(left, leftExtra, right, rightExtra);
		case KIND_JSON:
			return orderJson(left, leftExtra, right, rightExtra);
		default:
			return orderArrays(kind - KIND_ARRAY, left, leftExtra, right, rightExtra);
	}
}

/** Bytes of a lane of fixed width. */
// @ts-ignore: decorator
@inline
export function laneBytes(kind: i32): i32 {
	return kind == KIND_BOOL ? 1 : kind == KIND_I32 || kind == KIND_F32 ? 4 : kind == KIND_I64 || kind == KIND_F64 ? 8 : 16;
}

/** Where element `index` of the lanes of `count` elements lies. */
function elementAddress(kind: i32, lanes: usize, count: i32, index: i32): usize {
	if (kind < KIND_BYTES) return lanes + <usize>index * laneBytes(kind);
	return lanes + (<usize>count << 2) + (index == 0 ? 0 : <usize>load<u32>(lanes + (<usize>(index - 1) << 2)));
}
function elementExtra(kind: i32, lanes: usize, count: i32, index: i32): i32 {
	if (kind == KIND_NUMERIC) return load<i32>(lanes + (<usize>count << 4) + (<usize>index << 2));
	if (kind < KIND_BYTES) return 0;
	return load<i32>(lanes + (<usize>index << 2)) - (index == 0 ? 0 : load<i32>(lanes + (<usize>(index - 1) << 2)));
}

/** Element by element, NULL equal to NULL and above everything; then the shorter first. */
function orderArrays(kind: i32, left: usize, leftBytes: i32, right: usize, rightBytes: i32): i32 {
	const leftCount = elementCount(left, leftBytes);
	const rightCount = elementCount(right, rightBytes);
	const common = min(leftCount, rightCount);
	if (common > 0) {
		const leftValidity = elementValidity(left);
		const rightValidity = elementValidity(right);
		const leftLanes = elementLanes(left, leftCount);
		const rightLanes = elementLanes(right, rightCount);
		for (let index: i32 = 0; index < common; index++) {
			const leftNull = !isValid(leftValidity, index);
			const rightNull = !isValid(rightValidity, index);
			if (leftNull || rightNull) {
				if (leftNull != rightNull) return i32(leftNull) - i32(rightNull);
				continue;
			}
			const elements = orderValues(
				kind,
				elementAddress(kind, leftLanes, leftCount, index),
				elementExtra(kind, leftLanes, leftCount, index),
				elementAddress(kind, rightLanes, rightCount, index),
				elementExtra(kind, rightLanes, rightCount, index),
			);
			if (elements != 0) return elements;
		}
	}
	return order<i32>(leftCount, rightCount);
}

export function equalValues(kind: i32, left: usize, leftExtra: i32, right: usize, rightExtra: i32): bool {
	switch (kind) {
		case KIND_I32:
			return load<i32>(left) == load<i32>(right);
		case KIND_I64:
			return load<i64>(left) == load<i64>(right);
		case KIND_BYTES:
			return leftExtra == rightExtra && equalBytes(left, right, leftExtra);
		default:
			if (kind > KIND_BYTES && leftExtra == rightExtra && equalBytes(left, right, leftExtra)) return true;
			return orderValues(kind, left, leftExtra, right, rightExtra) == 0;
	}
}

const PRIME: u64 = 0x9e3779b97f4a7c15;

// @ts-ignore: decorator
@inline
export function mixHash(value: u64): u64 {
	const product = (value ^ (value >> 32)) * PRIME;
	return product ^ (product >> 29);
}

/** In two chains, which a processor follows at once; the last step ends where the bytes end. */
function hashBytes(at: usize, byteCount: i32): u64 {
	let hash: u64 = <u64>byteCount * PRIME;
	if (byteCount >= 8) {
		const last = byteCount - 8;
		let other: u64 = PRIME;
		let index: i32 = 0;
		for (; index + 8 < last; index += 16) {
			hash = mixHash(hash ^ load<u64>(at + index)) + PRIME;
			other = mixHash(other ^ load<u64>(at + index, 8)) + PRIME;
		}
		if (index < last) other = mixHash(other ^ load<u64>(at + index)) + PRIME;
		return mixHash(mixHash(hash ^ load<u64>(at + last)) + other * PRIME);
	}
	let rest: u64 = 0;
	for (let index: i32 = 0; index < byteCount; index++) rest = (rest << 8) | <u64>load<u8>(at + index);
	return mixHash(hash ^ rest);
}

/** Trailing zeros after the point do not count: 1.0 hashes as 1. */
function hashNumeric(at: usize, scale: i32): u64 {
	let low = load<u64>(at);
	let high = load<u64>(at, 8);
	const negative = <i64>high < 0;
	if (negative) {
		high = ~high + u64(low == 0);
		low = 0 - low;
	}
	if ((low | high) == 0) return mixHash(0);
	for (; scale > 0; scale--) {
		const top = high / 10;
		let part = ((high % 10) << 32) | (low >> 32);
		const middle = part / 10;
		part = ((part % 10) << 32) | (low & 0xffffffff);
		if (part % 10 != 0) break;
		low = (middle << 32) | (part / 10);
		high = top;
	}
	return mixHash(mixHash(low) + high + u64(negative));
}

/** Equal values of one kind hash alike. */
export function hashValue(kind: i32, at: usize, extra: i32): u64 {
	switch (kind) {
		case KIND_BOOL:
			return mixHash(<u64>load<u8>(at));
		case KIND_I32:
			return mixHash(<u64>load<i32>(at));
		case KIND_I64:
			return mixHash(load<u64>(at));
		case KIND_I128:
		case KIND_U128:
			return mixHash(mixHash(load<u64>(at)) + load<u64>(at, 8));
		case KIND_F32: {
			const value = load<f32>(at);
			return mixHash(value == 0 ? 0 : value != value ? 1 : <u64>reinterpret<u32>(value));
		}
		case KIND_F64: {
			const value = load<f64>(at);
			return mixHash(value == 0 ? 0 : value != value ? 1 : reinterpret<u64>(value));
		}
		case KIND_NUMERIC:
			return hashNumeric(at, extra);
		case KIND_INTERVAL:
			return mixHash(mixHash(<u64>intervalDays(at)) + <u64>intervalRest(at));
		case KIND_BYTES:
			return hashBytes(at, extra);
		case KIND_JSON:
			return hashJson(at, extra);
		default:
			return hashArray(kind - KIND_ARRAY, at, extra);
	}
}

function hashArray(kind: i32, at: usize, byteCount: i32): u64 {
	const count = elementCount(at, byteCount);
	let hash: u64 = mixHash(<u64>count);
	if (count == 0) return hash;
	const validity = elementValidity(at);
	const lanes = elementLanes(at, count);
	for (let index: i32 = 0; index < count; index++) {
		const element: u64 = isValid(validity, index)
			? hashValue(kind, elementAddress(kind, lanes, count, index), elementExtra(kind, lanes, count, index))
			: 0x51;
		hash = mixHash(hash + element) + PRIME;
	}
	return hash;
}
