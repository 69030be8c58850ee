/**
 * sqrt, exp, ln, log and power of NUMERIC: results have the scale that PostgreSQL chooses (16 significant digits at least, and no fewer decimals than the
 * arguments show). Source: PostgreSQL's numeric.c; the numbers themselves come from decimal.ts at ten more digits.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { NumericValue } from "#shared/contracts/value.ts";
import { roundNumeric } from "#shared/contracts/values/number-text.ts";
import { exponential, integerSquareRoot, naturalLogarithm, rescale } from "./decimal.ts";

const SIGNIFICANT_DIGITS = 16;
const SCALE_MAX = 1000;
const GUARD_DIGITS = 12;
const LN_10 = Math.LN10;
const LOG10_E = 0.434294481903252;

const overflow = (): LittoralError => new LittoralError("numeric_value_out_of_range", "value overflows numeric format");

/** Position of the leading base-10000 digit, the digits from it on (as a decimal string, grouped by four), for estimates. */
function normalised(value: NumericValue): { weight: number; digits: number[] } {
	const { coefficient, scale } = value;
	if (coefficient === 0n) return { weight: 0, digits: [] };
	const padding = (4 - (scale % 4)) % 4;
	const text = (coefficient < 0n ? -coefficient : coefficient).toString() + "0".repeat(padding);
	const fractionGroups = (scale + padding) / 4;
	const aligned = text.padStart(Math.ceil(text.length / 4) * 4, "0");
	const digits = Array.from({ length: aligned.length / 4 }, (_, index) => Number(aligned.slice(index * 4, index * 4 + 4)));
	let weight = digits.length - 1 - fractionGroups;
	while (digits[0] === 0) {
		digits.shift();
		weight--;
	}
	while (digits.at(-1) === 0) digits.pop();
	return { weight, digits };
}

function clampScale(scale: number, ...shown: number[]): number {
	return Math.min(Math.max(scale, ...shown, 0), SCALE_MAX);
}

/** The value at `digits` decimals, as a coefficient. */
const fixed = (value: NumericValue, digits: number): bigint => rescale(value.coefficient, value.scale, digits);

const toNumber = (value: NumericValue): number => Number(`${value.coefficient}e-${value.scale}`);

function finish(coefficient: bigint, digits: number, scale: number): NumericValue {
	return roundNumeric({ coefficient: rescale(coefficient, digits, scale), scale });
}

/** @throws 2201F for a negative value */
export function squareRoot(value: NumericValue): NumericValue {
	if (value.coefficient < 0n) {
		throw new LittoralError("invalid_argument_for_power_function", "cannot take square root of a negative number");
	}
	const { weight } = normalised(value);
	const rootWeight = weight >= 0 ? (weight * 4) / 2 + 1 : 1 - (-weight * 4) / 2;
	const scale = clampScale(SIGNIFICANT_DIGITS - rootWeight, value.scale);
	const digits = scale + GUARD_DIGITS;
	return finish(integerSquareRoot(fixed(value, 2 * digits)), digits, scale);
}

export function exponentialOf(value: NumericValue): NumericValue {
	const approximate = toNumber(value) * LOG10_E;
	if (approximate > 40) throw overflow();
	if (approximate < -SCALE_MAX) return { coefficient: 0n, scale: SCALE_MAX };
	const scale = clampScale(SIGNIFICANT_DIGITS - Math.trunc(approximate), value.scale);
	const digits = scale + GUARD_DIGITS + Math.max(0, Math.ceil(approximate));
	return finish(exponential(fixed(value, digits), 10n ** BigInt(digits)), digits, scale);
}

/** Decimal digits in front of the logarithm's point, as PostgreSQL estimates them. */
function logarithmWeight(value: NumericValue): number {
	const one = 10n ** BigInt(value.scale);
	if (value.coefficient * 10n >= one * 9n && value.coefficient * 10n <= one * 11n) {
		const { weight, digits } = normalised({ coefficient: value.coefficient - one, scale: value.scale });
		return digits.length === 0 ? 0 : weight * 4 + Math.trunc(Math.log10(digits[0] as number));
	}
	const { weight, digits } = normalised(value);
	let leading = digits[0] as number;
	let decimalWeight = weight * 4;
	if (digits.length > 1) {
		leading = leading * 10_000 + (digits[1] as number);
		decimalWeight -= 4;
	}
	return Math.trunc(Math.log10(Math.abs(Math.log(leading) + decimalWeight * LN_10)));
}

function checkLogarithm(value: NumericValue): void {
	if (value.coefficient === 0n) throw new LittoralError("invalid_argument_for_logarithm", "cannot take logarithm of zero");
	if (value.coefficient < 0n) throw new LittoralError("invalid_argument_for_logarithm", "cannot take logarithm of a negative number");
}

