/**
 * The rows of a window that are still needed, in chunks of some batches: input columns, what the calls read beside them, and behind the slots each row's partition and peers.
 * Rows are named by their number in the input, from 0. Chunks leave at the front when nobody needs them; memory is bounded where the calls look a bounded way back and ahead.
 */
import { assert } from "#shared/base/assert.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import { gatherColumn, type RowPointers } from "../../vector/row-gather.ts";
import { type RowColumn, type RowLayout, rowLayout } from "../../vector/row-layout.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { RowStore } from "../rows/row-store.ts";
import type { StorableBatch } from "../rows/stored-columns.ts";

/** Of the u32s behind the slots, see `window_number`. */
export const EXTRA = { partition: 0, peers: 4, peerNumber: 8 } as const;
const EXTRA_BYTES = 16;
/** Rows that leave together. A chunk has a page for addresses and one for descriptors: with few rows these would be most of it. */
const CHUNK_ROW_COUNT = 4 * BATCH_ROW_COUNT_MAX;

interface Chunk {
	store: RowStore;
	/** u32 addresses of its rows, a region of their own. */
	addresses: Pointer;
	region: Region;
	first: number;
	rowCount: number;
}

export interface WindowKeys {
	/** Descriptors of stored columns. */
	partition: { descriptors: Pointer; count: number };
	order: { descriptors: Pointer; count: number };
}

export class WindowRows {
	readonly layout: RowLayout;
	readonly #context: ExecutionContext;
	readonly #keys: WindowKeys;
	readonly #chunks: Chunk[] = [];
	/** Rows that came so far. */
	arrived = 0;
	/** Numbers of the first rows of partitions, the one under way last; the front leaves with the rows. */
	#partitions: number[] = [];
	ended = false;

	constructor(context: ExecutionContext, types: DataType[], keys: WindowKeys) {
		this.#context = context;
		this.#keys = keys;
		this.layout = rowLayout(types, EXTRA_BYTES);
	}

	/** Stores the live rows of a batch and numbers their partitions and peers. */
	append(batch: StorableBatch, region: Region): void {
		const { engine } = this.#context;
		const { kernels } = engine;
		const count = batch.selectedCount;
		const previous = this.arrived === 0 ? 0 : this.address(this.arrived - 1);
		const chunk = this.#chunkFor(count);
		const first = chunk.store.append(batch.columns, { selection: batch.selection, count, hashes: 0 });
		const addresses = chunk.addresses + chunk.rowCount * 4;
		kernels.rows_sequence(count, first, this.layout.rowBytes, addresses);
		const { partition, order } = this.#keys;
		const extra = this.layout.extraOffset;
		kernels.window_number(
			count,
			addresses,
			previous,
			this.arrived,
			extra,
			partition.count,
			partition.descriptors,
			order.count,
			order.descriptors,
		);
		chunk.rowCount += count;
		this.#noteStarts(addresses, count, region);
		this.arrived += count;
	}

	/** Number of the first row behind the partition of `row`, or null while it is not known. */
	partitionEnd(row: number): number | null {
		const next = this.#partitions.find((start) => start > row);
		return next ?? (this.ended ? this.arrived : null);
	}

	/** First row of the partition that is still under way; rows before it are of closed ones. */
	get closedRowCount(): number {
		return this.ended ? this.arrived : (this.#partitions.at(-1) ?? 0);
	}

	/** Rows whose peers have all come. */
	get closedPeersRowCount(): number {
		if (this.ended || this.arrived === 0) return this.arrived;
		return this.numberOf(this.arrived - 1, EXTRA.peers);
	}

	/** u32 behind the slots of a row. */
	numberOf(row: number, extra: number): number {
		return this.#context.engine.arena.views.u32[(this.address(row) + this.layout.extraOffset + extra) / 4] as number;
	}

	/** The number behind the slots of rows `first` to `first + count`. */
	numbersOf(first: number, count: number, extra: number, region: Region): Float64Array {
		const { engine } = this.#context;
		const out = region.allocate(count * 4);
		engine.kernels.window_numbers_of(count, this.addresses(first, count, region).rows, this.layout.extraOffset + extra, out);
		return Float64Array.from(engine.arena.views.u32.subarray(out / 4, out / 4 + count));
	}

	address(row: number): Pointer {
		const chunk = this.#chunkOf(row);
		return this.#context.engine.arena.views.u32[chunk.addresses / 4 + row - chunk.first] as number;
	}

	/** Addresses of neighbouring rows, in `region`. */
	addresses(first: number, count: number, region: Region): RowPointers {
		const { u32 } = this.#context.engine.arena.views;
		const rows = region.allocate(count * 4);
		for (let done = 0; done < count; ) {
			const chunk = this.#chunkOf(first + done);
			const at = first + done - chunk.first;
			const run = Math.min(count - done, chunk.rowCount - at);
			u32.copyWithin(rows / 4 + done, chunk.addresses / 4 + at, chunk.addresses / 4 + at + run);
			done += run;
		}
		return { rows, count };
	}

	gather(column: number, rows: RowPointers, region: Region): FlatVector {
		return gatherColumn(this.#context.engine, { ...(this.layout.columns[column] as RowColumn), present: -1 }, rows, region);
	}

	/** Lets go of the chunks that hold no needed row. The last row stays: the next one is compared with it. */
	release(isNeeded: (rows: { first: number; end: number }) => boolean): void {
		for (let index = 0; index < this.#chunks.length; ) {
			const { first, rowCount, store, region } = this.#chunks[index] as Chunk;
			if (first + rowCount >= this.arrived || isNeeded({ first, end: first + rowCount })) {
				index++;
				continue;
			}
			store.free();
			region.free();
			this.#chunks.splice(index, 1);
		}
	}

	/** Forgets partitions that end at or before `row`. */
	forgetPartitions(row: number): void {
		const at = this.#partitions.findIndex((start) => start > row);
		this.#partitions.splice(0, Math.max(0, (at < 0 ? this.#partitions.length : at) - 1));
	}

	#noteStarts(addresses: Pointer, count: number, region: Region): void {
		const { engine } = this.#context;
		const out = region.allocate(count * 4);
		engine.kernels.window_numbers_of(count, addresses, this.layout.extraOffset + EXTRA.partition, out);
		const { u32 } = engine.arena.views;
		for (let index = 0; index < count; index++)
			if (u32[out / 4 + index] === this.arrived + index) this.#partitions.push(this.arrived + index);
	}

	#chunkFor(count: number): Chunk {
		const last = this.#chunks.at(-1);
		if (last !== undefined && last.rowCount + count <= CHUNK_ROW_COUNT) return last;
		const { engine, lease } = this.#context;
		const region = lease.region();
		const addresses = region.allocate(CHUNK_ROW_COUNT * 4);
		const chunk: Chunk = { store: new RowStore(engine, lease, this.layout), addresses, region, first: this.arrived, rowCount: 0 };
		this.#chunks.push(chunk);
		return chunk;
	}

	#chunkOf(row: number): Chunk {
		let low = 0;
		let high = this.#chunks.length - 1;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if ((this.#chunks[middle] as Chunk).first <= row) low = middle;
			else high = middle - 1;
		}
		const chunk = this.#chunks[low];
		assert(chunk !== undefined && row >= chunk.first && row < chunk.first + chunk.rowCount, "a window's row is still held");
		return chunk;
	}
}
