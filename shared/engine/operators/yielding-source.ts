/** A scan's source, which answers "blocked" when the event loop is due, so that every pipeline lets it in. */
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { sliceBatch } from "../vector/slice.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

/** Work units of handing on one row, whatever it costs to read. */
const ROW_COST = 1;

export class YieldingSource implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #source: BatchSource;
	readonly #region: Region;
	readonly #rowCountMax: number;
	/** A batch that is handed on in pieces, and the rows that were: only where a test wants small batches. */
	#whole: Batch | null = null;
	#done = 0;

	/** @param rowCountMax rows of a batch that are handed on together */
	constructor(context: ExecutionContext, source: BatchSource, rowCountMax: number) {
		this.#context = context;
		this.#source = source;
		this.#rowCountMax = rowCountMax;
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		if (this.#context.yieldDue) return "blocked";
		if (this.#whole !== null) return this.#piece(this.#whole);
		const batch = this.#source.next();
		if (batch === null || batch === "blocked") return batch;
		this.#context.spend(batch.rowCount * ROW_COST);
		return batch.selectedCount > this.#rowCountMax ? this.#piece(batch) : batch;
	}

	close(): void {
		this.#source.close();
	}

	#piece(whole: Batch): Batch {
		const count = Math.min(this.#rowCountMax, whole.selectedCount - this.#done);
		this.#region.reset();
		const piece = sliceBatch(this.#context.engine, whole, { start: this.#done, count }, this.#region);
		this.#done += count;
		this.#whole = this.#done < whole.selectedCount ? whole : null;
		if (this.#whole === null) this.#done = 0;
		return piece;
	}
}
