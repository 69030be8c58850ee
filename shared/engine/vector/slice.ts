/** A run of a batch's live rows. */
import type { Engine } from "../kernels/kernels.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "./batch.ts";

/** The live rows [start, start + count), as a selection over the same vectors; `region` holds the selection where one is made. */
export function sliceBatch(engine: Engine, batch: Batch, rows: { start: number; count: number }, region: Region): Batch {
	const { start, count } = rows;
	if (start === 0 && count === batch.selectedCount) return batch;
	if (batch.selection !== 0) return { ...batch, selection: batch.selection + start * 2, selectedCount: count };
	if (start === 0) return { ...batch, rowCount: count, selectedCount: count };
	const selection = region.allocate(count * 2);
	const { u16 } = engine.arena.views;
	for (let index = 0; index < count; index++) u16[selection / 2 + index] = start + index;
	return { ...batch, selection, selectedCount: count };
}
