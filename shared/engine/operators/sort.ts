/** ORDER BY: stores the whole input, sorts it in bounded steps, emits it. Stable; text by its UTF-8 bytes; NULLs where the key says. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalSort } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { RowStore } from "./row-store.ts";
import { SortInput } from "./sort-input.ts";
import type { SortedRows } from "./sorted-rows.ts";
import type { BatchSource } from "./source.ts";

export class SortOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #sortInput: SortInput;
	readonly #store: RowStore;
	readonly #region: Region;
	#sorted: SortedRows | null = null;
	#sorting = true;

	/** @param types of the input's columns */
	constructor(context: ExecutionContext, node: PhysicalSort, input: BatchSource, types: DataType[]) {
		this.#context = context;
		this.#input = input;
		this.#sortInput = new SortInput(context, types, node.keys);
		this.#store = this.#sortInput.newStore();
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		while (this.#sorted === null) {
			if (this.#context.yieldDue) return "blocked";
			const batch = this.#input.next();
			if (batch === "blocked") return batch;
			if (batch === null) this.#sorted = this.#sortInput.sort(this.#store);
			else if (batch.selectedCount > 0) this.#append(batch);
		}
		while (this.#sorting) {
			if (this.#context.yieldDue) return "blocked";
			const handled = this.#sorted.step();
			this.#context.spend(handled);
			this.#sorting = handled > 0;
		}
		this.#region.reset();
		const rows = this.#sorted.next(this.#context.batchRowCountMax, this.#region);
		if (rows.count === 0) return null;
		this.#context.spend(rows.count * this.#store.layout.columns.length);
		return this.#sortInput.gather(this.#store, rows, this.#region);
	}

	close(): void {
		this.#input.close();
	}

	#append(batch: Batch): void {
		this.#region.reset();
		const { columns, selection, selectedCount } = this.#sortInput.prepare(batch, this.#region);
		this.#store.append(columns, { selection, count: selectedCount, hashes: 0 });
	}
}
