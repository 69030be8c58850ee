/**
 * Writes batches as a Parquet file to a sink: row groups of ROW_GROUP_ROW_COUNT rows, snappy, dictionaries where they pay, statistics, column and
 * offset indexes, field ids. Held in memory: the open page of each column and the dictionaries (arena), the compressed row group (heap).
 */
import { assert } from "#shared/base/assert.ts";
import {
	PARQUET_PAGE_ROW_COUNT,
	PARQUET_WRITE_BYTES_MAX,
	PARQUET_WRITE_DICTIONARY_BYTES_MAX,
	PARQUET_WRITE_PAGES_BYTES_MAX,
	ROW_GROUP_ROW_COUNT,
} from "#shared/base/limits.ts";
import type { ColumnStatistics } from "#shared/contracts/snapshot.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { explodeArrays } from "#shared/engine/vector/arrays.ts";
import { VectorBuilder } from "#shared/engine/vector/builder.ts";
import { compactBatch, flatten } from "#shared/engine/vector/copy.ts";
import { readValue } from "#shared/engine/vector/read.ts";
import type { FlatVector, Vector } from "#shared/engine/vector/vector.ts";
import type { TableSketches } from "#shared/sketches/table-sketches.ts";
import { BufferPool } from "../buffer-pool.ts";
import { ColumnWriter, type WrittenColumn, type WrittenLists } from "./column-writer.ts";
import type { DictionaryBudget } from "./dictionary-writer.ts";
import { FileSketches } from "./file-sketches.ts";
import { type Extremes, mergeExtremes, noExtremes } from "./page-extremes.ts";
import { encodeFooter, type FooterChunk, type FooterRowGroup } from "./footer-writer.ts";

const MAGIC_BYTES = Uint8Array.of(0x50, 0x41, 0x52, 0x31);
/** Bytes of a value as far as page sizes are planned. */
const VALUE_BYTES_PLANNED = 24;
const PAGE_ROW_COUNT_MIN = 512;

export interface ParquetWriterOptions {
	columns: WrittenColumn[];
	engine: Engine;
	/** Gets the file's bytes in order, each array its own. What it rejects with ends the write. */
	sink: (bytes: Uint8Array) => void | Promise<void>;
	/** Whose arena pages are used; without it the writer leases its own. */
	lease?: Lease;
	/** Less memory than a writer may take by itself. */
	memory?: WriterMemory;
	/** Makes sketches of the rows. */
	sketches?: boolean;
}

/** Arena of the open pages and of the dictionaries; compressed bytes of the open row group, on the heap. */
export interface WriterMemory {
	pagesBytes: number;
	dictionaryBytes: number;
	rowGroupBytes: number;
}

const MEMORY_MAX: WriterMemory = {
	pagesBytes: PARQUET_WRITE_PAGES_BYTES_MAX,
	dictionaryBytes: PARQUET_WRITE_DICTIONARY_BYTES_MAX,
	rowGroupBytes: PARQUET_WRITE_BYTES_MAX,
};

export interface WrittenFile {
	rowCount: number;
	byteCount: number;
	/** In the order of the columns; bounds cut to STATISTICS_BOUND_BYTES_MAX. */
	columns: ColumnStatistics[];
	/** Where they were asked for. */
	sketches: TableSketches | null;
}

let writerCount = 0;

export class ParquetWriter {
	readonly #options: ParquetWriterOptions;
	readonly #lease: Lease;
	readonly #pool: BufferPool;
	/** What one batch needs while it is appended. */
	readonly #region: Region;
	readonly #writers: ColumnWriter[];
	readonly #memory: WriterMemory;
	readonly #pageRowCount: number;
	readonly #sketches: FileSketches | null;
	readonly #rowGroups: FooterRowGroup[] = [];
	#extremes: Extremes[];
	/** Rows of the open row group; of the open pages. */
	#rowCount = 0;
	#pageRows = 0;
	/** Bytes given to the sink. */
	#position = 0;
	#closed = false;

