/** PostgreSQL's NUMERIC division and square root on single values, for the results of aggregates. Source: `select_div_scale`, `sqrt_var` in numeric.c. */
import { LittoralError } from "#shared/base/errors.ts";
import { NUMERIC_PRECISION_MAX } from "#shared/contracts/data-type.ts";
import type { NumericValue } from "#shared/contracts/value.ts";

/** Significant digits a quotient has at least. */
const SIGNIFICANT_DIGITS_MIN = 16;
/** Decimal digits of one of PostgreSQL's base-10000 digits. */
const BASE_DIGITS = 4;
const COEFFICIENT_LIMIT = 10n ** BigInt(NUMERIC_PRECISION_MAX);

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/** The exponent and value of the leading base-10000 digit; a zero has 0 and 0. */
function leadingDigit(value: NumericValue): { weight: number; digit: bigint } {
	const coefficient = magnitude(value.coefficient);
	if (coefficient === 0n) return { weight: 0, digit: 0n };
	const weight = Math.floor((coefficient.toString().length - 1 - value.scale) / BASE_DIGITS);
	const shift = BigInt(weight * BASE_DIGITS + value.scale);
	return { weight, digit: shift >= 0n ? coefficient / 10n ** shift : coefficient * 10n ** -shift };
}

/** Digits after the point that a quotient shows. */
export function quotientScale(dividend: NumericValue, divisor: NumericValue): number {
	const left = leadingDigit(dividend);
	const right = leadingDigit(divisor);
	const weight = left.weight - right.weight - (left.digit <= right.digit ? 1 : 0);
	return Math.max(SIGNIFICANT_DIGITS_MIN - weight * BASE_DIGITS, dividend.scale, divisor.scale, 0);
}

/** Rounds half away from zero. @throws numeric_value_out_of_range beyond 38 digits */
export function divideNumeric(dividend: NumericValue, divisor: NumericValue, scale = quotientScale(dividend, divisor)): NumericValue {
	const shift = BigInt(scale + divisor.scale - dividend.scale);
	const numerator = magnitude(dividend.coefficient) * 10n ** (shift > 0n ? shift : 0n);
	const denominator = magnitude(divisor.coefficient) * 10n ** (shift < 0n ? -shift : 0n);
	const quotient = (numerator * 2n + denominator) / (denominator * 2n);
	const negative = dividend.coefficient < 0n !== divisor.coefficient < 0n;
	return checkedNumeric({ coefficient: negative ? -quotient : quotient, scale });
}

/** @throws numeric_value_out_of_range beyond 38 digits */
function checkedNumeric(value: NumericValue): NumericValue {
	if (magnitude(value.coefficient) >= COEFFICIENT_LIMIT) {
		throw new LittoralError("numeric_value_out_of_range", "value overflows numeric format");
	}
	return value;
}

/** Rounded to `scale` digits. */
export function squareRootNumeric(value: NumericValue, scale: number): NumericValue {
	const shift = 2 * scale - value.scale;
	const radicand = shift >= 0 ? value.coefficient * 10n ** BigInt(shift) : value.coefficient / 10n ** BigInt(-shift);
	const floor = integerSquareRoot(radicand);
	// (floor + 1/2)^2 = floor^2 + floor + 1/4: an integer radicand rounds up from floor^2 + floor + 1.
	return checkedNumeric({ coefficient: radicand > floor * floor + floor ? floor + 1n : floor, scale });
}

/** Newton's method from above. */
function integerSquareRoot(value: bigint): bigint {
	if (value < 2n) return value;
	let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
	for (;;) {
		const next = (root + value / root) >> 1n;
		if (next >= root) return root;
		root = next;
	}
}
