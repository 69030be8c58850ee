// Updates and merges of variances. As in aggregate.ts, kernels that can overflow answer 1 then, else 0.
import { addInt128, stateOf } from "./aggregate-state";
import { livePosition } from "./row-store";
import { isValid } from "./validity";

/** Youngs and Cramer's update, as PostgreSQL's float8_accum: f64 n, f64 sum at 8, f64 sum of squared deviations at 16, u32 present at 24. @returns 1 on overflow */
// @ts-ignore: decorator
@inline
function spreadFloat<T>(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const value = <f64>load<T>(values + <usize>row * sizeof<T>());
		const n = load<f64>(state) + 1;
		const oldSum = load<f64>(state, 8);
		const sum = oldSum + value;
		let squares = load<f64>(state, 16);
		if (n > 1) {
			const deviation = value * n - sum;
			squares += (deviation * deviation) / (n * (n - 1));
			if (abs(sum) == Infinity || abs(squares) == Infinity) {
				if (abs(oldSum) != Infinity && abs(value) != Infinity) return 1;
				squares = NaN;
			}
		} else if (value != value || abs(value) == Infinity) squares = NaN;
		store<f64>(state, n);
		store<f64>(state, sum, 8);
		store<f64>(state, squares, 16);
		store<u32>(state, 1, 24);
	}
	return 0;
}

export function agg_spread_f32(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	return spreadFloat<f32>(count, selection, values, validity, groups, offset);
}

export function agg_spread_f64(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	return spreadFloat<f64>(count, selection, values, validity, groups, offset);
}

/**
 * Exact spread of integers and decimals of one scale: i128 sum, i64 count at 16, i128 sum of squares at 24. `wide`: 0 i32 lanes, 1 i64, 2 i128.
 * @returns 1 when a square or a sum leaves 128 bits
 */
export function agg_spread_exact(wide: i32, count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		let low: u64;
		let high: i64;
		if (wide == 2) {
			low = load<u64>(values + (<usize>row << 4));
			high = load<i64>(values + (<usize>row << 4), 8);
			if (high != <i64>low >> 63) return 1;
		} else {
			low = wide == 1 ? load<u64>(values + (<usize>row << 3)) : <u64>(<i64>load<i32>(values + (<usize>row << 2)));
			high = <i64>low >> 63;
		}
		const magnitude: u64 = high < 0 ? 0 - low : low;
		const a = magnitude & 0xffffffff;
		const b = magnitude >> 32;
		const middle = a * b;
		const squareLow = a * a + (middle << 33);
		const squareHigh = b * b + (middle >> 31) + u64(squareLow < a * a);
		if (<i64>squareHigh < 0) return 1;
		if (!addInt128(state, low, high) || !addInt128(state + 24, squareLow, <i64>squareHigh)) return 1;
		store<i64>(state, load<i64>(state, 16) + 1, 16);
	}
	return 0;
}

/** Merges partial spreads of floats: Chan, Golub and LeVeque's formula, as PostgreSQL's float8_combine. @returns 1 on overflow */
export function agg_merge_spread(count: i32, selection: usize, counts: usize, sums: usize, squares: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const state = stateOf(groups, row, offset);
		const at = <usize>row << 3;
		const n = load<f64>(counts + at);
		if (n == 0) continue;
		const own = load<f64>(state);
		const sum = load<f64>(sums + at);
		const ownSum = load<f64>(state, 8);
		let merged = load<f64>(squares + at);
		if (own > 0) {
			const difference = ownSum / own - sum / n;
			merged = load<f64>(state, 16) + merged + (own * n * difference * difference) / (own + n);
			if (abs(merged) == Infinity && abs(ownSum) != Infinity && abs(sum) != Infinity) return 1;
		}
		store<f64>(state, own + n);
		store<f64>(state, ownSum + sum, 8);
		store<f64>(state, merged, 16);
		store<u32>(state, 1, 24);
	}
	return 0;
}

/** Merges partial spreads of agg_spread_exact. @returns 1 when a sum leaves 128 bits */
export function agg_merge_spread_exact(count: i32, selection: usize, sums: usize, counts: usize, squares: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const state = stateOf(groups, row, offset);
		const at = <usize>row << 4;
		if (!addInt128(state, load<u64>(sums + at), load<i64>(sums + at, 8))) return 1;
		if (!addInt128(state + 24, load<u64>(squares + at), load<i64>(squares + at, 8))) return 1;
		store<i64>(state, load<i64>(state, 16) + load<i64>(counts + (<usize>row << 3)), 16);
	}
	return 0;
}
