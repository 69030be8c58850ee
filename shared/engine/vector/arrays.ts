/** Columns of arrays taken apart into a column of their elements, and put together from one: how kernels, Parquet and Arrow see them. */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, PHYSICAL_BYTES, physicalType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { RowSpace } from "./copy.ts";
import type { FlatVector } from "./vector.ts";

export interface Elements {
	/** The elements of all live rows' arrays one behind the other; NULL rows have none. */
	elements: FlatVector;
	elementCount: number;
	/** u32 by element: the row it comes from. */
	rows: Pointer;
	/** i32[rowCount] by position of a live row: how many elements it has. */
	counts: Pointer;
}

/** What the kernels of `assembly/array.ts` call the width of an element. */
export function elementWidth(element: DataType): number {
	const physical = physicalType(element);
	return physical === "bytes" ? 0 : physical === "numeric" ? 20 : PHYSICAL_BYTES[physical];
}

/** @param constant 1: lane 0 for every row. @throws resource_exhausted where the elements of one batch take more than 2 GiB, or than there is memory */
export function explodeArrays(
	engine: Engine,
	{ vector, constant }: { vector: FlatVector; constant: 0 | 1 },
	rows: RowSpace,
	region: Region,
): Elements {
	const { kernels, arena } = engine;
	const { selectedCount: count, selection } = rows;
	const { values, offsets, validity: rowValidity } = vector;
	const type = elementType(vector.type);
	const counts = region.allocateZeroed(rows.rowCount * 4);
	const elementCount = kernels.array_counts(count, selection, values, offsets, rowValidity, constant, counts);
	const physical = physicalType(type);
	const owners = region.allocate(elementCount * 4);
	const validity = region.allocateZeroed((elementCount + 7) >> 3);
	const flat = { kind: "flat", type, physical } as const;
	if (physical === "bytes") {
		const ends = region.allocate((elementCount + 1) * 4);
		const explode = (out: Pointer): number =>
			kernels.array_explode_bytes(count, selection, values, offsets, rowValidity, constant, owners, ends, out, validity);
		const nulls = explode(0);
		const out = region.allocate(Math.max(1, arena.views.i32[ends / 4 + elementCount] as number));
		explode(out);
		const elements = { ...flat, values: out, offsets: ends, validity: nulls === 0 ? 0 : validity };
		return { elements, elementCount, rows: owners, counts };
	}
	const width = PHYSICAL_BYTES[physical];
	const out = region.allocate(elementCount * width);
	const scales = physical === "numeric" ? region.allocate(elementCount * 4) : 0;
	const nulls = kernels.array_explode(width, count, selection, values, offsets, rowValidity, constant, owners, out, scales, validity);
	const elements = { ...flat, values: out, offsets: scales, validity: nulls === 0 ? 0 : validity };
	return { elements, elementCount, rows: owners, counts };
}

/**
 * A dense column of arrays: row i has the elements [ends[i], ends[i + 1]).
 *
 * @param source.ends i32[rowCount + 1]; `validity` of the rows
 */
export function implodeArrays(
	engine: Engine,
	source: { type: DataType; rowCount: number; ends: Pointer; validity: Pointer; elements: FlatVector },
	region: Region,
): FlatVector {
	const { kernels } = engine;
	const { type, rowCount, ends, validity, elements } = source;
	const width = elementWidth(elementType(type));
	const offsets = region.allocate((rowCount + 1) * 4);
	kernels.array_lengths(width, rowCount, ends, validity, elements.validity, elements.offsets, offsets);
	const byteCount = kernels.offsets_in_place(rowCount, offsets);
	if (byteCount < 0) throw new LittoralError("resource_exhausted", "a batch's arrays exceed 2 GiB", { sqlstate: "53200" });
	const values = region.allocate(byteCount);
	kernels.array_implode(width, rowCount, ends, validity, elements.values, elements.offsets, elements.validity, values, offsets);
	return { kind: "flat", type, physical: "bytes", values, validity, offsets };
}

export function elementType(type: DataType): DataType {
	if (type.kind !== "array") throw new Error(`${type.kind} is no array type`);
	return type.element;
}