/** @throws 2201E unless the value is positive */
export function naturalLogarithmOf(value: NumericValue): NumericValue {
	checkLogarithm(value);
	const scale = clampScale(SIGNIFICANT_DIGITS - logarithmWeight(value), value.scale);
	const digits = Math.max(scale, value.scale) + GUARD_DIGITS;
	return finish(naturalLogarithm(fixed(value, digits), 10n ** BigInt(digits)), digits, scale);
}

/** @throws 2201E unless both are positive; 22012 for base 1 */
export function logarithmOf(base: NumericValue, value: NumericValue): NumericValue {
	checkLogarithm(base);
	checkLogarithm(value);
	const scale = clampScale(SIGNIFICANT_DIGITS - (logarithmWeight(value) - logarithmWeight(base)), base.scale, value.scale);
	const digits = scale + 2 * GUARD_DIGITS + base.scale;
	const one = 10n ** BigInt(digits);
	const divisor = naturalLogarithm(fixed(base, digits), one);
	if (divisor === 0n) throw new LittoralError("division_by_zero", "division by zero");
	return finish((naturalLogarithm(fixed(value, digits), one) * one) / divisor, digits, scale);
}

/** The value when it is whole, within 32 bits. */
function wholeOf(value: NumericValue): number | null {
	const divisor = 10n ** BigInt(value.scale);
	if (value.coefficient % divisor !== 0n) return null;
	const whole = Number(value.coefficient / divisor);
	return Math.abs(whole) < 2 ** 31 ? whole : null;
}

function wholePower(base: NumericValue, exponent: number, exponentScale: number): NumericValue {
	const { weight, digits } = normalised(base);
	let estimate = 0;
	if (digits.length > 0) {
		let leading = digits[0] as number;
		let place = weight * 4;
		for (let index = 1; index < digits.length && index * 4 < SIGNIFICANT_DIGITS; index++) {
			leading = leading * 10_000 + (digits[index] as number);
			place -= 4;
		}
		estimate = exponent * (Math.log10(leading) + place);
	}
	if (estimate > 40) throw overflow();
	if (estimate + 1 < -SCALE_MAX) return { coefficient: 0n, scale: SCALE_MAX };
	const scale = clampScale(SIGNIFICANT_DIGITS - Math.trunc(estimate), base.scale, exponentScale);
	// Squaring with enough guard digits that the error of some 64 products stays below the last digit shown.
	const working = scale + GUARD_DIGITS + 20 + Math.max(0, Math.ceil(Math.abs(estimate)));
	const one = 10n ** BigInt(working);
	let result = one;
	let square = fixed(base, working);
	for (let rest = Math.abs(exponent); rest > 0; rest = Math.floor(rest / 2)) {
		if (rest % 2 === 1) result = (result * square) / one;
		square = (square * square) / one;
	}
	if (exponent < 0) result = (one * one) / result;
	return finish(result, working, scale);
}

/** @throws 2201F for zero to a negative power, and for a negative base to a power that is not whole */
export function powerOf(base: NumericValue, exponent: NumericValue): NumericValue {
	const whole = wholeOf(exponent);
	if (base.coefficient === 0n && exponent.coefficient < 0n) {
		throw new LittoralError("invalid_argument_for_power_function", "zero raised to a negative power is undefined");
	}
	if (whole !== null) return wholePower(base, whole, exponent.scale);
	if (base.coefficient < 0n) {
		throw new LittoralError(
			"invalid_argument_for_power_function",
			"a negative number raised to a non-integer power yields a complex result",
		);
	}
	if (base.coefficient === 0n) return { coefficient: 0n, scale: SIGNIFICANT_DIGITS };
	// PostgreSQL estimates from a logarithm of about eight significant digits: at a power of ten that decides the scale.
	const estimateDigits = Math.max(0, 8 - logarithmWeight(base));
	const roundEstimate = (estimate: number): number => Math.round(estimate * 10 ** estimateDigits) / 10 ** estimateDigits;
	const approximate = roundEstimate(roundEstimate(Math.log(toNumber(base))) * toNumber(exponent)) * LOG10_E;
	if (approximate > 40) throw overflow();
	if (approximate < -SCALE_MAX) return { coefficient: 0n, scale: SCALE_MAX };
	const scale = clampScale(SIGNIFICANT_DIGITS - Math.trunc(approximate), base.scale, exponent.scale);
	const digits = scale + 2 * GUARD_DIGITS + Math.max(0, Math.ceil(approximate)) + base.scale;
	const one = 10n ** BigInt(digits);
	const logarithm = naturalLogarithm(fixed(base, digits), one);
	return finish(exponential((logarithm * exponent.coefficient) / 10n ** BigInt(exponent.scale), one), digits, scale);
}
