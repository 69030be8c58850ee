/**
 * Decoders of the values of one page: non-NULL values, dense, in the file's own width. Each is resumed batch by batch; DELTA encodings, which
 * cannot be entered in the middle, are decoded as a whole when the page is opened.
 */
import { PARQUET_PAGE_BYTES_MAX } from "#shared/base/limits.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { Encoding, PhysicalKind } from "./format.ts";
import { malformed, unsupported } from "./malformed.ts";

/**
 * Dense values in the arena, readable 16 bytes past their end. `fixed`: `width` bytes each (booleans 1). `bytes`: i32 offsets[count + 1] from
 * `values`. `codes`: i32 positions in the chunk's dictionary.
 */
export type RawValues =
	| { kind: "fixed"; values: Pointer; width: number }
	| { kind: "bytes"; values: Pointer; offsets: Pointer }
	| { kind: "codes"; values: Pointer };

export interface ValueDecoder {
	/** The next `count` values, in `region` or in the page. @throws malformed_body */
	read(count: number, region: Region): RawValues;
	/** Gives back what it holds beside the page. */
	close(): void;
}

/** Bytes that kernels may read past the end of an input, and write past the end of an output. */
export const SLACK_BYTES = 16;

/** Bytes of a value of a physical type; 0 for byte arrays. */
export function physicalWidth(physical: number, typeLength: number): number {
	switch (physical) {
		case PhysicalKind.boolean:
			return 1;
		case PhysicalKind.int32:
		case PhysicalKind.float:
			return 4;
		case PhysicalKind.int64:
		case PhysicalKind.double:
			return 8;
		case PhysicalKind.int96:
			return 12;
		case PhysicalKind.fixed:
			return typeLength;
		default:
			return 0;
	}
}

/** The values of a page: [pointer, end) in the arena; at most `valueCount` of them, NULLs included. */
export interface PageValues {
	pointer: Pointer;
	end: Pointer;
	valueCount: number;
	/** Entries of the chunk's dictionary, or -1 without one. */
	dictionaryEntryCount: number;
}

interface Memory {
	engine: Engine;
	pool: BufferPool;
}

/** @throws feature_not_supported for an encoding that the physical type does not have */
export function openDecoder(
	encoding: number,
	column: { name: string; physical: number; typeLength: number },
	page: PageValues,
	memory: Memory,
): ValueDecoder {
	const width = physicalWidth(column.physical, column.typeLength);
	switch (encoding) {
		case Encoding.plain:
			if (column.physical === PhysicalKind.boolean) return new PlainBooleans(page, memory.engine);
			return width === 0 ? new PlainBytes(page, memory.engine) : new PlainFixed(page, width);
		case Encoding.rleDictionary:
		case Encoding.plainDictionary:
			return new DictionaryCodes(page, memory);
		case Encoding.rle:
			if (column.physical === PhysicalKind.boolean) return new RleBooleans(page, memory);
			break;
		case Encoding.byteStreamSplit:
			if (width > 1) return new StreamSplit(page, width, memory.engine);
			break;
		case Encoding.deltaBinaryPacked:
			if (column.physical === PhysicalKind.int32 || column.physical === PhysicalKind.int64) return new DeltaIntegers(page, width, memory);
			break;
		case Encoding.deltaLengthByteArray:
			if (width === 0) return new DeltaLengthBytes(page, memory);
			break;
		case Encoding.deltaByteArray:
			if (width === 0) return new FrontCodedBytes(page, memory, 0);
			if (column.physical === PhysicalKind.fixed) return new FrontCodedBytes(page, memory, width);
			break;
		default:
			break;
	}
	throw unsupported(`column "${column.name}" has a page of encoding ${encoding}, which its type does not have`);
}

const endsEarly = (): Error => malformed("a page ends before its last value");

class PlainFixed implements ValueDecoder {
	#position: Pointer;
	readonly #end: Pointer;
	readonly #width: number;

	constructor(page: PageValues, width: number) {
		this.#position = page.pointer;
		this.#end = page.end;
		this.#width = width;
	}

