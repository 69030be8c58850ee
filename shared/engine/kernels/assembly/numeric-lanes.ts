// NUMERIC: a coefficient below 10^38 in magnitude and a decimal scale. Operands are described by five i32 at a pointer:
//   values, wide (1: i128 coefficients, 0: i64), scales (i32 a row, or 0), scale (when there are none), constant (1: lane 0 for every row).
// Results are i128 coefficients at `out` and i32 scales at `outScales`. Answers 0, 1 out of range, 2 division by zero. `scratch`: 256 bytes.
// Scales are PostgreSQL's: the larger of the two for sums, the sum for products, select_div_scale for quotients. Ties round away from zero.

export const OVERFLOW: i32 = 1;
export const ZERO_DIVISOR: i32 = 2;

// @ts-ignore: decorator
@inline
function laneOf(operand: usize, row: i32): usize {
	return load<i32>(operand, 16) != 0 ? 0 : <usize>row;
}

// @ts-ignore: decorator
@inline
export function lowOf(operand: usize, row: i32): u64 {
	const values = <usize>load<u32>(operand);
	return load<i32>(operand, 4) != 0 ? load<u64>(values + (laneOf(operand, row) << 4)) : load<u64>(values + (laneOf(operand, row) << 3));
}

// @ts-ignore: decorator
@inline
export function highOf(operand: usize, row: i32): i64 {
	const values = <usize>load<u32>(operand);
	return load<i32>(operand, 4) != 0 ? load<i64>(values + (laneOf(operand, row) << 4), 8) : load<i64>(values + (laneOf(operand, row) << 3)) >> 63;
}

// @ts-ignore: decorator
@inline
export function scaleOf(operand: usize, row: i32): i32 {
	const scales = <usize>load<u32>(operand, 8);
	return scales != 0 ? load<i32>(scales + (laneOf(operand, row) << 2)) : load<i32>(operand, 12);
}

// @ts-ignore: decorator
@inline
export function magnitudeLow(low: u64, high: i64): u64 {
	return high < 0 ? 0 - low : low;
}

// @ts-ignore: decorator
@inline
export function magnitudeHigh(low: u64, high: i64): u64 {
	return high < 0 ? ~(<u64>high) + u64(low == 0) : <u64>high;
}

// @ts-ignore: decorator
@inline
export function putSigned(out: usize, row: i32, low: u64, high: u64, negative: bool): void {
	const at = out + (<usize>row << 4);
	store<u64>(at, negative ? 0 - low : low);
	store<u64>(at, negative ? ~high + u64(low == 0) : high, 8);
}
