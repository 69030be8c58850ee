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

/** Shortest text that reads back as the same value, in PostgreSQL's layout: an exponent below 1e-4 and from 1e15 (real: 1e6) on. */
export function formatFloating(kind: "real" | "double", value: number): string {
	if (Number.isNaN(value)) return "NaN";
	if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
	if (value === 0) return Object.is(value, -0) ? "-0" : "0";
	const [mantissa, exponentText] = (kind === "real" ? shortestReal(value) : value.toExponential()).split("e") as [string, string];
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

/** Exponential form with the fewest digits that give the same 32-bit value. */
export function shortestReal(value: number): string {
	for (let fractionDigits = 0; fractionDigits < 9; fractionDigits++) {
		const text = value.toExponential(fractionDigits);
		if (Math.fround(Number(text)) === value) return text;
	}
	return value.toExponential(9);
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
