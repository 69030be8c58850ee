/** What to_char writes of a number, before its template is laid over it: digits as long as the template wants, or `#` where they do not fit. */
import { LittoralError } from "#shared/base/errors.ts";
import type { NumericValue } from "#shared/contracts/value.ts";
import { formatNumeric } from "#shared/contracts/values/number-text.ts";
import { fixedText, roundHalfAway, scientificNumeric, scientificText } from "./exact-double.ts";
import type { NumberTemplate } from "./number-template.ts";
import { toRoman } from "./roman.ts";

/** `text`: digits, a point and digits; a Roman numeral; or with EEEE the whole result. */
export interface NumberDigits {
	sign: "+" | "-";
	text: string;
	/** Places of the template before the decimal point and behind it; fewer where the type has no more digits. */
	whole: number;
	fraction: number;
}

const INT32_MAX = 2_147_483_647;
/** What no template is laid over. */
const whole = (text: string): NumberDigits => ({ sign: "+", text, whole: 0, fraction: 0 });

/** `#` for every place where the whole part is too long. */
function fitted(text: string, negative: boolean, template: NumberTemplate, fraction = template.fraction): NumberDigits {
	const places = { whole: template.whole + template.shifted, fraction };
	const point = text.indexOf(".");
	const length = point < 0 ? text.length : point;
	const sign = negative ? "-" : "+";
	if (length <= places.whole) return { sign, text, ...places };
	return { sign, text: `${"#".repeat(places.whole)}.${"#".repeat(fraction)}`, ...places };
}

export function digitsOfInteger(given: number, template: NumberTemplate): NumberDigits {
	if (template.roman) return whole(toRoman(given));
	if (template.exponent) return whole(`${given < 0 ? "-" : " "}${scientificText(given, template.fraction)}`);
	// 32 bits wrap, as in PostgreSQL.
	const factor = Math.min(10 ** template.shifted, INT32_MAX);
	const value = template.shift ? Math.imul(given, factor) : given;
	const digits = String(Math.abs(value));
	return fitted(template.fraction === 0 ? digits : `${digits}.${"0".repeat(template.fraction)}`, value < 0, template);
}

/** @throws 22003 where V leads out of 64 bits */
export function digitsOfBigint(given: bigint, template: NumberTemplate): NumberDigits {
	if (template.roman || template.exponent) return digitsOfNumeric({ coefficient: given, scale: 0 }, template);
	const factor = template.shift ? 10n ** BigInt(template.shifted) : 1n;
	const value = given * factor;
	if (BigInt.asIntN(64, value) !== value || BigInt.asIntN(64, factor) !== factor) {
		throw new LittoralError("numeric_value_out_of_range", "bigint out of range");
	}
	const digits = String(value < 0n ? -value : value);
	return fitted(template.fraction === 0 ? digits : `${digits}.${"0".repeat(template.fraction)}`, value < 0n, template);
}

export function digitsOfNumeric({ coefficient, scale }: NumericValue, template: NumberTemplate): NumberDigits {
	const negative = coefficient < 0n;
	const magnitude = negative ? -coefficient : coefficient;
	if (template.roman) {
		const rounded = roundHalfAway(magnitude, scale);
		return whole(toRoman(negative || rounded > INT32_MAX ? -1 : Number(rounded)));
	}
	if (template.exponent) {
		return whole(`${negative ? "-" : " "}${scientificNumeric(magnitude, scale, template.fraction)}`);
	}
	const rounded = roundHalfAway(magnitude * 10n ** BigInt(template.shifted), scale - template.fraction);
	return fitted(formatNumeric({ coefficient: rounded, scale: template.fraction }), negative && rounded !== 0n, template);
}

/** @param digitsMax digits that the type has: 15, or 6 of a real */
export function digitsOfFloating(given: number, template: NumberTemplate, digitsMax: 6 | 15): NumberDigits {
	if (template.roman) return whole(toRoman(Number.isFinite(given) ? roundTiesToEven(given) : -1));
	if (template.exponent) {
		if (Number.isFinite(given)) {
			return whole(`${given < 0 || Object.is(given, -0) ? "-" : " "}${scientificText(given, template.fraction)}`);
		}
		return whole(` ${"#".repeat(template.whole)}.${"#".repeat(template.fraction + 4)}`);
	}
	let value = given;
	if (template.shift) value = digitsMax === 6 ? Math.fround(given * Math.fround(10 ** template.shifted)) : given * 10 ** template.shifted;
	const wholeLength = Number.isFinite(value) ? fixedText(value, 0).length : nameOf(value).length;
	const fraction = wholeLength >= digitsMax ? 0 : Math.min(template.fraction, digitsMax - wholeLength);
	const text = Number.isFinite(value) ? fixedText(value, fraction) : nameOf(value);
	return fitted(text, value < 0 || Object.is(value, -0), template, fraction);
}

const nameOf = (value: number): string => (Number.isNaN(value) ? "NaN" : "Infinity");

function roundTiesToEven(value: number): number {
	const rounded = Math.round(value);
	return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
