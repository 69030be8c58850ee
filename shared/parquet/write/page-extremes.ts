/** The extremes of a page's values, as bounds. */
import { compareBytes, encodeBound, hasBounds } from "#shared/contracts/bound.ts";
import type { DataType, PhysicalType } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import { readValue } from "#shared/engine/vector/read.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import { cutLower, cutUpper } from "../bounds.ts";
import type { DenseValues } from "./dictionary-writer.ts";
import type { Memory } from "../raw-values.ts";

/** Of a page, a chunk or a file. `minimum` and `maximum` are bounds of at most STATISTICS_BOUND_BYTES_MAX bytes; NaN is left out. */
export interface Extremes {
	nullCount: number;
	minimum: Uint8Array | null;
	maximum: Uint8Array | null;
	hasNaN: boolean;
	/** False where a bound was cut. */
	minimumExact: boolean;
	maximumExact: boolean;
	/** Values that are neither NULL nor NaN. */
	valueCount: number;
}

export const noExtremes = (): Extremes => ({
	nullCount: 0,
	minimum: null,
	maximum: null,
	hasNaN: false,
	minimumExact: true,
	maximumExact: true,
	valueCount: 0,
});

/** The extremes of two sets of rows together. A side with values but without a bound leaves none. */
export function mergeExtremes(left: Extremes, right: Extremes): Extremes {
	const merged = { ...left, nullCount: left.nullCount + right.nullCount, hasNaN: left.hasNaN || right.hasNaN };
	merged.valueCount += right.valueCount;
	if (right.valueCount === 0) return merged;
	const takesAll = left.valueCount === 0;
	if (takesAll || (left.minimum !== null && (right.minimum === null || compareBytes(right.minimum, left.minimum) < 0))) {
		merged.minimum = right.minimum;
		merged.minimumExact = right.minimumExact;
	}
	if (takesAll || (left.maximum !== null && (right.maximum === null || compareBytes(right.maximum, left.maximum) > 0))) {
		merged.maximum = right.maximum;
		merged.maximumExact = right.maximumExact;
	}
	return merged;
}

/** Of dense values of `type`, whose leaf lies in memory as `physical`. */
export function pageExtremes(
	{ type, physical }: { type: DataType; physical: PhysicalType },
	dense: DenseValues,
	nullCount: number,
	{ engine, pool }: Memory,
): Extremes {
	const extremes = { ...noExtremes(), nullCount, valueCount: dense.count };
	if (!hasBounds(type) || dense.count === 0) return extremes;
	const positions = pool.allocate(8);
	const nanCount = findExtremes({ type, physical }, dense, engine, positions);
	const { i32 } = engine.arena.views;
	const [least, largest] = [i32[positions >> 2] as number, i32[(positions >> 2) + 1] as number];
	pool.release(positions);
	extremes.hasNaN = nanCount > 0;
	extremes.valueCount -= nanCount;
	if (least < 0) return extremes;
	const boundAt = (index: number): Uint8Array | null => {
		if (physical === "bytes") {
			const offset = (dense.offsets >> 2) + index;
			return engine.arena.views.u8.slice(dense.values + (i32[offset] as number), dense.values + (i32[offset + 1] as number));
		}
		const vector: FlatVector = { kind: "flat", type, physical, values: dense.values, validity: 0, offsets: dense.offsets };
		return encodeBound(type, readValue(engine, vector, index));
	};
	const minimum = boundAt(least);
	const maximum = boundAt(largest);
	if (minimum === null || maximum === null) return extremes;
	extremes.minimum = cutLower(type, minimum);
	extremes.minimumExact = extremes.minimum.length === minimum.length;
	extremes.maximum = cutUpper(type, maximum);
	extremes.maximumExact = extremes.maximum !== null && compareBytes(extremes.maximum, maximum) === 0;
	return extremes;
}

/** @returns how many values are NaN */
function findExtremes(
	{ type, physical }: { type: DataType; physical: PhysicalType },
	{ count, values, offsets }: DenseValues,
	{ kernels }: Engine,
	out: Pointer,
): number {
	switch (physical) {
		case "bool":
			return kernels.extremes_bool(count, values, out);
		case "i32":
			return kernels.extremes_i32(count, values, out);
		case "i64":
			return kernels.extremes_i64(count, values, out);
		case "f32":
			return kernels.extremes_f32(count, values, out);
		case "f64":
			return kernels.extremes_f64(count, values, out);
		case "i128":
			return kernels.extremes_i128(count, values, type.kind !== "uuid", out);
		default:
			return kernels.extremes_bytes(count, offsets, values, out);
	}
}
