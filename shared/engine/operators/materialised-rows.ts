/** Batches kept for readers that come later, and often: a shared subplan's rows, a recursion's rounds. */
import type { Lease } from "../memory/lease.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { copyBatch } from "../vector/copy.ts";
import type { ExecutionContext } from "./execution-context.ts";

export class MaterialisedRows {
	readonly #context: ExecutionContext;
	readonly #region: Region;
	#batches: Batch[] = [];
	rowCount = 0;

	/** @param lease outlives every reader */
	constructor(context: ExecutionContext, lease: Lease) {
		this.#context = context;
		this.#region = lease.region();
	}

	get batchCount(): number {
		return this.#batches.length;
	}

	/** Copies the live rows. */
	append(batch: Batch): void {
		this.#context.spend(batch.selectedCount * batch.columns.length);
		this.#batches.push(copyBatch(this.#context.engine, batch, this.#region));
		this.rowCount += batch.selectedCount;
	}

	at(index: number): Batch | null {
		return this.#batches[index] ?? null;
	}

	/** Forgets every row; the pages are kept for the next ones. */
	reset(): void {
		this.#batches = [];
		this.rowCount = 0;
		this.#region.reset();
	}
}
