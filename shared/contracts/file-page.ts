/**
 * Many data files as columns (`FilePage` in `snapshot.ts`): building, joining, narrowing and reading one. A table may have 100,000 files,
 * so everything but {@link buildFilePage} and {@link pageFile} runs over typed arrays, without an object per file. Every array of a
 * page made here owns its buffer: RPC clones whole buffers, never the part that a view shows.
 */
import { assert } from "#shared/base/assert.ts";
import type { ColumnStatistics, DataFile, FilePage } from "./snapshot.ts";

/** Bits of a page's `flags`. */
export const FILE_HAS_MINIMUM = 1;
export const FILE_HAS_MAXIMUM = 2;
export const FILE_HAS_NAN = 4;
/** The column was added after the file was written: nothing is stored of it, counts and bounds here are empty. */
export const FILE_LACKS_COLUMN = 8;

type ByteStrings = FilePage["paths"];
type PageColumn = FilePage["columns"][number];

const EMPTY = new Uint8Array(0);

export function emptyFilePage(): FilePage {
	return buildFilePage([]);
}

/**
 * @param fieldIds the page's columns in order; by default every field id of the files, ascending
 */
export function buildFilePage(files: readonly DataFile[], fieldIds?: readonly number[]): FilePage {
	const ids =
		fieldIds ?? [...new Set(files.flatMap((file) => file.columns.map((column) => column.fieldId)))].sort((left, right) => left - right);
	const encoder = new TextEncoder();
	const byField = files.map((file) => new Map(file.columns.map((column) => [column.fieldId, column])));
	return {
		fileCount: files.length,
		paths: joinByteStrings(files.map((file) => encoder.encode(file.path))),
		rowCounts: Float64Array.from(files, (file) => file.rowCount),
		byteCounts: Float64Array.from(files, (file) => file.byteCount),
		schemaVersions: Uint32Array.from(files, (file) => file.schemaVersion),
		columns: ids.map((fieldId) => {
			const columns = byField.map((fields) => fields.get(fieldId));
			return {
				fieldId,
				nullCounts: Float64Array.from(columns, (column) => column?.nullCount ?? 0),
				flags: Uint8Array.from(columns, columnFlags),
				minimums: joinByteStrings(columns.map((column) => column?.minimum ?? EMPTY)),
				maximums: joinByteStrings(columns.map((column) => column?.maximum ?? EMPTY)),
			};
		}),
	};
}

function columnFlags(column: ColumnStatistics | undefined): number {
	if (column === undefined) return FILE_LACKS_COLUMN;
	return (
		(column.minimum === null ? 0 : FILE_HAS_MINIMUM) | (column.maximum === null ? 0 : FILE_HAS_MAXIMUM) | (column.hasNaN ? FILE_HAS_NAN : 0)
	);
}

function joinByteStrings(values: readonly Uint8Array[]): ByteStrings {
	const offsets = new Uint32Array(values.length + 1);
	let end = 0;
	for (let index = 0; index < values.length; index++) {
		end += (values[index] as Uint8Array).length;
		offsets[index + 1] = end;
	}
	const bytes = new Uint8Array(end);
	for (let index = 0; index < values.length; index++) bytes.set(values[index] as Uint8Array, offsets[index]);
	return { bytes, offsets };
}

/** All files of `pages`, in order. Columns are the union of the pages', ascending by field id. */
export function concatPages(pages: readonly FilePage[]): FilePage {
	const fileCount = pages.reduce((sum, page) => sum + page.fileCount, 0);
	const ids = [...new Set(pages.flatMap((page) => page.columns.map((column) => column.fieldId)))].sort((left, right) => left - right);
	const result: FilePage = {
		fileCount,
		paths: concatByteStrings(
			pages.map((page) => page.paths),
			fileCount,
		),
		rowCounts: new Float64Array(fileCount),
		byteCounts: new Float64Array(fileCount),
		schemaVersions: new Uint32Array(fileCount),
		columns: ids.map((fieldId) => concatColumn(pages, fieldId, fileCount)),
	};
	let start = 0;
	for (const page of pages) {
		result.rowCounts.set(page.rowCounts, start);
		result.byteCounts.set(page.byteCounts, start);
		result.schemaVersions.set(page.schemaVersions, start);
		start += page.fileCount;
	}
	return result;
}

function concatColumn(pages: readonly FilePage[], fieldId: number, fileCount: number): PageColumn {
	const nullCounts = new Float64Array(fileCount);
	const flags = new Uint8Array(fileCount);
	const minimums: ByteStrings[] = [];
	const maximums: ByteStrings[] = [];
	let start = 0;
	for (const page of pages) {
		const column = page.columns.find((candidate) => candidate.fieldId === fieldId);
		if (column === undefined) {
			flags.fill(FILE_LACKS_COLUMN, start, start + page.fileCount);
			const none = { bytes: EMPTY, offsets: new Uint32Array(page.fileCount + 1) };
			minimums.push(none);
			maximums.push(none);
		} else {
			nullCounts.set(column.nullCounts, start);
			flags.set(column.flags, start);
			minimums.push(column.minimums);
			maximums.push(column.maximums);
		}
		start += page.fileCount;
	}
	return {
		fieldId,
		nullCounts,
		flags,
		minimums: concatByteStrings(minimums, fileCount),
		maximums: concatByteStrings(maximums, fileCount),
	};
}

