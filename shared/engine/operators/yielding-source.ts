/** A scan's source, which answers "blocked" when the event loop is due, so that every pipeline lets it in. */
import type { Batch } from "../vector/batch.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

/** Work units of handing on one row, whatever it costs to read. */
const ROW_COST = 1;

export class YieldingSource implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #source: BatchSource;

	constructor(context: ExecutionContext, source: BatchSource) {
		this.#context = context;
		this.#source = source;
	}

	next(): Batch | "blocked" | null {
		if (this.#context.yieldDue) return "blocked";
		const batch = this.#source.next();
		if (batch !== null && batch !== "blocked") this.#context.spend(batch.rowCount * ROW_COST);
		return batch;
	}

	close(): void {
		this.#source.close();
	}
}
