/**
 * ORDER BY with LIMIT: keeps the first offset + limit rows, in bounded memory. Rows are stored until there are twice as many (and some batches) as are
 * wanted; then they are sorted and all but the first are dropped, and the last of these bounds what later batches may add.
 *
 * Where the rows wanted are more than the memory holds, those stored and those still to come go through an external sort.
 */
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalTopN } from "#shared/contracts/plan/physical.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { LateColumns } from "../late-columns.ts";
import { LimitOperator } from "../limit.ts";
import { RowCursor } from "../rows/row-cursor.ts";
import type { RowStore } from "../rows/row-store.ts";
import { SortInput } from "./sort-input.ts";
import { SortOperator } from "./sort.ts";
import { SortedRows } from "./sorted-rows.ts";
import type { BatchSource } from "../source.ts";

/** Rows stored beyond those wanted before they are cut again: few at first, so that there is a bound soon, and then twice as many each time. */
const SLACK_ROW_COUNT_FIRST = 64;
const SLACK_ROW_COUNT_MAX = 2 * BATCH_ROW_COUNT_MAX;

export class TopNOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #sortInput: SortInput;
	readonly #node: PhysicalTopN;
	readonly #types: DataType[];
	readonly #offset: number;
	readonly #wanted: number;
	readonly #region: Region;
	/** Of what was told to the input, which is valid until it asks again. */
	readonly #lateRegion: Region;
	#store: RowStore;
	/** The last of the rows kept by the last cut; later rows must sort before it. */
	#bound: Pointer = 0;
	/** What comes after the input's end: a sort in steps, then rows. */
	#sorted: SortedRows | null = null;
	#slackRowCount = SLACK_ROW_COUNT_FIRST;
	/** What is being sorted is to be cut, not emitted. */
	#cutting = false;
	#ended = false;
	#emitted = 0;
	#external: BatchSource | null = null;

	/** @param types of the input's columns. `late` of an input that can do without rows that come to nothing: its columns that decide are the keys */
	constructor(context: ExecutionContext, node: PhysicalTopN, input: BatchSource, types: DataType[], late: LateColumns | null = null) {
		this.#context = context;
		this.#node = node;
		this.#types = types;
		this.#input = input;
		this.#sortInput = new SortInput(context, types, node.keys);
		this.#offset = node.offset;
		this.#wanted = node.limit === 0 ? 0 : node.offset + node.limit;
		this.#store = this.#sortInput.newStore();
		this.#region = context.lease.region();
		this.#lateRegion = context.lease.region();
		if (late !== null) late.select = (batch) => this.#selectLate(batch);
	}

	next(): Batch | "blocked" | null {
		if (this.#wanted === 0) return null;
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			if (this.#external !== null) return this.#external.next();
			if (this.#sorted !== null) {
				const handled = this.#sorted.step();
				this.#context.spend(handled);
				if (handled > 0) continue;
				if (!this.#cutting) return this.#emit(this.#sorted);
				this.#cut(this.#sorted);
				continue;
			}
			if (this.#ended) {
				this.#sorted = this.#sortInput.sort(this.#store);
				continue;
			}
			const batch = this.#input.next();
			if (batch === "blocked") return batch;
			if (batch === null) this.#ended = true;
			else if (batch.selectedCount > 0) this.#append(batch);
		}
	}

	close(): void {
		this.#input.close();
	}

	/** A sort of the rows stored and of what is left of the input, and its first rows. */
	#startExternal(): BatchSource {
		const cursor = new RowCursor(this.#context.engine, this.#store.blocks, this.#store.layout.rowBytes);
		let isStored = true;
		const input: BatchSource = {
			next: () => {
				if (isStored) {
					this.#region.reset();
					const rows = cursor.next(this.#context.batchRowCountMax, this.#region);
					if (rows.count > 0) return this.#sortInput.gather(this.#store, rows, this.#region);
					isStored = false;
					this.#store.free();
				}
				return this.#input.next();
			},
			close: () => undefined,
		};
		const sort = new SortOperator(this.#context, this.#node, input, this.#types);
		return new LimitOperator(this.#context, { limit: this.#node.limit, offset: this.#offset }, sort);
	}

	#append(input: Batch): void {
		this.#region.reset();
		const prepared = this.#sortInput.prepare(input, this.#region);
		const batch = this.#bound === 0 ? prepared : this.#sortInput.before(prepared, this.#bound, this.#store, this.#region);
		this.#store.append(batch.columns, { selection: batch.selection, count: batch.selectedCount, hashes: 0 });
		const isFull = this.#store.rowCount >= 2 * this.#wanted + this.#slackRowCount;
		if (isFull) {
			this.#sorted = this.#sortInput.sort(this.#store);
			this.#cutting = true;
		} else if (this.#context.spill !== null && this.#context.memoryTight(SortedRows.bytesOf(this.#store.rowCount))) {
			this.#external = this.#startExternal();
		}
	}

	/** Rows that may be among the first. */
	#selectLate(batch: Batch): Batch {
		if (this.#bound === 0 || this.#external !== null) return batch;
		this.#lateRegion.reset();
		return this.#sortInput.keysBefore(batch, this.#bound, this.#store, this.#lateRegion);
	}

	/** Keeps the first rows in a store of their own. */
	#cut(sorted: SortedRows): void {
		const kept = this.#sortInput.newStore();
		while (kept.rowCount < this.#wanted) {
			this.#region.reset();
			const rows = sorted.next(Math.min(this.#context.batchRowCountMax, this.#wanted - kept.rowCount), this.#region);
			kept.append(this.#sortInput.gatherAll(this.#store, rows, this.#region), { selection: 0, count: rows.count, hashes: 0 });
		}
		this.#slackRowCount = Math.min(this.#slackRowCount * 2, SLACK_ROW_COUNT_MAX);
		sorted.free();
		this.#store.free();
		this.#store = kept;
		const last = kept.blocks.at(-1);
		this.#bound = last === undefined ? 0 : last.pointer + (last.rowCount - 1) * kept.layout.rowBytes;
		this.#sorted = null;
		this.#cutting = false;
	}

	#emit(sorted: SortedRows): Batch | null {
		for (; this.#emitted < this.#offset; ) {
			this.#region.reset();
			const skipped = sorted.next(Math.min(this.#context.batchRowCountMax, this.#offset - this.#emitted), this.#region);
			if (skipped.count === 0) return null;
			this.#emitted += skipped.count;
		}
		this.#region.reset();
		const rows = sorted.next(Math.min(this.#context.batchRowCountMax, this.#wanted - this.#emitted), this.#region);
		if (rows.count === 0) return null;
		this.#emitted += rows.count;
		return this.#sortInput.gather(this.#store, rows, this.#region);
	}
}
