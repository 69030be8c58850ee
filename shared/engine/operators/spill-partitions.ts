/** Rows shared out over files by bits of their keys' hash: rows with equal keys meet in one file. Each level of a recursion takes other bits. */
import { SPILL_BLOCK_BYTES, SPILL_LEVEL_COUNT_MAX, SPILL_PARTITION_BITS } from "#shared/base/limits.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { takeBatch } from "../vector/copy.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { SpillFile } from "./spill-file.ts";
import type { SpillSpace } from "./spill-space.ts";

export interface PartitionOptions {
	/** Of the recursion, from 0, below SPILL_LEVEL_COUNT_MAX. */
	level: number;
	/** Of the hash, at the first level; default, and at the others, SPILL_PARTITION_BITS. */
	bitsFirst?: number;
}

export class SpillPartitions {
	readonly #context: ExecutionContext;
	readonly #shift: number;
	readonly #partitionCount: number;
	readonly files: readonly SpillFile[];

	constructor(context: ExecutionContext, space: SpillSpace, { level, bitsFirst = SPILL_PARTITION_BITS }: PartitionOptions) {
		this.#context = context;
		const bits = level === 0 ? bitsFirst : SPILL_PARTITION_BITS;
		// Hash tables use the low bits.
		this.#shift = 32 - bitsFirst - SPILL_PARTITION_BITS * level;
		this.#partitionCount = 2 ** bits;
		const blockBytes = SPILL_BLOCK_BYTES / 2 ** (bits - SPILL_PARTITION_BITS);
		this.files = Array.from({ length: this.#partitionCount }, () => new SpillFile(context, space, blockBytes));
	}

	/** Adds the live rows of a batch. @param hashes u32 by position */
	add(batch: Batch, hashes: Pointer, region: Region): void {
		const { engine } = this.#context;
		const positions = region.allocate(batch.selectedCount * 2);
		const ends = region.allocate(this.#partitionCount * 4);
		const { selectedCount, selection } = batch;
		engine.kernels.spill_partition(selectedCount, selection, hashes, this.#shift, this.#partitionCount, positions, ends);
		let start = 0;
		for (const [index, file] of this.files.entries()) {
			const end = engine.arena.views.u32[ends / 4 + index] as number;
			while (start < end) {
				const count = Math.min(end - start, this.#context.batchRowCountMax);
				file.append(takeBatch(engine, batch, { positions: positions + start * 2, count }, region));
				start += count;
			}
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
