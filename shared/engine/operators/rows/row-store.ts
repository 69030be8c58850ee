/** Materialised rows: a join's build side, a sort's input. Rows lie in blocks of leased pages, strings in a heap of their own; neither ever moves. */
import { LittoralError } from "#shared/base/errors.ts";
import { ARENA_PAGE_BYTES, BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import type { FlatVector } from "../../vector/vector.ts";
import { gatherColumn, type RowPointers } from "../../vector/row-gather.ts";
import { DESCRIPTOR_BYTES, type RowLayout, VALUE_KIND, writeDescriptors } from "../../vector/row-layout.ts";

/** Blocks double up to about this, so that a small query stays small and a large one has few. */
const BLOCK_BYTES_MAX = 1024 * 1024;

export interface RowBlock {
	pointer: Pointer;
	rowCount: number;
}

export class RowStore {
	readonly layout: RowLayout;
	readonly blocks: RowBlock[] = [];
	rowCount = 0;
	/** Of rows and strings. */
	byteCount = 0;
	readonly #engine: Engine;
	readonly #lease: Lease;
	readonly #descriptors: Pointer;
	/** First addresses of every run leased for rows or strings. */
	readonly #runs: Pointer[] = [];
	#blockRowsLeft = 0;
	#heapNext: Pointer = 0;
	#heapEnd: Pointer = 0;
	#heapBytesNext = ARENA_PAGE_BYTES;

	constructor(engine: Engine, lease: Lease, layout: RowLayout) {
		this.#engine = engine;
		this.#lease = lease;
		this.layout = layout;
		this.#descriptors = this.#allocate(Math.max(1, layout.columns.length) * DESCRIPTOR_BYTES);
	}

	/**
	 * Appends the live rows of `columns`, which are in the layout's order.
	 * @param rows u16 positions, or 0 for rows 0 to `count`; `hashes` u32 by position, or 0
	 * @returns the first of the stored rows, which are neighbours
	 */
	append(columns: FlatVector[], rows: { selection: Pointer; count: number; hashes: Pointer }): Pointer {
		const { kernels } = this.#engine;
		const { selection, count } = rows;
		if (count === 0) return 0;
		const heap = this.#reserveHeap(columns, rows);
		const target = this.#reserveRows(count);
		writeDescriptors(
			this.#engine,
			this.layout.columns.map((column, index) => ({ column, vector: columns[index] as FlatVector })),
			this.#descriptors,
		);
		const { rowBytes, columns: slots } = this.layout;
		this.#heapNext = kernels.rows_write(count, selection, slots.length, this.#descriptors, rows.hashes, rowBytes, target, heap);
		this.rowCount += count;
		this.byteCount += count * rowBytes + this.#heapNext - heap;
		return target;
	}

	/** Column `index` of the given rows. */
	gather(index: number, pointers: RowPointers, region: Region): FlatVector {
		const column = this.layout.columns[index];
		if (column === undefined) throw new Error("no such column");
		return gatherColumn(this.#engine, { ...column, present: -1 }, pointers, region);
	}

	/** Returns every page. */
	free(): void {
		for (const run of this.#runs) this.#lease.freePages(run);
		this.#runs.length = 0;
		this.blocks.length = 0;
		this.rowCount = 0;
		this.byteCount = 0;
		this.#blockRowsLeft = 0;
		this.#heapNext = 0;
		this.#heapEnd = 0;
	}

	#allocate(byteCount: number): Pointer {
		const pointer = this.#lease.allocatePages(byteCount);
		this.#runs.push(pointer);
		return pointer;
	}

	#reserveRows(count: number): Pointer {
		const { rowBytes } = this.layout;
		if (this.#blockRowsLeft < count) {
			// As many whole batches as the size allows: a full batch never leaves a gap.
			const wanted = Math.min(BLOCK_BYTES_MAX, this.rowCount * rowBytes);
			const batches = Math.floor(wanted / (BATCH_ROW_COUNT_MAX * rowBytes));
			const rowCount = Math.max(count, batches * BATCH_ROW_COUNT_MAX, Math.floor(ARENA_PAGE_BYTES / rowBytes));
			this.blocks.push({ pointer: this.#allocate(rowCount * rowBytes), rowCount: 0 });
			this.#blockRowsLeft = rowCount;
		}
		const block = this.blocks.at(-1) as RowBlock;
		const target = block.pointer + block.rowCount * rowBytes;
		block.rowCount += count;
		this.#blockRowsLeft -= count;
		return target;
	}

	#reserveHeap(columns: FlatVector[], rows: { selection: Pointer; count: number }): Pointer {
		let byteCount = 0;
		for (const [index, { kind }] of this.layout.columns.entries()) {
			if (kind < VALUE_KIND.bytes) continue;
			const vector = columns[index] as FlatVector;
			const bytes = this.#engine.kernels.rows_string_bytes(rows.count, rows.selection, vector.validity, vector.offsets);
			if (bytes < 0) throw new LittoralError("resource_exhausted", "a batch's strings exceed 2 GiB", { sqlstate: "53200" });
			byteCount += bytes;
		}
		if (byteCount > this.#heapEnd - this.#heapNext) {
			const size = Math.max(byteCount, this.#heapBytesNext);
			this.#heapNext = this.#allocate(size);
			this.#heapEnd = this.#heapNext + size;
			this.#heapBytesNext = Math.min(this.#heapBytesNext * 2, BLOCK_BYTES_MAX);
		}
		return this.#heapNext;
	}
}
