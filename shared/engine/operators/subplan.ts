/** A subplan that several scans share: it runs once, as far as the scan that is furthest wants it, and every scan reads the rows that were kept. */
import type { Lease } from "../memory/lease.ts";
import type { Batch } from "../vector/batch.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { MaterialisedRows } from "./materialised-rows.ts";
import type { BatchSource } from "./source.ts";

export class Subplan {
	readonly #context: ExecutionContext;
	readonly #source: BatchSource;
	/** A scan of a round of a recursion asks too, but the rows outlive the round. */
	readonly #lease: Lease;
	readonly #rows: MaterialisedRows;
	#ended = false;

	constructor(context: ExecutionContext, source: BatchSource) {
		this.#context = context;
		this.#source = source;
		this.#lease = context.lease;
		this.#rows = new MaterialisedRows(context, this.#lease);
	}

	/** The batch of that number, from 0; null behind the last. */
	at(index: number): Batch | "blocked" | null {
		while (index >= this.#rows.batchCount && !this.#ended) {
			const batch = this.#context.within(this.#lease, () => this.#source.next());
			if (batch === "blocked") return batch;
			if (batch === null) this.#ended = true;
			else if (batch.selectedCount > 0) this.#rows.append(batch);
		}
		return this.#rows.at(index);
	}

	close(): void {
		this.#source.close();
	}
}

export class SubplanScanOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #subplan: Subplan;
	#next = 0;

	constructor(context: ExecutionContext, subplan: Subplan) {
		this.#context = context;
		this.#subplan = subplan;
	}

	next(): Batch | "blocked" | null {
		if (this.#context.yieldDue) return "blocked";
		const batch = this.#subplan.at(this.#next);
		if (batch === null || batch === "blocked") return batch;
		this.#next++;
		this.#context.spend(batch.selectedCount);
		return batch;
	}

	/** The subplan is closed with the plan: other scans may still read it. */
	close(): void {}
}
