/** The coefficients of fixed decimals. */
import { assert } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { NumericValue } from "#shared/contracts/value.ts";

/** A fixed decimal's coefficient at its type's scale: the value was cast before, so no digit is lost here. */
export function coefficientAt(type: DataType, { coefficient, scale }: NumericValue): bigint {
	const shift = (type.kind === "numeric" ? (type.scale ?? 0) : 0) - scale;
	if (shift >= 0) return coefficient * 10n ** BigInt(shift);
	const divisor = 10n ** BigInt(-shift);
	assert(coefficient % divisor === 0n, "a fixed decimal is written at its type's scale");
	return coefficient / divisor;
}
