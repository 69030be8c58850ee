/** A subplan that several scans share: it runs once, as far as the scan that is furthest wants it, and every scan reads the rows that were kept. */
import type { Lease } from "../memory/lease.ts";
import type { Batch } from "../vector/batch.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { MaterialisedRows } from "./rows/materialised-rows.ts";
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

	reader(): BatchSource {
		return this.#rows.reader();
	}

	/** Runs it up to its next batch. @returns false at its end */
	advance(): boolean | "blocked" {
		while (!this.#ended) {
			if (this.#context.spillBlocked) return "blocked";
			const batch = this.#context.within(this.#lease, () => this.#source.next());
			if (batch === "blocked") return batch;
			if (batch === null) {
				this.#ended = true;
				this.#rows.finish();
			} else if (batch.selectedCount > 0) {
				this.#context.within(this.#lease, () => this.#rows.append(batch));
				return true;
			}
		}
		return false;
	}

	close(): void {
		this.#source.close();
	}
}

export class SubplanScanOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #subplan: Subplan;
	readonly #rows: BatchSource;

	constructor(context: ExecutionContext, subplan: Subplan) {
		this.#context = context;
		this.#subplan = subplan;
		this.#rows = subplan.reader();
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			const batch = this.#rows.next();
			if (batch === "blocked") return batch;
			if (batch !== null) {
				this.#context.spend(batch.selectedCount);
				return batch;
			}
			const advanced = this.#subplan.advance();
			if (advanced !== true) return advanced === false ? null : advanced;
		}
	}

	/** The subplan is closed with the plan: other scans may still read it. */
	close(): void {
		this.#rows.close();
	}
}
