// Aggregate updates. Every kernel walks the live rows, skips NULL arguments, and changes the state at `offset` of the row's group: groups[position] is a
// u32 address. States start as zeros; layouts stand at each kernel. Kernels that can overflow answer 1 then, else 0.
import { addScaled, addWide, stateOf } from "./aggregate-state";
import { livePosition } from "./row-store";
import { isValid } from "./validity";

/** i64 count. */
export function agg_count(count: i32, selection: usize, validity: usize, groups: usize, offset: i32): void {
	if (selection == 0 && validity == 0) {
		for (let row: i32 = 0; row < count; row++) {
			const state = stateOf(groups, row, offset);
			store<i64>(state, load<i64>(state) + 1);
		}
		return;
	}
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		store<i64>(state, load<i64>(state) + 1);
	}
}

/** i64 sum, u32 present at 8. @returns 1 when a sum leaves 64 bits */
export function agg_sum_i32(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	if (selection == 0 && validity == 0) {
		let overflow: i64 = 0;
		for (let row: i32 = 0; row < count; row++) {
			const state = stateOf(groups, row, offset);
			const sum = load<i64>(state);
			const value = <i64>load<i32>(values + (<usize>row << 2));
			const next = sum + value;
			overflow |= (sum ^ next) & (value ^ next);
			store<i64>(state, next);
			store<u32>(state, 1, 8);
		}
		return i32(overflow < 0);
	}
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const sum = load<i64>(state);
		const value = <i64>load<i32>(values + (<usize>row << 2));
		const next = sum + value;
		if (((sum ^ next) & (value ^ next)) < 0) return 1;
		store<i64>(state, next);
		store<u32>(state, 1, 8);
	}
	return 0;
}

/** i128 sum, i32 scale at 16 (which these leave), u32 present at 20, i64 count at 24. */
export function agg_wide_i32(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const value = <i64>load<i32>(values + (<usize>row << 2));
		addWide(stateOf(groups, row, offset), value, value >> 63, 1);
	}
	return 0;
}

export function agg_wide_i64(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const value = load<i64>(values + (<usize>row << 3));
		addWide(stateOf(groups, row, offset), value, value >> 63, 1);
	}
	return 0;
}

export function agg_wide_i128(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const at = values + (<usize>row << 4);
		if (!addWide(stateOf(groups, row, offset), load<u64>(at), load<i64>(at, 8), 1)) return 1;
	}
	return 0;
}

/** Scales may differ: the state takes the largest. `weights` i64 counts of partial sums, or 0 for one a row; `scratch` 16 bytes. */
export function agg_wide_numeric(count: i32, selection: usize, values: usize, scales: usize, validity: usize, weights: usize, groups: usize, offset: i32, scratch: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const at = values + (<usize>row << 4);
		const scale = load<i32>(scales + (<usize>row << 2));
		const weight: i64 = weights == 0 ? 1 : load<i64>(weights + (<usize>row << 3));
		if (!addScaled(stateOf(groups, row, offset), load<u64>(at), load<i64>(at, 8), scale, weight, scratch)) return 1;
	}
	return 0;
}

/** As agg_wide_numeric, of i64 coefficients of one scale. */
export function agg_wide_decimal(count: i32, selection: usize, scale: i32, values: usize, validity: usize, groups: usize, offset: i32, scratch: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const value = load<i64>(values + (<usize>row << 3));
		if (!addScaled(stateOf(groups, row, offset), value, value >> 63, scale, 1, scratch)) return 1;
	}
	return 0;
}

/** Sum of f32 or f64 as f64: f64 sum, i64 count at 8, u32 present at 16. `single`: the sum is rounded to 32 bits at every step. @returns 1 when finite values sum to infinity */
// @ts-ignore: decorator
@inline
function sumFloat<T>(single: bool, count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const value = <f64>load<T>(values + <usize>row * sizeof<T>());
		const sum = load<f64>(state);
		let next = sum + value;
		if (single) next = <f64>(<f32>next);
		if (abs(next) == Infinity && abs(sum) != Infinity && abs(value) != Infinity) return 1;
		store<f64>(state, next);
		store<i64>(state, load<i64>(state, 8) + 1, 8);
		store<u32>(state, 1, 16);
	}
	return 0;
}

