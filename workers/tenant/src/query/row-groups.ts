/** What a file's own statistics say of its row groups: which may hold a row that the predicate accepts, and the least key that several have. */
import { decodeBound } from "#shared/contracts/bound.ts";
import { type ColumnRange, rangesMatchStatistics } from "#shared/contracts/plan/bounds.ts";
import type { ParquetFile } from "#shared/parquet/read/footer.ts";
import { rowGroupStatistics } from "#shared/parquet/read/statistics.ts";
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

/** Null where a row group does not say. */
export type LeastKey = bigint | "none" | null;

/**
 * @param column of whole numbers
 * @returns its least value in these row groups, or one below
 */
export function leastKey(file: ParquetFile, groups: readonly number[], column: ScanColumn): LeastKey {
	return groups.map((group) => leastOfGroup(file, group, column)).reduce<LeastKey>(lesserKey, "none");
}

/** Of what two parts of a table say, what they say together. */
export function lesserKey(left: LeastKey, right: LeastKey): LeastKey {
	if (left === "none") return right;
	if (right === "none" || left === null) return left;
	return right !== null && left < right ? left : right;
}

function leastOfGroup(file: ParquetFile, group: number, column: ScanColumn): LeastKey {
	const statistics = rowGroupStatistics(file, group, column);
	if (statistics !== null && statistics.nullCount === file.rowGroups[group]?.rowCount) return "none";
	const value = statistics?.minimum == null ? null : decodeBound(column.type, statistics.minimum);
	return typeof value === "bigint" || typeof value === "number" ? BigInt(value) : null;
}
