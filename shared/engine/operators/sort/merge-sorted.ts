/**
 * Merges k sources, each in the order of the keys, into one in that order: stable, of equal rows those of the earlier source first. Every column travels through
 * stored rows, a bounded slice of each source at a time; the next row is found by a heap over the slices (`sort_merge_runs`).
 */
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { gatherColumn } from "../../vector/row-gather.ts";
import { DESCRIPTOR_BYTES, type RowColumn, rowLayout, writeDescriptors } from "../../vector/row-layout.ts";
import { type MergeContext, type MergeMemory, MergeRun } from "./merge-run.ts";
import type { BatchSource } from "../source.ts";

export interface MergeKey {
	/** Index of a column. */
	column: number;
	descending: boolean;
	nullsFirst: boolean;
}

export interface MergeInput {
	source: BatchSource;
	/** For the error of an input that is out of order. */
	name: string;
}

export class MergeSorted implements BatchSource {
	readonly #memory: MergeMemory;
	readonly #runs: MergeRun[];
	/** Runs whose slice is used up. */
	#unloaded: number[];
	readonly #region: Region;
	/** Per run the address of its next entry and of its end, u32 each; the heap, i32 each. */
	readonly #cursors: Pointer;
	readonly #heap: Pointer;

	/**
	 * @param options types: of every input's columns; keys: at least one; sliceBytes: rows that one input holds at a time, about
	 */
	constructor(context: MergeContext, options: { types: DataType[]; keys: MergeKey[]; sliceBytes: number }, inputs: MergeInput[]) {
		const { types, keys, sliceBytes } = options;
		const layout = rowLayout(types);
		const fixed = context.lease.region();
		const keyDescriptors = fixed.allocate(keys.length * DESCRIPTOR_BYTES);
		const described = keys.map(({ column, ...order }) => ({ column: layout.columns[column] as RowColumn, vector: null, ...order }));
		writeDescriptors(context.engine, described, keyDescriptors);
		this.#memory = {
			context,
			layout,
			descriptors: fixed.allocate(types.length * DESCRIPTOR_BYTES),
			keyDescriptors,
			keyCount: keys.length,
			sliceBytes,
			scratch: context.lease.region(),
		};
		this.#cursors = fixed.allocate(inputs.length * 8);
		this.#heap = fixed.allocate(inputs.length * 4);
		this.#runs = inputs.map(({ source, name }) => new MergeRun(this.#memory, source, name));
		this.#unloaded = inputs.map((_, index) => index);
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		const { context, layout, keyCount, keyDescriptors } = this.#memory;
		const { engine } = context;
		if (context.yieldDue) return "blocked";
		if (!this.#load()) return "blocked";
		this.#region.reset();
		const rows = this.#region.allocate(BATCH_ROW_COUNT_MAX * 4);
		const count = engine.kernels.sort_merge_runs(
			BATCH_ROW_COUNT_MAX,
			this.#runs.length,
			this.#cursors,
			this.#heap,
			rows,
			keyCount,
			keyDescriptors,
		);
		if (count === 0) return null;
		const { u32 } = engine.arena.views;
		this.#unloaded = [];
		for (const [index, run] of this.#runs.entries()) {
			if (run.entries !== 0 && u32[this.#cursors / 4 + index * 2] === run.entriesEnd) this.#unloaded.push(index);
		}
		const columns = layout.columns.map((column) => gatherColumn(engine, { ...column, present: -1 }, { rows, count }, this.#region));
		context.spend(count * columns.length);
		return { rowCount: count, columns, selection: 0, selectedCount: count };
	}

	/** Fills every run that is used up. All that wait for I/O begin it, so that their reads go on at once. @returns false while some wait */
	#load(): boolean {
		const { u32 } = this.#memory.context.engine.arena.views;
		this.#unloaded = this.#unloaded.filter((index) => {
			const run = this.#runs[index] as MergeRun;
			if (run.load() === "blocked") return true;
			u32[this.#cursors / 4 + index * 2] = run.entries;
			u32[this.#cursors / 4 + index * 2 + 1] = run.entriesEnd;
			return false;
		});
		return this.#unloaded.length === 0;
	}

	close(): void {
		for (const run of this.#runs) run.close();
	}
}
