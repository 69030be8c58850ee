/** Computes the output columns; rows and selection stay. */
import type { PhysicalProject } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import type { CompiledExpression } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

export class ProjectOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #expressions: CompiledExpression[];
	readonly #costPerRow: number;
	readonly #region: Region;

	constructor(context: ExecutionContext, node: PhysicalProject, input: BatchSource) {
		this.#context = context;
		this.#input = input;
		this.#expressions = node.expressions.map((expression) => context.compileExpression(expression));
		this.#costPerRow = this.#expressions.reduce((sum, expression) => sum + expression.costPerRow, 0);
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		const batch = this.#input.next();
		if (batch === null || batch === "blocked") return batch;
		this.#context.spend(batch.selectedCount * this.#costPerRow);
		this.#region.reset();
		return { ...batch, columns: this.#expressions.map((expression) => expression.evaluate(batch, this.#region)) };
	}

	close(): void {
		this.#input.close();
	}
}
