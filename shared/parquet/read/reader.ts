/**
 * Reads batches of projected columns, row group by row group.
 *
 * What is read is planned before any I/O: the chunks of a row group whole where they fit READ_WINDOW_BYTES together, else a window of each that
 * moves on as pages are consumed. A batch ends where any column's page ends, so that it never straddles two encodings.
 */
import { LittoralError, type RowError } from "#shared/base/errors.ts";
import {
	BATCH_ROW_COUNT_MAX,
	BODY_DECODED_BYTES_MAX,
	PARQUET_READ_WINDOW_BYTES,
	PARQUET_READ_WINDOW_BYTES_MIN,
	READ_AHEAD_BYTES_MAX,
	READ_COALESCE_GAP_BYTES,
} from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { PHYSICAL_BYTES, physicalType } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Lease } from "#shared/engine/memory/lease.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import type { Vector } from "#shared/engine/vector/vector.ts";
import { BufferPool } from "../buffer-pool.ts";
import { type ByteRange, type ByteSource, readCoalesced } from "./byte-source.ts";
import { ColumnReader, type ColumnRequest } from "./column-reader.ts";
import { conversionFor } from "./conversion.ts";
import type { ColumnChunk, ParquetFile } from "./footer.ts";
import { malformed } from "./malformed.ts";

/** A column to read: by field id (one that the file lacks is all NULL), or by name (one that the file lacks is an error). */
export type RequestedColumn = { fieldId: number; type: DataType } | { name: string; type: DataType };

export interface ParquetReaderOptions {
	file: ParquetFile;
	source: ByteSource;
	columns: RequestedColumn[];
	/**
	 * Which rows of a batch are wanted, one question after the other, each by those of the columns (their positions) that decide it: the others are read where there is such a
	 * row. Batches come with that selection, and may be of no row at all. Of our own files only.
	 */
	filters?: readonly { columns: readonly number[]; select: (batch: Batch) => Batch }[] | undefined;
	/** Row groups to read, in this order; all when absent. */
	rowGroups?: number[];
	engine: Engine;
	lease: Lease;
	/** Takes the promise of I/O under way before `next()` answers "blocked". It never rejects: errors are thrown by the next `next()`. */
	blockOn: (promise: Promise<unknown>) => void;
	signal?: AbortSignal;
	/** Compressed bytes held on the heap, at least PARQUET_READ_WINDOW_BYTES_MIN a column; and rows of a batch. For those who read many files at once. */
	windowBytes?: number;
	batchRowCountMax?: number;
	/** Shared by readers that are open at once: small pages of many files lie side by side. Closed by its owner, after them. */
	pool?: BufferPool;
	/**
	 * For files from outside: every value is checked, and each that does not fit its column's type is reported and read as zero. Absent for our own
	 * files, whose values are not checked and where one that does not fit is malformed_body. `row` counts from 1 in the file.
	 */
	onRowError?: (error: RowError) => void;
}

/** A `BatchSource` (`engine/operators/source.ts`) by its shape: this room lies below the operators. */
export class ParquetReader {
	readonly #options: ParquetReaderOptions;
	/** Per requested column; null where the file has none (all NULL). */
	readonly #requests: (ColumnRequest | null)[];
	readonly #rowGroups: number[];
	readonly #pool: BufferPool;
	/** What lives as long as a batch; as long as a row group. */
	readonly #batchRegion: Region;
	readonly #groupRegion: Region;
	#readers: (ColumnReader | null)[] = [];
	#position = -1;
	/** Chunks of row groups from `#position` on, as far as they were asked for. */
	#chunksAhead: ColumnChunk[][] = [];
	#rowsLeft = 0;
	/** The read under way. */
	#fetching: Promise<void> | null = null;
	#failure: unknown = null;
	#closed = false;
	/** Bytes of all batches, of files from outside only. */
	#decodedByteCount = 0;
	/** Compressed bytes read from the source. */
	bytesRead = 0;

	/** @throws feature_not_supported naming a column that cannot be read as asked; malformed_body for one that is not there */
	constructor(options: ParquetReaderOptions) {
		this.#options = options;
		this.#requests = options.columns.map((column) => this.#resolve(column));
		this.#rowGroups = options.rowGroups ?? options.file.rowGroups.map((_, index) => index);
		this.#pool = options.pool ?? new BufferPool(options.lease);
		this.#batchRegion = options.lease.region();
		this.#groupRegion = options.lease.region();
	}

