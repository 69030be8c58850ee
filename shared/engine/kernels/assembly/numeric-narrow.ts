// Arithmetic of decimals in 64 bits, for batches whose magnitudes prove that no result needs more. Each kernel computes without checks and looks at the bits that any operand
// took afterwards: it answers 1 where a result might not be a NUMERIC(18,s), and what it wrote then means nothing.
import { rowAt } from "./rows";

/** 2^59 < 10^18: results of so many bits are coefficients of 18 digits. */
// @ts-ignore: decorator
@inline
const RESULT_BITS: i32 = 59;

/** Bits k of -2^k <= value < 2^k, of values whose bits, sign extended away, are all in `seen`. */
// @ts-ignore: decorator
@inline
function bitsOf(seen: i64): i32 {
	return 64 - <i32>clz<i64>(seen);
}

/** Bits of a value that tell it from its sign. */
// @ts-ignore: decorator
@inline
function ownBits(value: i64): i64 {
	return value ^ (value >> 63);
}

/** out = left x right; `leftConstant`, `rightConstant` 1: lane 0 for every row. */
export function decimal_multiply(count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): i32 {
	const leftMask: usize = leftConstant != 0 ? 0 : -1;
	const rightMask: usize = rightConstant != 0 ? 0 : -1;
	let leftSeen: i64 = 0;
	let rightSeen: i64 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const at = <usize>rowAt(selection, index) << 3;
		const a = load<i64>(left + (at & leftMask));
		const b = load<i64>(right + (at & rightMask));
		leftSeen |= ownBits(a);
		rightSeen |= ownBits(b);
		store<i64>(out + at, a * b);
	}
	return i32(bitsOf(leftSeen) + bitsOf(rightSeen) > RESULT_BITS);
}

/** out = left x leftFactor + right x rightFactor: powers of ten that bring both to one scale, the right one negative for a difference. */
export function decimal_add(count: i32, selection: usize, left: usize, leftConstant: i32, leftFactor: i32, right: usize, rightConstant: i32, rightFactor: i32, out: usize): i32 {
	const leftMask: usize = leftConstant != 0 ? 0 : -1;
	const rightMask: usize = rightConstant != 0 ? 0 : -1;
	const leftBy: i64 = leftFactor;
	const rightBy: i64 = rightFactor;
	let leftSeen: i64 = 0;
	let rightSeen: i64 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const at = <usize>rowAt(selection, index) << 3;
		const a = load<i64>(left + (at & leftMask));
		const b = load<i64>(right + (at & rightMask));
		leftSeen |= ownBits(a);
		rightSeen |= ownBits(b);
		store<i64>(out + at, a * leftBy + b * rightBy);
	}
	const leftBits = bitsOf(leftSeen) + bitsOf(ownBits(leftBy));
	const rightBits = bitsOf(rightSeen) + bitsOf(ownBits(rightBy));
	// Each term takes half of the room.
	return i32(max(leftBits, rightBits) >= RESULT_BITS);
}
