/**
 * Writes the chunk of one column: pages are encoded and compressed as soon as they are full, and wait as bytes on the heap until the row group
 * ends. A dictionary is tried on every chunk and given up where its first page shows that it does not pay.
 */
import { PARQUET_PAGE_BYTES } from "#shared/base/limits.ts";
import { compareBytes, encodeBound, hasBounds } from "#shared/contracts/bound.ts";
import type { DataType, PhysicalType } from "#shared/contracts/data-type.ts";
import { physicalType } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import { readValue } from "#shared/engine/vector/read.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import { cutLower, cutUpper } from "./bounds.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { type DenseValues, type DictionaryBudget, DictionaryWriter } from "./dictionary-writer.ts";
import { Encoding, PageKind } from "./format.ts";
import { definitionBits, ListLevels, type ListRows, type ListShape } from "./list-levels.ts";
import { PageBuilder } from "./page-builder.ts";
import { ThriftWriter } from "./thrift-writer.ts";
import { SLACK_BYTES } from "./raw-values.ts";
import { type WrittenType, writtenType } from "./written-type.ts";

export interface WrittenColumn {
	fieldId: number;
	name: string;
	type: DataType;
	nullable: boolean;
}

/** Of a page, a chunk or a file. `minimum` and `maximum` are bounds of at most STATISTICS_BOUND_BYTES_MAX bytes; NaN is left out. */
export interface Extremes {
	nullCount: number;
	minimum: Uint8Array | null;
	maximum: Uint8Array | null;
	hasNaN: boolean;
	/** False where a bound was cut. */
	minimumExact: boolean;
	maximumExact: boolean;
	/** Values that are neither NULL nor NaN. */
	valueCount: number;
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

export const noExtremes = (): Extremes => ({
	nullCount: 0,
	minimum: null,
	maximum: null,
	hasNaN: false,
	minimumExact: true,
	maximumExact: true,
	valueCount: 0,
});

/** The extremes of two sets of rows together. A side with values but without a bound leaves none. */
export function mergeExtremes(left: Extremes, right: Extremes): Extremes {
	const merged = { ...left, nullCount: left.nullCount + right.nullCount, hasNaN: left.hasNaN || right.hasNaN };
	merged.valueCount += right.valueCount;
	if (right.valueCount === 0) return merged;
	const takesAll = left.valueCount === 0;
	if (takesAll || (left.minimum !== null && (right.minimum === null || compareBytes(right.minimum, left.minimum) < 0))) {
		merged.minimum = right.minimum;
		merged.minimumExact = right.minimumExact;
	}
	if (takesAll || (left.maximum !== null && (right.maximum === null || compareBytes(right.maximum, left.maximum) > 0))) {
		merged.maximum = right.maximum;
		merged.maximumExact = right.maximumExact;
	}
	return merged;
}

/** A dictionary stays when each entry stands for at least this many values of the first page. */
const DICTIONARY_REPEATS_MIN = 2;
/** Bytes of the snappy kernel's hash table. */
const SNAPPY_TABLE_BYTES = 32_768;

type Memory = { engine: Engine; pool: BufferPool };

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
	/** undecided until the first page with values is closed; full: later pages are PLAIN. */
	#dictionaryState: "undecided" | "kept" | "full" | "none" = "undecided";
	#pages: WrittenPage[] = [];
	#encodings = new Set<number>();
	#uncompressedByteCount = 0;
	#entryCount = 0;
	/** Compressed bytes of the chunk so far. */
	byteCount = 0;

