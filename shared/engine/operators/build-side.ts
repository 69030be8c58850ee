/** A join's build side, materialised: its columns and, for an equi-join, its keys behind them; then the heads of the hash chains. */
import { SELECTION_COMPACT_FRACTION } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { compactBatch, flatten } from "../vector/copy.ts";
import type { RowPointers } from "../vector/row-gather.ts";
import { DESCRIPTOR_BYTES, type RowColumn, rowLayout, writeDescriptors } from "../vector/row-layout.ts";
import type { Vector } from "../vector/vector.ts";
import type { CompiledExpression } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { RowCursor } from "./row-cursor.ts";
import { RowStore } from "./row-store.ts";
import type { BatchSource } from "./source.ts";

/** Rows hung into their chains by one kernel call. */
const INSERT_ROW_COUNT = 2048;

export class BuildSide {
	readonly #context: ExecutionContext;
	readonly #source: BatchSource;
	readonly #columnCount: number;
	readonly #keys: { compiled: CompiledExpression; column: number }[];
	readonly #region: Region;
	readonly #descriptors: Pointer;
	readonly store: RowStore;
	heads: Pointer = 0;
	headMask = 0;

	/** @param types of the source's columns; a key that is one of them is stored once */
	constructor(context: ExecutionContext, source: BatchSource, types: DataType[], keys: Expression[]) {
		this.#context = context;
		this.#source = source;
		this.#columnCount = types.length;
		this.#region = context.lease.region();
		const stored = [...types];
		this.#keys = keys.map((key) => {
			const column = key.kind === "column" ? key.index : stored.push(key.type) - 1;
			return { compiled: context.compileExpression(key), column };
		});
		this.store = new RowStore(context.engine, context.lease, rowLayout(stored));
		this.#descriptors = context.lease.region().allocate(Math.max(1, keys.length) * DESCRIPTOR_BYTES);
	}

	/** Consumes the source. @returns "blocked", or null when every row is stored and hung */
	consume(): "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			const batch = this.#source.next();
			if (batch === "blocked") return batch;
			if (batch === null) break;
			if (batch.selectedCount > 0) this.#append(batch);
		}
		if (this.#keys.length > 0) this.#hang();
		return null;
	}

	/** Where the keys stand in the stored rows. */
	get keyColumns(): RowColumn[] {
		return this.#keys.map(({ column }) => this.store.layout.columns[column] as RowColumn);
	}

	/** The source's columns of stored rows, for the joined batch. */
	gather(rows: RowPointers, region: Region): Vector[] {
		return Array.from({ length: this.#columnCount }, (_, index) => this.store.gather(index, rows, region));
	}

	cursor(): RowCursor {
		return new RowCursor(this.#context.engine, this.store.blocks, this.store.layout.rowBytes);
	}

	close(): void {
		this.#source.close();
	}

	#append(input: Batch): void {
		const { engine } = this.#context;
		this.#region.reset();
		const sparse = input.selectedCount < input.rowCount * SELECTION_COMPACT_FRACTION;
		const batch = sparse ? compactBatch(engine, input, this.#region) : input;
		const columns = batch.columns.map((column) => flatten(engine, column, batch, this.#region));
		let cost = columns.length;
		const keys = this.#keys.map(({ compiled, column }) => {
			cost += compiled.costPerRow + 4;
			if (column >= this.#columnCount) columns[column] = flatten(engine, compiled.evaluate(batch, this.#region), batch, this.#region);
			return columns[column] as (typeof columns)[number];
		});
		this.#context.spend(batch.selectedCount * cost);
		if (keys.length === 0) {
			this.store.append(columns, { selection: batch.selection, count: batch.selectedCount, hashes: 0 });
			return;
		}
		// A NULL key matches nothing, and an unmatched build row is never emitted: it is not stored.
		const described = this.keyColumns.map((column, index) => ({ column, vector: keys[index] as (typeof columns)[number] }));
		writeDescriptors(engine, described, this.#descriptors);
		const selection = this.#region.allocate(batch.selectedCount * 2);
		const { kernels } = engine;
		const count = kernels.rows_without_null(batch.selectedCount, batch.selection, keys.length, this.#descriptors, selection);
		const hashes = this.#region.allocate(batch.rowCount * 4);
		kernels.rows_hash(count, selection, keys.length, this.#descriptors, hashes);
		this.store.append(columns, { selection, count, hashes });
	}

	#hang(): void {
		const { engine, lease } = this.#context;
		const { layout, rowCount, blocks } = this.store;
		const headCount = 2 ** Math.ceil(Math.log2(Math.max(rowCount, 1024)));
		this.heads = lease.allocatePages(headCount * 4);
		this.headMask = headCount - 1;
		engine.arena.views.u8.fill(0, this.heads, this.heads + headCount * 4);
		for (const block of blocks) {
			for (let start = 0; start < block.rowCount; start += INSERT_ROW_COUNT) {
				const count = Math.min(INSERT_ROW_COUNT, block.rowCount - start);
				engine.kernels.join_insert(count, block.pointer + start * layout.rowBytes, layout.rowBytes, this.heads, this.headMask);
				this.#context.spend(count);
			}
		}
	}
}
