/**
 * Sorts stored rows: runs of a batch's worth, then merges two by two, stable. Entries are (64-bit prefix of the first key, row); ties ask the rows. Each
 * step does a bounded piece of work, so that the caller can let the event loop in between.
 */
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import type { RowStore } from "../rows/row-store.ts";

const ENTRY_BYTES = 12;
const RUN_ENTRY_COUNT = 2048;
/** Entries merged by one kernel call. */
const MERGE_ENTRY_COUNT = 16_384;

export class SortedRows {
	readonly #engine: Engine;
	readonly #lease: Lease;
	readonly #store: RowStore;
	readonly #descriptors: Pointer;
	readonly #keyCount: number;
	readonly #state: Pointer;
	readonly #count: number;
	#entries: Pointer;
	#other: Pointer;
	/** Length of sorted runs; 0 before the first pass. */
	#width = 0;
	/** First entry not yet handled in this pass. */
	#at = 0;
	#emitted = 0;

	/** @param keys descriptors of the sort keys, over the store's rows; they outlive this */
	constructor(engine: Engine, lease: Lease, store: RowStore, keys: { descriptors: Pointer; count: number; state: Pointer }) {
		this.#engine = engine;
		this.#lease = lease;
		this.#store = store;
		this.#descriptors = keys.descriptors;
		this.#keyCount = keys.count;
		this.#state = keys.state;
		this.#count = store.rowCount;
		this.#entries = lease.allocatePages(this.#count * ENTRY_BYTES);
		this.#other = lease.allocatePages(Math.max(this.#count, RUN_ENTRY_COUNT) * ENTRY_BYTES);
		this.#writeEntries();
	}

	/** What sorting so many rows takes, beside the rows. */
	static bytesOf(rowCount: number): number {
		return 2 * Math.max(rowCount, RUN_ENTRY_COUNT) * ENTRY_BYTES;
	}

	/** One step of sorting. @returns entries handled, 0 when all is sorted */
	step(): number {
		if (this.#width === 0) return this.#sortRun();
		if (this.#width >= this.#count) return 0;
		return this.#mergeStep();
	}

	/** The next sorted rows, at most `countMax`; none at the end. */
	next(countMax: number, region: Region): RowPointers {
		const count = Math.min(countMax, this.#count - this.#emitted);
		const rows = region.allocate(count * 4);
		this.#engine.kernels.sort_rows_of(count, this.#entries + this.#emitted * ENTRY_BYTES, rows);
		this.#emitted += count;
		return { rows, count };
	}

	free(): void {
		this.#lease.freePages(this.#entries);
		this.#lease.freePages(this.#other);
	}

	#writeEntries(): void {
		let at = this.#entries;
		const { rowBytes } = this.#store.layout;
		for (const block of this.#store.blocks) {
			this.#engine.kernels.sort_entries_of(block.rowCount, block.pointer, rowBytes, this.#descriptors, at);
			at += block.rowCount * ENTRY_BYTES;
		}
	}

	#sortRun(): number {
		const count = Math.min(RUN_ENTRY_COUNT, this.#count - this.#at);
		if (count === 0) {
			this.#width = RUN_ENTRY_COUNT;
			this.#startMerge(0);
			return 1;
		}
		this.#engine.kernels.sort_run(count, this.#entries + this.#at * ENTRY_BYTES, this.#other, this.#keyCount, this.#descriptors);
		this.#at += count;
		return count * 8;
	}

	#mergeStep(): number {
		const middle = Math.min(this.#at + this.#width, this.#count);
		const end = Math.min(this.#at + this.#width * 2, this.#count);
		const { kernels } = this.#engine;
		const done = kernels.sort_merge(
			MERGE_ENTRY_COUNT,
			this.#state,
			middle,
			end,
			this.#entries,
			this.#other,
			this.#keyCount,
			this.#descriptors,
		);
		if (done !== 0) {
			if (end === this.#count) {
				[this.#entries, this.#other] = [this.#other, this.#entries];
				this.#width *= 2;
				this.#startMerge(0);
			} else this.#startMerge(end);
		}
		return MERGE_ENTRY_COUNT;
	}

	#startMerge(at: number): void {
		this.#at = at;
		const { i32 } = this.#engine.arena.views;
		i32[this.#state / 4] = at;
		i32[this.#state / 4 + 1] = Math.min(at + this.#width, this.#count);
		i32[this.#state / 4 + 2] = at;
	}
}
