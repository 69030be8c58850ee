/**
 * The column and offset index of a chunk: where its pages lie, which rows they hold and between which bounds. With them a scan can leave out single
 * pages; an index that is absent or does not hold together is no index, since a scan never needs one.
 */
import { READ_COALESCE_GAP_BYTES } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ColumnStatistics } from "#shared/contracts/snapshot.ts";
import { type ByteRange, type ByteSource, readCoalesced } from "./byte-source.ts";
import type { ColumnChunk, ParquetFile } from "./footer.ts";
import type { ParquetColumn } from "./footer-schema.ts";
import { Thrift } from "../format.ts";
import { statisticsOf } from "./statistics.ts";
import { ThriftReader } from "./thrift-reader.ts";

export interface IndexedPage {
	/** Where its header begins, and the bytes of header and body. */
	offset: number;
	byteCount: number;
	/** Within the row group. */
	firstRow: number;
	rowCount: number;
	/** Null where the column index is absent or says too little. */
	statistics: ColumnStatistics | null;
}

/**
 * Reads the indexes of some columns of a row group at once.
 *
 * @param columns by field id, with the types they are read as
 * @returns per column its data pages in order of their rows, covering the row group; null where the file has no usable offset index
 * @throws what the source rejects with
 */
export async function readPageIndex(
	source: ByteSource,
	file: ParquetFile,
	{ rowGroup, columns }: { rowGroup: number; columns: readonly { fieldId: number; type: DataType }[] },
): Promise<(IndexedPage[] | null)[]> {
	const rowCount = file.rowGroups[rowGroup]?.rowCount ?? 0;
	const ranges: ByteRange[] = [];
	const plans = columns.map((requested) => {
		const column = file.columns.find((candidate) => candidate.fieldId === requested.fieldId);
		if (column === undefined) return null;
		const chunk = file.chunk(rowGroup, column.leaf);
		if (chunk.offsetIndex === null) return null;
		const offsetAt = ranges.push(chunk.offsetIndex) - 1;
		const columnAt = chunk.columnIndex === null ? -1 : ranges.push(chunk.columnIndex) - 1;
		return { column, chunk, requested, offsetAt, columnAt };
	});
	if (ranges.length === 0) return plans.map(() => null);
	const parts = await readCoalesced(source, ranges, READ_COALESCE_GAP_BYTES);
	return plans.map((plan) => {
		if (plan === null) return null;
		const { column, chunk, requested } = plan;
		const pages = parseOffsetIndex(parts[plan.offsetAt] as Uint8Array, chunk, rowCount);
		const bytes = parts[plan.columnAt];
		if (pages !== null && bytes !== undefined) addStatistics(file, pages, { column, ...requested, bytes });
		return pages;
	});
}

/** @returns null unless the pages lie within the chunk and cover its rows in order */
function parseOffsetIndex(bytes: Uint8Array, chunk: ColumnChunk, rowCount: number): IndexedPage[] | null {
	const reader = new ThriftReader(bytes);
	let pages: IndexedPage[] = [];
	try {
		reader.struct((fieldId, type) => {
			if (fieldId !== 1) {
				reader.skip(type);
				return;
			}
			pages = reader.structs(type, () => {
				const page: IndexedPage = { offset: -1, byteCount: -1, firstRow: -1, rowCount: 0, statistics: null };
				reader.struct((field, inner) => {
					if (field === 1) page.offset = reader.count(inner);
					else if (field === 2) page.byteCount = reader.count(inner);
					else if (field === 3) page.firstRow = reader.count(inner);
					else reader.skip(inner);
				});
				return page;
			});
		});
	} catch {
		return null;
	}
	for (const [index, page] of pages.entries()) {
		const next = pages[index + 1]?.firstRow ?? rowCount;
		page.rowCount = next - page.firstRow;
		const inside = page.byteCount >= 0 && page.offset >= chunk.offset && page.offset + page.byteCount <= chunk.offset + chunk.byteCount;
		if (page.firstRow < 0 || page.rowCount < 0 || !inside) return null;
	}
	return pages[0]?.firstRow === 0 ? pages : null;
}

function addStatistics(
	file: ParquetFile,
	pages: IndexedPage[],
	{ column, fieldId, type, bytes }: { column: ParquetColumn; fieldId: number; type: DataType; bytes: Uint8Array },
): void {
	const reader = new ThriftReader(bytes);
	let nullPages: boolean[] = [];
	let minimums: Uint8Array[] = [];
	let maximums: Uint8Array[] = [];
	let nullCounts: number[] | null = null;
	try {
		reader.struct((field, inner) => {
			if (field === 1) nullPages = reader.booleans(inner);
			else if (field === 2) minimums = reader.binaries(inner);
			else if (field === 3) maximums = reader.binaries(inner);
			else if (field === 5 && inner === Thrift.list) nullCounts = reader.integers(inner);
			else reader.skip(inner);
		});
	} catch {
		return;
	}
	const counts = nullCounts as number[] | null;
	if ([nullPages, minimums, maximums, counts ?? nullPages].some((list) => list.length !== pages.length)) return;
	pages.forEach((page, index) => {
		const isNull = nullPages[index] === true;
		const nullCount = isNull ? page.rowCount : (counts?.[index] ?? null);
		const minimum = isNull ? null : (minimums[index] ?? null);
		const maximum = isNull ? null : (maximums[index] ?? null);
		page.statistics = statisticsOf(file, { column, fieldId, type }, { minimum, maximum, nullCount });
	});
}
