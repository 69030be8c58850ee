/** Which row groups of a file may hold a row that the predicate accepts, by the file's own statistics. */
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
