/** Rows shared out over files by bits of their keys' hash: rows with equal keys meet in one file. Each level of a recursion takes other bits. */
import { SPILL_LEVEL_COUNT_MAX, SPILL_PARTITION_BITS } from "#shared/base/limits.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { takeBatch } from "../vector/copy.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { SpillFile } from "./spill-file.ts";
import type { SpillSpace } from "./spill-space.ts";

const PARTITION_COUNT = 2 ** SPILL_PARTITION_BITS;

export class SpillPartitions {
	readonly #context: ExecutionContext;
	readonly #shift: number;
	readonly files: readonly SpillFile[];

	/** @param level of the recursion, from 0, below SPILL_LEVEL_COUNT_MAX */
	constructor(context: ExecutionContext, space: SpillSpace, level: number) {
		this.#context = context;
		// Hash tables use the low bits.
		this.#shift = 32 - SPILL_PARTITION_BITS * (level + 1);
		this.files = Array.from({ length: PARTITION_COUNT }, () => new SpillFile(context, space));
	}

	/** Adds the live rows of a batch. @param hashes u32 by position */
	add(batch: Batch, hashes: Pointer, region: Region): void {
		const { engine } = this.#context;
		const positions = region.allocate(batch.selectedCount * 2);
		const ends = region.allocate(PARTITION_COUNT * 4);
		const { selectedCount, selection } = batch;
		engine.kernels.spill_partition(selectedCount, selection, hashes, this.#shift, PARTITION_COUNT, positions, ends);
		let start = 0;
		for (const [index, file] of this.files.entries()) {
			const end = engine.arena.views.u32[ends / 4 + index] as number;
			if (end > start) file.append(takeBatch(engine, batch, { positions: positions + start * 2, count: end - start }, region));
			start = end;
		}
	}

	finish(): void {
		for (const file of this.files) file.finish();
	}
}

/** The space to spill into at this level, or null: there is none, or rows with equal keys alone fill the memory. */
export function spaceAtLevel(context: ExecutionContext, level: number): SpillSpace | null {
	return level < SPILL_LEVEL_COUNT_MAX ? context.spill : null;
}
