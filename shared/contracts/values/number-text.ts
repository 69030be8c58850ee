/** Numbers to and from PostgreSQL's text: integers, floating point in shortest form, NUMERIC exactly. */
import { LittoralError } from "#shared/base/errors.ts";
import { NUMERIC_PRECISION_MAX } from "../data-type.ts";
import type { NumericValue } from "../value.ts";

const INTEGER_BITS = { smallint: 16n, integer: 32n, bigint: 64n } as const;
export type IntegerKind = keyof typeof INTEGER_BITS;

const DECIMAL_INTEGER = /^\s*([+-]?)(\d+(?:_\d+)*)\s*$/;
const RADIX_INTEGER = /^\s*([+-]?)0(?:x((?:_?[0-9a-f])+)|o((?:_?[0-7])+)|b((?:_?[01])+))\s*$/i;

/** @throws 22P02, 22003 */
export function parseInteger(kind: IntegerKind, text: string): bigint {
	let value: bigint;
	const decimal = DECIMAL_INTEGER.exec(text);
	if (decimal !== null) {
		const digits = (decimal[2] as string).replaceAll("_", "").replace(/^0+(?=\d)/, "");
		if (digits.length > 20) throw integerOutOfRange(kind, text);
		value = BigInt(digits);
		if (decimal[1] === "-") value = -value;
	} else {
		const radix = RADIX_INTEGER.exec(text);
		if (radix === null) throw invalidText(kind, text);
		const [prefix, digits] = radix[2] ? ["0x", radix[2]] : radix[3] ? ["0o", radix[3]] : ["0b", radix[4] as string];
		const significant = digits.replaceAll("_", "").replace(/^0+(?=.)/, "");
		if (significant.length > 64) throw integerOutOfRange(kind, text);
		value = BigInt(prefix + significant);
		if (radix[1] === "-") value = -value;
	}
	const half = 1n << (INTEGER_BITS[kind] - 1n);
	if (value < -half || value >= half) throw integerOutOfRange(kind, text);
	return value;
}

function integerOutOfRange(kind: IntegerKind, text: string): LittoralError {
	return new LittoralError("numeric_value_out_of_range", `value "${text}" is out of range for type ${kind}`);
}

/** 22P02 in PostgreSQL's words. */
export function invalidText(typeName: string, text: string): LittoralError {
	return new LittoralError("invalid_text_representation", `invalid input syntax for type ${typeName}: "${text}"`);
}

