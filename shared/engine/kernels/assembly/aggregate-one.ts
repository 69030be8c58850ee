// Aggregate updates where every live row is of one group, whose state (see aggregate.ts for the layouts) stays in registers over the batch.
import { addHalves, addScaled } from "./aggregate-state";
import { livePosition } from "./row-store";
import { isValid, validity_count } from "./validity";

/** As agg_count. */
export function agg_count_one(count: i32, selection: usize, validity: usize, state: usize): void {
	let counted: i64 = count;
	if (validity != 0 && selection == 0) counted = validity_count(count, validity);
	else if (validity != 0) {
		counted = 0;
		for (let index: i32 = 0; index < count; index++) counted += i64(isValid(validity, livePosition(selection, index)));
	}
	store<i64>(state, load<i64>(state) + counted);
}

/** Sum of 64 bits, which 65,536 rows of 32 bits never leave, of the live rows. */
function sumRows32(count: i32, selection: usize, values: usize, validity: usize): i64 {
	let sum: i64 = 0;
	let index: i32 = 0;
	if (selection == 0 && validity == 0) {
		let low = i64x2.splat(0);
		let high = i64x2.splat(0);
		for (; index + 4 <= count; index += 4) {
			const lanes = v128.load(values + (<usize>index << 2));
			low = i64x2.add(low, i64x2.extend_low_i32x4_s(lanes));
			high = i64x2.add(high, i64x2.extend_high_i32x4_s(lanes));
		}
		low = i64x2.add(low, high);
		sum = i64x2.extract_lane(low, 0) + i64x2.extract_lane(low, 1);
	}
	for (; index < count; index++) {
		const row = livePosition(selection, index);
		if (isValid(validity, row)) sum += <i64>load<i32>(values + (<usize>row << 2));
	}
	return sum;
}

/** Valid rows among the live ones. */
// @ts-ignore: decorator
@inline
function validRows(count: i32, selection: usize, validity: usize): i32 {
	if (validity == 0) return count;
	let valid: i32 = 0;
	for (let index: i32 = 0; index < count; index++) valid += i32(isValid(validity, livePosition(selection, index)));
	return valid;
}

// @ts-ignore: decorator
@inline
function addSum(state: usize, value: i64): i32 {
	const sum = load<i64>(state);
	const next = sum + value;
	if (((sum ^ next) & (value ^ next)) < 0) return 1;
	store<i64>(state, next);
	store<u32>(state, 1, 8);
	return 0;
}

/** As agg_sum_i32; the sum is checked once a batch. @returns 1 when it leaves 64 bits */
export function agg_sum_i32_one(count: i32, selection: usize, values: usize, validity: usize, state: usize): i32 {
	if (validRows(count, selection, validity) == 0) return 0;
	return addSum(state, sumRows32(count, selection, values, validity));
}

/** As agg_wide_i32 and agg_wide_i64, by `width` 4 or 8, of coefficients of one `scale` (0 where the state keeps none). `scratch`: 16 bytes. @returns 1 when the sum leaves 128 bits */
export function agg_wide_one(width: i32, scale: i32, count: i32, selection: usize, values: usize, validity: usize, state: usize, scratch: usize): i32 {
	const valid = validRows(count, selection, validity);
	if (valid == 0) return 0;
	if (width == 4) {
		const value = sumRows32(count, selection, values, validity);
		return i32(!addScaled(state, <u64>value, value >> 63, scale, valid, scratch));
	}
	// The sum of 64-bit numbers is that of their halves: neither leaves 64 bits in so few rows.
	let lows: i64 = 0;
	let highs: i64 = 0;
	let index: i32 = 0;
	if (selection == 0 && validity == 0) {
		// Two rows at a time. There is no shift of 64-bit lanes with their sign: each is taken 2^63 higher, and its upper half for unsigned.
		const bottom = i64x2.splat(0xffffffff);
		const lift = i64x2.splat(i64.MIN_VALUE);
		let low = i64x2.splat(0);
		let high = i64x2.splat(0);
		for (; index + 2 <= count; index += 2) {
			const lanes = v128.load(values + (<usize>index << 3));
			low = i64x2.add(low, v128.and(lanes, bottom));
			high = i64x2.add(high, i64x2.shr_u(v128.xor(lanes, lift), 32));
		}
		lows = i64x2.extract_lane(low, 0) + i64x2.extract_lane(low, 1);
		highs = i64x2.extract_lane(high, 0) + i64x2.extract_lane(high, 1) - (<i64>index << 31);
	}
	for (; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const value = load<i64>(values + (<usize>row << 3));
		lows += value & 0xffffffff;
		highs += value >> 32;
	}
	return i32(!addHalves(state, lows, highs, scale, valid, scratch));
}

// @ts-ignore: decorator
@inline
function entry<T>(entries: usize, code: u64): i64 {
	return <i64>load<T>(entries + <usize>code * sizeof<T>());
}

