/**
 * Writes the chunk of one column: pages are encoded and compressed as soon as they are full, and wait as bytes on the heap until the row group
 * ends. A dictionary is tried on every chunk and given up where its first page shows that it does not pay.
 */
import { PARQUET_PAGE_BYTES, ROW_GROUP_ROW_COUNT } from "#shared/base/limits.ts";
import type { DataType, PhysicalType } from "#shared/contracts/data-type.ts";
import { physicalType } from "#shared/contracts/data-type.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import { type DenseValues, type DictionaryBudget, DictionaryWriter } from "./dictionary-writer.ts";
import { type ChosenEncoding, chooseEncoding, type DictionaryFacts, paysToCompress } from "./encoding-choice.ts";
import { Codec, Encoding, PageKind } from "../format.ts";
import { definitionBits, ListLevels, type ListRows, type ListShape } from "../list-levels.ts";
import { PageBuilder } from "./page-builder.ts";
import { type Extremes, mergeExtremes, noExtremes, pageExtremes } from "./page-extremes.ts";
import { type Memory, SLACK_BYTES } from "../raw-values.ts";
import { ThriftWriter } from "./thrift-writer.ts";
import { ValueEncoder } from "./value-encoder.ts";
import { type WrittenType, writtenType } from "./written-type.ts";

export interface WrittenColumn {
	fieldId: number;
	name: string;
	type: DataType;
	nullable: boolean;
}

export interface WrittenPage {
	/** Header and body. */
	bytes: Uint8Array;
	rowCount: number;
	extremes: Extremes;
}

export interface WrittenChunk {
	/** Header and body of the dictionary page, or null. */
	dictionary: Uint8Array | null;
	pages: WrittenPage[];
	codec: number;
	encodings: number[];
	/** With headers, as the format counts them. */
	uncompressedByteCount: number;
	/** Rows; of lists their elements, and rows without one. */
	entryCount: number;
	extremes: Extremes;
}

/** A column of arrays taken apart. */
export interface WrittenLists {
	rows: ListRows;
	elements: FlatVector;
}

/** Elements may always be NULL. */
const listShape = ({ nullable }: WrittenColumn): ListShape => ({ optional: nullable, elementOptional: true });

/** Beside a page's values: the bit width of codes, heads of blocks of deltas, and the last miniblock, which is filled up to 256 values. */
const VALUE_ROOM_BYTES = 4096;

export class ColumnWriter {
	readonly column: WrittenColumn;
	readonly written: WrittenType;
	readonly #physical: PhysicalType;
	readonly #memory: Memory;
	readonly #budget: DictionaryBudget;
	readonly #page: PageBuilder;
	/** Of a column of arrays; the page then holds elements. */
	readonly #levels: ListLevels | null;
	#dictionary: DictionaryWriter | null = null;
	readonly #encoder: ValueEncoder;
	/** Of the chunk: null until its first page with values is closed. A dictionary that is full is followed by what is best without one. */
	#encoding: ChosenEncoding | null = null;
	#pages: WrittenPage[] = [];
	#encodings = new Set<number>();
	#uncompressedByteCount = 0;
	#entryCount = 0;
	/** Compressed bytes of the chunk so far. */
	byteCount = 0;
	#isCompressed = false;

	constructor(column: WrittenColumn, memory: Memory, budget: DictionaryBudget) {
		this.column = column;
		this.written = writtenType(column.type);
		const leaf = column.type.kind === "array" ? column.type.element : column.type;
		this.#physical = physicalType(leaf) === "numeric" ? "bytes" : physicalType(leaf);
		this.#levels = column.type.kind === "array" ? new ListLevels(listShape(column)) : null;
		this.#memory = memory;
		this.#budget = budget;
		this.#page = new PageBuilder(this.#physical, memory);
		this.#encoder = new ValueEncoder(this.written, memory);
	}

	/** Bytes of the open page's values. */
	get openByteCount(): number {
		return this.#page.plainByteCount;
	}

