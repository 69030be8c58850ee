/** A scan: the files, then the tails, behind one source that applies the predicate in full. */
import type { CompiledPredicate } from "#shared/engine/operators/evaluator.ts";
import type { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";

/** Work units of reading a row, beside its predicate's. */
const READ_COST_PER_ROW = 1;

/** The scan's predicate, which counts the rows that it is asked about. What it selects is valid until it is asked again. */
export class ScanFilter {
	readonly #predicate: CompiledPredicate | null;
	readonly #context: ExecutionContext;
	readonly #region: Region;

	constructor(predicate: CompiledPredicate | null, context: ExecutionContext) {
		this.#predicate = predicate;
		this.#context = context;
		this.#region = context.lease.region();
	}

	select(batch: Batch): Batch {
		this.#context.countScanned({ rows: batch.selectedCount, bytes: 0 });
		this.#context.spend(batch.selectedCount * (READ_COST_PER_ROW + (this.#predicate?.costPerRow ?? 0)));
		if (this.#predicate === null) return batch;
		this.#region.reset();
		return this.#predicate.select(batch, this.#region);
	}

	close(): void {
		this.#region.free();
	}
}

/** `isFiltered`: it asks the scan's filter itself. */
export interface ScannedSource {
	source: BatchSource;
	isFiltered: boolean;
}

export class TableSource implements BatchSource {
	readonly #sources: ScannedSource[];
	readonly #filter: ScanFilter;
	readonly #context: ExecutionContext;
	#index = 0;

	/** @param sources read one after the other, closed here, as the filter is */
	constructor(sources: ScannedSource[], filter: ScanFilter, context: ExecutionContext) {
		this.#sources = sources;
		this.#filter = filter;
		this.#context = context;
	}

	next(): Batch | "blocked" | null {
		while (this.#index < this.#sources.length) {
			// A selective predicate may reject batches for long: the driver is let in between them.
			if (this.#context.yieldDue) return "blocked";
			const { source, isFiltered } = this.#sources[this.#index] as ScannedSource;
			const batch = source.next();
			if (batch === "blocked") return batch;
			if (batch === null) {
				source.close();
				this.#index++;
				continue;
			}
			const selected = isFiltered ? batch : this.#filter.select(batch);
			if (selected.selectedCount > 0) return selected;
		}
		return null;
	}

	close(): void {
		for (const { source } of this.#sources.slice(this.#index)) source.close();
		this.#index = this.#sources.length;
		this.#filter.close();
	}
}
