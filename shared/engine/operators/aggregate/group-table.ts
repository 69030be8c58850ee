/**
 * Groups rows by their keys: an open-addressing table over stored rows that hold the keys and, behind them, zeroed bytes for aggregate states. Groups
 * never move, so a group is the address of its row. NULL equals NULL, NaN equals NaN, -0 equals 0, 1.0 equals 1.
 */
import { assert } from "#shared/base/assert.ts";
import { ARENA_PAGE_BYTES, BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { RowSpace } from "../../vector/copy.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { DESCRIPTOR_BYTES, type RowLayout, rowLayout, writeDescriptors } from "../../vector/row-layout.ts";
import type { RowBlock } from "../rows/row-store.ts";

const ENTRY_BYTES = 4;
const CAPACITY_FIRST = ARENA_PAGE_BYTES / ENTRY_BYTES;
const BLOCK_BYTES_MAX = 1024 * 1024;
/** Entries name rows below this address (`group-entry.ts`). */
const ROW_ADDRESS_MAX = 128 * 1024 * 1024;

/** Of the filter: of the groups' bits, at most five eighths of the entries, every seventh is set in the end. */
const FILTER_BITS_PER_ENTRY = 4;
/** A smaller table lies in the nearest caches itself. */
const FILTERED_CAPACITY_MIN = 2 * CAPACITY_FIRST;

/** Words of the state that `group_rows` and string aggregates share. */
const STATE = {
	rowNext: 0,
	rowEnd: 1,
	heapNext: 2,
	heapEnd: 3,
	groupCount: 4,
	groupCountMax: 5,
	createdCount: 6,
	heapMissing: 7,
	kernelOwn: 8,
} as const;

export interface FoundGroups {
	/** u32 by row position: the address of each live row's group. */
	groups: Pointer;
	/** u16 positions of the rows that made a new group. */
	created: Pointer;
	createdCount: number;
}

/** Some of a batch's rows, u16 positions. */
interface LiveRows {
	selection: Pointer;
	selectedCount: number;
}

export class GroupTable {
	readonly layout: RowLayout;
	/** The allocator's state, for kernels that take room for strings. */
	readonly heapState: Pointer;
	readonly #context: ExecutionContext;
	readonly #engine: Engine;
	readonly #region: Region;
	readonly #descriptors: Pointer;
	readonly #blocks: Pointer[] = [];
	/** Rows that each block holds when it is full. */
	readonly #blockRowCounts: number[] = [];
	#blockBytes = ARENA_PAGE_BYTES;
	#heapBytes = ARENA_PAGE_BYTES;
	#table: Pointer;
	#capacity = CAPACITY_FIRST;
	/** Of the groups' hashes, once they are looked up; null again when more are made. */
	#filter: Pointer | null = null;

	/** @param stateBytes zeroed bytes behind each group's keys, from `layout.extraOffset` */
	constructor(context: ExecutionContext, keyTypes: DataType[], stateBytes: number) {
		assert(context.engine.arena.memory.buffer.byteLength <= ROW_ADDRESS_MAX, "a table of groups names rows by their address");
		this.#context = context;
		this.#engine = context.engine;
		this.layout = rowLayout(keyTypes, stateBytes, { chained: false });
		this.#region = context.lease.region();
		this.heapState = this.#region.allocateZeroed(Object.keys(STATE).length * 4);
		this.#descriptors = this.#region.allocate(Math.max(1, keyTypes.length) * DESCRIPTOR_BYTES);
		this.#table = this.#newTable(CAPACITY_FIRST);
		this.#setState(STATE.groupCountMax, maxLoad(CAPACITY_FIRST));
	}

	get groupCount(): number {
		return this.#state(STATE.groupCount);
	}

	/** Finds or makes the group of every live row. The result lies in `region`. */
	find(keys: FlatVector[], rows: RowSpace, region: Region): FoundGroups {
		const { kernels } = this.#engine;
		const { columns, rowBytes } = this.layout;
		const groups = region.allocate(rows.rowCount * 4);
		const created = region.allocate(rows.rowCount * 2);
		const hashes = region.allocate(rows.rowCount * 4);
		writeDescriptors(
			this.#engine,
			columns.map((column, index) => ({ column, vector: keys[index] as FlatVector })),
			this.#descriptors,
		);
		kernels.rows_hash(rows.selectedCount, rows.selection, columns.length, this.#descriptors, hashes);
		this.#setState(STATE.createdCount, 0);
		this.#dropFilter();
		let done = 0;
		for (;;) {
			done = kernels.group_rows(
				done,
				rows.selectedCount,
				rows.selection,
				columns.length,
				this.#descriptors,
				hashes,
				this.#table,
				this.#capacity - 1,
				rowBytes,
				this.heapState,
				groups,
				created,
			);
			if (done === rows.selectedCount) break;
			this.#makeRoom();
		}
		return { groups, created, createdCount: this.#state(STATE.createdCount) };
	}

	/** What the next batch may take at once: room for rows and strings, and a larger table where it may fill this one. */
	get growthBytes(): number {
		const isNearlyFull = this.groupCount + BATCH_ROW_COUNT_MAX > maxLoad(this.#capacity);
		return 2 * BLOCK_BYTES_MAX + (isNearlyFull ? this.#capacity * ENTRY_BYTES : 0);
	}

	/**
	 * Finds the groups of the live rows without making any: `found` rows have one, `missing` rows have none. `groups` and `hashes` u32 by position.
	 */
	lookUp(keys: FlatVector[], rows: RowSpace, region: Region): { groups: Pointer; hashes: Pointer; found: LiveRows; missing: LiveRows } {
		const { kernels } = this.#engine;
		const { columns } = this.layout;
		const groups = region.allocate(rows.rowCount * 4);
		const hashes = region.allocate(rows.rowCount * 4);
		const found = { selection: region.allocate(rows.selectedCount * 2), selectedCount: 0 };
		const missing = { selection: region.allocate(rows.selectedCount * 2), selectedCount: 0 };
		writeDescriptors(
			this.#engine,
			columns.map((column, index) => ({ column, vector: keys[index] as FlatVector })),
			this.#descriptors,
		);
		kernels.rows_hash(rows.selectedCount, rows.selection, columns.length, this.#descriptors, hashes);
		const candidates = this.#candidates(rows, hashes, groups, region);
		found.selectedCount = kernels.group_lookup(
			candidates.selectedCount,
			candidates.selection,
			columns.length,
			this.#descriptors,
			hashes,
			this.#table,
			this.#capacity - 1,
			groups,
			found.selection,
			missing.selection,
		);
		if (candidates !== rows) kernels.group_found(rows.selectedCount, rows.selection, groups, found.selection, missing.selection);
		missing.selectedCount = rows.selectedCount - found.selectedCount;
		return { groups, hashes, found, missing };
	}

	/** The live rows, or those that a filter leaves: of a row without a group a bit is read, and not an entry and a stored row far from the caches. */
	#candidates(rows: RowSpace, hashes: Pointer, groups: Pointer, region: Region): LiveRows {
		if (this.#capacity < FILTERED_CAPACITY_MIN) return rows;
		const { kernels } = this.#engine;
		this.#filter ??= this.#newFilter();
		const selection = region.allocate(rows.selectedCount * 2);
		const bits = this.#capacity * FILTER_BITS_PER_ENTRY - 1;
		const selectedCount = kernels.group_candidates(rows.selectedCount, rows.selection, hashes, this.#filter, bits, groups, selection);
		return { selection, selectedCount };
	}

	#newFilter(): Pointer {
		const bitCount = this.#capacity * FILTER_BITS_PER_ENTRY;
		const filter = this.#context.lease.allocatePages(bitCount / 8);
		this.#engine.arena.views.u8.fill(0, filter, filter + bitCount / 8);
		for (const { pointer, rowCount } of this.blocks()) {
			this.#engine.kernels.group_filter(rowCount, pointer, this.layout.rowBytes, filter, bitCount - 1);
			this.#context.spend(rowCount);
		}
		return filter;
	}

	#dropFilter(): void {
		if (this.#filter !== null) this.#context.lease.freePages(this.#filter);
		this.#filter = null;
	}

	/** A group without keys, made on the first call. */
	single(): Pointer {
		if (this.groupCount === 0) {
			this.#newBlock();
			const row = this.#state(STATE.rowNext);
			this.#engine.arena.views.u8.fill(0, row, row + this.layout.rowBytes);
			this.#setState(STATE.rowNext, row + this.layout.rowBytes);
			this.#setState(STATE.groupCount, 1);
		}
		return this.#blocks[0] as Pointer;
	}

	/** The groups in the order in which they were made. */
	blocks(): RowBlock[] {
		const blocks: RowBlock[] = [];
		let left = this.groupCount;
		for (const [index, pointer] of this.#blocks.entries()) {
			const isLast = index === this.#blocks.length - 1;
			const rowCount = isLast ? left : Math.min(left, this.#blockRowCounts[index] as number);
			left -= rowCount;
			blocks.push({ pointer, rowCount });
		}
		return blocks.filter(({ rowCount }) => rowCount > 0);
	}

	/** More room for strings: at least what a kernel found missing. */
	growHeap(): void {
		const missing = this.#state(STATE.heapMissing);
		const byteCount = Math.max(this.#heapBytes, missing);
		const pointer = this.#context.lease.allocatePages(byteCount);
		this.#heapBytes = Math.min(this.#heapBytes * 2, BLOCK_BYTES_MAX);
		this.#setState(STATE.heapNext, pointer);
		this.#setState(STATE.heapEnd, pointer + byteCount);
	}

	#makeRoom(): void {
		if (this.#state(STATE.rowNext) + this.layout.rowBytes > this.#state(STATE.rowEnd)) this.#newBlock();
		else if (this.#state(STATE.groupCount) === this.#state(STATE.groupCountMax)) this.#growTable();
		else this.growHeap();
	}

	#newBlock(): void {
		const { rowBytes } = this.layout;
		const rowCount = Math.max(1, Math.floor(this.#blockBytes / rowBytes));
		const pointer = this.#context.lease.allocatePages(rowCount * rowBytes);
		this.#blockBytes = Math.min(this.#blockBytes * 2, BLOCK_BYTES_MAX);
		this.#blocks.push(pointer);
		this.#blockRowCounts.push(rowCount);
		this.#setState(STATE.rowNext, pointer);
		this.#setState(STATE.rowEnd, pointer + rowCount * rowBytes);
	}

	#growTable(): void {
		const capacity = this.#capacity * 2;
		// The rows are all that is needed: the two tables never lie in memory together.
		this.#context.lease.freePages(this.#table);
		const table = this.#newTable(capacity);
		for (const { pointer, rowCount } of this.blocks()) {
			this.#engine.kernels.group_insert(rowCount, pointer, this.layout.rowBytes, table, capacity - 1);
			this.#context.spend(rowCount);
		}
		this.#table = table;
		this.#capacity = capacity;
		this.#setState(STATE.groupCountMax, maxLoad(capacity));
	}

	#newTable(capacity: number): Pointer {
		const pointer = this.#context.lease.allocatePages(capacity * ENTRY_BYTES);
		this.#engine.arena.views.u8.fill(0, pointer, pointer + capacity * ENTRY_BYTES);
		return pointer;
	}

	#state(word: number): number {
		return this.#engine.arena.views.i32[this.heapState / 4 + word] as number;
	}

	#setState(word: number, value: number): void {
		this.#engine.arena.views.i32[this.heapState / 4 + word] = value;
	}
}

/** Linear probing stays short below five eighths. */
function maxLoad(capacity: number): number {
	return (capacity / 8) * 5;
}
