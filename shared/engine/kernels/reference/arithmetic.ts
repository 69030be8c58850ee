/** What the arithmetic kernels compute, on BigInt. For tests only. Strings are the messages that they raise. */
import type { NumericValue } from "#shared/contracts/value.ts";

export type ArithmeticName = "add" | "subtract" | "multiply" | "divide" | "modulo";

/** @returns the exact result, or "division by zero"; the caller checks the range */
export function integerArithmetic(name: ArithmeticName, left: bigint, right: bigint): bigint | "division by zero" {
	switch (name) {
		case "add":
			return left + right;
		case "subtract":
			return left - right;
		case "multiply":
			return left * right;
		case "divide":
			return right === 0n ? "division by zero" : left / right;
		case "modulo":
			return right === 0n ? "division by zero" : left % right;
	}
}

const LIMIT = 10n ** 38n;
const absolute = (value: bigint): bigint => (value < 0n ? -value : value);
const power = (exponent: number): bigint => 10n ** BigInt(exponent);

/** Weight and value of the leading base-10000 digit. */
function leadingDigit({ coefficient, scale }: NumericValue): { weight: number; digit: bigint } {
	if (coefficient === 0n) return { weight: 0, digit: 0n };
	const text = absolute(coefficient).toString();
	const exponent = text.length - 1 - scale;
	const weight = Math.floor(exponent / 4);
	const width = exponent - weight * 4 + 1;
	return { weight, digit: BigInt(text.slice(0, width).padEnd(width, "0")) };
}

/** PostgreSQL's select_div_scale. */
function quotientScale(left: NumericValue, right: NumericValue): number {
	const a = leadingDigit(left);
	const b = leadingDigit(right);
	const weight = a.weight - b.weight - (a.digit <= b.digit ? 1 : 0);
	return Math.max(16 - weight * 4, left.scale, right.scale, 0);
}

export function numericArithmetic(name: ArithmeticName, left: NumericValue, right: NumericValue): NumericValue | string {
	if ((name === "divide" || name === "modulo") && right.coefficient === 0n) return "division by zero";
	const scale = Math.max(left.scale, right.scale);
	const a = left.coefficient * power(scale - left.scale);
	const b = right.coefficient * power(scale - right.scale);
	const result = ((): NumericValue => {
		switch (name) {
			case "add":
				return { coefficient: a + b, scale };
			case "subtract":
				return { coefficient: a - b, scale };
			case "multiply":
				return { coefficient: left.coefficient * right.coefficient, scale: left.scale + right.scale };
			case "modulo":
				return { coefficient: a % b, scale };
			case "divide": {
				const places = quotientScale(left, right);
				const dividend = absolute(a) * power(places);
				const divisor = absolute(b);
				const quotient = (2n * dividend + divisor) / (2n * divisor);
				return { coefficient: a < 0n === b < 0n ? quotient : -quotient, scale: places };
			}
		}
	})();
	return absolute(result.coefficient) >= LIMIT ? "value overflows numeric format" : result;
}
