/**
 * Reads one column chunk page by page and hands out vectors of any number of rows within a page. All the chunk's state lies in the pool: one
 * decompressed page and one dictionary.
 */
import type { DataType, PhysicalType } from "#shared/contracts/data-type.ts";
import { physicalType } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import { flatten } from "#shared/engine/vector/copy.ts";
import type { Dictionary, FlatVector, Vector } from "#shared/engine/vector/vector.ts";
import type { BufferPool } from "../buffer-pool.ts";
import { ChunkWindow } from "./chunk-window.ts";
import type { Conversion, Lanes, ValueError } from "./conversion.ts";
import { decompress, requireCodec } from "./decompress.ts";
import type { ColumnChunk } from "./footer.ts";
import type { ParquetColumn } from "./footer-schema.ts";
import { Encoding, PhysicalKind } from "../format.ts";
import { definitionBits, definitionLevels, type ListShape } from "../list-levels.ts";
import { ListPages } from "./list-pages.ts";
import { malformed } from "./malformed.ts";
import { LEVEL_STATE_BYTES, loadListPage, loadPage, type PageSource, readLevels } from "./page-body.ts";
import { nextPageHeader, type PageHeader } from "./page-header.ts";
import { physicalWidth, SLACK_BYTES, type ValueDecoder } from "../raw-values.ts";
import { openDecoder } from "./value-decoder.ts";

export interface ColumnRequest {
	column: ParquetColumn;
	type: DataType;
	conversion: Conversion;
	/** `row` counts from 0 within the row group. */
	report: (error: ValueError, row: number) => void;
}

interface Page {
	buffer: Pointer;
	decoder: ValueDecoder;
	/** Hybrid state of the definition levels; 0 when every row is valid. */
	levels: Pointer;
	rowsLeft: number;
}

interface ChunkDictionary {
	/** In the file: 0 where the vector has one that stands under NULL. */
	entryCount: number;
	vector: Dictionary;
	/** Entries that do not fit the type, reported for each row that uses them. */
	errors: Map<number, ValueError>;
}

export class ColumnReader {
	readonly window: ChunkWindow;
	readonly #request: ColumnRequest;
	readonly #chunk: ColumnChunk;
	readonly #memory: { engine: Engine; pool: BufferPool };
	/** Dictionary entries live in here; returned with the chunk. */
	readonly #region: Region;
	readonly #physical: PhysicalType;
	#dictionary: ChunkDictionary | null = null;
	#page: Page | null = null;
	/** The data page that comes next, and a dictionary before it, as they lie in the file: opened when a row of the page is read, so never where all are skipped. */
	#pending: { header: PageHeader; body: Uint8Array; skippedCount: number } | null = null;
	#pendingDictionary: { header: PageHeader; body: Uint8Array } | null = null;
	/** Of a column of lists. */
	readonly #lists: ListPages | null;
	readonly #pageRegion: Region | null;
	/** Values of pages not opened yet. */
	#valuesLeft: number;
	/** Rows handed out. */
	#row = 0;
	/** Rows of lists that began in the pages opened so far. */
	#listRowCount = 0;

	constructor(request: ColumnRequest, chunk: ColumnChunk, memory: { engine: Engine; pool: BufferPool; region: Region }) {
		requireCodec(chunk.codec, request.column.name);
		this.#request = request;
		this.#chunk = chunk;
		this.#memory = memory;
		this.#region = memory.region;
		const { list } = request.column;
		this.#physical = physicalType(this.#leafType);
		this.#lists = list === null ? null : new ListPages(memory.engine, request.type, list);
		this.#pageRegion = list === null ? null : memory.region.lease.region();
		this.#valuesLeft = chunk.valueCount;
		this.window = new ChunkWindow(chunk);
	}

