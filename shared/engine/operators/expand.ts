/** Each input batch once per projection: what grouping sets aggregate over. */
import type { PhysicalExpand } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import type { CompiledExpression } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

export class ExpandOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #projections: CompiledExpression[][];
	readonly #region: Region;
	#batch: Batch | null = null;
	/** Projection of `#batch` that comes next. */
	#index = 0;

	constructor(context: ExecutionContext, node: PhysicalExpand, input: BatchSource) {
		this.#context = context;
		this.#input = input;
		this.#projections = node.projections.map((list) => list.map((expression) => context.compileExpression(expression)));
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		if (this.#batch === null || this.#index === this.#projections.length) {
			const batch = this.#input.next();
			if (batch === null || batch === "blocked") return batch;
			this.#batch = batch;
			this.#index = 0;
		}
		const batch = this.#batch;
		const projection = this.#projections[this.#index++] as CompiledExpression[];
		const cost = projection.reduce((sum, { costPerRow }) => sum + costPerRow, 1);
		this.#context.spend(batch.selectedCount * cost);
		this.#region.reset();
		return { ...batch, columns: projection.map((expression) => expression.evaluate(batch, this.#region)) };
	}

	close(): void {
		this.#input.close();
	}
}
