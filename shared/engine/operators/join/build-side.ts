/**
 * A join's build side, materialised: its columns and, for an equi-join, its keys behind them; then the chains of rows with equal hashes.
 *
 * Rows with a NULL key match nothing and are left out, but for two kinds of join, which keep them apart as *loose* rows: a full join, which emits them, and a mark
 * join that knows NULLs, to which a NULL last key means "perhaps". That join also asks which rows match in all keys but the last (*plain* keys): loose rows hang in
 * chains by these, and the others in two chains.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import { DESCRIPTOR_BYTES, type RowColumn, rowLayout, VALUE_KIND, writeDescriptors } from "../../vector/row-layout.ts";
import { constantVector } from "../../vector/builder.ts";
import { flatten } from "../../vector/copy.ts";
import type { ConstantVector, FlatVector, Vector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { JoinSides } from "./join.ts";
import { filtersKeys } from "../key-filter/key-filter.ts";
import { RowCursor } from "../rows/row-cursor.ts";
import { RowStore } from "../rows/row-store.ts";
import type { BatchSource } from "../source.ts";
import { type StorableBatch, StoredColumns } from "../rows/stored-columns.ts";

/** Rows hung into their chains by one kernel call. */
const INSERT_ROW_COUNT = 2048;
/** Work units of hashing one key of a row. */
const KEY_COST = 4;
/** Distance of the outermost keys by rows, at most, where chains hang by the keys' places: of other keys a head might have too many. */
const PLACES_PER_ROW = 64;
/** Of the owner's bytes in a row: a second link, or a full join's flag. */
const EXTRA_BYTES = 8;

/** A column of joined rows, and which of the source's it is: null where nobody reads it, and it is NULL. */
export interface EmittedColumn {
	type: DataType;
	column: number | null;
}

/** The build side's columns in joined rows, straight from its source. */
export function emittedColumns({ buildTypes, read }: Pick<JoinSides, "buildTypes" | "read">): EmittedColumn[] {
	return buildTypes.map((type, column) => ({ type, column: read.build[column] ? column : null }));
}

export interface BuildSideOptions {
	/** Of the source's columns. */
	types: DataType[];
	keys: Expression[];
	/** The side's columns in joined rows. */
	emitted: readonly EmittedColumn[];
	/** What becomes of rows with a NULL key. */
	loose: "dropped" | "emitted" | "perhaps";
	/** Each row notes whether something matched it. */
	isFlagged: boolean;
}

/**
 * Rows by their hashes; `link` is where the chain's link stands in a row. `range` is 0, or points at the least and the most key, i64 each: hashes are places in it then, and
 * equal hashes are equal keys (`assembly/join.ts`).
 */
export interface Chains {
	heads: Pointer;
	mask: number;
	shift: number;
	link: number;
	range: Pointer;
}

export class BuildSide {
	readonly #context: ExecutionContext;
	readonly #options: BuildSideOptions;
	readonly #columns: StoredColumns;
	/** Where the keys stand in the stored rows. */
	readonly #keys: number[];
	readonly #region: Region;
	readonly #descriptors: Pointer;
	/** Positions of the emitted columns in stored rows, or the NULLs in their place. */
	readonly #emitted: readonly (number | ConstantVector)[];
	readonly #nulls: readonly ConstantVector[];
	readonly store: RowStore;
	readonly loose: RowStore | null;
	/** Of `store` by every key; of `store` and of `loose` by the plain keys. */
	byKeys: Chains | null = null;
	byPlainKeys: Chains | null = null;
	looseByPlainKeys: Chains | null = null;