/** Sum of the entries of 32 bits that the codes name: two codes a load, and four sums that do not wait for each other. */
function sumCodes32(count: i32, codes: usize, entries: usize): i64 {
	let a: i64 = 0;
	let b: i64 = 0;
	let c: i64 = 0;
	let d: i64 = 0;
	let index: i32 = 0;
	for (; index + 4 <= count; index += 4) {
		const low = load<u64>(codes + (<usize>index << 2));
		const high = load<u64>(codes + (<usize>index << 2), 8);
		a += entry<i32>(entries, low & 0xffffffff);
		b += entry<i32>(entries, low >> 32);
		c += entry<i32>(entries, high & 0xffffffff);
		d += entry<i32>(entries, high >> 32);
	}
	for (; index < count; index++) a += entry<i32>(entries, load<u32>(codes + (<usize>index << 2)));
	return a + b + c + d;
}

/** As agg_sum_i32_one over all rows, none of them NULL, of a dictionary's entries without NULL. @returns 1 when the sum leaves 64 bits */
export function agg_sum_i32_codes(count: i32, codes: usize, entries: usize, state: usize): i32 {
	return count == 0 ? 0 : addSum(state, sumCodes32(count, codes, entries));
}

/** As agg_wide_one over all rows, none of them NULL, of a dictionary's entries without NULL. */
export function agg_wide_codes(width: i32, scale: i32, count: i32, codes: usize, entries: usize, state: usize, scratch: usize): i32 {
	if (count == 0) return 0;
	if (width == 4) {
		const value = sumCodes32(count, codes, entries);
		return i32(!addScaled(state, <u64>value, value >> 63, scale, count, scratch));
	}
	let lows: i64 = 0;
	let highs: i64 = 0;
	let index: i32 = 0;
	for (; index + 2 <= count; index += 2) {
		const both = load<u64>(codes + (<usize>index << 2));
		const even = entry<i64>(entries, both & 0xffffffff);
		const odd = entry<i64>(entries, both >> 32);
		lows += (even & 0xffffffff) + (odd & 0xffffffff);
		highs += (even >> 32) + (odd >> 32);
	}
	if (index < count) {
		const last = entry<i64>(entries, load<u32>(codes + (<usize>index << 2)));
		lows += last & 0xffffffff;
		highs += last >> 32;
	}
	return i32(!addHalves(state, lows, highs, scale, count, scratch));
}

/** As agg_sum_f64. */
export function agg_sum_f64_one(count: i32, selection: usize, values: usize, validity: usize, state: usize): i32 {
	let sum = load<f64>(state);
	let valid: i64 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const value = load<f64>(values + (<usize>row << 3));
		const next = sum + value;
		if (abs(next) == Infinity && abs(sum) != Infinity && abs(value) != Infinity) return 1;
		sum = next;
		valid++;
	}
	if (valid == 0) return 0;
	store<f64>(state, sum);
	store<i64>(state, load<i64>(state, 8) + valid, 8);
	store<u32>(state, 1, 16);
	return 0;
}

// @ts-ignore: decorator
@inline
function extremeOne<T>(sign: i32, count: i32, selection: usize, values: usize, validity: usize, state: usize): void {
	let present: bool = load<u32>(state, 20) != 0;
	let best: T = load<T>(state);
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const value = load<T>(values + <usize>row * sizeof<T>());
		if (!present) best = value;
		else best = sign > 0 ? max<T>(best, value) : min<T>(best, value);
		present = true;
	}
	if (!present) return;
	store<T>(state, best);
	store<u32>(state, 1, 20);
}

/** As agg_extreme, of i32 or i64 lanes; `sign` is 1 or -1. */
export function agg_extreme_i32_one(sign: i32, count: i32, selection: usize, values: usize, validity: usize, state: usize): void {
	let index: i32 = 0;
	if (selection == 0 && validity == 0 && count >= 4) {
		let best = v128.load(values);
		for (index = 4; index + 4 <= count; index += 4) {
			const lanes = v128.load(values + (<usize>index << 2));
			best = sign > 0 ? i32x4.max_s(best, lanes) : i32x4.min_s(best, lanes);
		}
		const a = i32x4.extract_lane(best, 0);
		const b = i32x4.extract_lane(best, 1);
		const c = i32x4.extract_lane(best, 2);
		const d = i32x4.extract_lane(best, 3);
		let extreme = sign > 0 ? max(max(a, b), max(c, d)) : min(min(a, b), min(c, d));
		if (load<u32>(state, 20) != 0) extreme = sign > 0 ? max(extreme, load<i32>(state)) : min(extreme, load<i32>(state));
		store<i32>(state, extreme);
		store<u32>(state, 1, 20);
	}
	extremeOne<i32>(sign, count - index, selection, values + (<usize>index << 2), validity, state);
}
export function agg_extreme_i64_one(sign: i32, count: i32, selection: usize, values: usize, validity: usize, state: usize): void {
	extremeOne<i64>(sign, count, selection, values, validity, state);
}
