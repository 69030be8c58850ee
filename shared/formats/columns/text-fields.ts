/** Texts of one column over many rows, as the kernel `csv_rows` has found them. */
import type { Kernels } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";

export interface TextFields {
	kernels: Kernels;
	rowCount: number;
	/** Of the first row's field: two u32, where its text begins and ends in the arena; a beginning of 0 is NULL. */
	pointer: Pointer;
	/** Bytes from a row's field to the next row's. */
	stride: number;
	/** Of all texts, at most. */
	byteCount: number;
}