	constructor(column: WrittenColumn, memory: Memory, budget: DictionaryBudget) {
		this.column = column;
		this.written = writtenType(column.type);
		const leaf = column.type.kind === "array" ? column.type.element : column.type;
		this.#physical = physicalType(leaf) === "numeric" ? "bytes" : physicalType(leaf);
		this.#levels = column.type.kind === "array" ? new ListLevels(listShape(column)) : null;
		this.#memory = memory;
		this.#budget = budget;
		this.#page = new PageBuilder(this.#physical, memory);
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

	/** Encodes the rows collected, if any, as one page. */
	closePage(): void {
		const page = this.#page;
		const rowCount = this.#levels?.rowCount ?? page.rowCount;
		if (rowCount === 0) return;
		const nullCount = this.#levels?.nullRowCount ?? page.nullCount;
		if (nullCount > 0 && !this.column.nullable)
			throw new Error(`assertion failed: column "${this.column.name}" is not nullable and has a NULL`);
		const entryCount = this.#levels?.entryCount ?? rowCount;
		const { dense } = page;
		const extremes = this.#extremes(dense, nullCount);
		if (this.#levels !== null) extremes.valueCount = rowCount - nullCount;
		const { pool } = this.#memory;
		const codes = this.#encodeCodes(dense);
		const levelRoom = this.#levels !== null ? entryCount * 2 + 256 : this.column.nullable ? rowCount + 128 : 0;
		const buffer = pool.allocate(levelRoom + dense.count * 4 + page.plainByteCount + 128);
		let end = buffer;
		if (this.#levels !== null) {
			end = this.#encodeLevels(this.#levels.repetitions, 1, end);
			end = this.#encodeLevels(this.#levels.definitions, definitionBits(listShape(this.column)), end);
		} else if (this.column.nullable) end = this.#encodeLevelsAt(page.levels, rowCount, 1, end);
		if (codes === 0) end = this.#encodePlain(dense, end);
		else {
			const bitWidth = Math.max(1, 32 - Math.clz32((this.#dictionary as DictionaryWriter).entryCount - 1));
			this.#memory.engine.arena.views.u8[end++] = bitWidth;
			end += this.#memory.engine.kernels.hybrid_encode_i32(dense.count, codes, bitWidth, end);
			pool.release(codes);
		}
		const encoding = codes === 0 ? Encoding.plain : Encoding.rleDictionary;
		this.#encodings.add(encoding);
		const bytes = this.#compress(buffer, end - buffer, (writer) => {
			writer.i32(1, PageKind.data);
			return () =>
				writer.struct(5, () => {
					writer.i32(1, entryCount);
					writer.i32(2, encoding);
					writer.i32(3, Encoding.rle);
					writer.i32(4, Encoding.rle);
				});
		});
		pool.release(buffer);
		this.#pages.push({ bytes, rowCount, extremes });
		this.#entryCount += entryCount;
		page.reset();
		this.#levels?.reset();
	}

	#encodeLevels(levels: Uint8Array, bitWidth: number, out: Pointer): Pointer {
		const { engine, pool } = this.#memory;
		const copy = pool.allocate(levels.length + SLACK_BYTES);
		engine.arena.views.u8.set(levels, copy);
		const end = this.#encodeLevelsAt(copy, levels.length, bitWidth, out);
		pool.release(copy);
		return end;
	}

	/** @returns the end of the levels' length and their runs, written at `out` */
	#encodeLevelsAt(levels: Pointer, count: number, bitWidth: number, out: Pointer): Pointer {
		const { kernels, arena } = this.#memory.engine;
		const byteCount = kernels.hybrid_encode_u8(count, levels, bitWidth, out + 4);
		arena.views.data.setUint32(out, byteCount, true);
		return out + 4 + byteCount;
	}

	/** @returns codes i32[count] in the pool, or 0 when the page is to be written PLAIN */
	#encodeCodes(dense: DenseValues): Pointer {
		const { pool } = this.#memory;
		if (dense.count === 0 || this.#dictionaryState === "none" || this.#dictionaryState === "full") return 0;
		if (this.#physical === "bool" || this.#physical === "f32" || this.#physical === "f64" || this.#physical === "interval") return 0;
		this.#dictionary ??= new DictionaryWriter(dense.width, this.#memory, this.#budget);
		const codes = pool.allocate(dense.count * 4);
		const fits = this.#dictionary.encode(dense, codes);
		if (this.#dictionaryState === "undecided") {
			const pays = fits && this.#dictionary.entryCount * DICTIONARY_REPEATS_MIN <= dense.count;
			this.#dictionaryState = pays ? "kept" : "none";
			if (!pays) {
				this.#dictionary.close();
				this.#dictionary = null;
			}
		} else if (!fits) this.#dictionaryState = "full";
		if (this.#dictionaryState === "kept") return codes;
		pool.release(codes);
		return 0;
	}

	/** @returns the end of the PLAIN values written at `out` */
	#encodePlain({ count, values, offsets, width }: DenseValues, out: Pointer): Pointer {
		const { kernels, arena } = this.#memory.engine;
		switch (this.written.form) {
			case "bits":
				kernels.pack_bits(count, values, out);
				return out + ((count + 7) >> 3);
			case "copy":
				arena.views.u8.copyWithin(out, values, values + count * width);
				return out + count * width;
			case "truncate":
				kernels.truncate_i64(count, values, out);
				return out + count * 4;
			case "bigEndian":
				kernels.i128_to_big_endian(count, values, out);
				return out + count * 16;
			case "bytes":
				return out + kernels.plain_bytes_encode(count, offsets, values, out);
			default:
				throw new Error(`no form ${String(this.written.form)}`);
		}
	}

	/** Header and compressed body as one array. `describe` writes the page's kind and gives what follows the sizes. */
	#compress(body: Pointer, byteCount: number, describe: (writer: ThriftWriter) => () => void): Uint8Array {
		const { engine, pool } = this.#memory;
		const table = pool.allocate(SNAPPY_TABLE_BYTES);
		const out = pool.allocate(32 + byteCount + Math.ceil(byteCount / 6) + SLACK_BYTES);
		const compressedByteCount = engine.kernels.snappy_compress(body, byteCount, out, table);
		const header = new ThriftWriter();
		header.root(() => {
			const description = describe(header);
			header.i32(2, byteCount);
			header.i32(3, compressedByteCount);
			description();
		});
		const bytes = new Uint8Array(header.bytes.length + compressedByteCount);
		bytes.set(header.bytes);
		bytes.set(engine.arena.views.u8.subarray(out, out + compressedByteCount), header.bytes.length);
		pool.release(table);
		pool.release(out);
		this.#uncompressedByteCount += header.bytes.length + byteCount;
		this.byteCount += bytes.length;
		return bytes;
	}

	#extremes(dense: DenseValues, nullCount: number): Extremes {
		const { type } = this.column;
		const extremes = { ...noExtremes(), nullCount, valueCount: dense.count };
		if (!hasBounds(type) || dense.count === 0) return extremes;
		const { engine, pool } = this.#memory;
		const positions = pool.allocate(8);
		const nanCount = this.#findExtremes(dense, positions);
		const { i32 } = engine.arena.views;
		const [least, largest] = [i32[positions >> 2] as number, i32[(positions >> 2) + 1] as number];
		pool.release(positions);
		extremes.hasNaN = nanCount > 0;
		extremes.valueCount -= nanCount;
		if (least < 0) return extremes;
		const minimum = this.#boundAt(dense, least);
		const maximum = this.#boundAt(dense, largest);
		if (minimum === null || maximum === null) return extremes;
		extremes.minimum = cutLower(type, minimum);
		extremes.minimumExact = extremes.minimum.length === minimum.length;
		extremes.maximum = cutUpper(type, maximum);
		extremes.maximumExact = extremes.maximum !== null && compareBytes(extremes.maximum, maximum) === 0;
		return extremes;
	}

