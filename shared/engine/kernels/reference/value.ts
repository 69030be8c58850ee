/** SQL's order and equality of single values in plain TypeScript: the twin of `assembly/value.ts`, for tests only. */
import type { IntervalValue, NumericValue, SqlValue } from "#shared/contracts/value.ts";

const by = <Value>(left: Value, right: Value): number => (left < right ? -1 : left > right ? 1 : 0);

const byBytes = (left: Uint8Array, right: Uint8Array): number => {
	const at = left.findIndex((byte, index) => byte !== right[index]);
	return at < 0 || at >= right.length ? by(left.length, right.length) : by(left[at] as number, right[at] as number);
};

/** Microseconds, a month being 30 days. */
const intervalLength = (value: IntervalValue): bigint =>
	(BigInt(value.months) * 30n + BigInt(value.days)) * 86_400_000_000n + value.microseconds;

/** Two values of one type that are not NULL: below 0, 0 or above. NaN is above everything, text goes by its bytes, an interval by its length. */
export function orderValues(left: SqlValue, right: SqlValue): number {
	if (typeof left === "number" && typeof right === "number") {
		if (Number.isNaN(left) || Number.isNaN(right)) return by(Number.isNaN(left), Number.isNaN(right));
		return by(left, right);
	}
	if (typeof left === "string" && typeof right === "string")
		return byBytes(new TextEncoder().encode(left), new TextEncoder().encode(right));
	if (left instanceof Uint8Array && right instanceof Uint8Array) return byBytes(left, right);
	if (typeof left === "object" && left !== null && "coefficient" in left) {
		const other = right as NumericValue;
		return by(left.coefficient * 10n ** BigInt(other.scale), other.coefficient * 10n ** BigInt(left.scale));
	}
	if (typeof left === "object" && left !== null && "months" in left)
		return by(intervalLength(left), intervalLength(right as IntervalValue));
	return by(left, right);
}

/** A text that is the same for values that GROUP BY holds equal. */
export function equalityKey(value: SqlValue): string {
	if (value === null) return "null";
	if (typeof value === "number") return value === 0 ? "0" : String(value);
	if (value instanceof Uint8Array) return `bytes ${value.join(",")}`;
	if (Array.isArray(value)) return `[${value.map(equalityKey).join(",")}]`;
	if (typeof value === "object" && "coefficient" in value) {
		let { coefficient, scale } = value;
		for (; scale > 0 && coefficient % 10n === 0n; scale--) coefficient /= 10n;
		return `${coefficient}e${scale}`;
	}
	if (typeof value === "object") return `${intervalLength(value)}us`;
	return `${typeof value} ${String(value)}`;
}
