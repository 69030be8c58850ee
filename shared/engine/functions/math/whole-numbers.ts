/** Functions of whole numbers and of the scale of NUMERIC: divisors, factorials, buckets, and random numbers. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { comparatorOf } from "#shared/contracts/values/compare.ts";
import { roundNumeric } from "#shared/contracts/values/number-text.ts";
import { divisionByZero, outOfRange } from "../errors.ts";
import type { Bind } from "../kernel.ts";
import { perValue, perValueBound } from "../per-value.ts";

const INTEGER: DataType = { kind: "integer" };
const INTEGER_BITS = { integer: 32, bigint: 64 } as const;
type IntegerKind = keyof typeof INTEGER_BITS;

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

function greatestDivisor(left: bigint, right: bigint): bigint {
	let [a, b] = [magnitude(left), magnitude(right)];
	while (b !== 0n) [a, b] = [b, a % b];
	return a;
}
function leastMultiple(left: bigint, right: bigint): bigint {
	if (left === 0n || right === 0n) return 0n;
	return magnitude((left / greatestDivisor(left, right)) * right);
}

type OfWholes = (left: bigint, right: bigint) => bigint;

const ofIntegers = (kind: IntegerKind, compute: OfWholes): Bind =>
	perValue(([left, right]) => {
		const result = compute(BigInt(left as number | bigint), BigInt(right as number | bigint));
		if (BigInt.asIntN(INTEGER_BITS[kind], result) !== result) throw outOfRange({ kind });
		return kind === "integer" ? Number(result) : result;
	});

/** On coefficients at the larger scale. */
const ofNumerics = (compute: OfWholes): Bind =>
	perValue((values) => {
		const [left, right] = values as [NumericValue, NumericValue];
		const scale = Math.max(left.scale, right.scale);
		const at = (value: NumericValue): bigint => value.coefficient * 10n ** BigInt(scale - value.scale);
		return roundNumeric({ coefficient: compute(at(left), at(right)), scale });
	});

function divideWhole([dividend, divisor]: SqlValue[]): SqlValue {
	const [left, right] = [dividend as NumericValue, divisor as NumericValue];
	if (right.coefficient === 0n) throw divisionByZero();
	const numerator = left.coefficient * 10n ** BigInt(right.scale);
	const denominator = right.coefficient * 10n ** BigInt(left.scale);
	return roundNumeric({ coefficient: numerator / denominator, scale: 0 });
}

/** The largest whose factorial has no more digits than NUMERIC. */
const FACTORIAL_ARGUMENT_MAX = 33n;

function factorial([value]: SqlValue[]): SqlValue {
	const count = value as bigint;
	if (count < 0n) throw new LittoralError("numeric_value_out_of_range", "factorial of a negative number is undefined");
	if (count > FACTORIAL_ARGUMENT_MAX) throw outOfRange({ kind: "numeric" });
	let coefficient = 1n;
	for (let factor = 2n; factor <= count; factor++) coefficient *= factor;
	return { coefficient, scale: 0 };
}

const withoutZeros = ({ coefficient, scale }: NumericValue): NumericValue => {
	let [digits, places] = [coefficient, scale];
	while (places > 0 && digits % 10n === 0n) {
		digits /= 10n;
		places--;
	}
	return { coefficient: digits, scale: places };
};

const badBucket = (message: string): LittoralError => new LittoralError("invalid_argument_for_width_bucket_function", message);

function checkedBucket(bucket: number): number {
	if (bucket > 2_147_483_647) throw outOfRange(INTEGER);
	return bucket;
}

function checkBuckets(count: number): void {
	if (count <= 0) throw badBucket("count must be greater than zero");
}

