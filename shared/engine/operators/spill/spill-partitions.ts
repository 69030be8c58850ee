/** Rows shared out over files by bits of their keys' hash: rows with equal keys meet in one file. Each level of a recursion takes other bits. */
import { SPILL_BLOCK_BYTES, SPILL_LEVEL_COUNT_MAX, SPILL_PARTITION_BITS } from "#shared/base/limits.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { takeBatch } from "../../vector/copy.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { RowStore } from "../rows/row-store.ts";
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
		this.#share(batch, hashes, region, (rows) => takeBatch(this.#context.engine, batch, rows, region));
	}

	/** Adds stored rows. @param rows u32 addresses; `hashes` u32 of each, at most 65,536 */
	addStored(store: RowStore, { rows, count }: RowPointers, hashes: Pointer, region: Region): void {
		const { kernels } = this.#context.engine;
		this.#share({ selection: 0, selectedCount: count }, hashes, region, ({ positions, count: rowCount }) => {
			const taken = region.allocate(rowCount * 4);
			kernels.take_32(rowCount, positions, rows, taken);
			const columns = store.layout.columns.map((_, index) => store.gather(index, { rows: taken, count: rowCount }, region));
			return { rowCount, columns, selection: 0, selectedCount: rowCount };
		});
	}

	#share(
		{ selection, selectedCount }: Pick<Batch, "selection" | "selectedCount">,
		hashes: Pointer,
		region: Region,
		take: (rows: { positions: Pointer; count: number }) => Batch,
	): void {
		const { engine } = this.#context;
		const positions = region.allocate(selectedCount * 2);
		const ends = region.allocate(this.#partitionCount * 4);
		engine.kernels.spill_partition(selectedCount, selection, hashes, this.#shift, this.#partitionCount, positions, ends);
		let start = 0;
		for (const [index, file] of this.files.entries()) {
			const end = engine.arena.views.u32[ends / 4 + index] as number;
			while (start < end) {
				const count = Math.min(end - start, this.#context.batchRowCountMax);
				file.append(take({ positions: positions + start * 2, count }));
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