	/** Of the values in the file: of an array, its elements. */
	get #leafType(): DataType {
		const { type } = this.#request;
		return type.kind === "array" ? type.element : type;
	}

	/** Rows that can be read without opening another page. */
	get rowsAvailable(): number {
		if (this.#lists !== null) return this.#lists.rowsAvailable;
		if (this.#pending !== null) return this.#pending.header.valueCount - this.#pending.skippedCount;
		return this.#page?.rowsLeft ?? 0;
	}

	/**
	 * Goes to the next page with rows, where none are left. @returns false when bytes must be fetched into {@link window} first
	 * @throws malformed_body, feature_not_supported
	 */
	prepare(): boolean {
		while (this.rowsAvailable === 0) {
			if (this.#valuesLeft === 0) throw malformed(`column "${this.#request.column.name}" ends before its row group`);
			const header = nextPageHeader(this.window, this.#request.column.name);
			if (header === null) return false;
			const body = this.window.peek(header.headerByteCount + header.compressedByteCount);
			if (body === null) return false;
			this.window.position += body.length;
			this.#closePage();
			this.#openPage(header, body.subarray(header.headerByteCount));
		}
		return true;
	}

	get #pageSource(): PageSource {
		const { name, nullable } = this.#request.column;
		return { ...this.#memory, codec: this.#chunk.codec, name, nullable };
	}

	#openPage(header: PageHeader, body: Uint8Array): void {
		if (header.kind === "other") return;
		if (header.kind === "dictionary") {
			if (this.#dictionary !== null || this.#pendingDictionary !== null) throw malformed("a column chunk has two dictionaries");
			this.#pendingDictionary = { header, body };
			return;
		}
		if (header.valueCount > this.#valuesLeft) throw malformed("the pages of a column chunk have more values than it says");
		this.#valuesLeft -= header.valueCount;
		if (header.valueCount === 0) return;
		if (this.#lists !== null) {
			this.#openPendingDictionary();
			this.#openListPage(header, body, this.#lists);
			return;
		}
		if (header.repetitionByteCount > 0) throw malformed("a flat column has repetition levels");
		if (header.rowCount >= 0 && header.rowCount !== header.valueCount) {
			throw malformed("a page of a flat column has not as many values as rows");
		}
		this.#pending = { header, body, skippedCount: 0 };
	}

	#openPendingDictionary(): void {
		const pending = this.#pendingDictionary;
		this.#pendingDictionary = null;
		if (pending !== null) this.#openDictionary(pending.header, pending.body);
	}

	#openPending(region: Region): void {
		if (this.#pending === null) return;
		const { header, body, skippedCount } = this.#pending;
		this.#pending = null;
		this.#openPendingDictionary();
		const { buffer, levelsEnd, end, levelsStart } = loadPage(header, body, this.#pageSource);
		const { engine, pool } = this.#memory;
		let levels = 0;
		if (this.#request.column.nullable) {
			levels = pool.allocate(LEVEL_STATE_BYTES);
			engine.kernels.hybrid_open(levels, levelsStart, levelsEnd, 1);
		}
		const decoder = openDecoder(
			header.encoding,
			this.#request.column,
			{ pointer: levelsEnd, end, valueCount: header.valueCount, dictionaryEntryCount: this.#dictionary?.entryCount ?? -1 },
			this.#memory,
		);
		this.#page = { buffer, decoder, levels, rowsLeft: header.valueCount };
		if (skippedCount > 0) this.#skipInPage(this.#page, skippedCount, region);
	}

	/** Decodes a page of lists as a whole: its rows are handed out from what it holds. */
	#openListPage(header: PageHeader, body: Uint8Array, lists: ListPages): void {
		const { engine } = this.#memory;
		const region = this.#pageRegion as Region;
		region.reset();
		const shape = this.#request.column.list as ListShape;
		const { element, value } = definitionLevels(shape);
		const { buffer, repetitions, definitions, values, end } = loadListPage(header, body, this.#pageSource);
		const levels = (range: [Pointer, Pointer], bitWidth: number, limit: number): Int32Array =>
			readLevels(range, { count: header.valueCount, bitWidth, limit }, this.#memory);
		const repeated = levels(repetitions, 1, 2);
		const defined = levels(definitions, definitionBits(shape), value + 1);
		const elementCount = defined.reduce((count, level) => count + Number(level >= element), 0);
		const denseCount = defined.reduce((count, level) => count + Number(level === value), 0);
		const decoder = openDecoder(
			header.encoding,
			this.#request.column,
			{ pointer: values, end, valueCount: denseCount, dictionaryEntryCount: this.#dictionary?.entryCount ?? -1 },
			this.#memory,
		);
		const firstRow = this.#listRowCount;
		const report = (error: ValueError): void => {
			let left = error.index;
			const entry = defined.findIndex((level) => level === value && left-- === 0);
			this.#request.report(error, Math.max(0, firstRow + ListPages.rowOf(repeated, entry)));
		};
		const validity = denseCount === elementCount ? 0 : this.#elementValidity(defined, { element, value }, elementCount);
		const raw = decoder.read(denseCount, region);
		const rows = { count: elementCount, denseCount, validity, region };
		const vector =
			raw.kind === "codes"
				? this.#fromCodes({ ...rows, codes: raw.values, report })
				: this.#spread({ ...rows, lanes: this.#request.conversion(denseCount, raw, { engine, region, report }) });
		const space = { rowCount: elementCount, selection: 0, selectedCount: elementCount };
		const elements = flatten(engine, vector, space, region);
		// What was not copied lies in the page until the next one is opened.
		this.#page = { buffer, decoder, levels: 0, rowsLeft: 0 };
		this.#listRowCount += repeated.reduce((count, level) => count + Number(level === 0), 0);
		lists.open({ definitions: defined, repetitions: repeated, elements, hasNext: this.#valuesLeft > 0 });
	}

	#elementValidity(defined: Int32Array, { element, value }: { element: number; value: number }, elementCount: number): Pointer {
		const validity = (this.#pageRegion as Region).allocateZeroed(((elementCount + 7) >> 3) + SLACK_BYTES);
		const { u8 } = this.#memory.engine.arena.views;
		let index = 0;
		for (const level of defined) {
			if (level < element) continue;
			if (level === value) u8[validity + (index >> 3)] = (u8[validity + (index >> 3)] as number) | (1 << (index & 7));
			index++;
		}
		return validity;
	}

	#openDictionary(header: PageHeader, body: Uint8Array): void {
		if (header.encoding !== Encoding.plain && header.encoding !== Encoding.plainDictionary) throw malformed("a dictionary is not PLAIN");
		const { column, conversion } = this.#request;
		const { engine, pool } = this.#memory;
		const width = physicalWidth(column.physical, column.typeLength);
		// An entry takes at least its width, or the four bytes of its length.
		if (column.physical === PhysicalKind.boolean || header.valueCount * (width || 4) > header.uncompressedByteCount) {
			throw malformed("a dictionary has more entries than bytes");
		}
		const buffer = pool.allocate(header.uncompressedByteCount + SLACK_BYTES);
		decompress(body, { codec: this.#chunk.codec, out: buffer, byteCount: header.uncompressedByteCount }, this.#memory);
		const end = buffer + header.uncompressedByteCount;
		const page = { pointer: buffer, end, valueCount: header.valueCount, dictionaryEntryCount: -1, isTransient: true };
		const decoder = openDecoder(Encoding.plain, column, page, this.#memory);
		const raw = decoder.read(header.valueCount, this.#region);
		decoder.close();
		pool.release(buffer);
		if (raw.kind === "codes") throw malformed("a dictionary is coded");
		const errors = new Map<number, ValueError>();
		const report = (error: ValueError): void => void errors.set(error.index, error);
		const lanes = conversion(header.valueCount, raw, { engine, region: this.#region, report });
		this.#dictionary = { entryCount: header.valueCount, vector: this.#dictionaryVector(lanes, header.valueCount), errors };
	}

	/** A dictionary has at least one entry, so that code 0 under NULL points at something. */
	#dictionaryVector({ values, offsets }: Lanes, entryCount: number): Dictionary {
		const { u8, i32 } = this.#memory.engine.arena.views;
		if (entryCount === 0 && this.#physical === "bytes") i32.fill(0, offsets >> 2, (offsets >> 2) + 2);
		else if (entryCount === 0) u8.fill(0, values, values + SLACK_BYTES);
		const type = this.#leafType;
		return {
			values: { kind: "flat", type, physical: this.#physical, values, validity: 0, offsets: this.#physical === "bytes" ? offsets : 0 },
			entryCount: Math.max(1, entryCount),
		};
	}

	/** The next `count` rows, at most {@link rowsAvailable}; valid until the region is reset or another page is opened. */
	read(count: number, region: Region): Vector {
		if (this.#lists !== null) return this.#lists.read(count, region);
		this.#openPending(region);
		const page = this.#page as Page;
		const { engine } = this.#memory;
		const firstRow = this.#row;
		let validity: Pointer = 0;
		let denseCount = count;
		if (page.levels !== 0) {
			validity = region.allocate(((count + 7) >> 3) + SLACK_BYTES);
			denseCount = engine.kernels.hybrid_read_validity(page.levels, count, validity);
			if (denseCount < 0) throw malformed("the levels of a page end early or are above 1");
			if (denseCount === count) validity = 0;
		}
		const raw = page.decoder.read(denseCount, region);
		page.rowsLeft -= count;
		this.#row += count;
		const report = (error: ValueError): void => {
			const row = validity === 0 ? error.index : this.#nthValid(validity, error.index);
			this.#request.report(error, firstRow + row);
		};
		if (raw.kind === "codes") return this.#fromCodes({ count, denseCount, validity, codes: raw.values, region, report });
		const lanes = this.#request.conversion(denseCount, raw, { engine, region, report });
		return this.#spread({ count, validity, lanes, region });
	}

	/** Passes over the next `count` rows, at most {@link rowsAvailable}; what this takes of `region` is scratch. */
	skip(count: number, region: Region): void {
		if (this.#lists !== null) {
			this.#lists.read(count, region);
			return;
		}
		this.#row += count;
		if (this.#pending === null) this.#skipInPage(this.#page as Page, count, region);
		else if (this.#pending.skippedCount + count === this.#pending.header.valueCount) this.#pending = null;
		else this.#pending.skippedCount += count;
	}

	#skipInPage(page: Page, count: number, region: Region): void {
		let denseCount = count;
		if (page.levels !== 0) {
			const validity = region.allocate(((count + 7) >> 3) + SLACK_BYTES);
			denseCount = this.#memory.engine.kernels.hybrid_read_validity(page.levels, count, validity);
			if (denseCount < 0) throw malformed("the levels of a page end early or are above 1");
		}
		page.decoder.skip(denseCount, region);
		page.rowsLeft -= count;
	}

	#fromCodes(rows: {
		count: number;
		denseCount: number;
		validity: Pointer;
		codes: Pointer;
		region: Region;
		report: (error: ValueError) => void;
	}): Vector {
		const { count, denseCount, validity, region, report } = rows;
		const { engine } = this.#memory;
		const dictionary = this.#dictionary as ChunkDictionary;
		if (dictionary.errors.size > 0) {
			const { i32 } = engine.arena.views;
			for (let index = 0; index < denseCount; index++) {
				const error = dictionary.errors.get(i32[(rows.codes >> 2) + index] as number);
				if (error !== undefined) report({ ...error, index });
			}
		}
		let { codes } = rows;
		if (validity !== 0) {
			codes = region.allocate(count * 4);
			engine.kernels.spread_i32(count, validity, rows.codes, codes);
		}
		return { kind: "dictionary", type: this.#leafType, physical: this.#physical, codes, validity, dictionary: dictionary.vector };
	}

	/** Dense lanes to a flat vector: under NULL lies zero. */
	#spread({ count, validity, lanes, region }: { count: number; validity: Pointer; lanes: Lanes; region: Region }): FlatVector {
		const { kernels } = this.#memory.engine;
		const vector: FlatVector = { kind: "flat", type: this.#leafType, physical: this.#physical, ...lanes, validity };
		if (validity === 0) return vector;
		if (this.#physical === "bytes") {
			vector.offsets = region.allocate((count + 1) * 4);
			kernels.spread_offsets(count, validity, lanes.offsets, vector.offsets);
			return vector;
		}
		switch (this.#physical) {
			case "bool":
				vector.values = region.allocate(count);
				kernels.spread_bool(count, validity, lanes.values, vector.values);
				return vector;
			case "i32":
			case "f32":
				vector.values = region.allocate(count * 4);
				kernels.spread_i32(count, validity, lanes.values, vector.values);
				return vector;
			case "i64":
			case "f64":
				vector.values = region.allocate(count * 8);
				kernels.spread_i64(count, validity, lanes.values, vector.values);
				return vector;
			default:
				vector.values = region.allocate(count * 16);
				kernels.spread_i128(count, validity, lanes.values, vector.values);
				return vector;
		}
	}

	#nthValid(validity: Pointer, index: number): number {
		const { u8 } = this.#memory.engine.arena.views;
		let left = index;
		for (let row = 0; ; row++) {
			if ((((u8[validity + (row >> 3)] as number) >> (row & 7)) & 1) !== 0 && left-- === 0) return row;
		}
	}

	#closePage(): void {
		if (this.#page === null) return;
		this.#page.decoder.close();
		this.#memory.pool.release(this.#page.levels);
		this.#memory.pool.release(this.#page.buffer);
		this.#page = null;
	}

	/** Gives back the open page; the dictionary goes with its region. */
	close(): void {
		this.#closePage();
		this.#pageRegion?.free();
	}
}
