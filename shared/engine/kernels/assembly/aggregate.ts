// Aggregate updates. Every kernel walks the live rows, skips NULL arguments, and changes the state at `offset` of the row's group: groups[position] is a
// u32 address. States start as zeros; layouts stand at each kernel. Kernels that can overflow answer 1 then, else 0.
import { isValid } from "./validity";
import { laneAddress, laneExtra, livePosition } from "./row-store";
import { KIND_BYTES, KIND_I32, KIND_I64, KIND_NUMERIC, orderValues } from "./value";

// @ts-ignore: decorator
@inline
function stateOf(groups: usize, row: i32, offset: i32): usize {
	return <usize>load<u32>(groups + (<usize>row << 2)) + offset;
}

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

/** Adds a signed 128-bit number to the one at `state`. @returns false when the sum leaves 128 bits */
// @ts-ignore: decorator
@inline
function addInt128(state: usize, low: u64, high: i64): bool {
	const oldHigh = load<i64>(state, 8);
	const newLow = load<u64>(state) + low;
	const newHigh = oldHigh + high + i64(newLow < low);
	store<u64>(state, newLow);
	store<i64>(state, newHigh, 8);
	return ((oldHigh ^ newHigh) & (high ^ newHigh)) >= 0;
}

/** The 128-bit number at `at` x 10. @returns false when it leaves 128 bits */
function timesTen(at: usize): bool {
	let low = load<u64>(at);
	let high = load<u64>(at, 8);
	const negative = <i64>high < 0;
	if (negative) {
		high = ~high + u64(low == 0);
		low = 0 - low;
	}
	if (high > 0x0ccccccccccccccb) return false;
	const part = (low & 0xffffffff) * 10;
	const upper = (low >> 32) * 10 + (part >> 32);
	low = (part & 0xffffffff) | (upper << 32);
	high = high * 10 + (upper >> 32);
	store<u64>(at, negative ? 0 - low : low);
	store<u64>(at, negative ? ~high + u64(low == 0) : high, 8);
	return true;
}

/** State of wide sums: i128 sum, i32 scale at 16, u32 present at 20, i64 count at 24. */
// @ts-ignore: decorator
@inline
function addWide(state: usize, low: u64, high: i64, weight: i64): bool {
	store<u32>(state, 1, 20);
	store<i64>(state, load<i64>(state, 24) + weight, 24);
	return addInt128(state, low, high);
}

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
		const state = stateOf(groups, row, offset);
		const at = values + (<usize>row << 4);
		let scale = load<i32>(scales + (<usize>row << 2));
		for (let own = load<i32>(state, 16); own < scale; own++) if (!timesTen(state)) return 1;
		store<u64>(scratch, load<u64>(at));
		store<u64>(scratch, load<u64>(at, 8), 8);
		for (; scale < load<i32>(state, 16); scale++) if (!timesTen(scratch)) return 1;
		store<i32>(state, scale, 16);
		const weight: i64 = weights == 0 ? 1 : load<i64>(weights + (<usize>row << 3));
		if (!addWide(state, load<u64>(scratch), load<i64>(scratch, 8), weight)) return 1;
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

/**
 * A slot of a row store, for bytes also u32 capacity at 8; u32 present at 20. `sign` is 1 for max, -1 for min. Strings take room from the heap of the group table's
 * `heap` state (8 next, 12 end, 28 missing). @returns the index where it stopped: `count`, or one whose string had no room
 */
export function agg_extreme(kind: i32, sign: i32, start: i32, count: i32, selection: usize, values: usize, validity: usize, offsets: usize, groups: usize, offset: i32, heap: usize): i32 {
	if (sign != 0 && kind == KIND_I32) return extremeLanes<i32>(sign, start, count, selection, values, validity, groups, offset);
	if (sign != 0 && kind == KIND_I64) return extremeLanes<i64>(sign, start, count, selection, values, validity, groups, offset);
	for (let index = start; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const at = laneAddress(kind, values, offsets, row);
		const extra = laneExtra(kind, offsets, row);
		if (load<u32>(state, 20) != 0) {
			const own: usize = kind >= KIND_BYTES ? <usize>load<u32>(state) : state;
			const ownExtra: i32 = kind >= KIND_BYTES ? load<i32>(state, 4) : kind == KIND_NUMERIC ? load<i32>(state, 16) : 0;
			if (orderValues(kind, at, extra, own, ownExtra) * sign <= 0) continue;
		}
		if (kind >= KIND_BYTES) {
			if (!reserve(state, extra, heap)) return index;
			memory.copy(<usize>load<u32>(state), at, extra);
			store<i32>(state, extra, 4);
		} else copyLane(kind, state, at, extra);
		store<u32>(state, 1, 20);
	}
	return count;
}

