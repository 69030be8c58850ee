// Lanes of decoded pages: non-NULL values spread over rows, exact widening and checked narrowing.
import { isValid } from "./validity";

function spread<T>(rowCount: i32, validity: usize, dense: usize, out: usize): void {
	let taken: usize = 0;
	for (let row: i32 = 0; row < rowCount; row++) {
		const valid: bool = isValid(validity, row);
		const value: T = load<T>(dense + taken * sizeof<T>());
		store<T>(out + <usize>row * sizeof<T>(), valid ? value : <T>0);
		taken += <usize>valid;
	}
}

/** Puts the next dense value under each valid row and zero under NULL; `dense` is readable one value past its end and is not `out`. */
export function spread_bool(rowCount: i32, validity: usize, dense: usize, out: usize): void {
	spread<u8>(rowCount, validity, dense, out);
}
export function spread_i32(rowCount: i32, validity: usize, dense: usize, out: usize): void {
	spread<i32>(rowCount, validity, dense, out);
}
export function spread_i64(rowCount: i32, validity: usize, dense: usize, out: usize): void {
	spread<i64>(rowCount, validity, dense, out);
}
export function spread_i128(rowCount: i32, validity: usize, dense: usize, out: usize): void {
	for (let row: i32 = 0; row < rowCount; row++) {
		const at: usize = out + (<usize>row << 4);
		if (isValid(validity, row)) {
			v128.store(at, v128.load(dense));
			dense += 16;
		} else v128.store(at, i64x2.splat(0));
	}
}
/** The same for offsets of byte values: a NULL is an empty value. out: i32[rowCount + 1]. */
export function spread_offsets(rowCount: i32, validity: usize, dense: usize, out: usize): void {
	let taken: usize = 0;
	store<i32>(out, load<i32>(dense));
	for (let row: i32 = 0; row < rowCount; row++) {
		taken += <usize>isValid(validity, row);
		store<i32>(out + (<usize>(row + 1) << 2), load<i32>(dense + (taken << 2)));
	}
}

/** Sign-extends i32 to i64. */
export function widen_i32(count: i32, values: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) store<i64>(out + (<usize>index << 3), <i64>load<i32>(values + (<usize>index << 2)));
}

/** Zero-extends u32 to i64. */
export function widen_u32(count: i32, values: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) store<i64>(out + (<usize>index << 3), <i64>load<u32>(values + (<usize>index << 2)));
}

/** i64 to i32. @returns how many lie outside [minimum, maximum]; those become 0 */
export function narrow_i64(count: i32, values: usize, out: usize, minimum: i32, maximum: i32): i32 {
	let bad: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const value: i64 = load<i64>(values + (<usize>index << 3));
		const outside: bool = value < <i64>minimum || value > <i64>maximum;
		store<i32>(out + (<usize>index << 2), outside ? 0 : <i32>value);
		bad += <i32>outside;
	}
	return bad;
}

/** How many i32 values lie outside [minimum, maximum]. */
export function count_outside_i32(count: i32, values: usize, minimum: i32, maximum: i32): i32 {
	let bad: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const value: i32 = load<i32>(values + (<usize>index << 2));
		bad += <i32>(value < minimum || value > maximum);
	}
	return bad;
}

/** values * factor (1 to 10^9). @returns how many overflow; those become 0 */
export function scale_up_i64(count: i32, values: usize, factor: i64, out: usize): i32 {
	const limit: i64 = i64.MAX_VALUE / factor;
	let bad: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const value: i64 = load<i64>(values + (<usize>index << 3));
		const outside: bool = value > limit || value < -limit;
		store<i64>(out + (<usize>index << 3), outside ? 0 : value * factor);
		bad += <i32>outside;
	}
	return bad;
}

/** How many i64 values lie below `minimum`. */
export function count_below_i64(count: i32, values: usize, minimum: i64): i32 {
	let bad: i32 = 0;
	for (let index: i32 = 0; index < count; index++) bad += <i32>(load<i64>(values + (<usize>index << 3)) < minimum);
	return bad;
}
