/**
 * ORDER BY: stores the whole input, sorts it in bounded steps, emits it. Stable; text by its UTF-8 bytes; NULLs where the key says.
 *
 * When memory is tight the rows held are sorted and written as a run; at the end the runs are merged, some at a time, neighbours first, so that the sort stays stable.
 */
import { unreachable } from "#shared/base/assert.ts";
import { SPILL_MERGE_RUN_COUNT_MAX, SPILL_MERGE_SLICE_BYTES } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalSort } from "#shared/contracts/plan/physical.ts";
import type { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { MergeSorted } from "./merge-sorted.ts";
import type { RowStore } from "../rows/row-store.ts";
import { SortInput } from "./sort-input.ts";
import { SortedRows } from "./sorted-rows.ts";
import type { BatchSource } from "../source.ts";
import { SpillFile } from "../spill/spill-file.ts";
import type { SpillSpace } from "../spill/spill-space.ts";

/** Runs that are merged, into another run or as the result. */
interface Merge {
	source: MergeSorted;
	lease: Lease;
	runs: SpillFile[];
	into: SpillFile | null;
}

export class SortOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #sortInput: SortInput;
	readonly #region: Region;
	#store: RowStore;
	#phase: "reading" | "sorting" | "writing" | "emitting" | "merging" = "reading";
	#ended = false;
	#sorted: SortedRows | null = null;
	/** The run that the rows held are written to. */
	#writing: SpillFile | null = null;
	/** Sorted runs in the input's order, and those that were made by merging the ones before them. */
	#runs: SpillFile[] = [];
	#mergedRuns: SpillFile[] = [];
	#merge: Merge | null = null;

	/** @param types of the input's columns */
	constructor(context: ExecutionContext, node: Pick<PhysicalSort, "keys">, input: BatchSource, types: DataType[]) {
		this.#context = context;
		this.#input = input;
		this.#sortInput = new SortInput(context, types, node.keys);
		this.#store = this.#sortInput.newStore();
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue || this.#context.spillBlocked) return "blocked";
			switch (this.#phase) {
				case "reading": {
					const batch = this.#input.next();
					if (batch === "blocked") return batch;
					this.#read(batch);
					break;
				}
				case "sorting":
					this.#sortStep();
					break;
				case "writing":
					this.#writeSome(this.#sorted as SortedRows);
					break;
				case "emitting":
					return this.#emit(this.#sorted as SortedRows);
				case "merging": {
					const batch = this.#mergeStep();
					if (batch !== "again") return batch;
					break;
				}
				default:
					return unreachable(this.#phase);
			}
		}
	}

	close(): void {
		this.#input.close();
	}

	#read(batch: Batch | null): void {
		if (batch === null) {
			this.#ended = true;
			this.#phase = "sorting";
		} else if (batch.selectedCount > 0) {
			this.#region.reset();
			const { columns, selection, selectedCount } = this.#sortInput.prepare(batch, this.#region);
			this.#store.append(columns, { selection, count: selectedCount, hashes: 0 });
			if (this.#context.spill !== null && this.#context.memoryTight(SortedRows.bytesOf(this.#store.rowCount))) this.#phase = "sorting";
		}
	}

	#sortStep(): void {
		this.#sorted ??= this.#sortInput.sort(this.#store);
		const handled = this.#sorted.step();
		this.#context.spend(handled);
		if (handled === 0) this.#phase = this.#ended && this.#runs.length === 0 ? "emitting" : "writing";
	}

	#emit(sorted: SortedRows): Batch | null {
		this.#region.reset();
		const rows = sorted.next(this.#context.batchRowCountMax, this.#region);
		if (rows.count === 0) return null;
		this.#context.spend(rows.count * this.#store.layout.columns.length);
		return this.#sortInput.gather(this.#store, rows, this.#region);
	}

	/** Writes some of the sorted rows; behind the last, they are let go of. */
	#writeSome(sorted: SortedRows): void {
		this.#writing ??= new SpillFile(this.#context, this.#context.spill as SpillSpace);
		this.#region.reset();
		const rows = sorted.next(this.#context.batchRowCountMax, this.#region);
		if (rows.count > 0) {
			const columns = this.#sortInput.gatherAll(this.#store, rows, this.#region);
			this.#writing.append({ rowCount: rows.count, columns, selection: 0, selectedCount: rows.count });
			return;
		}
		this.#writing.finish();
		if (this.#writing.rowCount > 0) this.#runs.push(this.#writing);
		this.#writing = null;
		sorted.free();
		this.#sorted = null;
		this.#store.free();
		this.#store = this.#sortInput.newStore();
		this.#phase = this.#ended ? "merging" : "reading";
	}

	#mergeStep(): Batch | "blocked" | "again" | null {
		this.#merge ??= this.#startMerge();
		const { source, lease, runs, into } = this.#merge;
		const batch = this.#context.within(lease, () => source.next());
		if (batch === "blocked") return batch;
		if (batch !== null) {
			if (into === null) return { ...batch, columns: batch.columns.slice(0, this.#sortInput.inputCount) };
			into.append(batch);
			return "again";
		}
		source.close();
		lease.release();
		for (const run of runs) run.drop();
		if (into === null) return null;
		into.finish();
		this.#mergedRuns.push(into);
		this.#merge = null;
		return "again";
	}

	/** The next neighbours; when all were merged once, their results. */
	#startMerge(): Merge {
		const { spill } = this.#context;
		if (this.#runs.length === 0) {
			this.#runs = this.#mergedRuns;
			this.#mergedRuns = [];
		}
		const isLast = this.#mergedRuns.length === 0 && this.#runs.length <= SPILL_MERGE_RUN_COUNT_MAX;
		const runs = this.#runs.splice(0, SPILL_MERGE_RUN_COUNT_MAX);
		const lease = this.#context.newLease();
		const source = this.#context.within(lease, () => {
			const inputs = runs.map((run) => ({ source: run.source(), name: "a sorted run" }));
			return new MergeSorted(this.#context, { ...this.#sortInput.mergeOptions, sliceBytes: SPILL_MERGE_SLICE_BYTES }, inputs);
		});
		return { source, lease, runs, into: isLast ? null : new SpillFile(this.#context, spill as SpillSpace) };
	}
}