/** agg_extreme of whole numbers: most rows change nothing, so only those that do are written. */
// @ts-ignore: decorator
@inline
function extremeLanes<T>(sign: i32, start: i32, count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	for (let index = start; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const value = load<T>(values + <usize>row * sizeof<T>());
		const own = load<T>(state);
		if (load<u32>(state, 20) != 0 && (sign > 0 ? value <= own : value >= own)) continue;
		store<T>(state, value);
		store<u32>(state, 1, 20);
	}
	return count;
}

// @ts-ignore: decorator
@inline
function copyLane(kind: i32, state: usize, at: usize, extra: i32): void {
	switch (kind) {
		case 0:
			store<u8>(state, load<u8>(at));
			return;
		case 1:
		case 5:
			store<u32>(state, load<u32>(at));
			return;
		case 2:
		case 6:
			store<u64>(state, load<u64>(at));
			return;
		default:
			store<u64>(state, load<u64>(at));
			store<u64>(state, load<u64>(at, 8), 8);
			if (kind == KIND_NUMERIC) store<i32>(state, extra, 16);
	}
}

/** Room for `byteCount` bytes at the state's string, by doubling; what it held is kept. @returns false when the heap has none */
function reserve(state: usize, byteCount: i32, heap: usize): bool {
	const capacity = load<u32>(state, 8);
	if (<u32>byteCount <= capacity) return true;
	const wanted: u32 = max(max(<u32>byteCount, capacity * 2), 16);
	const next = load<u32>(heap, 8);
	if (wanted > load<u32>(heap, 12) - next) {
		store<u32>(heap, wanted, 28);
		return false;
	}
	memory.copy(next, <usize>load<u32>(state), load<i32>(state, 4));
	store<u32>(state, next);
	store<u32>(state, wanted, 8);
	store<u32>(heap, next + wanted, 8);
	return true;
}

/**
 * Appends the delimiter (except before the first value; NULL is empty) and the value: a string as in agg_extreme, and at 24 another: the first row's delimiter.
 * @returns the index where it stopped: `count`, one without room, or -1 when a string passes `bytesMax`
 */
export function agg_concat(start: i32, count: i32, selection: usize, values: usize, validity: usize, offsets: usize, delimiters: usize, delimiterValidity: usize, delimiterOffsets: usize, groups: usize, offset: i32, heap: usize, bytesMax: i32): i32 {
	for (let index = start; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const first = load<u32>(state, 20) == 0;
		const delimiterValid = isValid(delimiterValidity, row);
		const ownBytes: i32 = delimiterValid ? laneExtra(KIND_BYTES, delimiterOffsets, row) : 0;
		const delimiterBytes: i32 = first ? 0 : ownBytes;
		const valueBytes = laneExtra(KIND_BYTES, offsets, row);
		const length = load<i32>(state, 4);
		if (<i64>length + delimiterBytes + valueBytes > bytesMax) return -1;
		if (!reserve(state, length + delimiterBytes + valueBytes, heap)) return index;
		if (first && delimiterValid) {
			if (!reserve(state + 24, ownBytes, heap)) return index;
			memory.copy(<usize>load<u32>(state, 24), laneAddress(KIND_BYTES, delimiters, delimiterOffsets, row), ownBytes);
			store<i32>(state, ownBytes, 28);
			store<u32>(state, 1, 44);
		}
		const end = <usize>load<u32>(state) + length;
		memory.copy(end, laneAddress(KIND_BYTES, delimiters, delimiterOffsets, row), delimiterBytes);
		memory.copy(end + delimiterBytes, laneAddress(KIND_BYTES, values, offsets, row), valueBytes);
		store<i32>(state, length + delimiterBytes + valueBytes, 4);
		store<u32>(state, 1, 20);
	}
	return count;
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