	read(count: number, region: Region): RawValues {
		const byteCount = count * this.#width;
		if (byteCount > this.#end - this.#position) throw endsEarly();
		// Copied, not pointed at: values of a page lie at any byte.
		const values = region.allocate(byteCount + SLACK_BYTES);
		region.lease.arena.views.u8.copyWithin(values, this.#position, this.#position + byteCount);
		this.#position += byteCount;
		return { kind: "fixed", values, width: this.#width };
	}

	close(): void {}
}

class PlainBooleans implements ValueDecoder {
	readonly #engine: Engine;
	readonly #page: PageValues;
	#bit = 0;

	constructor(page: PageValues, engine: Engine) {
		this.#page = page;
		this.#engine = engine;
	}

	read(count: number, region: Region): RawValues {
		if (this.#bit + count > (this.#page.end - this.#page.pointer) * 8) throw endsEarly();
		const values = region.allocate(count + SLACK_BYTES);
		this.#engine.kernels.unpack_bits(count, this.#page.pointer, this.#bit, values);
		this.#bit += count;
		return { kind: "fixed", values, width: 1 };
	}

	close(): void {}
}

class PlainBytes implements ValueDecoder {
	readonly #engine: Engine;
	#position: Pointer;
	readonly #end: Pointer;

	constructor(page: PageValues, engine: Engine) {
		this.#engine = engine;
		this.#position = page.pointer;
		this.#end = page.end;
	}

	read(count: number, region: Region): RawValues {
		const { kernels, arena } = this.#engine;
		const cursor = region.allocate(4);
		const byteCount = kernels.plain_bytes_measure(count, this.#position, this.#end, cursor);
		if (byteCount < 0) throw endsEarly();
		const offsets = region.allocate((count + 1) * 4 + SLACK_BYTES);
		const values = region.allocate(byteCount + SLACK_BYTES);
		kernels.plain_bytes_copy(count, this.#position, offsets, values);
		this.#position = arena.views.u32[cursor >> 2] as number;
		return { kind: "bytes", values, offsets };
	}

	close(): void {}
}

/** Bytes of a hybrid decoder's state. */
const HYBRID_STATE_BYTES = 32;

class DictionaryCodes implements ValueDecoder {
	readonly #memory: Memory;
	readonly #state: Pointer;
	readonly #entryCount: number;

	constructor(page: PageValues, memory: Memory) {
		if (page.dictionaryEntryCount < 0) throw malformed("a page refers to a dictionary that its chunk has not");
		const empty = page.pointer >= page.end;
		const bitWidth = empty ? 0 : (memory.engine.arena.views.u8[page.pointer] as number);
		if (bitWidth > 32) throw malformed("a page has dictionary codes of more than 32 bits");
		this.#memory = memory;
		this.#entryCount = page.dictionaryEntryCount;
		this.#state = memory.pool.allocate(HYBRID_STATE_BYTES);
		memory.engine.kernels.hybrid_open(this.#state, empty ? page.end : page.pointer + 1, page.end, bitWidth);
	}

	read(count: number, region: Region): RawValues {
		const values = region.allocate(count * 4 + SLACK_BYTES);
		if (this.#memory.engine.kernels.hybrid_read_i32(this.#state, count, values, this.#entryCount) < 0) {
			throw malformed("the dictionary codes of a page end early or lie outside the dictionary");
		}
		return { kind: "codes", values };
	}

	close(): void {
		this.#memory.pool.release(this.#state);
	}
}

class RleBooleans implements ValueDecoder {
	readonly #memory: Memory;
	readonly #state: Pointer;

	constructor(page: PageValues, memory: Memory) {
		if (page.end - page.pointer < 4 && page.valueCount > 0) throw endsEarly();
		const byteCount = page.end - page.pointer < 4 ? 0 : memory.engine.arena.views.data.getUint32(page.pointer, true);
		if (byteCount > page.end - page.pointer - 4) throw endsEarly();
		this.#memory = memory;
		this.#state = memory.pool.allocate(HYBRID_STATE_BYTES);
		memory.engine.kernels.hybrid_open(this.#state, page.pointer + 4, page.pointer + 4 + byteCount, 1);
	}

	read(count: number, region: Region): RawValues {
		const values = region.allocate(count + SLACK_BYTES);
		if (this.#memory.engine.kernels.hybrid_read_bool(this.#state, count, values) < 0) throw endsEarly();
		return { kind: "fixed", values, width: 1 };
	}

	close(): void {
		this.#memory.pool.release(this.#state);
	}
}

class StreamSplit implements ValueDecoder {
	readonly #engine: Engine;
	readonly #page: PageValues;
	readonly #width: number;
	readonly #valueCount: number;
	#done = 0;

	constructor(page: PageValues, width: number, engine: Engine) {
		const byteCount = page.end - page.pointer;
		if (byteCount % width !== 0) throw malformed("a page of byte streams has streams of unequal length");
		this.#engine = engine;
		this.#page = page;
		this.#width = width;
		this.#valueCount = byteCount / width;
	}

	read(count: number, region: Region): RawValues {
		if (this.#done + count > this.#valueCount) throw endsEarly();
		const values = region.allocate(count * this.#width + SLACK_BYTES);
		this.#engine.kernels.stream_split_read(count, this.#page.pointer, this.#valueCount, this.#done, this.#width, values);
		this.#done += count;
		return { kind: "fixed", values, width: this.#width };
	}

	close(): void {}
}

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

class DeltaIntegers implements ValueDecoder {
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
class DeltaLengthBytes implements ValueDecoder {
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

	close(): void {
		this.#memory.pool.release(this.#bytes.offsets);
	}
}

/** DELTA_BYTE_ARRAY; `width` is that of fixed-length values, or 0. */
class FrontCodedBytes implements ValueDecoder {
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
