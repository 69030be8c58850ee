/** Decoders of the DELTA encodings, which cannot be entered in the middle: a page is decoded as a whole when it is opened. */
import { PARQUET_PAGE_BYTES_MAX } from "#shared/base/limits.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import { malformed } from "./malformed.ts";
import { type RawValues, type ValueDecoder, SLACK_BYTES, type PageValues, type Memory, endsEarly } from "./raw-values.ts";

/** Reads one DELTA_BINARY_PACKED sequence at the u32 cursor into a new buffer of the pool. */
function readDeltas(cursor: Pointer, page: PageValues, width: 4 | 8, { engine, pool }: Memory): { values: Pointer; count: number } {
	const count = engine.kernels.delta_count(cursor, page.end);
	if (count < 0 || count > page.valueCount) throw malformed("a page has more values than its header says");
	const values = pool.allocate(count * width + SLACK_BYTES);
	const { kernels } = engine;
	const result =
		width === 4 ? kernels.delta_read_i32(cursor, page.end, count, values) : kernels.delta_read_i64(cursor, page.end, count, values);
	if (result < 0) {
		pool.release(values);
		throw malformed("a page of deltas is damaged");
	}
	return { values, count };
}

/** Runs `body` with a u32 cursor at the page's start. */
function withCursor<T>(page: PageValues, { engine, pool }: Memory, body: (cursor: Pointer) => T): T {
	const cursor = pool.allocate(4);
	engine.arena.views.u32[cursor >> 2] = page.pointer;
	try {
		return body(cursor);
	} finally {
		pool.release(cursor);
	}
}

export class DeltaIntegers implements ValueDecoder {
	readonly #memory: Memory;
	readonly #width: number;
	readonly #values: Pointer;
	readonly #count: number;
	#done = 0;

	constructor(page: PageValues, width: number, memory: Memory) {
		this.#memory = memory;
		this.#width = width;
		const { values, count } = withCursor(page, memory, (cursor) => readDeltas(cursor, page, width as 4 | 8, memory));
		this.#values = values;
		this.#count = count;
	}

	read(count: number): RawValues {
		if (this.#done + count > this.#count) throw endsEarly();
		const values = this.#values + this.#done * this.#width;
		this.#done += count;
		return { kind: "fixed", values, width: this.#width };
	}

	skip(count: number): void {
		this.read(count);
	}

	close(): void {
		this.#memory.pool.release(this.#values);
	}
}

/** Byte values of a whole page, from which batches take their part. */
class PageBytes {
	readonly offsets: Pointer;
	readonly #values: Pointer;
	readonly #count: number;
	#done = 0;

	constructor(values: Pointer, offsets: Pointer, count: number) {
		this.#values = values;
		this.offsets = offsets;
		this.#count = count;
	}

	/** The bytes stay where they are; a batch's offsets begin at 0. */
	take(count: number, region: Region): RawValues {
		if (this.#done + count > this.#count) throw endsEarly();
		const { i32 } = region.lease.arena.views;
		const from = (this.offsets >> 2) + this.#done;
		const first = i32[from] as number;
		const offsets = region.allocate((count + 1) * 4 + SLACK_BYTES);
		for (let index = 0; index <= count; index++) i32[(offsets >> 2) + index] = (i32[from + index] as number) - first;
		this.#done += count;
		return { kind: "bytes", values: this.#values + first, offsets };
	}
}

/** The lengths first, the bytes side by side after them. */
export class DeltaLengthBytes implements ValueDecoder {
	readonly #memory: Memory;
	readonly #bytes: PageBytes;

	constructor(page: PageValues, memory: Memory) {
		this.#memory = memory;
		const { engine, pool } = memory;
		const { offsets, count, start } = withCursor(page, memory, (cursor) => {
			const lengths = readDeltas(cursor, page, 4, memory);
			const start = engine.arena.views.u32[cursor >> 2] as number;
			const offsets = pool.allocate((lengths.count + 1) * 4 + SLACK_BYTES);
			const total = engine.kernels.lengths_to_offsets(lengths.count, lengths.values, offsets, page.end - start);
			pool.release(lengths.values);
			if (total < 0) throw endsEarly();
			return { offsets, count: lengths.count, start };
		});
		this.#bytes = new PageBytes(start, offsets, count);
	}

	read(count: number, region: Region): RawValues {
		return this.#bytes.take(count, region);
	}

	skip(count: number, region: Region): void {
		this.read(count, region);
	}

	close(): void {
		this.#memory.pool.release(this.#bytes.offsets);
	}
}

/** DELTA_BYTE_ARRAY; `width` is that of fixed-length values, or 0. */
export class FrontCodedBytes implements ValueDecoder {
	readonly #memory: Memory;
	readonly #width: number;
	readonly #values: Pointer;
	readonly #bytes: PageBytes;
	#done = 0;

	constructor(page: PageValues, memory: Memory, width: number) {
		this.#memory = memory;
		this.#width = width;
		const decoded = withCursor(page, memory, (cursor) => decodeFrontCoded(cursor, page, memory));
		this.#values = decoded.values;
		this.#bytes = new PageBytes(decoded.values, decoded.offsets, decoded.count);
		if (width === 0) return;
		const offsets = memory.engine.arena.views.i32.subarray(decoded.offsets >> 2, (decoded.offsets >> 2) + decoded.count + 1);
		if (offsets.some((offset, index) => offset !== index * width)) throw malformed("a fixed-length value has another length");
	}

	read(count: number, region: Region): RawValues {
		const taken = this.#bytes.take(count, region);
		if (this.#width === 0) return taken;
		const values = this.#values + this.#done * this.#width;
		this.#done += count;
		return { kind: "fixed", values, width: this.#width };
	}

	skip(count: number, region: Region): void {
		this.read(count, region);
	}

	close(): void {
		this.#memory.pool.release(this.#values);
		this.#memory.pool.release(this.#bytes.offsets);
	}
}

function decodeFrontCoded(cursor: Pointer, page: PageValues, memory: Memory): { values: Pointer; offsets: Pointer; count: number } {
	const { engine, pool } = memory;
	const prefixes = readDeltas(cursor, page, 4, memory);
	const suffixes = readDeltas(cursor, page, 4, memory);
	const { count } = prefixes;
	const tails = engine.arena.views.u32[cursor >> 2] as number;
	const offsets = pool.allocate((count + 1) * 4 + SLACK_BYTES);
	if (suffixes.count !== count || engine.kernels.lengths_to_offsets(count, suffixes.values, offsets, page.end - tails) < 0)
		throw endsEarly();
	const byteCount = engine.kernels.front_coded_measure(count, prefixes.values, suffixes.values, PARQUET_PAGE_BYTES_MAX);
	if (byteCount < 0) throw malformed(`a page of front-coded values is damaged, or larger than ${PARQUET_PAGE_BYTES_MAX} bytes`);
	const values = pool.allocate(byteCount + SLACK_BYTES);
	engine.kernels.front_coded_copy(count, prefixes.values, suffixes.values, tails, offsets, values);
	pool.release(prefixes.values);
	pool.release(suffixes.values);
	return { values, offsets, count };
}
