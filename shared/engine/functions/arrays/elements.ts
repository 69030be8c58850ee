/** Subscripts and slices, and what is known of an array without its elements: read in place, no array is made. */
import type { DataType } from "#shared/contracts/data-type.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { type ArrayElements, openArray } from "../../vector/array-value.ts";
import { elementType } from "../../vector/arrays.ts";
import { isValid, readValue } from "../../vector/read.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Bind, KernelCall, Operand } from "../kernel.ts";
import { rowsOf } from "../lanes.ts";

/** The bytes of the array in a lane. */
function bytesAt(call: KernelCall, { vector, constant }: Operand, row: number): Uint8Array {
	const { i32, u8 } = call.engine.arena.views;
	const at = vector.offsets / 4 + (constant === 1 ? 0 : row);
	return u8.subarray(vector.values + (i32[at] as number), vector.values + (i32[at + 1] as number));
}

/** A strict function of an array, opened in place, and other values. */
function ofArray(compute: (elements: ArrayElements, rest: SqlValue[]) => SqlValue): Bind {
	return ({ type, argumentTypes }) => {
		const element = elementType(argumentTypes[0] as DataType);
		return (call, [array, ...rest]) => {
			const { engine, region, rows } = call;
			const { views } = engine.arena;
			const builder = new VectorBuilder(engine, region, type, rows.rowCount);
			const own = array as Operand;
			for (const row of rowsOf(call)) {
				while (builder.rowCount < row) builder.append(null);
				const values = rest.map(({ vector, constant }) => readValue(engine, vector, constant === 1 ? 0 : row));
				const known = isValid(views, own.vector.validity, own.constant === 1 ? 0 : row) && !values.includes(null);
				builder.append(known ? compute(openArray(element, bytesAt(call, own, row)), values) : null);
			}
			while (builder.rowCount < rows.rowCount) builder.append(null);
			return builder.finish();
		};
	};
}

/** Positions of other dimensions than the first name nothing. */
function ofDimension(compute: (count: number) => SqlValue): Bind {
	return ofArray(({ count }, [dimension]) => (dimension === 1 && count > 0 ? compute(count) : null));
}

export const ELEMENT_KERNELS: Record<string, Bind> = {
	"subscript(array,integer)": ofArray(({ count, at }, [position]) => {
		const index = (position as number) - 1;
		return index >= 0 && index < count ? at(index) : null;
	}),
	"slice(array,integer,integer)": ofArray(({ count, at }, [from, to]) => {
		const first = Math.max(from as number, 1);
		const last = Math.min(to as number, count);
		return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => at(first - 1 + index));
	}),
	"cardinality(array)": ofArray(({ count }) => count),
	"array_length(array,integer)": ofDimension((count) => count),
	"array_lower(array,integer)": ofDimension(() => 1),
	"array_upper(array,integer)": ofDimension((count) => count),
	"array_ndims(array)": ofArray(({ count }) => (count > 0 ? 1 : null)),
	"array_dims(array)": ofArray(({ count }) => (count > 0 ? `[1:${count}]` : null)),
};
