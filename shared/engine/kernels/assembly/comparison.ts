// Comparisons to one byte a row. `op`: 0 equal, 1 different, 2 less, 3 at most; callers swap the operands for greater. NaN equals NaN and is above
// everything, -0 equals 0 (invariant E1). Integers and doubles of a dense batch go through SIMD, sixteen rows at a time.
import { lane, rowAt } from "./rows";
import { equalValues, orderValues } from "./value";

// @ts-ignore: decorator
@inline
function less<T>(left: T, right: T): bool {
	if (isFloat<T>()) return left < right || (left == left && right != right);
	return left < right;
}

// @ts-ignore: decorator
@inline
function same<T>(left: T, right: T): bool {
	if (isFloat<T>()) return left == right || (left != left && right != right);
	return left == right;
}

// @ts-ignore: decorator
@inline
function test<T>(op: i32, left: T, right: T): bool {
	if (op == 0) return same<T>(left, right);
	if (op == 1) return !same<T>(left, right);
	if (op == 2) return less<T>(left, right);
	return !less<T>(right, left);
}

// @ts-ignore: decorator
@inline
function loop<T>(op: i32, first: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	if (selection == 0) {
		const leftStep: usize = leftConstant != 0 ? 0 : sizeof<T>();
		const rightStep: usize = rightConstant != 0 ? 0 : sizeof<T>();
		left += leftStep * <usize>first;
		right += rightStep * <usize>first;
		for (let row: i32 = first; row < count; row++) {
			store<u8>(out + <usize>row, <u8>test<T>(op, load<T>(left), load<T>(right)));
			left += leftStep;
			right += rightStep;
		}
		return;
	}
	for (let index: i32 = 0; index < count; index++) {
		const row: i32 = <i32>load<u16>(selection + (<usize>index << 1));
		const leftValue = load<T>(left + lane(leftConstant, row) * sizeof<T>());
		const rightValue = load<T>(right + lane(rightConstant, row) * sizeof<T>());
		store<u8>(out + <usize>row, <u8>test<T>(op, leftValue, rightValue));
	}
}

function compare<T>(op: i32, first: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	if (op == 0) loop<T>(0, first, count, selection, left, leftConstant, right, rightConstant, out);
	else if (op == 1) loop<T>(1, first, count, selection, left, leftConstant, right, rightConstant, out);
	else if (op == 2) loop<T>(2, first, count, selection, left, leftConstant, right, rightConstant, out);
	else loop<T>(3, first, count, selection, left, leftConstant, right, rightConstant, out);
}

// @ts-ignore: decorator
@inline
function operand<T>(values: usize, constant: i32, index: i32): v128 {
	if (constant != 0) return v128.splat<T>(load<T>(values));
	return v128.load(values + <usize>index * sizeof<T>());
}

/** All ones in the lanes where `op` holds; integers only, where "not less" is "at most" the other way round. */
// @ts-ignore: decorator
@inline
function mask<T>(op: i32, left: v128, right: v128): v128 {
	if (op == 0) return v128.eq<T>(left, right);
	if (op == 1) return v128.ne<T>(left, right);
	if (op == 2) return v128.lt<T>(left, right);
	return v128.le<T>(left, right);
}

/** @returns rows done, a multiple of 16 */
// @ts-ignore: decorator
@inline
function simd32(op: i32, count: i32, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): i32 {
	const ones = i8x16.splat(1);
	let row: i32 = 0;
	for (; row + 16 <= count; row += 16) {
		const a = mask<i32>(op, operand<i32>(left, leftConstant, row), operand<i32>(right, rightConstant, row));
		const b = mask<i32>(op, operand<i32>(left, leftConstant, row + 4), operand<i32>(right, rightConstant, row + 4));
		const c = mask<i32>(op, operand<i32>(left, leftConstant, row + 8), operand<i32>(right, rightConstant, row + 8));
		const d = mask<i32>(op, operand<i32>(left, leftConstant, row + 12), operand<i32>(right, rightConstant, row + 12));
		const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
		v128.store(out + <usize>row, v128.and(bytes, ones));
	}
	return row;
}

