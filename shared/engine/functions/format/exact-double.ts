/** Doubles as decimal texts, rounded from their exact value, ties to even, as C's printf does; JavaScript's own methods round ties up. */

const bits = new DataView(new ArrayBuffer(8));
const MANTISSA_BITS = 52n;
const HIDDEN_BIT = 1n << MANTISSA_BITS;
const EXPONENT_BIAS = 1075;

/** `value` is exactly coefficient x 10^-scale. @param value finite, not negative */
function exact(value: number): { coefficient: bigint; scale: number } {
	bits.setFloat64(0, value);
	const raw = bits.getBigUint64(0);
	const biased = Number(raw >> MANTISSA_BITS) & 0x7ff;
	const mantissa = (raw & (HIDDEN_BIT - 1n)) | (biased === 0 ? 0n : HIDDEN_BIT);
	const exponent = Math.max(biased, 1) - EXPONENT_BIAS;
	if (exponent >= 0) return { coefficient: mantissa << BigInt(exponent), scale: 0 };
	return { coefficient: mantissa * 5n ** BigInt(-exponent), scale: -exponent };
}

/** coefficient / 10^digits, ties to even. */
function roundHalfEven(coefficient: bigint, digits: number): bigint {
	if (digits <= 0) return coefficient * 10n ** BigInt(-digits);
	const divisor = 10n ** BigInt(digits);
	const quotient = coefficient / divisor;
	const twice = (coefficient - quotient * divisor) * 2n;
	return twice > divisor || (twice === divisor && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** coefficient / 10^digits, ties away from zero. @param coefficient not negative */
export function roundHalfAway(coefficient: bigint, digits: number): bigint {
	if (digits <= 0) return coefficient * 10n ** BigInt(-digits);
	const divisor = 10n ** BigInt(digits);
	return (coefficient + divisor / 2n) / divisor;
}

/** C's `%.*f` of a finite value, without its sign. */
export function fixedText(value: number, fractionDigits: number): string {
	const { coefficient, scale } = exact(Math.abs(value));
	const digits = roundHalfEven(coefficient, scale - fractionDigits)
		.toString()
		.padStart(fractionDigits + 1, "0");
	const point = digits.length - fractionDigits;
	return fractionDigits === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** C's `%.*e` of a finite value, without its sign. */
export function scientificText(value: number, fractionDigits: number): string {
	const { coefficient, scale } = exact(Math.abs(value));
	const { digits, exponent } = significand(coefficient, scale, fractionDigits, roundHalfEven);
	// 9.96 with one digit is 1.0e+01.
	if (digits.length > fractionDigits + 1) return scientific(digits.slice(0, -1), fractionDigits, exponent + 1);
	return scientific(digits, fractionDigits, exponent);
}

/** The same of a NUMERIC, ties away from zero; 9.96 with one digit is 10.0e+00, as PostgreSQL has it. @param coefficient not negative */
export function scientificNumeric(coefficient: bigint, scale: number, fractionDigits: number): string {
	const { digits, exponent } = significand(coefficient, scale, fractionDigits, roundHalfAway);
	return scientific(digits, fractionDigits, exponent);
}

type Round = (coefficient: bigint, digits: number) => bigint;

/** One digit and `fractionDigits` more; another one in front where rounding carries. */
function significand(coefficient: bigint, scale: number, fractionDigits: number, round: Round): { digits: string; exponent: number } {
	const length = coefficient.toString().length;
	return {
		digits: round(coefficient, length - 1 - fractionDigits)
			.toString()
			.padStart(fractionDigits + 1, "0"),
		exponent: coefficient === 0n ? 0 : length - 1 - scale,
	};
}

function scientific(digits: string, fractionDigits: number, exponent: number): string {
	const point = digits.length - fractionDigits;
	const fraction = fractionDigits === 0 ? "" : `.${digits.slice(point)}`;
	return `${digits.slice(0, point)}${fraction}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
