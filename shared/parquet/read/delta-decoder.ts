/**
 * Decoders of the DELTA encodings. Numbers and lengths are resumed batch by batch, and added up where they are passed over; front-coded values, each of which needs
 * the one before it, are decoded as a whole when the page is opened.
 */
import { PARQUET_PAGE_BYTES_MAX } from "#shared/base/limits.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import { malformed } from "./malformed.ts";
import { type RawValues, type ValueDecoder, SLACK_BYTES, type PageValues, type Memory, endsEarly } from "../raw-values.ts";

/** Bytes of a delta decoder's state. */
const DELTA_STATE_BYTES = 64;

/** Values that are passed over at once. */
const SKIP_COUNT = 2048;

const damaged = (): Error => malformed("a page of deltas is damaged");

/** One DELTA_BINARY_PACKED sequence of a page. */
class DeltaSequence {
	readonly #memory: Memory;
	readonly #state: Pointer;
	readonly count: number;
	#left: number;

	/** @param position where it begins in the page */
	constructor(position: Pointer, page: PageValues, memory: Memory) {
		this.#memory = memory;
		this.#state = memory.pool.allocate(DELTA_STATE_BYTES);
		this.count = memory.engine.kernels.delta_open(this.#state, position, page.end);
		this.#left = this.count;
		if (this.count >= 0 && this.count <= page.valueCount) return;
		this.close();
		throw malformed("a page has more values than its header says");
	}

	/** The next values into out: `count` times `width` bytes. */
	read(count: number, width: number, out: Pointer): void {
		if (count > this.#left) throw endsEarly();
		const { kernels } = this.#memory.engine;
		const result = width === 4 ? kernels.delta_read_i32(this.#state, count, out) : kernels.delta_read_i64(this.#state, count, out);
		if (result < 0) throw damaged();
		this.#left -= count;
	}

	close(): void {
		this.#memory.pool.release(this.#state);
	}

	/** Where the sequence at `position` ends. @throws malformed_body */
	static endOf(position: Pointer, page: PageValues, memory: Memory): Pointer {
		const sequence = new DeltaSequence(position, page, memory);
		const end = memory.engine.kernels.delta_end(sequence.#state);
		sequence.close();
		if (end === 0) throw damaged();
		return end;
	}

	/** All lengths of the sequence at `position`, i32 each, in a new buffer of the pool. */
	static lengthsOf(position: Pointer, page: PageValues, memory: Memory): { lengths: Pointer; count: number; end: Pointer } {
		const end = DeltaSequence.endOf(position, page, memory);
		const sequence = new DeltaSequence(position, page, memory);
		const lengths = memory.pool.allocate(sequence.count * 4 + SLACK_BYTES);
		sequence.read(sequence.count, 4, lengths);
		sequence.close();
		return { lengths, count: sequence.count, end };
	}
}

export class DeltaIntegers implements ValueDecoder {
	readonly #width: number;
	readonly #sequence: DeltaSequence;

	constructor(page: PageValues, width: number, memory: Memory) {
		this.#width = width;
		this.#sequence = new DeltaSequence(page.pointer, page, memory);
	}

	read(count: number, region: Region): RawValues {
		const values = region.allocate(count * this.#width + SLACK_BYTES);
		this.#sequence.read(count, this.#width, values);
		return { kind: "fixed", values, width: this.#width };
	}

	skip(count: number, region: Region): void {
		const piece = Math.min(count, SKIP_COUNT);
		const scratch = region.allocate(piece * this.#width + SLACK_BYTES);
		for (let done = 0; done < count; done += piece) this.#sequence.read(Math.min(piece, count - done), this.#width, scratch);
	}

	close(): void {
		this.#sequence.close();
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

/** The lengths first, the bytes side by side after them: those stay where they are. */
export class DeltaLengthBytes implements ValueDecoder {
	readonly #memory: Memory;
	readonly #lengths: DeltaSequence;
	readonly #end: Pointer;
	#position: Pointer;

	constructor(page: PageValues, memory: Memory) {
		this.#memory = memory;
		this.#end = page.end;
		this.#position = DeltaSequence.endOf(page.pointer, page, memory);
		this.#lengths = new DeltaSequence(page.pointer, page, memory);
	}

	read(count: number, region: Region): RawValues {
		const lengths = region.allocate(count * 4 + SLACK_BYTES);
		this.#lengths.read(count, 4, lengths);
		const offsets = region.allocate((count + 1) * 4 + SLACK_BYTES);
		const values = this.#position;
		const byteCount = this.#memory.engine.kernels.lengths_to_offsets(count, lengths, offsets, this.#end - values);
		if (byteCount < 0) throw endsEarly();
		this.#position += byteCount;
		return { kind: "bytes", values, offsets };
	}

	skip(count: number, region: Region): void {
		for (let done = 0; done < count; done += SKIP_COUNT) this.read(Math.min(SKIP_COUNT, count - done), region);
	}

	close(): void {
		this.#lengths.close();
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
		const decoded = decodeFrontCoded(page, memory);
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

function decodeFrontCoded(page: PageValues, memory: Memory): { values: Pointer; offsets: Pointer; count: number } {
	const { engine, pool } = memory;
	const prefixes = DeltaSequence.lengthsOf(page.pointer, page, memory);
	const suffixes = DeltaSequence.lengthsOf(prefixes.end, page, memory);
	const { count } = prefixes;
	const offsets = pool.allocate((count + 1) * 4 + SLACK_BYTES);
	if (suffixes.count !== count || engine.kernels.lengths_to_offsets(count, suffixes.lengths, offsets, page.end - suffixes.end) < 0)
		throw endsEarly();
	const byteCount = engine.kernels.front_coded_measure(count, prefixes.lengths, suffixes.lengths, PARQUET_PAGE_BYTES_MAX);
	if (byteCount < 0) throw malformed(`a page of front-coded values is damaged, or larger than ${PARQUET_PAGE_BYTES_MAX} bytes`);
	const values = pool.allocate(byteCount + SLACK_BYTES);
	engine.kernels.front_coded_copy(count, prefixes.lengths, suffixes.lengths, suffixes.end, offsets, values);
	pool.release(prefixes.lengths);
	pool.release(suffixes.lengths);
	return { values, offsets, count };
}