// @ts-ignore: decorator
@inline
function pair64(op: i32, left: usize, leftConstant: i32, right: usize, rightConstant: i32, row: i32): v128 {
	const a = mask<i64>(op, operand<i64>(left, leftConstant, row), operand<i64>(right, rightConstant, row));
	const b = mask<i64>(op, operand<i64>(left, leftConstant, row + 2), operand<i64>(right, rightConstant, row + 2));
	return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}

/** @returns rows done, a multiple of 16 */
// @ts-ignore: decorator
@inline
function simd64(op: i32, count: i32, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): i32 {
	const ones = i8x16.splat(1);
	let row: i32 = 0;
	for (; row + 16 <= count; row += 16) {
		const a = pair64(op, left, leftConstant, right, rightConstant, row);
		const b = pair64(op, left, leftConstant, right, rightConstant, row + 4);
		const c = pair64(op, left, leftConstant, right, rightConstant, row + 8);
		const d = pair64(op, left, leftConstant, right, rightConstant, row + 12);
		const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
		v128.store(out + <usize>row, v128.and(bytes, ones));
	}
	return row;
}

export function compare_bool(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	compare<u8>(op, 0, count, selection, left, leftConstant, right, rightConstant, out);
}
export function compare_i32(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	let done: i32 = 0;
	if (selection == 0) {
		if (op == 0) done = simd32(0, count, left, leftConstant, right, rightConstant, out);
		else if (op == 1) done = simd32(1, count, left, leftConstant, right, rightConstant, out);
		else if (op == 2) done = simd32(2, count, left, leftConstant, right, rightConstant, out);
		else done = simd32(3, count, left, leftConstant, right, rightConstant, out);
	}
	compare<i32>(op, done, count, selection, left, leftConstant, right, rightConstant, out);
}
export function compare_i64(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	let done: i32 = 0;
	if (selection == 0) {
		if (op == 0) done = simd64(0, count, left, leftConstant, right, rightConstant, out);
		else if (op == 1) done = simd64(1, count, left, leftConstant, right, rightConstant, out);
		else if (op == 2) done = simd64(2, count, left, leftConstant, right, rightConstant, out);
		else done = simd64(3, count, left, leftConstant, right, rightConstant, out);
	}
	compare<i64>(op, done, count, selection, left, leftConstant, right, rightConstant, out);
}
export function compare_f32(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	compare<f32>(op, 0, count, selection, left, leftConstant, right, rightConstant, out);
}
export function compare_f64(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	compare<f64>(op, 0, count, selection, left, leftConstant, right, rightConstant, out);
}

/** The answer of `op` to an order of -1, 0 or 1. */
// @ts-ignore: decorator
@inline
export function holds(op: i32, order: i32): u8 {
	return <u8>(op == 0 ? order == 0 : op == 1 ? order != 0 : op == 2 ? order < 0 : order <= 0);
}

/** `sign` is 0 for UUIDs (unsigned), the sign bit for decimals: added to the high half, it makes unsigned order the order. */
// @ts-ignore: decorator
@inline
function loop128(sign: u64, op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const a = left + (lane(leftConstant, row) << 4);
		const b = right + (lane(rightConstant, row) << 4);
		const highA = load<u64>(a, 8) ^ sign;
		const highB = load<u64>(b, 8) ^ sign;
		const lowA = load<u64>(a);
		const lowB = load<u64>(b);
		const order = highA != highB ? (highA < highB ? -1 : 1) : lowA == lowB ? 0 : lowA < lowB ? -1 : 1;
		store<u8>(out + <usize>row, holds(op, order));
	}
}
export function compare_i128(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	loop128(0x8000000000000000, op, count, selection, left, leftConstant, right, rightConstant, out);
}
export function compare_u128(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	loop128(0, op, count, selection, left, leftConstant, right, rightConstant, out);
}

