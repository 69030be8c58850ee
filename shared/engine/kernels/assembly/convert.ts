// Conversions between numbers, and between dates and timestamps. Answers 0, 1 out of range, 3 underflow, as arithmetic does.
import { rowAt } from "./rows";

const OVERFLOW: i32 = 1;
const UNDERFLOW: i32 = 3;

// @ts-ignore: decorator
@inline
function convert<From, To>(count: i32, selection: usize, values: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		store<To>(out + <usize>row * sizeof<To>(), <To>load<From>(values + <usize>row * sizeof<From>()));
	}
}
export function convert_i32_i64(count: i32, selection: usize, values: usize, out: usize): void { convert<i32, i64>(count, selection, values, out); }
export function convert_i32_f32(count: i32, selection: usize, values: usize, out: usize): void { convert<i32, f32>(count, selection, values, out); }
export function convert_i32_f64(count: i32, selection: usize, values: usize, out: usize): void { convert<i32, f64>(count, selection, values, out); }
export function convert_i64_f32(count: i32, selection: usize, values: usize, out: usize): void { convert<i64, f32>(count, selection, values, out); }
export function convert_i64_f64(count: i32, selection: usize, values: usize, out: usize): void { convert<i64, f64>(count, selection, values, out); }
export function convert_f32_f64(count: i32, selection: usize, values: usize, out: usize): void { convert<f32, f64>(count, selection, values, out); }

export function convert_f64_f32(count: i32, selection: usize, values: usize, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value = load<f64>(values + (<usize>row << 3));
		const result = <f32>value;
		if (abs<f32>(result) == Infinity && abs<f64>(value) != Infinity) return OVERFLOW;
		if (result == 0 && value != 0) return UNDERFLOW;
		store<f32>(out + (<usize>row << 2), result);
	}
	return 0;
}

/** i64 to i32 within [low, high]. */
export function convert_i64_i32(low: i32, high: i32, count: i32, selection: usize, values: usize, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value = load<i64>(values + (<usize>row << 3));
		if (value < <i64>low || value > <i64>high) return OVERFLOW;
		store<i32>(out + (<usize>row << 2), <i32>value);
	}
	return 0;
}

/** Checks that i32 lies in [low, high], and copies it. */
export function convert_i32_i32(low: i32, high: i32, count: i32, selection: usize, values: usize, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value = load<i32>(values + (<usize>row << 2));
		if (value < low || value > high) return OVERFLOW;
		store<i32>(out + (<usize>row << 2), value);
	}
	return 0;
}

/** i128 to i64 (`wide` 1) or i32 within [low, high]. */
export function convert_i128_integer(wide: i32, low: i64, high: i64, count: i32, selection: usize, values: usize, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = values + (<usize>row << 4);
		const value = load<i64>(at);
		if (load<i64>(at, 8) != value >> 63 || value < low || value > high) return OVERFLOW;
		if (wide != 0) store<i64>(out + (<usize>row << 3), value);
		else store<i32>(out + (<usize>row << 2), <i32>value);
	}
	return 0;
}

/** Floats to integers, ties to even; NaN and what does not fit [low, high] is out of range. */
// @ts-ignore: decorator
@inline
function round<From>(wide: i32, low: f64, end: f64, count: i32, selection: usize, values: usize, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value = nearest<f64>(<f64>load<From>(values + <usize>row * sizeof<From>()));
		if (!(value >= low && value < end)) return OVERFLOW;
		if (wide != 0) store<i64>(out + (<usize>row << 3), <i64>value);
		else store<i32>(out + (<usize>row << 2), <i32>value);
	}
	return 0;
}
/** `end` is the first double above the type's range. */
export function round_f32(wide: i32, low: f64, end: f64, count: i32, selection: usize, values: usize, out: usize): i32 {
	return round<f32>(wide, low, end, count, selection, values, out);
}
export function round_f64(wide: i32, low: f64, end: f64, count: i32, selection: usize, values: usize, out: usize): i32 {
	return round<f64>(wide, low, end, count, selection, values, out);
}

/** `op`: 0 ceiling, 1 floor, 2 nearest (ties to even), 3 towards zero, 4 sign. */
export function rounding_f64(op: i32, count: i32, selection: usize, values: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value = load<f64>(values + (<usize>row << 3));
		let result = value;
		if (op == 0) result = ceil<f64>(value);
		else if (op == 1) result = floor<f64>(value);
		else if (op == 2) result = nearest<f64>(value);
		else if (op == 3) result = trunc<f64>(value);
		else result = value > 0 ? 1 : value < 0 ? -1 : value != value ? value : 0;
		store<f64>(out + (<usize>row << 3), result);
	}
}
