/** Twins of `assembly/aggregate.ts`: what a group's rows come to, by BigInt; for tests only. */
import type { NumericValue } from "#shared/contracts/value.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT128_MAX = 2n ** 127n - 1n;

/** Sum of 64 bits, checked after every value. @returns null when some prefix leaves 64 bits */
export function sumInt64(values: bigint[]): bigint | null {
	return checkedSum(values, INT64_MAX);
}

/** Sum of 128 bits, likewise. */
export function sumInt128(values: bigint[]): bigint | null {
	return checkedSum(values, INT128_MAX);
}

function checkedSum(values: bigint[], maximum: bigint): bigint | null {
	let sum = 0n;
	for (const value of values) {
		sum += value;
		if (sum > maximum || sum < -maximum - 1n) return null;
	}
	return sum;
}

/** At the largest scale of the values. */
export function sumNumeric(values: NumericValue[]): NumericValue {
	const scale = values.reduce((largest, value) => Math.max(largest, value.scale), 0);
	const coefficient = values.reduce((sum, value) => sum + value.coefficient * 10n ** BigInt(scale - value.scale), 0n);
	return { coefficient, scale };
}

/** One running sum of 64 bits; `single` rounds every step to 32. */
export function sumFloat(values: number[], single: boolean): number {
	return values.reduce((sum, value) => (single ? Math.fround(sum + value) : sum + value), 0);
}