/** Microseconds of an interval with months of 30 days and days of 24 hours, as 128 bits: PostgreSQL's order of intervals. */
// @ts-ignore: decorator
@inline
function intervalDays(pointer: usize): i64 {
	const days = <i64>load<i32>(pointer) * 30 + <i64>load<i32>(pointer, 4);
	const time = load<i64>(pointer, 8);
	return days + time / 86400000000;
}
// @ts-ignore: decorator
@inline
function intervalRest(pointer: usize): i64 {
	return load<i64>(pointer, 8) % 86400000000;
}
export function compare_interval(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const a = left + (lane(leftConstant, row) << 4);
		const b = right + (lane(rightConstant, row) << 4);
		let days = intervalDays(a) - intervalDays(b);
		let rest = intervalRest(a) - intervalRest(b);
		if (rest <= -86400000000) {
			rest += 86400000000;
			days -= 1;
		} else if (rest >= 86400000000) {
			rest -= 86400000000;
			days += 1;
		}
		// |rest| is below a day, so days decide unless they are 0, or differ by one day against the rest's sign.
		let order: i32 = 0;
		if (days == 0) order = rest == 0 ? 0 : rest < 0 ? -1 : 1;
		else order = days < 0 ? -1 : 1;
		store<u8>(out + <usize>row, holds(op, order));
	}
}

/** Byte order of two runs of bytes. */
export function compareBytes(left: usize, leftBytes: i32, right: usize, rightBytes: i32): i32 {
	const common = min(leftBytes, rightBytes);
	let index: i32 = 0;
	for (; index + 8 <= common; index += 8) {
		const a = load<u64>(left + <usize>index);
		const b = load<u64>(right + <usize>index);
		if (a != b) return bswap<u64>(a) < bswap<u64>(b) ? -1 : 1;
	}
	for (; index < common; index++) {
		const a: i32 = load<u8>(left + <usize>index);
		const b: i32 = load<u8>(right + <usize>index);
		if (a != b) return a < b ? -1 : 1;
	}
	return leftBytes == rightBytes ? 0 : leftBytes < rightBytes ? -1 : 1;
}

/** Bytes without trailing blanks. */
// @ts-ignore: decorator
@inline
function trimmed(values: usize, byteCount: i32): i32 {
	while (byteCount > 0 && load<u8>(values + <usize>byteCount - 1) == 0x20) byteCount--;
	return byteCount;
}

/** Text, bytea, and with `padded` CHAR(n), whose trailing blanks do not count. */
export function compare_bytes(op: i32, padded: i32, count: i32, selection: usize, left: usize, leftOffsets: usize, leftConstant: i32, right: usize, rightOffsets: usize, rightConstant: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const a = leftOffsets + (lane(leftConstant, row) << 2);
		const b = rightOffsets + (lane(rightConstant, row) << 2);
		const startA = load<i32>(a);
		const startB = load<i32>(b);
		let bytesA = load<i32>(a, 4) - startA;
		let bytesB = load<i32>(b, 4) - startB;
		if (padded != 0) {
			bytesA = trimmed(left + <usize>startA, bytesA);
			bytesB = trimmed(right + <usize>startB, bytesB);
		} else if (op < 2 && bytesA != bytesB) {
			store<u8>(out + <usize>row, <u8>op);
			continue;
		}
		store<u8>(out + <usize>row, holds(op, compareBytes(left + <usize>startA, bytesA, right + <usize>startB, bytesB)));
	}
}

/** JSONB and arrays, by their kind in `value.ts`. */
export function compare_values(kind: i32, op: i32, count: i32, selection: usize, left: usize, leftOffsets: usize, leftConstant: i32, right: usize, rightOffsets: usize, rightConstant: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const a = leftOffsets + (lane(leftConstant, row) << 2);
		const b = rightOffsets + (lane(rightConstant, row) << 2);
		const leftBytes = load<i32>(a, 4) - load<i32>(a);
		const rightBytes = load<i32>(b, 4) - load<i32>(b);
		const one = left + <usize>load<i32>(a);
		const other = right + <usize>load<i32>(b);
		if (op < 2) store<u8>(out + <usize>row, <u8>(equalValues(kind, one, leftBytes, other, rightBytes) == (op == 0)));
		else store<u8>(out + <usize>row, holds(op, orderValues(kind, one, leftBytes, other, rightBytes)));
	}
}
