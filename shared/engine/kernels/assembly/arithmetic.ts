// Arithmetic on integers and floats. Answers 0, or what went wrong first: 1 out of range (overflow), 2 division by zero, 3 underflow.
// Callers run these on valid, selected rows only, since a lane under NULL holds zero.
import { lane, rowAt } from "./rows";

const OVERFLOW: i32 = 1;
const ZERO_DIVISOR: i32 = 2;
const UNDERFLOW: i32 = 3;

// `op`: 0 add, 1 subtract, 2 multiply, 3 divide, 4 modulo.

/** smallint and integer, in 32-bit lanes; the result must lie in [low, high]. */
export function arithmetic_i32(op: i32, low: i32, high: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): i32 {
	const low64: i64 = low;
	const high64: i64 = high;
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const a: i64 = load<i32>(left + (lane(leftConstant, row) << 2));
		const b: i64 = load<i32>(right + (lane(rightConstant, row) << 2));
		let value: i64 = 0;
		if (op == 0) value = a + b;
		else if (op == 1) value = a - b;
		else if (op == 2) value = a * b;
		else {
			if (b == 0) return ZERO_DIVISOR;
			value = op == 3 ? a / b : a % b;
		}
		if (value < low64 || value > high64) return OVERFLOW;
		store<i32>(out + (<usize>row << 2), <i32>value);
	}
	return 0;
}

/** The high 64 bits of a signed 64 x 64 product. */
function multiplyHigh(a: i64, b: i64): i64 {
	const aLow: u64 = a & 0xffffffff;
	const aHigh: i64 = a >> 32;
	const bLow: u64 = b & 0xffffffff;
	const bHigh: i64 = b >> 32;
	const low: u64 = aLow * bLow;
	const middle: i64 = aHigh * <i64>bLow + <i64>(low >> 32);
	const middle2: i64 = <i64>aLow * bHigh + (middle & 0xffffffff);
	return aHigh * bHigh + (middle >> 32) + (middle2 >> 32);
}

export function arithmetic_i64(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const a = load<i64>(left + (lane(leftConstant, row) << 3));
		const b = load<i64>(right + (lane(rightConstant, row) << 3));
		let value: i64 = 0;
		if (op == 0) {
			value = a + b;
			if (((a ^ value) & (b ^ value)) < 0) return OVERFLOW;
		} else if (op == 1) {
			value = a - b;
			if (((a ^ b) & (a ^ value)) < 0) return OVERFLOW;
		} else if (op == 2) {
			value = a * b;
			if (<i64>(<i32>a) != a || <i64>(<i32>b) != b) {
				if (multiplyHigh(a, b) != value >> 63) return OVERFLOW;
			}
		} else {
			if (b == 0) return ZERO_DIVISOR;
			if (b == -1) {
				if (op == 3 && a == i64.MIN_VALUE) return OVERFLOW;
				value = op == 3 ? -a : 0;
			} else value = op == 3 ? a / b : a % b;
		}
		store<i64>(out + (<usize>row << 3), value);
	}
	return 0;
}

/** PostgreSQL's checks: infinity out of finite operands overflows, zero out of others underflows. */
// @ts-ignore: decorator
@inline
function arithmeticFloat<T>(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const a = load<T>(left + lane(leftConstant, row) * sizeof<T>());
		const b = load<T>(right + lane(rightConstant, row) * sizeof<T>());
		let value: T;
		if (op == 0) value = (a + b) as T;
		else if (op == 1) value = (a - b) as T;
		else if (op == 2) {
			value = (a * b) as T;
			if (value == <T>0 && a != <T>0 && b != <T>0) return UNDERFLOW;
		} else {
			if (b == <T>0 && a == a) return ZERO_DIVISOR;
			value = (a / b) as T;
			if (value == <T>0 && a != <T>0 && isFinite<T>(b)) return UNDERFLOW;
		}
		if (value - value != <T>0 && value == value) {
			if (op == 3 ? isFinite<T>(a) : isFinite<T>(a) && isFinite<T>(b)) return OVERFLOW;
		}
		store<T>(out + <usize>row * sizeof<T>(), value);
	}
	return 0;
}
export function arithmetic_f32(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): i32 {
	return arithmeticFloat<f32>(op, count, selection, left, leftConstant, right, rightConstant, out);
}
export function arithmetic_f64(op: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): i32 {
	return arithmeticFloat<f64>(op, count, selection, left, leftConstant, right, rightConstant, out);
}

// Unary. `op`: 0 negate, 1 absolute value, 2 bitwise not, 3 the value itself.

// @ts-ignore: decorator
@inline
function unary<T>(op: i32, low: T, count: i32, selection: usize, values: usize, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value = load<T>(values + <usize>row * sizeof<T>());
		let result = value;
		if (isFloat<T>()) result = op == 0 ? (-value as T) : op == 1 ? abs<T>(value) : value;
		else if (op == 2) result = ~value as T;
		else if (op != 3) {
			if (value == low) return OVERFLOW;
			result = op == 0 || value < <T>0 ? (-value as T) : value;
		}
		store<T>(out + <usize>row * sizeof<T>(), result);
	}
	return 0;
}
/** `low`: the least value of the type, whose negation does not exist. */
export function unary_i32(op: i32, low: i32, count: i32, selection: usize, values: usize, out: usize): i32 {
	return unary<i32>(op, low, count, selection, values, out);
}
export function unary_i64(op: i32, count: i32, selection: usize, values: usize, out: usize): i32 {
	return unary<i64>(op, i64.MIN_VALUE, count, selection, values, out);
}
export function unary_f32(op: i32, count: i32, selection: usize, values: usize, out: usize): i32 {
	return unary<f32>(op, 0, count, selection, values, out);
}
export function unary_f64(op: i32, count: i32, selection: usize, values: usize, out: usize): i32 {
	return unary<f64>(op, 0, count, selection, values, out);
}