function bucketOfDouble(values: SqlValue[]): SqlValue {
	const [value, low, high, count] = values as [number, number, number, number];
	checkBuckets(count);
	if ([value, low, high].some(Number.isNaN)) throw badBucket("operand, lower bound, and upper bound cannot be NaN");
	if (!Number.isFinite(low) || !Number.isFinite(high)) throw badBucket("lower and upper bounds must be finite");
	if (low === high) throw badBucket("lower bound cannot equal upper bound");
	const [at, start, end] = low < high ? [value, low, high] : [-value, -low, -high];
	if (at < start) return 0;
	if (at >= end) return checkedBucket(count + 1);
	const fraction = Number.isFinite(end - start) ? (at - start) / (end - start) : (at / 2 - start / 2) / (end / 2 - start / 2);
	// Rounding may reach the bucket behind the last.
	return Math.min(Math.floor(count * fraction), count - 1) + 1;
}

function bucketOfNumeric(values: SqlValue[]): SqlValue {
	const [value, low, high, count] = values as [NumericValue, NumericValue, NumericValue, number];
	checkBuckets(count);
	const scale = Math.max(value.scale, low.scale, high.scale);
	const at = (given: NumericValue): bigint => given.coefficient * 10n ** BigInt(scale - given.scale);
	const sign = at(low) < at(high) ? 1n : -1n;
	const [position, width] = [(at(value) - at(low)) * sign, (at(high) - at(low)) * sign];
	if (width === 0n) throw badBucket("lower bound cannot equal upper bound");
	if (position < 0n) return 0;
	if (position >= width) return checkedBucket(count + 1);
	return Number((position * BigInt(count)) / width) + 1;
}

/** How many thresholds are at most the value; they are sorted by contract. */
const bucketOfThresholds: Bind = perValueBound(({ argumentTypes }) => {
	const compare = comparatorOf(argumentTypes[0] as DataType);
	return ([value, thresholds]) => {
		const list = thresholds as SqlValue[];
		if (list.includes(null)) throw new LittoralError("null_value_not_allowed", "thresholds array must not contain NULLs");
		let [low, high] = [0, list.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (compare(value as SqlValue, list[middle] as SqlValue) < 0) high = middle;
			else low = middle + 1;
		}
		return low;
	};
});

/** A random whole number from 0 to `range`, every one as likely as the others: bits are drawn until they fit. */
function randomUpTo(range: bigint): bigint {
	const bitCount = range.toString(2).length;
	for (;;) {
		const words = crypto.getRandomValues(new BigUint64Array(3));
		const drawn = BigInt.asUintN(
			bitCount,
			words.reduce((bits, word) => (bits << 64n) | word, 0n),
		);
		if (drawn <= range) return drawn;
	}
}

function randomBetween(low: bigint, high: bigint): bigint {
	if (low > high) {
		throw new LittoralError("invalid_parameter_value", "lower bound must be less than or equal to upper bound");
	}
	return low + randomUpTo(high - low);
}

export const WHOLE_NUMBER_KERNELS: Record<string, Bind> = {
	"gcd(integer,integer)": ofIntegers("integer", greatestDivisor),
	"gcd(bigint,bigint)": ofIntegers("bigint", greatestDivisor),
	"gcd(numeric,numeric)": ofNumerics(greatestDivisor),
	"lcm(integer,integer)": ofIntegers("integer", leastMultiple),
	"lcm(bigint,bigint)": ofIntegers("bigint", leastMultiple),
	"lcm(numeric,numeric)": ofNumerics(leastMultiple),
	"div(numeric,numeric)": perValue(divideWhole),
	"factorial(bigint)": perValue(factorial),
	"min_scale(numeric)": perValue(([value]) => withoutZeros(value as NumericValue).scale),
	"trim_scale(numeric)": perValue(([value]) => withoutZeros(value as NumericValue)),
	"width_bucket(double,double,double,integer)": perValue(bucketOfDouble),
	"width_bucket(numeric,numeric,numeric,integer)": perValue(bucketOfNumeric),
	"width_bucket(compatible,compatible_array)": bucketOfThresholds,
	"random()": perValue(() => Math.random()),
	"random(integer,integer)": perValue(([low, high]) => Number(randomBetween(BigInt(low as number), BigInt(high as number)))),
	"random(bigint,bigint)": perValue(([low, high]) => randomBetween(low as bigint, high as bigint)),
};