	#resolve(requested: RequestedColumn): ColumnRequest | null {
		const { columns } = this.#options.file;
		const matches = columns.filter((column) =>
			"fieldId" in requested ? column.fieldId === requested.fieldId : column.name === requested.name,
		);
		const [column] = matches;
		if (column === undefined) {
			if ("fieldId" in requested) return null;
			throw malformed(`the file has no column "${requested.name}"`);
		}
		if (matches.length > 1) throw malformed(`the file has column "${column.name}" twice`);
		const { onRowError } = this.#options;
		const conversion = conversionFor(column, requested.type, onRowError !== undefined);
		const report: ColumnRequest["report"] = (error, row) => {
			if (onRowError === undefined) throw malformed(`column "${column.name}": ${error.detail}`);
			const group = this.#options.file.rowGroups[this.#rowGroups[this.#position] as number];
			onRowError({ row: (group?.firstRow ?? 0) + row + 1, column: column.name, code: error.code, detail: error.detail });
		};
		return { column, type: requested.type, conversion, report };
	}

	/**
	 * @returns a batch, valid until the following call; "blocked" while I/O that `blockOn` was given is under way; null at the end
	 * @throws LittoralError for anything that is wrong with the file, and what the source rejected with
	 */
	next(): Batch | "blocked" | null {
		if (this.#closed) return null;
		if (this.#failure !== null) throw this.#failure;
		if (this.#fetching !== null) {
			// Asked again before the read has ended: a driver that waited for something else knows of it anew.
			this.#options.blockOn(this.#fetching);
			return "blocked";
		}
		this.#batchRegion.reset();
		if (this.#rowsLeft === 0 && !this.#openRowGroup()) return null;
		let blocked = false;
		let rowCount = Math.min(this.#options.batchRowCountMax ?? BATCH_ROW_COUNT_MAX, this.#rowsLeft);
		for (const reader of this.#readers) {
			if (reader === null) continue;
			if (!reader.prepare()) blocked = true;
			rowCount = Math.min(rowCount, reader.rowsAvailable);
		}
		if (blocked) {
			this.#fetch();
			return "blocked";
		}
		const { filters = [] } = this.#options;
		if (filters.length > 0) return this.#readFiltered(filters, rowCount);
		const columns = this.#readers.map((_, index) => this.#read(index, rowCount));
		this.#rowsLeft -= rowCount;
		if (this.#options.onRowError !== undefined) this.#checkDecoded(columns, rowCount);
		return { rowCount, columns, selection: 0, selectedCount: rowCount };
	}

	#read(column: number, rowCount: number): Vector {
		return this.#readers[column]?.read(rowCount, this.#batchRegion) ?? this.#nulls(column);
	}

	#readFiltered(filters: NonNullable<ParquetReaderOptions["filters"]>, rowCount: number): Batch {
		const columns: Vector[] = [];
		let batch: Batch = { rowCount, columns, selection: 0, selectedCount: rowCount };
		for (const { columns: deciding, select } of filters) {
			for (const column of deciding) columns[column] ??= this.#read(column, rowCount);
			batch = select(batch);
			if (batch.selectedCount === 0) break;
		}
		for (const [column, reader] of this.#readers.entries()) {
			if (columns[column] !== undefined) continue;
			if (batch.selectedCount > 0) columns[column] = this.#read(column, rowCount);
			else reader?.skip(rowCount, this.#batchRegion);
		}
		this.#rowsLeft -= rowCount;
		return { ...batch, columns };
	}

	/** A few bytes of a file from outside can stand for any number of rows. @throws body_too_large above BODY_DECODED_BYTES_MAX */
	#checkDecoded(columns: Vector[], rowCount: number): void {
		for (const column of columns) this.#decodedByteCount += decodedByteCount(this.#options.engine, column, rowCount);
		if (this.#decodedByteCount <= BODY_DECODED_BYTES_MAX) return;
		throw new LittoralError("body_too_large", `Parquet: the file decodes to more than ${BODY_DECODED_BYTES_MAX} bytes`);
	}

	/** Row groups of which a row is still to come, that of the last batch among them where it has more. */
	get rowGroupsLeft(): number[] {
		return this.#rowGroups.slice(Math.max(0, this.#position + (this.#rowsLeft > 0 ? 0 : 1)));
	}

	/** Moves to the next row group with rows. @returns false at the end */
	#openRowGroup(): boolean {
		const { file, engine } = this.#options;
		this.#closeReaders();
		while (this.#rowsLeft === 0) {
			const rowGroup = this.#rowGroups[++this.#position];
			if (rowGroup === undefined) return false;
			this.#groupRegion.reset();
			const chunks = this.#chunksAhead.shift() ?? this.#chunksOf(rowGroup);
			this.#rowsLeft = file.rowGroups[rowGroup]?.rowCount ?? 0;
			if (this.#rowsLeft === 0) continue;
			const memory = { engine, pool: this.#pool, region: this.#groupRegion };
			this.#readers = this.#requests.map((request) =>
				request === null ? null : new ColumnReader(request, chunks[request.column.leaf] as ColumnChunk, memory),
			);
		}
		this.#announce();
		return true;
	}

	/** No window looks at fetched bytes after this. */
	#closeReaders(): void {
		for (const reader of this.#readers) reader?.close();
		this.#readers = [];
		this.#options.source.release?.();
	}

	/** Of the columns that are read, each at its leaf's place. */
	#chunksOf(rowGroup: number): ColumnChunk[] {
		const chunks: ColumnChunk[] = [];
		for (const request of this.#requests) {
			if (request !== null) chunks[request.column.leaf] ??= this.#options.file.chunk(rowGroup, request.column.leaf);
		}
		return chunks;
	}

	/** Tells the source of the row groups behind the one that was opened, as far as the source reads ahead. */
	#announce(): void {
		const { source } = this.#options;
		if (source.expect === undefined) return;
		const ranges: ByteRange[] = [];
		let byteCount = 0;
		for (let ahead = 0; byteCount < READ_AHEAD_BYTES_MAX; ahead++) {
			const rowGroup = this.#rowGroups[this.#position + 1 + ahead];
			if (rowGroup === undefined) break;
			const chunks = (this.#chunksAhead[ahead] ??= this.#chunksOf(rowGroup));
			for (const request of this.#requests) {
				if (request === null) continue;
				const { offset, byteCount: chunkByteCount } = chunks[request.column.leaf] as ColumnChunk;
				ranges.push({ offset, byteCount: chunkByteCount });
				byteCount += chunkByteCount;
			}
		}
		source.expect(ranges);
	}

	/** Starts one read of what every column will need next. */
	#fetch(): void {
		const { source, signal, blockOn, windowBytes = PARQUET_READ_WINDOW_BYTES } = this.#options;
		signal?.throwIfAborted();
		const windows = this.#readers.filter((reader) => reader !== null).map((reader) => reader.window);
		const wanted = windows.reduce((total, window) => total + window.remaining, 0);
		const whole = wanted <= windowBytes;
		const share = whole ? windowBytes : Math.max(PARQUET_READ_WINDOW_BYTES_MIN, Math.floor(windowBytes / windows.length));
		// Windows that are still more than half full wait for the next read.
		const empty = windows.filter(
			(window) => window.remaining > 0 && (window.isWanting || window.available < share / 2) && window.available < window.remaining,
		);
		const ranges = empty.map((window) => window.nextRange(share));
		this.#fetching = readCoalesced(source, ranges, READ_COALESCE_GAP_BYTES).then(
			(parts) => {
				parts.forEach((part, index) => {
					this.bytesRead += part.length;
					// A view of a window that moves slowly would keep alive what was read with it.
					empty[index]?.fill(whole ? part : part.slice());
				});
				if (!whole) source.release?.();
				this.#fetching = null;
			},
			(error: unknown) => {
				this.#failure = error ?? new LittoralError("unavailable", "the file could not be read");
				this.#fetching = null;
			},
		);
		blockOn(this.#fetching);
	}

	/** A column that the file does not have. */
	#nulls(index: number): Vector {
		const { type } = this.#options.columns[index] as RequestedColumn;
		const physical = physicalType(type);
		const byteCount = Math.max(8, PHYSICAL_BYTES[physical] * 2);
		const values = this.#batchRegion.allocateZeroed(byteCount);
		const zeros = this.#batchRegion.allocateZeroed(byteCount);
		return {
			kind: "constant",
			type,
			physical,
			value: { kind: "flat", type, physical, values, validity: zeros, offsets: zeros },
		};
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#closeReaders();
		if (this.#options.pool === undefined) this.#pool.close();
		this.#batchRegion.free();
		this.#groupRegion.free();
	}
}

/** Bytes of the values, those of a dictionary once per row. */
function decodedByteCount(engine: Engine, column: Vector, rowCount: number): number {
	const { i32 } = engine.arena.views;
	if (column.kind === "dictionary" && column.physical === "bytes") {
		const codes = column.codes >> 2;
		const offsets = column.dictionary.values.offsets >> 2;
		let byteCount = rowCount * PHYSICAL_BYTES[column.physical];
		for (let row = 0; row < rowCount; row++) {
			const entry = offsets + (i32[codes + row] as number);
			byteCount += (i32[entry + 1] as number) - (i32[entry] as number);
		}
		return byteCount;
	}
	const own = rowCount * PHYSICAL_BYTES[column.physical];
	if (column.kind !== "flat" || column.physical !== "bytes") return own;
	const offsets = column.offsets >> 2;
	return own + (i32[offsets + rowCount] as number) - (i32[offsets] as number);
}
