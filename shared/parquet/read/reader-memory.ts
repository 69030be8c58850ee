/**
 * What a reader of one file takes, from its footer: for those who read many files at once and choose how many. An estimate: chunks say how many bytes their pages
 * have together, not how large each is. The lease is what enforces.
 */
import { ARENA_PAGE_BYTES, PARQUET_DICTIONARY_BYTES_MAX, PARQUET_PAGE_BYTES, PARQUET_PAGE_ROW_COUNT } from "#shared/base/limits.ts";
import type { ColumnChunk, ParquetFile } from "./footer.ts";

export interface ReaderMemory {
	/** Decompressed pages, dictionaries, and a batch. */
	arenaBytes: number;
	/** Compressed bytes, and the footer as objects. */
	heapBytes: number;
	/** Of a row of all columns, decoded, on average. */
	rowBytes: number;
}

/** A batch's region, a dictionary's, and a page of small buffers. */
const FIXED_BYTES = 3 * ARENA_PAGE_BYTES;
/** Pages are as uneven as this, against the chunk's average row. */
const PAGE_SLACK = 1.5;
/** Offsets, codes and validity beside a value of a batch. */
const VALUE_BYTES = 9;
/** A footer's bytes and what is parsed of them. */
const FOOTER_FACTOR = 5;

/** @param options of the reader: its window and the rows of its batches */
export function readerMemory(
	file: ParquetFile,
	fieldIds: readonly number[],
	options: { windowBytes: number; batchRowCount: number },
): ReaderMemory {
	const leaves = file.columns.filter((column) => column.fieldId !== null && fieldIds.includes(column.fieldId)).map((column) => column.leaf);
	let arenaBytes = 0;
	let windowBytes = 0;
	let rowBytes = 0;
	for (const [index, { rowCount }] of file.rowGroups.entries()) {
		if (rowCount === 0) continue;
		const read = leaves.map((leaf) => file.chunk(index, leaf));
		const decoded = read.reduce((total, chunk) => total + chunkBytes(chunk, rowCount, options.batchRowCount), 0);
		const compressed = read.reduce((total, chunk) => total + chunk.byteCount, 0);
		// A window holds at least the page under way, compressed.
		const pages = read.reduce((total, chunk) => total + Math.min(chunk.byteCount, pageBytes(chunk.byteCount, rowCount)), 0);
		arenaBytes = Math.max(arenaBytes, decoded);
		windowBytes = Math.max(windowBytes, Math.min(compressed, Math.max(options.windowBytes, pages)));
		rowBytes = Math.max(rowBytes, read.reduce((total, chunk) => total + uncompressed(chunk), 0) / rowCount);
	}
	return { arenaBytes: FIXED_BYTES + arenaBytes, heapBytes: windowBytes + file.footerByteCount * FOOTER_FACTOR, rowBytes };
}

/** The dictionary, the open page, and the values of a batch. */
function chunkBytes(chunk: ColumnChunk, rowCount: number, batchRowCount: number): number {
	const byteCount = uncompressed(chunk);
	const dictionary = chunk.hasDictionary ? Math.min(byteCount, PARQUET_DICTIONARY_BYTES_MAX * 2) : 0;
	const values = Math.min(batchRowCount, rowCount) * (byteCount / rowCount + VALUE_BYTES);
	return dictionary + pageBytes(byteCount, rowCount) + values;
}

function pageBytes(chunkByteCount: number, rowCount: number): number {
	return Math.min(chunkByteCount, PARQUET_PAGE_BYTES * PAGE_SLACK, (chunkByteCount / rowCount) * PARQUET_PAGE_ROW_COUNT * PAGE_SLACK);
}

function uncompressed(chunk: ColumnChunk): number {
	return Math.max(chunk.byteCount, chunk.uncompressedByteCount);
}
