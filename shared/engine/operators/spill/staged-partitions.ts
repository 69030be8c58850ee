/**
 * Rows on their way to files, gathered until there are many: shared out batch by batch they would be written, and read again, in pieces of a few rows each, whose own cost is more
 * than that of the rows.
 */
import { BATCH_ROW_COUNT_MAX, SPILL_STAGED_PARTITION_BITS } from "#shared/base/limits.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { flatten } from "../../vector/copy.ts";
import { rowLayout, VALUE_KIND } from "../../vector/row-layout.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { RowStore } from "../rows/row-store.ts";
import type { SpillFile } from "./spill-file.ts";
import { SpillPartitions } from "./spill-partitions.ts";
import type { SpillSpace } from "./spill-space.ts";

/** Positions have 16 bits. */
const ROW_COUNT_MAX = 8 * BATCH_ROW_COUNT_MAX;
/** Of the query's memory: what is gathered is copied once more on its way. */
const MEMORY_FRACTION_MAX = 1 / 48;

export class StagedPartitions {
	readonly #context: ExecutionContext;
	readonly #lease: Lease;
	readonly #region: Region;
	readonly #partitions: SpillPartitions;
	readonly #byteCountMax: number;
	#store: RowStore | null = null;

	/** Its memory is of the lease that the context has now. @param level as of SpillPartitions */
	constructor(context: ExecutionContext, space: SpillSpace, level: number) {
		this.#context = context;
		this.#lease = context.lease;
		this.#region = context.lease.region();
		this.#partitions = new SpillPartitions(context, space, { level, bitsFirst: SPILL_STAGED_PARTITION_BITS });
		this.#byteCountMax = context.lease.byteCountMax * MEMORY_FRACTION_MAX;
	}

	/** After {@link finish}. */
	get files(): readonly SpillFile[] {
		return this.#partitions.files;
	}

	/** Adds the live rows of a batch. @param hashes u32 by position; `region` is for scratch */
	add(batch: Batch, hashes: Pointer, region: Region): void {
		const { engine } = this.#context;
		const columns = batch.columns.map((column) => flatten(engine, column, batch, region));
		this.#store ??= new RowStore(engine, this.#lease, rowLayout(columns.map(({ type }) => type)));
		this.#store.append(columns, { selection: batch.selection, count: batch.selectedCount, hashes });
		if (this.#store.rowCount + BATCH_ROW_COUNT_MAX > ROW_COUNT_MAX || this.#store.byteCount > this.#byteCountMax) this.#flush();
	}

	finish(): void {
		this.#flush();
		this.#partitions.finish();
		this.#region.free();
	}

	#flush(): void {
		const store = this.#store;
		if (store === null) return;
		this.#store = null;
		const { engine } = this.#context;
		const { rowCount } = store;
		this.#region.reset();
		const rows = this.#region.allocate(rowCount * 4);
		let done = 0;
		for (const block of store.blocks) {
			engine.kernels.rows_sequence(block.rowCount, block.pointer, store.layout.rowBytes, rows + done * 4);
			done += block.rowCount;
		}
		const hashes = this.#region.allocate(rowCount * 4);
		engine.kernels.rows_gather(VALUE_KIND.i32, rowCount, rows, 0, 0, hashes, 0);
		this.#partitions.addStored(store, { rows, count: rowCount }, hashes, this.#region);
		store.free();
	}
}
