/** What a file's own statistics say of its row groups: which may hold a row that the predicate accepts, and the least key that several have. */
import { decodeBound } from "#shared/contracts/bound.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { type ColumnRange, rangesMatchStatistics } from "#shared/contracts/plan/bounds.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
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

/** Values that their bounds give back as they were: no text that was cut, no NaN beside them. */
const EXACT_KINDS: readonly DataType["kind"][] = ["smallint", "integer", "bigint", "date", "time", "timestamp", "timestamptz"];

/** Two rows for each of some row groups, with the least and the greatest value of every column. */
export interface Extremes {
	rows: SqlValue[][];
	/** Row groups of which the statistics do not say so much. */
	left: number[];
}

/** @param groups of our own files, whose bounds of whole numbers and times are values of the row group */
export function extremesOf(file: ParquetFile, columns: readonly ScanColumn[], groups: readonly number[]): Extremes {
	const found: Extremes = { rows: [], left: [] };
	for (const group of groups) {
		const extremes = columns.map((column) => extremesOfColumn(file, group, column));
		if (extremes.includes(null)) found.left.push(group);
		else for (const end of [0, 1] as const) found.rows.push(extremes.map((both) => (both === null ? null : both[end])));
	}
	return found;
}

/** Both NULL where the column is. */
function extremesOfColumn(file: ParquetFile, group: number, column: ScanColumn): [SqlValue, SqlValue] | null {
	const statistics = EXACT_KINDS.includes(column.type.kind) ? rowGroupStatistics(file, group, column) : null;
	if (statistics === null) return null;
	const { minimum, maximum, nullCount } = statistics;
	if (nullCount === file.rowGroups[group]?.rowCount) return [null, null];
	return minimum === null || maximum === null ? null : [decodeBound(column.type, minimum), decodeBound(column.type, maximum)];
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