	/** Adds rows [start, end) of a flat vector of the column's physical type (free NUMERIC: of its text), `lists` where it is of arrays. */
	append(vector: FlatVector, start: number, end: number, lists: WrittenLists | null): void {
		let from = start;
		while (from < end) {
			const to = vector.physical === "bytes" ? this.#rowsThatFit(vector, from, end) : end;
			if (lists === null) this.#page.append(vector, from, to);
			else {
				this.#levels?.append(this.#memory.engine.arena.views, lists.rows, from, to);
				this.#page.append(lists.elements, lists.rows.ends[from] as number, lists.rows.ends[to] as number);
			}
			if (to < end || this.#page.plainByteCount >= PARQUET_PAGE_BYTES) this.closePage();
			from = to;
		}
	}

	/** The end of the rows that fill the page to PARQUET_PAGE_BYTES; at least one row. */
	#rowsThatFit(vector: FlatVector, start: number, end: number): number {
		const { i32 } = this.#memory.engine.arena.views;
		const at = vector.offsets >> 2;
		const room = PARQUET_PAGE_BYTES - this.#page.plainByteCount;
		const needed = (to: number): number => (i32[at + to] as number) - (i32[at + start] as number) + 4 * (to - start);
		if (needed(end) <= room) return end;
		let to = start + 1;
		while (to < end && needed(to + 1) <= room) to++;
		return to;
	}

