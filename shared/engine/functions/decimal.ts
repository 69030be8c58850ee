/**
 * Free NUMERIC in 64 bits. Arithmetic of NUMERIC(p,s) is of free NUMERIC, 128 bits and a scale a row; but most batches' results have one scale and less than 18 digits. Where the
 * operands' bits prove that, the result is a vector of NUMERIC(18,s), which only those see who ask for it (`Evaluator.evaluateNarrow`): other arithmetic, and sums.
 */
import { unreachable } from "#shared/base/assert.ts";
import { DECIMAL_I64_PRECISION_MAX, type DataType, NUMERIC_PRECISION_MAX } from "#shared/contracts/data-type.ts";
import type { NumericValue } from "#shared/contracts/value.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Region } from "../memory/region.ts";
import { flatten, type RowSpace } from "../vector/copy.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";
import type { Kernel, KernelCall, Operand } from "./kernel.ts";
import { allocateResult } from "./lanes.ts";

const LIMIT = 10n ** BigInt(DECIMAL_I64_PRECISION_MAX);
/** Of the power of ten that a factor of `decimal_add` holds. */
const SCALE_DIFFERENCE_MAX = 9;
const ONE_ROW: RowSpace = { rowCount: 1, selection: 0, selectedCount: 1 };

export const narrowType = (scale: number): DataType => ({ kind: "numeric", precision: DECIMAL_I64_PRECISION_MAX, scale });

/** The type of a constant in 64 bits; null where it needs more. */
export function narrowTypeOf({ coefficient, scale }: NumericValue): DataType | null {
	return coefficient < LIMIT && coefficient > -LIMIT ? narrowType(scale) : null;
}

/** @param narrow null where only `wide` holds the result, which takes narrow operands too */
export function narrowKernel(wide: Kernel, narrow: (call: KernelCall, operands: Operand[]) => FlatVector | null): Kernel {
	const kernel: Kernel = (call, operands) => wide(call, operands);
	kernel.narrow = (call, operands) => narrow(call, operands) ?? wide(call, operands);
	return kernel;
}

/** Decimals of a fixed scale in 64 bits. */
export const isNarrow = ({ physical, type }: FlatVector): boolean => physical === "i64" && type.kind === "numeric";

/** Of a vector that {@link isNarrow}. */
export const scaleOf = ({ type }: Pick<FlatVector, "type">): number => (type.kind === "numeric" ? (type.scale ?? 0) : 0);

/** `op`: 0 left + right, 1 left - right, 2 left x right. @returns null where 64 bits may not hold it */
export function narrowResult(call: KernelCall, op: 0 | 1 | 2, [left, right]: [Operand, Operand]): FlatVector | null {
	if (!isNarrow(left.vector) || !isNarrow(right.vector)) return null;
	const leftScale = scaleOf(left.vector);
	const rightScale = scaleOf(right.vector);
	const scale = op === 2 ? leftScale + rightScale : Math.max(leftScale, rightScale);
	if (scale > NUMERIC_PRECISION_MAX || (op !== 2 && Math.abs(leftScale - rightScale) > SCALE_DIFFERENCE_MAX)) return null;
	const result = allocateResult(call, narrowType(scale));
	const { kernels } = call.engine;
	const { count, selection } = call.rows;
	const { values: a } = left.vector;
	const { values: b } = right.vector;
	const run = (): number => {
		switch (op) {
			case 2:
				return kernels.decimal_multiply(count, selection, a, left.constant, b, right.constant, result.values);
			case 0:
			case 1: {
				const factor = 10 ** (scale - leftScale);
				const other = 10 ** (scale - rightScale) * (op === 1 ? -1 : 1);
				return kernels.decimal_add(count, selection, a, left.constant, factor, b, right.constant, other, result.values);
			}
			default:
				return unreachable(op);
		}
	};
	return run() === 0 ? result : null;
}

/** What may be narrow as the free NUMERIC that was declared; any other vector as it is. */
export function asFree(engine: Engine, vector: Vector, declared: DataType, rows: RowSpace, region: Region): Vector {
	if (declared.kind !== "numeric" || declared.precision !== undefined) return vector;
	if (vector.type.kind !== "numeric" || vector.type.precision === undefined) return vector;
	if (vector.kind === "constant") {
		const value = widened(engine, flatten(engine, vector.value, ONE_ROW, region), declared, ONE_ROW, region);
		return { ...vector, type: declared, physical: value.physical, value };
	}
	return widened(engine, flatten(engine, vector, rows, region), declared, rows, region);
}

function widened(engine: Engine, vector: FlatVector, type: DataType, rows: RowSpace, region: Region): FlatVector {
	const { rowCount, selection, selectedCount } = rows;
	const values = region.allocate(rowCount * 16);
	const offsets = region.allocate(rowCount * 4);
	engine.kernels.numeric_from_integer(1, scaleOf(vector), selectedCount, selection, vector.values, values, offsets);
	if (vector.validity !== 0) engine.kernels.zero_nulls(4, rowCount, vector.validity, offsets);
	return { ...vector, type, physical: "numeric", values, offsets };
}
