/**
 * The dictionary of a column chunk being written: values get codes until there are too many entries or bytes. It starts small and grows by four, within
 * a budget that the writer's columns share.
 */
import { PARQUET_DICTIONARY_BYTES_MAX, PARQUET_DICTIONARY_ENTRY_COUNT_MAX } from "#shared/base/limits.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { BufferPool } from "../buffer-pool.ts";
import { SLACK_BYTES } from "../raw-values.ts";

/** Dense values: `width` bytes each, or byte values (width 0) with i32 offsets[count + 1] from `values`. */
export interface DenseValues {
	count: number;
	values: Pointer;
	offsets: Pointer;
	width: number;
}

/** Arena bytes that dictionaries of one writer may still take. */
export interface DictionaryBudget {
	byteCount: number;
}

const ENTRY_COUNT_START = 1024;
const BYTES_PER_ENTRY_START = 16;

interface Storage {
	capacity: number;
	byteCapacity: number;
	table: Pointer;
	tableSize: number;
	entries: Pointer;
	offsets: Pointer;
	/** Taken from the budget. */
	byteCount: number;
}

export class DictionaryWriter {
	readonly #width: number;
	readonly #memory: { engine: Engine; pool: BufferPool };
	readonly #budget: DictionaryBudget;
	#storage: Storage | null;
	entryCount = 0;

	/** @param width 4, 8 or 16 bytes a value; 0 for byte values */
	constructor(width: number, memory: { engine: Engine; pool: BufferPool }, budget: DictionaryBudget) {
		this.#width = width;
		this.#memory = memory;
		this.#budget = budget;
		this.#storage = this.#allocate(ENTRY_COUNT_START, width === 0 ? ENTRY_COUNT_START * BYTES_PER_ENTRY_START : 0);
	}

	/** The entries as dense values, in the order of their codes. */
	get entries(): DenseValues {
		return { count: this.entryCount, values: this.#storage?.entries ?? 0, offsets: this.#storage?.offsets ?? 0, width: this.#width };
	}

	/** Writes codes i32[count]. @returns false when the dictionary is full: the values then must be written PLAIN */
	encode(dense: DenseValues, codes: Pointer): boolean {
		while (this.#storage !== null) {
			const entryCount = this.#insert(this.#storage, dense, this.entryCount, codes);
			if (entryCount >= 0) {
				this.entryCount = entryCount;
				return true;
			}
			// What the failed call added stands in the table too: count it, so that growing keeps it.
			this.entryCount = this.#countEntries(this.#storage);
			if (!this.#grow(this.#storage)) return false;
		}
		return false;
	}

	#insert(storage: Storage, dense: DenseValues, entryCount: number, codes: Pointer): number {
		const { kernels } = this.#memory.engine;
		const { table, tableSize, entries, capacity } = storage;
		return this.#width === 0
			? kernels.dictionary_encode_bytes(
					dense.count,
					dense.offsets,
					dense.values,
					table,
					tableSize,
					storage.offsets,
					entries,
					entryCount,
					capacity,
					storage.byteCapacity,
					codes,
				)
			: kernels.dictionary_encode_fixed(dense.count, dense.values, this.#width, table, tableSize, entries, entryCount, capacity, codes);
	}

	/** Taken slots of the table. */
	#countEntries({ table, tableSize }: Storage): number {
		const slots = this.#memory.engine.arena.views.i32.subarray(table >> 2, (table >> 2) + tableSize);
		let count = 0;
		for (const slot of slots) if (slot !== 0) count++;
		return count;
	}

	#grow(old: Storage): boolean {
		if (old.capacity >= PARQUET_DICTIONARY_ENTRY_COUNT_MAX && old.byteCapacity >= (this.#width === 0 ? PARQUET_DICTIONARY_BYTES_MAX : 0))
			return false;
		const capacity = Math.min(old.capacity * 4, PARQUET_DICTIONARY_ENTRY_COUNT_MAX);
		const byteCapacity = Math.min(old.byteCapacity * 4, PARQUET_DICTIONARY_BYTES_MAX);
		const storage = this.#allocate(capacity, byteCapacity);
		if (storage === null) return false;
		const { pool } = this.#memory;
		const codes = pool.allocate(this.entryCount * 4);
		this.#insert(storage, { count: this.entryCount, values: old.entries, offsets: old.offsets, width: this.#width }, 0, codes);
		pool.release(codes);
		this.#release(old);
		this.#storage = storage;
		return true;
	}

	/** @returns null when the budget is spent */
	#allocate(capacity: number, byteCapacity: number): Storage | null {
		const { pool, engine } = this.#memory;
		const tableSize = capacity * 2;
		const entryBytes = (this.#width === 0 ? byteCapacity : capacity * this.#width) + SLACK_BYTES;
		const offsetBytes = this.#width === 0 ? (capacity + 1) * 4 : 0;
		const byteCount = tableSize * 4 + entryBytes + offsetBytes;
		if (byteCount > this.#budget.byteCount) return null;
		this.#budget.byteCount -= byteCount;
		const table = pool.allocate(tableSize * 4);
		engine.arena.views.u8.fill(0, table, table + tableSize * 4);
		const offsets = offsetBytes === 0 ? 0 : pool.allocate(offsetBytes);
		if (offsets !== 0) engine.arena.views.i32[offsets >> 2] = 0;
		return { capacity, byteCapacity, table, tableSize, entries: pool.allocate(entryBytes), offsets, byteCount };
	}

	#release(storage: Storage): void {
		const { pool } = this.#memory;
		pool.release(storage.table);
		pool.release(storage.entries);
		pool.release(storage.offsets);
		this.#budget.byteCount += storage.byteCount;
	}

	close(): void {
		if (this.#storage !== null) this.#release(this.#storage);
		this.#storage = null;
	}
}
