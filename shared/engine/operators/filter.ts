/** Keeps the rows where the predicate is true, by narrowing the selection. */
import type { PhysicalFilter } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import type { CompiledPredicate } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

export class FilterOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #predicate: CompiledPredicate;
	readonly #region: Region;

	constructor(context: ExecutionContext, node: PhysicalFilter, input: BatchSource) {
		this.#context = context;
		this.#input = input;
		this.#predicate = context.compilePredicate(node.predicate);
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			const batch = this.#input.next();
			if (batch === null || batch === "blocked") return batch;
			this.#context.spend(batch.selectedCount * this.#predicate.costPerRow);
			this.#region.reset();
			const kept = this.#predicate.select(batch, this.#region);
			if (kept.selectedCount > 0) return kept;
		}
	}

	close(): void {
		this.#input.close();
	}
}