const FLOAT = /^\s*([+-]?)(?:(\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|(inf|infinity)|(nan))\s*$/i;

/** @throws 22P02, 22003 where the value overflows, or underflows to zero */
export function parseFloating(kind: "real" | "double", text: string): number {
	const name = kind === "real" ? "real" : "double precision";
	const match = FLOAT.exec(text);
	if (match === null) throw invalidText(name, text);
	if (match[4] !== undefined) return Number.NaN;
	if (match[3] !== undefined) return match[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
	const double = Number(text);
	const value = kind === "real" ? Math.fround(double) : double;
	if (!Number.isFinite(value) || (value === 0 && /[1-9]/.test(match[2] as string))) {
		throw new LittoralError("numeric_value_out_of_range", `"${text.trim()}" is out of range for type ${name}`);
	}
	return value;
}

/**
 * Shortest text that reads back as the same value without rounding a tie, in PostgreSQL's layout: an exponent below 1e-4 and from 1e15 (real: 1e6) on.
 */
export function formatFloating(kind: "real" | "double", value: number): string {
	if (Number.isNaN(value)) return "NaN";
	if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
	if (value === 0) return Object.is(value, -0) ? "-0" : "0";
	const [mantissa, exponentText] = (kind === "real" ? shortestReal(value) : shortestDouble(value)).split("e") as [string, string];
	const exponent = Number(exponentText);
	const sign = mantissa.startsWith("-") ? "-" : "";
	const digits = mantissa.replace("-", "").replace(".", "");
	if (exponent < -4 || exponent >= (kind === "real" ? 6 : 15)) {
		const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
		const magnitude = String(Math.abs(exponent)).padStart(2, "0");
		return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${magnitude}`;
	}
	if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
	if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, "0");
	return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

const realBits = new DataView(new ArrayBuffer(4));

/** The 32-bit value next to `value` (finite, not 0), away from zero or towards it. */
function neighbourReal(value: number, step: 1 | -1): number {
	realBits.setFloat32(0, value);
	realBits.setInt32(0, realBits.getInt32(0) + step);
	const neighbour = realBits.getFloat32(0);
	return Number.isFinite(neighbour) ? neighbour : Math.sign(value) * 2 ** 128;
}

/**
 * Exponential form with the fewest digits that lie strictly between the midpoints to the neighbouring 32-bit values, of these the nearest to the value, of two
 * as near the even one: as PostgreSQL, which does not count on ties being rounded to even when it is read. `3e10`, such a tie, is `3.0000001e+10`.
 */
export function shortestReal(value: number): string {
	const magnitude = Math.abs(value);
	const low = (magnitude + neighbourReal(magnitude, -1)) / 2;
	const high = (magnitude + neighbourReal(magnitude, 1)) / 2;
	for (let fractionDigits = 0; ; fractionDigits++) {
		const [mantissa, exponentText] = magnitude.toExponential(fractionDigits).split("e") as [string, string];
		const digits = Number(mantissa.replace(".", ""));
		const exponent = Number(exponentText) - fractionDigits;
		const inside = [digits - 1, digits, digits + 1].filter((candidate) => {
			const number = Number(`${candidate}e${exponent}`);
			return number > low && number < high;
		});
		if (inside.length === 0 && fractionDigits < 9) continue;
		const nearest = inside.reduce((best, candidate) => nearer(magnitude, best, candidate, exponent), inside[0] ?? digits);
		return `${value < 0 ? "-" : ""}${Number(`${nearest}e${exponent}`).toExponential()}`;
	}
}

/** Every 32-bit value is a whole multiple of 2^-149. */
const REAL_SCALE = 2 ** 149;

/** The one of two neighbouring candidates, times 10^exponent, that is nearer to `magnitude`; the even one on a tie. Exact. */
function nearer(magnitude: number, lower: number, upper: number, exponent: number): number {
	if (lower === upper) return lower;
	const value = BigInt(magnitude * REAL_SCALE) * 2n * 10n ** BigInt(Math.max(0, -exponent));
	const middle = BigInt(lower + upper) * BigInt(REAL_SCALE) * 10n ** BigInt(Math.max(0, exponent));
	if (value === middle) return lower % 2 === 0 ? lower : upper;
	return value < middle ? lower : upper;
}

/** Only integers of these sizes have a midpoint to a neighbour that 17 digits can write. */
const TIE_MIN = 2 ** 53;
const TIE_MAX = 1e40;

/** The same of a 64-bit value: JavaScript's own shortest form, unless that is a tie. */
function shortestDouble(value: number): string {
	const shortest = value.toExponential();
	if (Math.abs(value) < TIE_MIN || Math.abs(value) >= TIE_MAX) return shortest;
	for (let text = shortest, fractionDigits = digitCount(shortest); ; text = value.toExponential(fractionDigits++)) {
		if (isInside(text, value)) return text;
	}
}

/** Digits of the mantissa. */
function digitCount(text: string): number {
	return text.slice(0, text.indexOf("e")).replace(/\D/g, "").length;
}

/** Whether an integer's text lies strictly inside what is rounded to `value`: one half further from it still is. */
function isInside(text: string, value: number): boolean {
	const [mantissa, exponent] = text.split("e") as [string, string];
	const [whole, fraction = ""] = mantissa.split(".") as [string, string?];
	const written = BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length);
	const distance = written - BigInt(value);
	return Number(2n * written + (distance > 0n ? 1n : distance < 0n ? -1n : 0n)) === 2 * value;
}

const NUMERIC = /^\s*([+-]?)(?:(\d+(?:_\d+)*)(?:\.((?:\d+(?:_\d+)*)?))?|\.(\d+(?:_\d+)*))(?:e([+-]?\d+(?:_\d+)*))?\s*$/i;
/** Beyond these exponents no coefficient of 38 digits is anything but zero or an overflow. */
const EXPONENT_MAX = 20_000;

/**
 * NUMERIC from text, exactly; with `precision` rounded half away from zero to `scale`, as PostgreSQL does.
 * @throws 22P02; 22003 above the precision or above 38 digits; 0A000 for NaN and infinities, which a stored coefficient cannot hold
 */
export function parseNumeric(text: string, precision?: number, scale = 0): NumericValue {
	const match = NUMERIC.exec(text);
	if (match === null) {
		if (/^\s*(?:nan|[+-]?inf(?:inity)?)\s*$/i.test(text)) {
			throw new LittoralError("feature_not_supported", `numeric value "${text.trim()}" is not supported`);
		}
		if (RADIX_INTEGER.test(text)) return roundNumeric({ coefficient: parseInteger("bigint", text), scale: 0 }, precision, scale);
		throw invalidText("numeric", text);
	}
	const whole = match[2] ?? "";
	const fraction = (match[4] ?? match[3] ?? "").replaceAll("_", "");
	const exponent = Number((match[5] ?? "0").replaceAll("_", ""));
	const digits = (whole.replaceAll("_", "") + fraction).replace(/^0+/, "");
	const negative = match[1] === "-";
	if (digits === "")
		return roundNumeric({ coefficient: 0n, scale: Math.min(Math.max(0, fraction.length - exponent), 16_383) }, precision, scale);
	if (Math.abs(exponent) > EXPONENT_MAX) {
		if (exponent < 0 && precision !== undefined) return { coefficient: 0n, scale };
		throw numericOverflow();
	}
	let valueScale = fraction.length - exponent;
	// Digits in front of the decimal point; a hopeless size is refused before a big integer is made of it.
	const wholeDigits = digits.length - valueScale;
	if (wholeDigits > NUMERIC_PRECISION_MAX + 1) throw precision === undefined ? numericOverflow() : fieldOverflow();
	let kept = digits;
	let roundsUp = false;
	if (precision !== undefined && valueScale > scale) {
		const keptCount = digits.length - (valueScale - scale);
		roundsUp = keptCount >= 0 && digits.charCodeAt(keptCount) >= 53;
		kept = keptCount > 0 ? digits.slice(0, keptCount) : "";
		valueScale = scale;
	} else if (valueScale < 0) {
		kept = digits.padEnd(digits.length - valueScale, "0");
		valueScale = 0;
	}
	if (kept.length > NUMERIC_PRECISION_MAX + 1) throw precision === undefined ? numericOverflow() : fieldOverflow();
	let coefficient = BigInt(kept === "" ? "0" : kept) + (roundsUp ? 1n : 0n);
	if (negative) coefficient = -coefficient;
	return roundNumeric({ coefficient, scale: valueScale }, precision, scale);
}

const COEFFICIENT_LIMIT = 10n ** BigInt(NUMERIC_PRECISION_MAX);

/**
 * Brings a value to NUMERIC(precision, scale), rounding half away from zero; without a precision only the 38 digits are checked.
 * @throws 22003
 */
export function roundNumeric(value: NumericValue, precision?: number, scale = 0): NumericValue {
	let { coefficient } = value;
	if (precision === undefined) {
		if (coefficient >= COEFFICIENT_LIMIT || coefficient <= -COEFFICIENT_LIMIT) throw numericOverflow();
		return value;
	}
	if (value.scale < scale) coefficient *= 10n ** BigInt(scale - value.scale);
	else if (value.scale > scale) coefficient = divideRounding(coefficient, value.scale - scale);
	const limit = 10n ** BigInt(precision);
	if (coefficient >= limit || coefficient <= -limit) throw fieldOverflow();
	return { coefficient, scale };
}

/** coefficient / 10^digitCount, half away from zero. */
function divideRounding(coefficient: bigint, digitCount: number): bigint {
	if (digitCount > 2 * NUMERIC_PRECISION_MAX) return 0n;
	const divisor = 10n ** BigInt(digitCount);
	const half = divisor / 2n;
	return coefficient < 0n ? -((-coefficient + half) / divisor) : (coefficient + half) / divisor;
}

function numericOverflow(): LittoralError {
	return new LittoralError("numeric_value_out_of_range", "value overflows numeric format");
}

function fieldOverflow(): LittoralError {
	return new LittoralError("numeric_value_out_of_range", "numeric field overflow");
}

/** Every digit of the display scale: coefficient -5 with scale 2 is `-0.05`. */
export function formatNumeric(value: NumericValue): string {
	if (value.scale === 0) return value.coefficient.toString();
	const negative = value.coefficient < 0n;
	const digits = (negative ? -value.coefficient : value.coefficient).toString().padStart(value.scale + 1, "0");
	const point = digits.length - value.scale;
	return `${negative ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}
