/**
 * Batches kept for readers that come later, and often: a shared subplan's rows, a recursion's rounds. Once memory is tight, further batches go to a file behind those that
 * are held.
 */
import type { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { copyBatch } from "../../vector/copy.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { BatchSource } from "../source.ts";
import { SpillFile } from "../spill/spill-file.ts";

export class MaterialisedRows {
	readonly #context: ExecutionContext;
	readonly #region: Region;
	#batches: Batch[] = [];
	#file: SpillFile | null = null;
	rowCount = 0;

	/** @param lease outlives every reader */
	constructor(context: ExecutionContext, lease: Lease) {
		this.#context = context;
		this.#region = lease.region();
	}

	/** Copies the live rows. */
	append(batch: Batch): void {
		this.#context.spend(batch.selectedCount * batch.columns.length);
		this.rowCount += batch.selectedCount;
		const { spill } = this.#context;
		if (this.#file === null && spill !== null && this.#context.memoryTight(0)) this.#file = new SpillFile(this.#context, spill);
		if (this.#file === null) this.#batches.push(copyBatch(this.#context.engine, batch, this.#region));
		else this.#file.append(batch);
	}

	/** Reads from the first batch on, also while more come: null where there are no more for now. */
	reader(): BatchSource {
		let next = 0;
		let spilled: BatchSource | null = null;
		return {
			next: () => {
				const held = this.#batches[next];
				if (held !== undefined) {
					next++;
					return held;
				}
				spilled ??= this.#file?.source() ?? null;
				return spilled?.next() ?? null;
			},
			close: () => spilled?.close(),
		};
	}

	/** No more come: what waits on the heap is written too. */
	finish(): void {
		this.#file?.finish();
	}

	/** Forgets every row; the pages are kept for the next ones. No reader is left. */
	reset(): void {
		this.#batches = [];
		this.#file?.drop();
		this.#file = null;
		this.rowCount = 0;
		this.#region.reset();
	}
}
