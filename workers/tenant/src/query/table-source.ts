/** A scan: the files, then the tails, behind one source that applies the predicate in full. */
import type { CompiledPredicate } from "#shared/engine/operators/evaluator.ts";
import type { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";

/** Work units of reading a row, beside its predicate's. */
const READ_COST_PER_ROW = 1;

/** The scan's predicate, asked part by part, each about the rows that those before it left. What it selects is valid until the first part is asked again. */
export class ScanFilter {
	readonly #steps: readonly CompiledPredicate[];
	readonly #context: ExecutionContext;
	readonly #region: Region;

	/** @param steps the parts, in the order in which they may be asked: one may raise for rows that those before it drop */
	constructor(steps: readonly CompiledPredicate[], context: ExecutionContext) {
		this.#steps = steps;
		this.#context = context;
		this.#region = context.lease.region();
	}

	/** Counts the rows of a batch that was read, before any part is asked about it. */
	begin(batch: Batch): Batch {
		this.#context.countScanned({ rows: batch.selectedCount, bytes: 0 });
		this.#context.spend(batch.selectedCount * READ_COST_PER_ROW);
		this.#region.reset();
		return batch;
	}

	/** After `begin` and the parts before. */
	ask(step: number, batch: Batch): Batch {
		const predicate = this.#steps[step] as CompiledPredicate;
		this.#context.spend(batch.selectedCount * predicate.costPerRow);
		return predicate.select(batch, this.#region);
	}

	/** All parts. */
	select(batch: Batch): Batch {
		let live = this.begin(batch);
		for (let step = 0; step < this.#steps.length && live.selectedCount > 0; step++) live = this.ask(step, live);
		return live;
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
