/** Columns out of stored rows: what joins, sorts and aggregations emit. */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, PHYSICAL_BYTES, physicalType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { FlatVector } from "./vector.ts";
import type { ValueKind } from "./row-layout.ts";

/** A slot of the rows: `nullBit` its NULL bit unless it is -1, else `present` >= 0 the offset of a u32 that is 0 for NULL, else it is never NULL. */
export interface SlotColumn {
	type: DataType;
	kind: ValueKind;
	offset: number;
	nullBit: number;
	present: number;
}

/** Addresses of stored rows: u32[count]; 0 is a row of NULLs. */
export interface RowPointers {
	rows: Pointer;
	count: number;
}

/** The column's values of the given rows, packed into `region`. */
export function gatherColumn(engine: Engine, column: SlotColumn, pointers: RowPointers, region: Region): FlatVector {
	const { kernels } = engine;
	const { rows, count } = pointers;
	const { kind, offset, type } = column;
	const physical = physicalType(type);
	const bitmap = region.allocate((count + 7) >> 3);
	const nullCount = kernels.rows_gather_validity(count, rows, column.nullBit, column.present, bitmap);
	const validity = nullCount === 0 ? 0 : bitmap;
	if (physical === "bytes") {
		const offsets = region.allocate((count + 1) * 4);
		const length = kernels.rows_gather_offsets(count, rows, offset, validity, offsets);
		if (length < 0) throw new LittoralError("resource_exhausted", "a batch's strings exceed 2 GiB", { sqlstate: "53200" });
		const values = region.allocate(length);
		kernels.rows_gather_bytes(count, rows, offset, offsets, values);
		return { kind: "flat", type, physical, values, validity, offsets };
	}
	const values = region.allocate(count * PHYSICAL_BYTES[physical]);
	const offsets = physical === "numeric" ? region.allocate(count * 4) : 0;
	kernels.rows_gather(kind, count, rows, offset, validity, values, offsets);
	return { kind: "flat", type, physical, values, validity, offsets };
}
