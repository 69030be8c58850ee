/** Rows written in the statement. Each expression is evaluated over a batch of one row without columns. */
import type { PhysicalValues } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { BatchBuilder } from "../vector/builder.ts";
import { readValue } from "../vector/read.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

const ONE_ROW: Batch = { rowCount: 1, columns: [], selection: 0, selectedCount: 1 };

export class ValuesOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #node: PhysicalValues;
	readonly #region: Region;
	readonly #scratch: Region;
	#nextRow = 0;

	constructor(context: ExecutionContext, node: PhysicalValues) {
		this.#context = context;
		this.#node = node;
		this.#region = context.lease.region();
		this.#scratch = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		const { rows, types } = this.#node;
		if (this.#nextRow >= rows.length) return null;
		const { engine } = this.#context;
		this.#region.reset();
		const builder = new BatchBuilder(engine, this.#region, types, Math.min(rows.length - this.#nextRow, this.#context.batchRowCountMax));
		const end = Math.min(rows.length, this.#nextRow + this.#context.batchRowCountMax);
		for (; this.#nextRow < end; this.#nextRow++) {
			const row = rows[this.#nextRow] ?? [];
			this.#scratch.reset();
			builder.appendRow(
				row.map((expression) => {
					if (expression.kind === "constant") return expression.value;
					const compiled = this.#context.compileExpression(expression);
					this.#context.spend(compiled.costPerRow);
					return readValue(engine, compiled.evaluate(ONE_ROW, this.#scratch), 0);
				}),
			);
		}
		return builder.finish();
	}

	close(): void {
		this.#nextRow = this.#node.rows.length;
	}
}
