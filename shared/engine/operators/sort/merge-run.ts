/**
 * One input of a sorted merge: the next rows of a source, stored in the arena as sortable entries. A slice of the source's batch is held at a time, of a bounded
 * number of bytes, so that an input takes the same memory whatever its size.
 */
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { compactBatch, flatten } from "../../vector/copy.ts";
import { type RowLayout, VALUE_KIND, writeDescriptors } from "../../vector/row-layout.ts";
import { sliceBatch } from "../../vector/slice.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { BatchSource } from "../source.ts";

export type MergeContext = Pick<ExecutionContext, "engine" | "lease" | "spend" | "yieldDue">;

/** A sorted run's entry: u64 prefix of the first key, u32 row (`assembly/sort.ts`). */
const ENTRY_BYTES = 12;
const ALIGNMENT_BYTES = 8;

/** What the runs of one merge share. */
export interface MergeMemory {
	context: MergeContext;
	layout: RowLayout;
	/** Of the layout's columns; rewritten for each slice. */
	descriptors: Pointer;
	/** Of the sort keys, over stored rows. */
	keyDescriptors: Pointer;
	keyCount: number;
	/** Bytes of rows that one run holds at a time, about. */
	sliceBytes: number;
	/** What one slice needs while it is stored. */
	scratch: Region;
}

export class MergeRun {
	readonly #memory: MergeMemory;
	readonly #input: BatchSource;
	readonly #name: string;
	#batch: Batch | null = null;
	/** Live rows of the batch that were stored. */
	#position = 0;
	#ended = false;
	/** Rows, strings and entries of the slice, one run of arena pages. */
	#buffer: Pointer = 0;
	/** First entry of the slice, and the one after its last. */
	entries: Pointer = 0;
	entriesEnd: Pointer = 0;

	/** @param name of the input, for the error of one that is out of order */
	constructor(memory: MergeMemory, input: BatchSource, name: string) {
		this.#memory = memory;
		this.#input = input;
		this.#name = name;
	}

	/**
	 * Stores the next slice in place of the one before, all of whose rows were emitted.
	 * @throws Error when the input is not in the order of the keys
	 */
	load(): "loaded" | "blocked" | "ended" {
		if (this.#ended) return "ended";
		while (this.#batch === null || this.#position === this.#batch.selectedCount) {
			const batch = this.#input.next();
			if (batch === "blocked") return batch;
			if (batch === null) {
				this.#end();
				return "ended";
			}
			this.#batch = batch;
			this.#position = 0;
		}
		this.#store(this.#batch);
		return "loaded";
	}

	#store(batch: Batch): void {
		const { context, layout, descriptors, scratch, keyDescriptors, keyCount } = this.#memory;
		const { engine, lease } = context;
		const count = Math.min(batch.selectedCount - this.#position, this.#rowsOfSlice(batch));
		scratch.reset();
		const slice = compactBatch(engine, sliceBatch(engine, batch, { start: this.#position, count }, scratch), scratch);
		this.#position += count;
		const columns = slice.columns.map((column) => flatten(engine, column, slice, scratch));
		const rowsBytes = count * layout.rowBytes;
		const entriesBytes = align(count * ENTRY_BYTES);
		const buffer = lease.allocatePages(rowsBytes + entriesBytes + stringBytes(this.#memory, columns, count));
		const entries = buffer + rowsBytes;
		writeDescriptors(
			engine,
			layout.columns.map((column, index) => ({ column, vector: columns[index] as FlatVector })),
			descriptors,
		);
		const { kernels } = engine;
		kernels.rows_write(count, 0, columns.length, descriptors, 0, layout.rowBytes, buffer, entries + entriesBytes);
		kernels.sort_entries_of(count, buffer, layout.rowBytes, keyDescriptors, entries);
		context.spend(count * columns.length);
		let inOrder = kernels.sort_is_sorted(count, entries, keyCount, keyDescriptors) === 1;
		if (this.#buffer !== 0) {
			// The border between two slices: the last entry of the one before, then the first of this one.
			const border = scratch.allocate(2 * ENTRY_BYTES);
			const { u8 } = engine.arena.views;
			u8.copyWithin(border, this.entriesEnd - ENTRY_BYTES, this.entriesEnd);
			u8.copyWithin(border + ENTRY_BYTES, entries, entries + ENTRY_BYTES);
			inOrder &&= kernels.sort_is_sorted(2, border, keyCount, keyDescriptors) === 1;
			lease.freePages(this.#buffer);
		}
		this.#buffer = buffer;
		this.entries = entries;
		this.entriesEnd = entries + count * ENTRY_BYTES;
		if (!inOrder) throw new Error(`${this.#name} is not in the order of its sort key`);
	}

	/** By the mean size of the batch's rows; at least one row. */
	#rowsOfSlice(batch: Batch): number {
		const { layout, sliceBytes } = this.#memory;
		const { i32 } = this.#memory.context.engine.arena.views;
		let bytes = batch.rowCount * (layout.rowBytes + ENTRY_BYTES);
		for (const column of batch.columns) {
			if (column.physical !== "bytes" || column.kind === "constant") continue;
			const [values, count] =
				column.kind === "flat" ? [column, batch.rowCount] : [column.dictionary.values, Math.max(1, column.dictionary.entryCount)];
			const total = (i32[values.offsets / 4 + count] as number) - (i32[values.offsets / 4] as number);
			bytes += (total / count) * batch.rowCount;
		}
		return Math.max(1, Math.floor((sliceBytes * batch.rowCount) / bytes));
	}

	#end(): void {
		this.#ended = true;
		this.#batch = null;
		if (this.#buffer !== 0) this.#memory.context.lease.freePages(this.#buffer);
		this.#buffer = 0;
		this.entries = 0;
		this.entriesEnd = 0;
		this.#input.close();
	}

	close(): void {
		if (!this.#ended) this.#end();
	}
}

function align(byteCount: number): number {
	return Math.ceil(byteCount / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

function stringBytes({ context, layout }: MergeMemory, columns: FlatVector[], count: number): number {
	let byteCount = 0;
	for (const [index, { kind }] of layout.columns.entries()) {
		if (kind < VALUE_KIND.bytes) continue;
		const { validity, offsets } = columns[index] as FlatVector;
		byteCount += context.engine.kernels.rows_string_bytes(count, 0, validity, offsets);
	}
	return byteCount;
}
