/** A constant of one type as a value of another, where it is exactly one. */
import type { DataType, DataTypeKind } from "#shared/contracts/data-type.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";

export const INTEGER_LIMITS: Partial<Record<DataTypeKind, bigint>> = { smallint: 2n ** 15n, integer: 2n ** 31n, bigint: 2n ** 63n };
const MICROSECONDS_PER_DAY = 86_400_000_000n;

/** Between whole numbers and numerics, and from timestamps to dates. @returns null where `to` has no such value, or the pair is another */
export function convertExactly(value: SqlValue, from: DataType, to: DataType): SqlValue | null {
	if (to.kind === "date" && from.kind === "timestamp") {
		const microseconds = value as bigint;
		return microseconds % MICROSECONDS_PER_DAY === 0n ? Number(microseconds / MICROSECONDS_PER_DAY) : null;
	}
	const number = asNumeric(value, from);
	if (number === null) return null;
	const limit = INTEGER_LIMITS[to.kind];
	if (limit !== undefined) {
		const whole = rescale(number, 0);
		if (whole === null || whole >= limit || whole < -limit) return null;
		return to.kind === "bigint" ? whole : Number(whole);
	}
	if (to.kind !== "numeric" || to.precision === undefined) return null;
	const scale = to.scale ?? 0;
	const coefficient = rescale(number, scale);
	const bound = 10n ** BigInt(to.precision);
	return coefficient !== null && coefficient < bound && coefficient > -bound ? { coefficient, scale } : null;
}

function asNumeric(value: SqlValue, type: DataType): NumericValue | null {
	if (type.kind === "smallint" || type.kind === "integer") return { coefficient: BigInt(value as number), scale: 0 };
	if (type.kind === "bigint") return { coefficient: value as bigint, scale: 0 };
	return type.kind === "numeric" ? (value as NumericValue) : null;
}

/** The coefficient at `scale`; null where digits would be lost. */
function rescale({ coefficient, scale: given }: NumericValue, scale: number): bigint | null {
	if (given <= scale) return coefficient * 10n ** BigInt(scale - given);
	const divisor = 10n ** BigInt(given - scale);
	return coefficient % divisor === 0n ? coefficient / divisor : null;
}