	/** Encodes the rows collected, if any, as one page; `isLast` of its chunk. */
	closePage(isLast = false): void {
		const page = this.#page;
		const rowCount = this.#levels?.rowCount ?? page.rowCount;
		if (rowCount === 0) return;
		const nullCount = this.#levels?.nullRowCount ?? page.nullCount;
		if (nullCount > 0 && !this.column.nullable)
			throw new Error(`assertion failed: column "${this.column.name}" is not nullable and has a NULL`);
		const entryCount = this.#levels?.entryCount ?? rowCount;
		const { dense } = page;
		const extremes = pageExtremes({ type: this.column.type, physical: this.#physical }, dense, nullCount, this.#memory);
		if (this.#levels !== null) extremes.valueCount = rowCount - nullCount;
		const { pool } = this.#memory;
		const codes = this.#encodeCodes(dense, isLast ? dense.count : (dense.count * ROW_GROUP_ROW_COUNT) / rowCount);
		const levelRoom = this.#levels !== null ? entryCount * 2 + 256 : this.column.nullable ? rowCount + 128 : 0;
		const buffer = pool.allocate(levelRoom + dense.count * 4 + page.plainByteCount + VALUE_ROOM_BYTES);
		let values = buffer;
		if (this.#levels !== null) values = this.#encodeLevels(this.#levels.repetitions, 1, values);
		const repetitionByteCount = values - buffer;
		if (this.#levels !== null) values = this.#encodeLevels(this.#levels.definitions, definitionBits(listShape(this.column)), values);
		else if (this.column.nullable) values += this.#memory.engine.kernels.hybrid_encode_u8(rowCount, page.levels, 1, values);
		const definitionByteCount = values - buffer - repetitionByteCount;
		const { end, encoding } = this.#encodeValues(dense, codes, values);
		this.#encodings.add(encoding);
		const bytes = this.#finishPage({ levels: buffer, values, end }, (isCompressed) => (header) => {
			header.struct(8, () => {
				header.i32(1, entryCount);
				header.i32(2, entryCount - dense.count);
				header.i32(3, rowCount);
				header.i32(4, encoding);
				header.i32(5, definitionByteCount);
				header.i32(6, repetitionByteCount);
				header.boolean(7, isCompressed);
			});
		});
		pool.release(buffer);
		this.#pages.push({ bytes, rowCount, extremes });
		this.#entryCount += entryCount;
		page.reset();
		this.#levels?.reset();
	}

	/** @returns the end of the levels' runs, written at `out` */
	#encodeLevels(levels: Uint8Array, bitWidth: number, out: Pointer): Pointer {
		const { engine, pool } = this.#memory;
		const copy = pool.allocate(levels.length + SLACK_BYTES);
		engine.arena.views.u8.set(levels, copy);
		const byteCount = engine.kernels.hybrid_encode_u8(levels.length, copy, bitWidth, out);
		pool.release(copy);
		return out + byteCount;
	}

	/** Releases `codes`. @returns the end of the values written at `out` */
	#encodeValues(dense: DenseValues, codes: Pointer, out: Pointer): { end: Pointer; encoding: number } {
		if (codes !== 0) {
			const end = this.#writeCodes(dense.count, codes, out);
			this.#memory.pool.release(codes);
			return { end, encoding: Encoding.rleDictionary };
		}
		if (this.#encoding !== "delta" || dense.count === 0) return { end: this.#encoder.plain(dense, out), encoding: Encoding.plain };
		const encoding = this.#encoder.isBytes ? Encoding.deltaLengthByteArray : Encoding.deltaBinaryPacked;
		return { end: this.#encoder.delta(dense, out), encoding };
	}

	/** @returns the end of the codes, their bit width before them, written at `out` */
	#writeCodes(count: number, codes: Pointer, out: Pointer): Pointer {
		const { arena, kernels } = this.#memory.engine;
		const bitWidth = Math.max(1, 32 - Math.clz32((this.#dictionary as DictionaryWriter).entryCount - 1));
		arena.views.u8[out] = bitWidth;
		return out + 1 + kernels.hybrid_encode_i32(count, codes, bitWidth, out + 1);
	}

	/** @returns codes i32[count] in the pool, or 0 when the page is written without a dictionary */
	#encodeCodes(dense: DenseValues, chunkValueCount: number): Pointer {
		if (dense.count === 0 || (this.#encoding !== null && this.#encoding !== "dictionary")) return 0;
		const { pool } = this.#memory;
		const codes = pool.allocate(dense.count * 4);
		const entryCountHalfway = this.#addToDictionary(dense, codes);
		if (this.#encoding === null || entryCountHalfway === null) {
			const facts = entryCountHalfway === null ? null : this.#dictionaryFacts(dense.count, codes, entryCountHalfway);
			this.#encoding = this.#choose(dense, facts, chunkValueCount);
		}
		if (this.#encoding === "dictionary") return codes;
		pool.release(codes);
		// What earlier pages refer to stays.
		if (!this.#encodings.has(Encoding.rleDictionary)) {
			this.#dictionary?.close();
			this.#dictionary = null;
		}
		return 0;
	}

	/** @returns how many entries there were after half of the values; null when they are of no type that has a dictionary, or too many */
	#addToDictionary(dense: DenseValues, codes: Pointer): number | null {
		if (this.#physical === "bool" || this.#physical === "f32" || this.#physical === "f64" || this.#physical === "interval") return null;
		this.#dictionary ??= new DictionaryWriter(dense.width, this.#memory, this.#budget);
		// In two halves, for how fast it grows.
		const half = dense.count >> 1;
		if (!this.#dictionary.encode({ ...dense, count: half }, codes)) return null;
		const entryCountHalfway = this.#dictionary.entryCount;
		const rest = {
			...dense,
			count: dense.count - half,
			values: dense.values + half * dense.width,
			offsets: dense.offsets === 0 ? 0 : dense.offsets + half * 4,
		};
		return this.#dictionary.encode(rest, codes + half * 4) ? entryCountHalfway : null;
	}

	#dictionaryFacts(count: number, codes: Pointer, entryCountHalfway: number): DictionaryFacts {
		const { entries } = this.#dictionary as DictionaryWriter;
		const { pool } = this.#memory;
		const scratch = pool.allocate(count * 4 + VALUE_ROOM_BYTES);
		const codesByteCount = this.#writeCodes(count, codes, scratch) - scratch;
		pool.release(scratch);
		return { entryCountHalfway, entryCount: entries.count, entriesByteCount: this.#encoder.plainByteCount(entries), codesByteCount };
	}

	#choose(dense: DenseValues, dictionary: DictionaryFacts | null, chunkValueCount: number): ChosenEncoding {
		const encoder = this.#encoder;
		const plainByteCount = encoder.plainByteCount(dense);
		return chooseEncoding({
			valueCount: dense.count,
			chunkValueCount,
			plainByteCount,
			// The bytes of texts are the same either way, and compressed as well.
			plainSnappyByteCount: encoder.isBytes ? plainByteCount : this.#plainSnappyByteCount(dense, plainByteCount),
			deltaByteCount: encoder.hasDeltas ? encoder.deltaByteCount(dense) : null,
			isNumber: encoder.hasDeltas && !encoder.isBytes,
			dictionary,
		});
	}

	#plainSnappyByteCount(dense: DenseValues, plainByteCount: number): number {
		const { pool } = this.#memory;
		const plain = pool.allocate(plainByteCount + SLACK_BYTES);
		this.#encoder.plain(dense, plain);
		const { buffer, byteCount } = this.#encoder.compress(plain, plainByteCount);
		pool.release(buffer);
		pool.release(plain);
		return byteCount;
	}

	/**
	 * Header and body as one array: what lies from `levels` to `values` as it is, the rest compressed where that pays. `describe` is told whether it does, and writes what
	 * follows the sizes.
	 */
	#finishPage(
		{ levels, values, end }: { levels: Pointer; values: Pointer; end: Pointer },
		describe: (isCompressed: boolean) => (header: ThriftWriter) => void,
	): Uint8Array {
		const { engine, pool } = this.#memory;
		const compressed = this.#encoder.compress(values, end - values);
		const isCompressed = paysToCompress(end - values, compressed.byteCount);
		this.#isCompressed ||= isCompressed;
		const from = isCompressed ? compressed.buffer : values;
		const valueByteCount = isCompressed ? compressed.byteCount : end - values;
		const bytes = this.#withHeader(
			PageKind.dataV2,
			{ uncompressed: end - levels, compressed: values - levels + valueByteCount },
			describe(isCompressed),
		);
		const body = bytes.length - valueByteCount;
		const { u8 } = engine.arena.views;
		bytes.set(u8.subarray(levels, values), body - (values - levels));
		bytes.set(u8.subarray(from, from + valueByteCount), body);
		pool.release(compressed.buffer);
		return bytes;
	}

	/** A page's header, and room for its body after it. */
	#withHeader(
		kind: number,
		byteCounts: { uncompressed: number; compressed: number },
		describe: (header: ThriftWriter) => void,
	): Uint8Array {
		const header = new ThriftWriter();
		header.root(() => {
			header.i32(1, kind);
			header.i32(2, byteCounts.uncompressed);
			header.i32(3, byteCounts.compressed);
			describe(header);
		});
		const bytes = new Uint8Array(header.bytes.length + byteCounts.compressed);
		bytes.set(header.bytes);
		this.#uncompressedByteCount += header.bytes.length + byteCounts.uncompressed;
		this.byteCount += bytes.length;
		return bytes;
	}

	/** The dictionary page: by the codec of the chunk, for it cannot say otherwise. */
	#finishDictionary({ entries }: DictionaryWriter): Uint8Array {
		const { pool, engine } = this.#memory;
		const byteCount = this.#encoder.plainByteCount(entries);
		const buffer = pool.allocate(byteCount + SLACK_BYTES);
		const end = this.#encoder.plain(entries, buffer);
		const compressed = this.#encoder.compress(buffer, byteCount);
		this.#isCompressed ||= paysToCompress(byteCount, compressed.byteCount);
		const [from, length] = this.#isCompressed ? [compressed.buffer, compressed.byteCount] : [buffer, end - buffer];
		const bytes = this.#withHeader(PageKind.dictionary, { uncompressed: byteCount, compressed: length }, (header) =>
			header.struct(7, () => {
				header.i32(1, entries.count);
				header.i32(2, Encoding.plain);
			}),
		);
		bytes.set(engine.arena.views.u8.subarray(from, from + length), bytes.length - length);
		pool.release(compressed.buffer);
		pool.release(buffer);
		this.#encodings.add(Encoding.plain);
		return bytes;
	}

	/** Closes the page and the chunk; the writer is ready for the next row group. */
	finishChunk(): WrittenChunk {
		this.closePage(true);
		const dictionary = this.#dictionary === null ? null : this.#finishDictionary(this.#dictionary);
		this.#dictionary?.close();
		this.#dictionary = null;
		this.#encoding = null;
		const chunk: WrittenChunk = {
			dictionary,
			pages: this.#pages,
			codec: this.#isCompressed ? Codec.snappy : Codec.uncompressed,
			encodings: [...this.#encodings, Encoding.rle],
			uncompressedByteCount: this.#uncompressedByteCount,
			entryCount: this.#entryCount,
			extremes: this.#pages.reduce((merged, page) => mergeExtremes(merged, page.extremes), noExtremes()),
		};
		this.#pages = [];
		this.#encodings = new Set();
		this.#uncompressedByteCount = 0;
		this.#entryCount = 0;
		this.byteCount = 0;
		this.#isCompressed = false;
		return chunk;
	}

	close(): void {
		this.#dictionary?.close();
		this.#dictionary = null;
		this.#page.close();
	}
}