function concatByteStrings(parts: readonly ByteStrings[], count: number): ByteStrings {
	const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes.length, 0));
	const offsets = new Uint32Array(count + 1);
	let byteStart = 0;
	let start = 0;
	for (const part of parts) {
		bytes.set(part.bytes, byteStart);
		const partCount = part.offsets.length - 1;
		for (let index = 1; index <= partCount; index++) offsets[start + index] = (part.offsets[index] as number) + byteStart;
		byteStart += part.bytes.length;
		start += partCount;
	}
	return { bytes, offsets };
}

/**
 * The files of `page` that are kept, all columns.
 *
 * @param keep a mask, one byte per file, 0 drops it; or the positions to keep, in the order wanted
 */
export function filterPage(page: FilePage, keep: Uint8Array | readonly number[]): FilePage {
	const positions = keep instanceof Uint8Array ? maskPositions(keep, page.fileCount) : Uint32Array.from(keep);
	const fileCount = positions.length;
	const result: FilePage = {
		fileCount,
		paths: takeByteStrings(page.paths, positions),
		rowCounts: new Float64Array(fileCount),
		byteCounts: new Float64Array(fileCount),
		schemaVersions: new Uint32Array(fileCount),
		columns: page.columns.map((column) => takeColumn(column, positions)),
	};
	for (let index = 0; index < fileCount; index++) {
		const position = positions[index] as number;
		assert(position < page.fileCount, "a kept position lies within the page");
		result.rowCounts[index] = page.rowCounts[position] as number;
		result.byteCounts[index] = page.byteCounts[position] as number;
		result.schemaVersions[index] = page.schemaVersions[position] as number;
	}
	return result;
}

function maskPositions(mask: Uint8Array, fileCount: number): Uint32Array {
	assert(mask.length === fileCount, "a mask has one byte per file");
	const positions = new Uint32Array(fileCount);
	let count = 0;
	for (let index = 0; index < fileCount; index++) if (mask[index] !== 0) positions[count++] = index;
	return positions.slice(0, count);
}

function takeColumn(column: PageColumn, positions: Uint32Array): PageColumn {
	const nullCounts = new Float64Array(positions.length);
	const flags = new Uint8Array(positions.length);
	for (let index = 0; index < positions.length; index++) {
		const position = positions[index] as number;
		nullCounts[index] = column.nullCounts[position] as number;
		flags[index] = column.flags[position] as number;
	}
	return {
		fieldId: column.fieldId,
		nullCounts,
		flags,
		minimums: takeByteStrings(column.minimums, positions),
		maximums: takeByteStrings(column.maximums, positions),
	};
}

function takeByteStrings(source: ByteStrings, positions: Uint32Array): ByteStrings {
	const offsets = new Uint32Array(positions.length + 1);
	let end = 0;
	for (let index = 0; index < positions.length; index++) {
		const position = positions[index] as number;
		end += (source.offsets[position + 1] as number) - (source.offsets[position] as number);
		offsets[index + 1] = end;
	}
	const bytes = new Uint8Array(end);
	for (let index = 0; index < positions.length; index++) {
		const position = positions[index] as number;
		let target = offsets[index] as number;
		const sourceEnd = source.offsets[position + 1] as number;
		for (let byte = source.offsets[position] as number; byte < sourceEnd; byte++) bytes[target++] = source.bytes[byte] as number;
	}
	return { bytes, offsets };
}

/** File `index` of the page as an object; columns that the file lacks are left out. Bounds own their buffers. */
export function pageFile(page: FilePage, index: number): DataFile {
	assert(index >= 0 && index < page.fileCount, "a file's index lies within the page");
	return {
		path: filePath(page, index),
		rowCount: page.rowCounts[index] as number,
		byteCount: page.byteCounts[index] as number,
		schemaVersion: page.schemaVersions[index] as number,
		columns: page.columns.flatMap((column): ColumnStatistics[] => {
			const flags = column.flags[index] as number;
			if (flags & FILE_LACKS_COLUMN) return [];
			return [
				{
					fieldId: column.fieldId,
					nullCount: column.nullCounts[index] as number,
					minimum: flags & FILE_HAS_MINIMUM ? byteString(column.minimums, index) : null,
					maximum: flags & FILE_HAS_MAXIMUM ? byteString(column.maximums, index) : null,
					hasNaN: (flags & FILE_HAS_NAN) !== 0,
				},
			];
		}),
	};
}

function byteString(values: ByteStrings, index: number): Uint8Array {
	return values.bytes.slice(values.offsets[index], values.offsets[index + 1]);
}

/** A path is what was encoded, U+FEFF at its front included. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function filePath(page: FilePage, index: number): string {
	return decoder.decode(page.paths.bytes.subarray(page.paths.offsets[index], page.paths.offsets[index + 1]));
}

export function filePaths(page: FilePage): string[] {
	return Array.from({ length: page.fileCount }, (_, index) => filePath(page, index));
}

/** Rows of all files of the pages. */
export function pageRowCount(pages: readonly FilePage[]): number {
	return pages.reduce((sum, page) => page.rowCounts.reduce((rows, count) => rows + count, sum), 0);
}

/** Bytes that the page's arrays take in memory. */
export function pageByteCount(page: FilePage): number {
	const strings = (values: ByteStrings) => values.bytes.byteLength + values.offsets.byteLength;
	const files = strings(page.paths) + page.rowCounts.byteLength + page.byteCounts.byteLength + page.schemaVersions.byteLength;
	return page.columns.reduce(
		(sum, column) => sum + column.nullCounts.byteLength + column.flags.byteLength + strings(column.minimums) + strings(column.maximums),
		files,
	);
}
