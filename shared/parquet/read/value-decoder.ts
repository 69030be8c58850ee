/**
 * Decoders of the values of one page: non-NULL values, dense, in the file's own width. Each is resumed batch by batch;
 * front-coded values, which cannot be, are decoded as a whole when the page is opened.
 */
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import { Encoding, PhysicalKind } from "../format.ts";
import { malformed, unsupported } from "./malformed.ts";
import { DeltaIntegers, DeltaLengthBytes, FrontCodedBytes } from "./delta-decoder.ts";
import { type RawValues, type ValueDecoder, SLACK_BYTES, physicalWidth, type PageValues, type Memory, endsEarly } from "../raw-values.ts";

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

/** Of the widest lanes that a typed array of the arena has. */
const LANE_BYTES = 8;

class PlainFixed implements ValueDecoder {
	#position: Pointer;
	readonly #end: Pointer;
	readonly #width: number;
	readonly #isTransient: boolean;

	constructor(page: PageValues, width: number) {
		this.#position = page.pointer;
		this.#end = page.end;
		this.#width = width;
		this.#isTransient = page.isTransient ?? false;
	}

	read(count: number, region: Region): RawValues {
		const byteCount = count * this.#width;
		const from = this.#position;
		if (byteCount > this.#end - from) throw endsEarly();
		this.#position += byteCount;
		// Behind levels, values lie at any byte.
		if (!this.#isTransient && from % LANE_BYTES === 0) return { kind: "fixed", values: from, width: this.#width };
		const values = region.allocate(byteCount + SLACK_BYTES);
		region.lease.arena.views.u8.copyWithin(values, from, from + byteCount);
		return { kind: "fixed", values, width: this.#width };
	}

	skip(count: number): void {
		const byteCount = count * this.#width;
		if (byteCount > this.#end - this.#position) throw endsEarly();
		this.#position += byteCount;
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

	skip(count: number, region: Region): void {
		this.read(count, region);
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

	skip(count: number, region: Region): void {
		this.read(count, region);
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

	skip(count: number): void {
		if (this.#memory.engine.kernels.hybrid_skip(this.#state, count) < 0) throw malformed("the dictionary codes of a page end early");
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

	skip(count: number, region: Region): void {
		this.read(count, region);
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

	skip(count: number, region: Region): void {
		this.read(count, region);
	}

	close(): void {}
}