	/** @returns how many values are NaN */
	#findExtremes({ count, values, offsets }: DenseValues, out: Pointer): number {
		const { kernels } = this.#memory.engine;
		switch (this.#physical) {
			case "bool":
				return kernels.extremes_bool(count, values, out);
			case "i32":
				return kernels.extremes_i32(count, values, out);
			case "i64":
				return kernels.extremes_i64(count, values, out);
			case "f32":
				return kernels.extremes_f32(count, values, out);
			case "f64":
				return kernels.extremes_f64(count, values, out);
			case "i128":
				return kernels.extremes_i128(count, values, this.column.type.kind !== "uuid", out);
			default:
				return kernels.extremes_bytes(count, offsets, values, out);
		}
	}

	#boundAt({ values, offsets }: DenseValues, index: number): Uint8Array | null {
		const { engine } = this.#memory;
		if (this.#physical === "bytes") {
			const { i32, u8 } = engine.arena.views;
			return u8.slice(values + (i32[(offsets >> 2) + index] as number), values + (i32[(offsets >> 2) + index + 1] as number));
		}
		const { type } = this.column;
		const vector: FlatVector = { kind: "flat", type, physical: this.#physical, values, validity: 0, offsets };
		return encodeBound(type, readValue(engine, vector, index));
	}

	/** Closes the page and the chunk; the writer is ready for the next row group. */
	finishChunk(): WrittenChunk {
		this.closePage();
		let dictionary: Uint8Array | null = null;
		if (this.#dictionary !== null) {
			const { entries } = this.#dictionary;
			const { pool, engine } = this.#memory;
			const byteCount =
				entries.width === 0 ? (engine.arena.views.i32[(entries.offsets >> 2) + entries.count] as number) : entries.count * entries.width;
			const buffer = pool.allocate(byteCount + entries.count * 4 + SLACK_BYTES);
			const end = this.#encodePlain(entries, buffer);
			dictionary = this.#compress(buffer, end - buffer, (writer) => {
				writer.i32(1, PageKind.dictionary);
				return () =>
					writer.struct(7, () => {
						writer.i32(1, entries.count);
						writer.i32(2, Encoding.plain);
					});
			});
			pool.release(buffer);
			this.#encodings.add(Encoding.plain);
		}
		this.#dictionary?.close();
		this.#dictionary = null;
		this.#dictionaryState = "undecided";
		const chunk: WrittenChunk = {
			dictionary,
			pages: this.#pages,
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
		return chunk;
	}

	close(): void {
		this.#dictionary?.close();
		this.#dictionary = null;
		this.#page.close();
	}
}
