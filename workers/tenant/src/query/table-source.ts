/** A scan: the files, then the tails, behind one source that applies the predicate in full. */
import type { CompiledPredicate } from "#shared/engine/operators/evaluator.ts";
import type { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";

/** Work units of reading a row, beside its predicate's. */
const READ_COST_PER_ROW = 1;

export class TableSource implements BatchSource {
	readonly #sources: BatchSource[];
	readonly #predicate: CompiledPredicate | null;
	readonly #context: ExecutionContext;
	readonly #region: Region;
	#index = 0;

	/** @param sources read one after the other, closed here */
	constructor(sources: BatchSource[], predicate: CompiledPredicate | null, context: ExecutionContext) {
		this.#sources = sources;
		this.#predicate = predicate;
		this.#context = context;
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		while (this.#index < this.#sources.length) {
			// A selective predicate may reject batches for long: the driver is let in between them.
			if (this.#context.yieldDue) return "blocked";
			const source = this.#sources[this.#index] as BatchSource;
			const batch = source.next();
			if (batch === "blocked") return batch;
			if (batch === null) {
				source.close();
				this.#index++;
				continue;
			}
			const selected = this.#select(batch);
			if (selected.selectedCount > 0) return selected;
		}
		return null;
	}

	#select(batch: Batch): Batch {
		this.#context.countScanned({ rows: batch.selectedCount, bytes: 0 });
		this.#context.spend(batch.selectedCount * (READ_COST_PER_ROW + (this.#predicate?.costPerRow ?? 0)));
		if (this.#predicate === null) return batch;
		this.#region.reset();
		return this.#predicate.select(batch, this.#region);
	}

	close(): void {
		for (const source of this.#sources.slice(this.#index)) source.close();
		this.#index = this.#sources.length;
		this.#region.free();
	}
}
