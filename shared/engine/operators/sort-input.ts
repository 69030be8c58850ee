/** The rows of a sort or a top-N: every input column and, behind them, the keys that are not columns themselves. */
import { SELECTION_COMPACT_FRACTION } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SortKey } from "#shared/contracts/plan/expression.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { compactBatch, flatten } from "../vector/copy.ts";
import type { RowPointers } from "../vector/row-gather.ts";
import { DESCRIPTOR_BYTES, type RowColumn, rowLayout, writeDescriptors } from "../vector/row-layout.ts";
import type { FlatVector } from "../vector/vector.ts";
import type { CompiledExpression } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { RowStore } from "./row-store.ts";
import { SortedRows } from "./sorted-rows.ts";

interface BoundKey {
	compiled: CompiledExpression;
	/** Of the stored rows. */
	column: number;
	descending: boolean;
	nullsFirst: boolean;
}

/** A batch as it is stored: every column flat. */
export interface SortableBatch {
	columns: FlatVector[];
	rowCount: number;
	selection: Pointer;
	selectedCount: number;
}

export class SortInput {
	readonly #context: ExecutionContext;
	readonly #columnCount: number;
	readonly #types: DataType[];
	readonly #keys: BoundKey[];
	readonly #costPerRow: number;
	/** Of the keys over stored rows; and over a batch's rows, for {@link before}. */
	readonly #descriptors: Pointer;
	readonly #batchDescriptors: Pointer;
	readonly #state: Pointer;

	/** @param types of the input's columns */
	constructor(context: ExecutionContext, types: DataType[], keys: SortKey[]) {
		this.#context = context;
		this.#columnCount = types.length;
		this.#types = [...types];
		this.#keys = keys.map(({ expression, descending, nullsFirst }) => {
			const column = expression.kind === "column" ? expression.index : this.#types.push(expression.type) - 1;
			return { compiled: context.compileExpression(expression), column, descending, nullsFirst };
		});
		this.#costPerRow = this.#keys.reduce((cost, key) => cost + key.compiled.costPerRow + 1, types.length);
		const region = context.lease.region();
		this.#descriptors = region.allocate(Math.max(1, keys.length) * DESCRIPTOR_BYTES);
		this.#batchDescriptors = region.allocate(Math.max(1, keys.length) * DESCRIPTOR_BYTES);
		this.#state = region.allocate(12);
		const { columns } = rowLayout(this.#types);
		writeDescriptors(context.engine, this.#described(columns, null), this.#descriptors);
	}

	newStore(): RowStore {
		return new RowStore(this.#context.engine, this.#context.lease, rowLayout(this.#types));
	}

	/** Evaluates the keys and flattens every column, in `region`. */
	prepare(input: Batch, region: Region): SortableBatch {
		const { engine } = this.#context;
		const sparse = input.selectedCount < input.rowCount * SELECTION_COMPACT_FRACTION;
		const batch = sparse ? compactBatch(engine, input, region) : input;
		this.#context.spend(batch.selectedCount * this.#costPerRow);
		const columns = batch.columns.map((column) => flatten(engine, column, batch, region));
		for (const { compiled, column } of this.#keys) {
			if (column >= this.#columnCount) columns[column] = flatten(engine, compiled.evaluate(batch, region), batch, region);
		}
		return { columns, rowCount: batch.rowCount, selection: batch.selection, selectedCount: batch.selectedCount };
	}

	/** The rows that sort before a stored row. */
	before(batch: SortableBatch, stored: Pointer, store: RowStore, region: Region): SortableBatch {
		const { kernels } = this.#context.engine;
		writeDescriptors(this.#context.engine, this.#described(store.layout.columns, batch.columns), this.#batchDescriptors);
		const selection = region.allocate(batch.selectedCount * 2);
		const count = kernels.rows_before(batch.selectedCount, batch.selection, this.#keys.length, this.#batchDescriptors, stored, selection);
		return { ...batch, selection, selectedCount: count };
	}

	sort(store: RowStore): SortedRows {
		const { engine, lease } = this.#context;
		return new SortedRows(engine, lease, store, { descriptors: this.#descriptors, count: this.#keys.length, state: this.#state });
	}

	/** The input's columns of stored rows. */
	gather(store: RowStore, rows: RowPointers, region: Region): Batch {
		const columns = Array.from({ length: this.#columnCount }, (_, index) => store.gather(index, rows, region));
		return { rowCount: rows.count, columns, selection: 0, selectedCount: rows.count };
	}

	/** Every column of stored rows, keys too, to store them again. */
	gatherAll(store: RowStore, rows: RowPointers, region: Region): FlatVector[] {
		return this.#types.map((_, index) => store.gather(index, rows, region));
	}

	#described(columns: RowColumn[], vectors: FlatVector[] | null) {
		return this.#keys.map(({ column, descending, nullsFirst }) => ({
			column: columns[column] as RowColumn,
			vector: vectors === null ? null : (vectors[column] as FlatVector),
			descending,
			nullsFirst,
		}));
	}
}
