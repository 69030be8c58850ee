/**
 * What a hash join knows of its probe side once its build side is there: no row matters whose key the build side does not have. Scans below ask each row's key, before they
 * read its other columns. A filter may pass rows that match nothing, and while it is not there it passes all; it never drops one that matches.
 */
import { KEY_FILTER_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { type RowColumn, VALUE_KIND, valueKind } from "../../vector/row-layout.ts";
import type { Vector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { KeyHashes } from "./key-hashes.ts";
import type { RowStore } from "../rows/row-store.ts";

const FILTER_BYTES = 32;
const MODE = { range: 0, exact: 1, bloom: 2 } as const;
/** Stored rows looked at by one kernel call. */
const STEP_ROW_COUNT = 65_536;
/** Bits of an exact filter for each row, at most: beyond, a Bloom filter is smaller. */
const EXACT_BITS_PER_ROW = 256;
/** An exact filter of so many bits is small whatever the rows. */
const EXACT_BITS_SMALL = 1 << 20;
/** Of a Bloom filter: three in a hundred other values pass. */
const BLOOM_BITS_PER_ROW = 16;

/** True of types whose values lie in 32 or 64 bits that are equal where the values are. */
export function filtersKeys(type: DataType): boolean {
	const kind = valueKind(type);
	return kind === VALUE_KIND.i32 || kind === VALUE_KIND.i64;
}

/** True of types whose values are filtered by their hashes, where they are a join's only key: its rows are stored with these. */
export function filtersHashes(type: DataType): boolean {
	const kind = valueKind(type);
	return kind === VALUE_KIND.bytes || kind === VALUE_KIND.u128;
}

/** Rows after which a filter that keeps more than this part of them is no longer asked. */
const TRIAL_ROW_COUNT = 32_768;
const KEPT_FRACTION_MAX = 0.85;

export class KeyFilter {
	readonly #context: ExecutionContext;
	#filter: Pointer = 0;

	constructor(context: ExecutionContext) {
		this.#context = context;
	}

	/** Learns the keys of every stored row. @param lease outlives whoever asks, or {@link clear} is called before */
	learn(store: RowStore, column: RowColumn, lease: Lease): void {
		const { engine } = this.#context;
		const { i64 } = engine.arena.views;
		const filter = lease.region().allocateZeroed(FILTER_BYTES);
		// A stored row begins with the hash of its keys.
		const offset = filtersHashes(column.type) ? 0 : column.offset;
		i64[filter / 8] = 2n ** 63n - 1n;
		i64[filter / 8 + 1] = -(2n ** 63n);
		this.#each(store, (count, first) => engine.kernels.key_filter_range(count, first, store.layout.rowBytes, offset, wide(column), filter));
		const span = store.rowCount === 0 ? 0 : Number((i64[filter / 8 + 1] as bigint) - (i64[filter / 8] as bigint)) + 1;
		if (store.rowCount > 0 && this.#takeBits(filter, { span, rowCount: store.rowCount }, lease)) {
			this.#each(store, (count, first) => engine.kernels.key_filter_add(count, first, store.layout.rowBytes, offset, wide(column), filter));
		}
		this.#filter = store.rowCount === 0 ? 0 : filter;
	}

	/** Passes everything from now on. */
	clear(): void {
		this.#filter = 0;
	}

	/** The batch's live rows whose key may match. @param hashes of the scan that asks */
	select(batch: Batch, key: Vector, hashes: KeyHashes, region: Region): Batch {
		if (this.#filter === 0 || key.kind === "constant" || batch.selectedCount === 0) return batch;
		const { kernels } = this.#context.engine;
		const { selectedCount, selection } = batch;
		const out = region.allocate(selectedCount * 2);
		this.#context.spend(selectedCount);
		const { physical, values } = key.kind === "dictionary" ? key.dictionary.values : key;
		const codes = key.kind === "dictionary" ? key.codes : 0;
		const isHashed = filtersHashes(key.type);
		const asked = isHashed ? hashes.of(key, batch, region) : values;
		const select = isHashed || physical === "i32" ? kernels.key_filter_i32 : kernels.key_filter_i64;
		const count = select(selectedCount, selection, codes, key.validity, asked, this.#filter, out);
		if (count === selectedCount) return batch;
		return { ...batch, selection: out, selectedCount: count };
	}

	/** Room for bits, as far as there is any to spare. */
	#takeBits(filter: Pointer, { span, rowCount }: { span: number; rowCount: number }, lease: Lease): boolean {
		const isExact = span <= Math.max(EXACT_BITS_SMALL, rowCount * EXACT_BITS_PER_ROW) && span / 8 <= KEY_FILTER_BYTES_MAX;
		const byteCount = isExact ? Math.ceil(span / 8) : 2 ** Math.ceil(Math.log2((rowCount * BLOOM_BITS_PER_ROW) / 8 + 8));
		if (byteCount > KEY_FILTER_BYTES_MAX || this.#context.memoryTight(byteCount)) return false;
		const { u8, u32 } = this.#context.engine.arena.views;
		const bits = lease.allocatePages(byteCount);
		u8.fill(0, bits, bits + byteCount);
		u32[filter / 4 + 4] = bits;
		u32[filter / 4 + 5] = isExact ? 0 : byteCount / 8 - 1;
		u32[filter / 4 + 6] = isExact ? MODE.exact : MODE.bloom;
		return true;
	}

	#each({ blocks, layout }: RowStore, visit: (count: number, first: Pointer) => void): void {
		for (const block of blocks) {
			for (let start = 0; start < block.rowCount; start += STEP_ROW_COUNT) {
				const count = Math.min(STEP_ROW_COUNT, block.rowCount - start);
				this.#context.spend(count);
				visit(count, block.pointer + start * layout.rowBytes);
			}
		}
	}
}

/** A filter as one scan asks it, of one of its columns: not for long where that does not help. */
export class ScanKeyFilter {
	readonly column: number;
	readonly #filter: KeyFilter;
	readonly #hashes: KeyHashes;
	#askedCount = 0;
	#keptCount = 0;

	constructor(column: number, filter: KeyFilter, hashes: KeyHashes) {
		this.column = column;
		this.#filter = filter;
		this.#hashes = hashes;
	}

	/** Rows that the scan would have given without it. */
	get droppedCount(): number {
		return this.#askedCount - this.#keptCount;
	}

	/** The batch's live rows that may match. */
	select(batch: Batch, region: Region): Batch {
		if (this.#askedCount > TRIAL_ROW_COUNT && this.#keptCount > this.#askedCount * KEPT_FRACTION_MAX) return batch;
		const kept = this.#filter.select(batch, batch.columns[this.column] as Vector, this.#hashes, region);
		this.#askedCount += batch.selectedCount;
		this.#keptCount += kept.selectedCount;
		return kept;
	}
}

function wide({ kind }: RowColumn): 0 | 1 {
	return kind === VALUE_KIND.i64 ? 1 : 0;
}