	constructor(options: ParquetWriterOptions) {
		this.#options = options;
		// A name of its own: pages that another tenant's file went through are zeroed first.
		this.#lease = options.lease ?? new Lease(options.engine.arena, { owner: `parquet-writer-${writerCount++}` });
		this.#pool = new BufferPool(this.#lease);
		this.#region = this.#lease.region();
		this.#memory = options.memory ?? MEMORY_MAX;
		const budget: DictionaryBudget = { byteCount: this.#memory.dictionaryBytes };
		const memory = { engine: options.engine, pool: this.#pool };
		this.#writers = options.columns.map((column) => new ColumnWriter(column, memory, budget));
		this.#sketches = options.sketches === true ? new FileSketches(options.engine, options.columns) : null;
		this.#extremes = options.columns.map(noExtremes);
		const fit = Math.floor(this.#memory.pagesBytes / (VALUE_BYTES_PLANNED * Math.max(1, options.columns.length)));
		this.#pageRowCount = Math.max(PAGE_ROW_COUNT_MIN, Math.min(PARQUET_PAGE_ROW_COUNT, fit));
	}

	/** Appends the batch's live rows. The batch must stay valid until the promise is settled. */
	async write(batch: Batch): Promise<void> {
		assert(!this.#closed, "a closed writer writes nothing");
		assert(batch.columns.length === this.#writers.length, "a batch has the file's columns");
		try {
			await this.#append(batch);
		} catch (error) {
			this.close();
			throw error;
		}
	}

	async #append(batch: Batch): Promise<void> {
		this.#region.reset();
		const { engine } = this.#options;
		const compact = compactBatch(engine, batch, this.#region);
		const columns = compact.columns.map((column, index) => this.#flat(column, compact.rowCount, index));
		this.#sketches?.add(columns, compact.rowCount);
		const lists = columns.map((column) => (column.type.kind === "array" ? this.#lists(column, compact.rowCount) : null));
		let start = 0;
		while (start < compact.rowCount) {
			const end = Math.min(compact.rowCount, start + this.#pageRowCount - this.#pageRows, start + ROW_GROUP_ROW_COUNT - this.#rowCount);
			this.#writers.forEach((writer, index) => writer.append(columns[index] as FlatVector, start, end, lists[index] ?? null));
			this.#rowCount += end - start;
			this.#pageRows += end - start;
			start = end;
			const openByteCount = this.#writers.reduce((total, writer) => total + writer.openByteCount, 0);
			if (this.#pageRows === this.#pageRowCount || openByteCount >= this.#memory.pagesBytes) {
				for (const writer of this.#writers) writer.closePage();
				this.#pageRows = 0;
			}
			if (this.#rowCount === ROW_GROUP_ROW_COUNT || this.#waitingByteCount >= this.#memory.rowGroupBytes) await this.#finishRowGroup();
		}
	}

	/** Compressed bytes so far, the open pages left out. */
	get byteCount(): number {
		return this.#position + this.#waitingByteCount;
	}

	/** Compressed bytes of the open row group. */
	get #waitingByteCount(): number {
		return this.#writers.reduce((total, writer) => total + writer.byteCount, 0);
	}

	#lists(column: FlatVector, rowCount: number): WrittenLists {
		const { engine } = this.#options;
		const space = { rowCount, selection: 0, selectedCount: rowCount };
		const { elements, counts } = explodeArrays(engine, { vector: column, constant: 0 }, space, this.#region);
		const ends = new Int32Array(rowCount + 1);
		for (let row = 0; row < rowCount; row++) ends[row + 1] = (ends[row] as number) + (engine.arena.views.i32[counts / 4 + row] as number);
		return { elements, rows: { validity: column.validity, ends, elementValidity: elements.validity } };
	}

	/** The column as the writer takes it; a free NUMERIC as its text. */
	#flat(column: Vector, rowCount: number, index: number): FlatVector {
		const { engine, columns } = this.#options;
		const { type } = columns[index] as WrittenColumn;
		if (column.type.kind === "numeric" && column.physical === "numeric") {
			const builder = new VectorBuilder(engine, this.#region, { kind: "text" }, rowCount);
			for (let row = 0; row < rowCount; row++) {
				const value = readValue(engine, column, row);
				builder.append(value === null ? null : formatValue(type, value));
			}
			return builder.finish();
		}
		return flatten(engine, column, { rowCount, selection: 0, selectedCount: rowCount }, this.#region);
	}

	async #emit(bytes: Uint8Array): Promise<void> {
		this.#position += bytes.length;
		await this.#options.sink(bytes);
	}

	async #finishRowGroup(): Promise<void> {
		if (this.#rowCount === 0) return;
		if (this.#position === 0) await this.#emit(MAGIC_BYTES.slice());
		const chunks: FooterChunk[] = [];
		for (const [index, writer] of this.#writers.entries()) {
			const chunk = writer.finishChunk();
			this.#extremes[index] = mergeExtremes(this.#extremes[index] as Extremes, chunk.extremes);
			const offset = this.#position;
			if (chunk.dictionary !== null) await this.#emit(chunk.dictionary);
			const dataOffset = this.#position;
			const pages: FooterChunk["pages"] = [];
			let firstRow = 0;
			for (const { bytes, rowCount, extremes } of chunk.pages) {
				pages.push({ offset: this.#position, byteCount: bytes.length, firstRow, extremes });
				firstRow += rowCount;
				await this.#emit(bytes);
			}
			chunks.push({
				dictionaryOffset: chunk.dictionary === null ? null : offset,
				dataOffset,
				byteCount: this.#position - offset,
				uncompressedByteCount: chunk.uncompressedByteCount,
				entryCount: chunk.entryCount,
				codec: chunk.codec,
				encodings: chunk.encodings,
				extremes: chunk.extremes,
				pages,
			});
		}
		this.#rowGroups.push({ rowCount: this.#rowCount, chunks });
		this.#rowCount = 0;
		this.#pageRows = 0;
	}

	/** Ends the file and gives its statistics; the arena's pages are returned. */
	async finish(): Promise<WrittenFile> {
		assert(!this.#closed, "a writer finishes once");
		try {
			await this.#finishRowGroup();
			if (this.#position === 0) await this.#emit(MAGIC_BYTES.slice());
			await this.#emit(encodeFooter(this.#writers, this.#rowGroups, this.#position));
		} finally {
			this.close();
		}
		return {
			rowCount: this.#rowGroups.reduce((total, group) => total + group.rowCount, 0),
			byteCount: this.#position,
			columns: this.#options.columns.map(({ fieldId }, index): ColumnStatistics => {
				const { nullCount, minimum, maximum, hasNaN } = this.#extremes[index] as Extremes;
				return { fieldId, nullCount, minimum, maximum, hasNaN };
			}),
			sketches: this.#sketches?.finish() ?? null,
		};
	}

	/** Gives up: returns the memory. May be called at any time, and again. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#pool.close();
		this.#region.free();
		if (this.#options.lease === undefined) this.#lease.release();
	}
}
