/** What a file's own statistics say of its row groups: which may hold a row that the predicate accepts, and the least key that several have. */
import { decodeBound } from "#shared/contracts/bound.ts";
import { type ColumnRange, rangesMatchStatistics } from "#shared/contracts/plan/bounds.ts";
import type { ParquetFile } from "#shared/parquet/footer.ts";
import { rowGroupStatistics } from "#shared/parquet/statistics.ts";
import type { ScanColumn } from "./columns.ts";

/**
 * @param ranges over the positions of `columns`
 * @returns indexes, ascending
 */
export function matchingRowGroups(file: ParquetFile, columns: readonly ScanColumn[], ranges: readonly ColumnRange[]): number[] {
	const all = file.rowGroups.map((_, index) => index);
	if (ranges.length === 0) return all;
	return all.filter((index) =>
		rangesMatchStatistics(ranges, file.rowGroups[index]?.rowCount ?? 0, (column) =>
			rowGroupStatistics(file, index, columns[column] as ScanColumn),
		),
	);
}

/**
 * @param column of whole numbers
 * @returns its least value in these row groups, or one below; null where a row group does not say, or none has a value
 */
export function leastKey(parts: readonly { file: ParquetFile; groups: readonly number[] }[], column: ScanColumn): bigint | null {
	let least: bigint | null = null;
	for (const { file, groups } of parts) {
		for (const group of groups) {
			const statistics = rowGroupStatistics(file, group, column);
			if (statistics !== null && statistics.nullCount === file.rowGroups[group]?.rowCount) continue;
			const value = statistics?.minimum == null ? null : decodeBound(column.type, statistics.minimum);
			if (typeof value !== "bigint" && typeof value !== "number") return null;
			if (least === null || BigInt(value) < least) least = BigInt(value);
		}
	}
	return least;
}