/** sum(real): PostgreSQL adds in 32 bits. */
export function agg_sum_f32(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	return sumFloat<f32>(true, count, selection, values, validity, groups, offset);
}

/** avg(real): in 64 bits. */
export function agg_sum_f32_wide(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	return sumFloat<f32>(false, count, selection, values, validity, groups, offset);
}

export function agg_sum_f64(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	return sumFloat<f64>(false, count, selection, values, validity, groups, offset);
}

/** out[i] = f64 sum / i64 count of the states at `offset` of `rows`; 0 where nothing was counted. */
export function agg_mean_f64(count: i32, rows: usize, offset: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const state = <usize>load<u32>(rows + (<usize>index << 2)) + offset;
		const rowCount = load<i64>(state, 8);
		store<f64>(out + (<usize>index << 3), rowCount == 0 ? 0 : load<f64>(state) / <f64>rowCount);
	}
}

/** u8 value, u32 present at 4. `or`: 1 for bool_or. */
export function agg_bool(or: i32, count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const value = load<u8>(values + <usize>row);
		if (load<u32>(state, 4) == 0) store<u8>(state, value);
		else store<u8>(state, or != 0 ? load<u8>(state) | value : load<u8>(state) & value);
		store<u32>(state, 1, 4);
	}
}

/** 1 when every i128 sum at `offset` of `rows` has at most 38 digits. */
export function agg_wide_check(count: i32, rows: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const state = <usize>load<u32>(rows + (<usize>index << 2)) + offset;
		let low = load<u64>(state);
		let high = load<u64>(state, 8);
		if (<i64>high < 0) {
			high = ~high + u64(low == 0);
			low = 0 - low;
		}
		if (high > 0x4b3b4ca85a86c47a || (high == 0x4b3b4ca85a86c47a && low >= 0x098a224000000000)) return 0;
	}
	return 1;
}

/** Adds i64 counts to i64 counts: the merge of agg_count. */
export function agg_add_i64(count: i32, selection: usize, values: usize, groups: usize, offset: i32): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const state = stateOf(groups, row, offset);
		store<i64>(state, load<i64>(state) + load<i64>(values + (<usize>row << 3)));
	}
}

/** Adds i64 sums to the states of agg_sum_i32: its merge. @returns 1 when a sum leaves 64 bits */
export function agg_sum_i64(count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const sum = load<i64>(state);
		const value = load<i64>(values + (<usize>row << 3));
		const next = sum + value;
		if (((sum ^ next) & (value ^ next)) < 0) return 1;
		store<i64>(state, next);
		store<u32>(state, 1, 8);
	}
	return 0;
}

/** Merges f64 sums with i64 counts into the states of agg_sum_f64. @returns 1 when finite sums sum to infinity */
export function agg_merge_f64(count: i32, selection: usize, values: usize, validity: usize, weights: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const value = load<f64>(values + (<usize>row << 3));
		const sum = load<f64>(state);
		const next = sum + value;
		if (abs(next) == Infinity && abs(sum) != Infinity && abs(value) != Infinity) return 1;
		store<f64>(state, next);
		store<i64>(state, load<i64>(state, 8) + load<i64>(weights + (<usize>row << 3)), 8);
		store<u32>(state, 1, 16);
	}
	return 0;
}

/** i64 months, i64 days at 8, i64 microseconds at 16, i64 count at 24. `weights`: i64 counts of partial sums, or 0. @returns 1 on overflow of the microseconds */
export function agg_sum_interval(count: i32, selection: usize, values: usize, validity: usize, weights: usize, groups: usize, offset: i32): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const at = values + (<usize>row << 4);
		const sum = load<i64>(state, 16);
		const value = load<i64>(at, 8);
		const next = sum + value;
		if (((sum ^ next) & (value ^ next)) < 0) return 1;
		store<i64>(state, load<i64>(state) + load<i32>(at));
		store<i64>(state, load<i64>(state, 8) + load<i32>(at, 4), 8);
		store<i64>(state, next, 16);
		store<i64>(state, load<i64>(state, 24) + (weights == 0 ? 1 : load<i64>(weights + (<usize>row << 3))), 24);
	}
	return 0;
}