	constructor(context: ExecutionContext, options: BuildSideOptions) {
		const { types, keys, emitted, loose, isFlagged } = options;
		this.#context = context;
		this.#options = options;
		const kept = emitted.flatMap(({ column }) => (column === null ? [] : [column]));
		this.#columns = new StoredColumns(context, types, [...new Set(kept)]);
		this.#keys = keys.map((key) => this.#columns.columnOf(key));
		this.#region = context.lease.region();
		const layout = rowLayout(this.#columns.types, isFlagged || loose !== "dropped" ? EXTRA_BYTES : 0);
		this.store = new RowStore(context.engine, context.lease, layout);
		this.loose = loose === "dropped" ? null : new RowStore(context.engine, context.lease, layout);
		const own = context.lease.region();
		this.#descriptors = own.allocate(Math.max(1, keys.length) * DESCRIPTOR_BYTES);
		this.#nulls = emitted.map(({ type }) => constantVector(context.engine, own, type, null));
		this.#emitted = emitted.map(({ column }, index) =>
			column === null ? (this.#nulls[index] as ConstantVector) : this.#columns.positionOf(column),
		);
	}

	/** What the side emits, of its stored rows. */
	get emittedFromStored(): EmittedColumn[] {
		return this.#options.emitted.map(({ type, column }) => ({ type, column: column === null ? null : this.#columns.positionOf(column) }));
	}

	/** Where the owner's bytes stand in a row: in a full join u32, not 0 once the row was matched. */
	get extraOffset(): number {
		return this.store.layout.extraOffset;
	}

	get rowCount(): number {
		return this.store.rowCount + (this.loose?.rowCount ?? 0);
	}

	/** Where the keys stand in the stored rows. */
	get keyColumns(): RowColumn[] {
		return this.#keys.map((column) => this.store.layout.columns[column] as RowColumn);
	}

	/** Of a stored row's columns: the source's, where they are kept, then computed keys. */
	get storedTypes(): DataType[] {
		return this.#columns.types;
	}

	/** @returns "blocked"; "tight" where the rest should be spilled, if it can be; or null when every row of the source is stored and hung */
	consume(source: BatchSource, spills: boolean): "blocked" | "tight" | null {
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			if (spills && this.rowCount > 0 && this.#context.memoryTight(headCountFor(this.rowCount) * 4)) return "tight";
			const batch = source.next();
			if (batch === "blocked") return batch;
			if (batch === null) break;
			if (batch.selectedCount > 0) this.#append(batch);
		}
		if (this.#keys.length > 0) this.#hangAll();
		return null;
	}

	/** The emitted columns of stored rows. @param wanted of these, by position: the others may hold anything; default: all */
	gather(rows: RowPointers, region: Region, wanted?: readonly boolean[]): Vector[] {
		return this.#emitted.map((stored, column) => {
			if (typeof stored !== "number") return stored;
			return wanted?.[column] === false ? (this.#nulls[column] as ConstantVector) : this.store.gather(stored, rows, region);
		});
	}

	/** Rows of the source with the columns that they would be stored with. */
	asStored(input: Batch, region: Region): Batch {
		return this.#columns.prepare(input, region);
	}

	/** Rows as {@link asStored} gave them, in a store of their own: pairs with them are joined like those with the side's. The caller frees it. */
	storeOf(stored: Batch, region: Region): RowStore {
		const { engine, lease } = this.#context;
		const store = new RowStore(engine, lease, this.store.layout);
		const columns = stored.columns.map((column) => flatten(engine, column, stored, region));
		store.append(columns, { selection: stored.selection, count: stored.selectedCount, hashes: 0 });
		return store;
	}

	/** The keys among the stored columns. */
	keysOf(stored: Batch): Vector[] {
		return this.#keys.map((column) => stored.columns[column] as Vector);
	}

	/** All stored rows as batches of the stored columns, to be stored elsewhere. */
	storedRows(): BatchSource {
		const cursors = [this.cursor(), ...(this.loose === null ? [] : [this.cursor(this.loose)])];
		return {
			next: () => {
				for (; cursors.length > 0; cursors.shift()) {
					this.#region.reset();
					const rows = (cursors[0] as RowCursor).next(this.#context.batchRowCountMax, this.#region);
					if (rows.count === 0) continue;
					const columns = this.storedTypes.map((_, index) => this.store.gather(index, rows, this.#region));
					return { rowCount: rows.count, columns, selection: 0, selectedCount: rows.count };
				}
				return null;
			},
			close: () => undefined,
		};
	}

	cursor(store = this.store): RowCursor {
		return new RowCursor(this.#context.engine, store.blocks, store.layout.rowBytes);
	}

	#append(input: Batch): void {
		const { engine } = this.#context;
		this.#region.reset();
		const batch = this.#columns.prepare(input, this.#region);
		this.#context.spend(batch.selectedCount * this.#keys.length * KEY_COST);
		if (this.#keys.length === 0) {
			this.store.append(batch.columns, { selection: batch.selection, count: batch.selectedCount, hashes: 0 });
			return;
		}
		const described = this.keyColumns.map((column, index) => ({
			column,
			vector: batch.columns[this.#keys[index] as number] as FlatVector,
		}));
		writeDescriptors(engine, described, this.#descriptors);
		this.#appendWhole(batch);
		if (this.loose !== null) this.#appendLoose(batch, this.loose);
	}

	#appendWhole(batch: StorableBatch): void {
		const { kernels } = this.#context.engine;
		const keyCount = this.#keys.length;
		const selection = this.#region.allocate(batch.selectedCount * 2);
		const count = kernels.rows_without_null(batch.selectedCount, batch.selection, keyCount, this.#descriptors, selection);
		const hashes = this.#region.allocate(batch.rowCount * 4);
		kernels.rows_hash(count, selection, keyCount, this.#descriptors, hashes);
		const first = this.store.append(batch.columns, { selection, count, hashes });
		if (this.#options.loose !== "perhaps") return;
		kernels.rows_hash(count, selection, keyCount - 1, this.#descriptors, hashes);
		kernels.join_link(count, selection, hashes, first, this.store.layout.rowBytes, this.extraOffset);
	}

	#appendLoose(batch: StorableBatch, loose: RowStore): void {
		const { kernels } = this.#context.engine;
		const keyCount = this.#keys.length;
		const selection = this.#region.allocate(batch.selectedCount * 2);
		if (this.#options.loose === "emitted") {
			const count = kernels.rows_with_null(batch.selectedCount, batch.selection, keyCount, this.#descriptors, selection);
			loose.append(batch.columns, { selection, count, hashes: 0 });
			return;
		}
		const last = this.#descriptors + (keyCount - 1) * DESCRIPTOR_BYTES;
		const plain = kernels.rows_without_null(batch.selectedCount, batch.selection, keyCount - 1, this.#descriptors, selection);
		const count = kernels.rows_with_null(plain, selection, 1, last, selection);
		const hashes = this.#region.allocate(batch.rowCount * 4);
		kernels.rows_hash(count, selection, keyCount - 1, this.#descriptors, hashes);
		loose.append(batch.columns, { selection, count, hashes });
	}

	#hangAll(): void {
		this.byKeys = this.#hang(this.store, 0);
		if (this.#options.loose !== "perhaps" || this.loose === null) return;
		this.byPlainKeys = this.#hang(this.store, this.extraOffset);
		this.looseByPlainKeys = this.#hang(this.loose, 0);
	}

	#hang(store: RowStore, link: number): Chains {
		const { layout, rowCount, blocks } = store;
		const { engine, lease } = this.#context;
		const headCount = headCountFor(rowCount);
		const heads = lease.allocatePages(headCount * 4);
		const mask = headCount - 1;
		engine.arena.views.u8.fill(0, heads, heads + headCount * 4);
		const { range, shift } = this.#placesOf(store, { link, headCount });
		for (const block of blocks) {
			for (let start = 0; start < block.rowCount; start += INSERT_ROW_COUNT) {
				const count = Math.min(INSERT_ROW_COUNT, block.rowCount - start);
				engine.kernels.join_insert(count, block.pointer + start * layout.rowBytes, layout.rowBytes, link, heads, mask, shift);
				this.#context.spend(count);
			}
		}
		return { heads, mask, shift, link, range };
	}

	/** Puts the keys' places where their hashes are, if there is one key, a whole number, and its values lie close enough. @returns a range of 0 otherwise */
	#placesOf(
		{ layout, rowCount, blocks }: RowStore,
		{ link, headCount }: { link: number; headCount: number },
	): Pick<Chains, "range" | "shift"> {
		const [key, ...others] = this.keyColumns;
		const hashed = { range: 0, shift: 0 };
		if (key === undefined || others.length > 0 || !filtersKeys(key.type) || rowCount === 0 || this.#options.loose === "perhaps")
			return hashed;
		const { engine, lease } = this.#context;
		const { i64 } = engine.arena.views;
		const range = lease.region().allocate(16);
		const wide = key.kind === VALUE_KIND.i64 ? 1 : 0;
		i64[range / 8] = 2n ** 63n - 1n;
		i64[range / 8 + 1] = -(2n ** 63n);
		const each = (visit: (count: number, first: Pointer) => void): void => {
			for (const block of blocks) {
				this.#context.spend(block.rowCount);
				visit(block.rowCount, block.pointer);
			}
		};
		each((count, first) => engine.kernels.key_filter_range(count, first, layout.rowBytes, key.offset, wide, range));
		const span = Number((i64[range / 8 + 1] as bigint) - (i64[range / 8] as bigint)) + 1;
		if (span > Math.max(headCount, rowCount * PLACES_PER_ROW) || span >= 2 ** 32 - 1) return hashed;
		each((count, first) => engine.kernels.join_place(count, first, layout.rowBytes, link, key.offset, wide, range));
		return { range, shift: Math.max(0, Math.ceil(Math.log2(span / headCount))) };
	}
}

function headCountFor(rowCount: number): number {
	return 2 ** Math.ceil(Math.log2(Math.max(rowCount, 1024)));
}
