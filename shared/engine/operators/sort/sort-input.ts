/** The rows of a sort or a top-N: every input column and, behind them, the keys that are not columns themselves. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SortKey } from "#shared/contracts/plan/expression.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { flatten } from "../../vector/copy.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import { DESCRIPTOR_BYTES, type RowColumn, rowLayout, writeDescriptors } from "../../vector/row-layout.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { RowStore } from "../rows/row-store.ts";
import { FirstKey } from "./first-key.ts";
import { SortedRows } from "./sorted-rows.ts";
import { type StorableBatch, StoredColumns } from "../rows/stored-columns.ts";

interface BoundKey {
	/** Of the stored rows. */
	column: number;
	descending: boolean;
	nullsFirst: boolean;
}

export class SortInput {
	readonly #context: ExecutionContext;
	readonly #columns: StoredColumns;
	readonly #keys: BoundKey[];
	/** Of the keys over stored rows; and over a batch's rows, for {@link before}. */
	readonly #descriptors: Pointer;
	readonly #batchDescriptors: Pointer;
	readonly #state: Pointer;
	readonly #firstKey: FirstKey;

	/** @param types of the input's columns */
	constructor(context: ExecutionContext, types: DataType[], keys: SortKey[]) {
		this.#context = context;
		this.#columns = new StoredColumns(context, types);
		this.#keys = keys.map(({ expression, descending, nullsFirst }) => ({
			column: this.#columns.columnOf(expression),
			descending,
			nullsFirst,
		}));
		this.#firstKey = new FirstKey(context);
		const region = context.lease.region();
		this.#descriptors = region.allocate(Math.max(1, keys.length) * DESCRIPTOR_BYTES);
		this.#batchDescriptors = region.allocate(Math.max(1, keys.length) * DESCRIPTOR_BYTES);
		this.#state = region.allocate(12);
		const { columns } = rowLayout(this.#columns.types);
		writeDescriptors(context.engine, this.#described(columns, null), this.#descriptors);
	}

	get inputCount(): number {
		return this.#columns.inputCount;
	}

	/** For merging batches of all stored columns, see {@link gatherAll}. */
	get mergeOptions(): { types: DataType[]; keys: BoundKey[] } {
		return { types: this.#columns.types, keys: this.#keys };
	}

	newStore(): RowStore {
		return new RowStore(this.#context.engine, this.#context.lease, rowLayout(this.#columns.types));
	}

	/** Evaluates the keys and flattens every column, in `region`. */
	prepare(input: Batch, region: Region): StorableBatch {
		return this.#columns.prepare(input, region);
	}

	/** The rows that sort before a stored row. */
	before(batch: StorableBatch, stored: Pointer, store: RowStore, region: Region): StorableBatch {
		const { kernels } = this.#context.engine;
		writeDescriptors(this.#context.engine, this.#described(store.layout.columns, batch.columns), this.#batchDescriptors);
		const selection = region.allocate(batch.selectedCount * 2);
		const count = kernels.rows_before(batch.selectedCount, batch.selection, this.#keys.length, this.#batchDescriptors, stored, selection);
		return { ...batch, selection, selectedCount: count };
	}

	/** As {@link before}, of rows with no more columns than the keys, all of which are the input's columns. Lies in `region`. */
	keysBefore(all: Batch, stored: Pointer, store: RowStore, region: Region): Batch {
		const [first] = this.#keys;
		const key = first === undefined ? undefined : all.columns[first.column];
		const bound = first === undefined ? null : { ...first, stored, store, isOnly: this.#keys.length === 1 };
		const batch = bound === null || key === undefined ? all : this.#firstKey.select(all, key, bound, region);
		if (batch.selectedCount === 0) return batch;
		const columns: FlatVector[] = [];
		for (const { column } of this.#keys) columns[column] = flatten(this.#context.engine, batch.columns[column] as Vector, batch, region);
		const { selection, selectedCount } = this.before({ ...batch, columns }, stored, store, region);
		return { ...batch, selection, selectedCount };
	}

	sort(store: RowStore): SortedRows {
		const { engine, lease } = this.#context;
		return new SortedRows(engine, lease, store, { descriptors: this.#descriptors, count: this.#keys.length, state: this.#state });
	}

	/** The input's columns of stored rows. */
	gather(store: RowStore, rows: RowPointers, region: Region): Batch {
		const columns = Array.from({ length: this.#columns.inputCount }, (_, index) => store.gather(index, rows, region));
		return { rowCount: rows.count, columns, selection: 0, selectedCount: rows.count };
	}

	/** Every column of stored rows, keys too, to store them again. */
	gatherAll(store: RowStore, rows: RowPointers, region: Region): FlatVector[] {
		return this.#columns.types.map((_, index) => store.gather(index, rows, region));
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
