/** What a snapshot says of a table and its columns: counts and bounds of its files, added up, and its sketches. */
import type { DataType } from "#shared/contracts/data-type.ts";
import { compareBytes, decodeBound } from "#shared/contracts/bound.ts";
import { FILE_HAS_MAXIMUM, FILE_HAS_MINIMUM } from "#shared/contracts/file-page.ts";
import type { TableSnapshot } from "#shared/contracts/snapshot.ts";
import { openSketches } from "#shared/sketches/table-sketches.ts";
import { ColumnDistribution } from "./column-distribution.ts";
import { orderOf } from "./order.ts";

export interface ColumnStatisticsEstimate {
	/** On the axis of {@link orderOf}; null where there are no bounds. */
	minimum: number | null;
	maximum: number | null;
	/** In [0, 1]. */
	nullFraction: number;
	/** At least 1. */
	distinctCount: number;
	/** By sketches; null where the table has none of the column. */
	distribution: ColumnDistribution | null;
}

/** Rows of a table without files whose tail nobody has read lately. A new table is not taken for empty, as in PostgreSQL's ten pages. */
const TAIL_ROW_COUNT_GUESS = 1000;
/** A whole-number column without bounds has a new value every so many rows: between a key and a code. */
const ROWS_PER_WHOLE_NUMBER = 10;
/** Distinct values of a text column of which nothing is known (PostgreSQL's DEFAULT_NUM_DISTINCT). */
const DISTINCT_COUNT_DEFAULT = 200;

/** Of a table's rows, below which sketches of them are not taken for the whole. */
const SKETCHED_FRACTION_MIN = 0.1;

const cache = new WeakMap<TableSnapshot, Map<number, ColumnStatisticsEstimate>>();

/** A snapshot without files, and what its table's tails held when they were last read. */
export type TailOnlySnapshot = TableSnapshot & { tailRowCount?: number };

/**
 * @param tailRowCounts by table id
 * @returns the same snapshot where its files say how large the table is, or nothing is known
 */
export function withTailRowCount(snapshot: TableSnapshot, tailRowCounts: Record<string, number> = {}): TailOnlySnapshot {
	const tailRowCount = tailRowCounts[snapshot.schema.tableId];
	return snapshot.rowCount > 0 || tailRowCount === undefined ? snapshot : { ...snapshot, tailRowCount };
}

/** At least one. */
export function tableRowCount(snapshot: TailOnlySnapshot): number {
	return snapshot.rowCount > 0 ? snapshot.rowCount : Math.max(snapshot.tailRowCount ?? TAIL_ROW_COUNT_GUESS, 1);
}

/** One pass over the files' typed arrays, kept as long as the snapshot is. */
export function columnStatistics(snapshot: TableSnapshot, fieldId: number): ColumnStatisticsEstimate {
	let columns = cache.get(snapshot);
	if (columns === undefined) cache.set(snapshot, (columns = new Map()));
	let known = columns.get(fieldId);
	if (known === undefined) {
		const type = snapshot.schema.columns.find((column) => column.fieldId === fieldId)?.type ?? { kind: "text" };
		columns.set(fieldId, (known = addUp(snapshot, fieldId, type)));
	}
	return known;
}

function addUp(snapshot: TableSnapshot, fieldId: number, type: DataType): ColumnStatisticsEstimate {
	let nullCount = 0;
	let lowest: Uint8Array | null = null;
	let highest: Uint8Array | null = null;
	for (const page of snapshot.pages) {
		const column = page.columns.find((candidate) => candidate.fieldId === fieldId);
		if (column === undefined) continue;
		const { flags, minimums, maximums, nullCounts } = column;
		for (let file = 0; file < page.fileCount; file++) {
			nullCount += nullCounts[file] as number;
			const flag = flags[file] as number;
			if ((flag & FILE_HAS_MINIMUM) !== 0) {
				const bytes = minimums.bytes.subarray(minimums.offsets[file], minimums.offsets[file + 1]);
				if (lowest === null || compareBytes(bytes, lowest) < 0) lowest = bytes;
			}
			if ((flag & FILE_HAS_MAXIMUM) !== 0) {
				const bytes = maximums.bytes.subarray(maximums.offsets[file], maximums.offsets[file + 1]);
				if (highest === null || compareBytes(bytes, highest) > 0) highest = bytes;
			}
		}
	}
	const minimum = lowest === null ? null : orderOf(type, decodeBound(type, lowest));
	const maximum = highest === null ? null : orderOf(type, decodeBound(type, highest));
	const rowCount = Math.max(snapshot.rowCount, 1);
	const distribution = distributionOf(snapshot, fieldId, type);
	return {
		minimum,
		maximum,
		nullFraction: Math.min(nullCount / rowCount, 1),
		distinctCount: distribution?.distinctCount ?? distinctCount(type, tableRowCount(snapshot), minimum, maximum),
		distribution,
	};
}

/** Null where too few of the rows went into the column's sketches to stand for all, and where their bytes are not what this version reads. */
function distributionOf(snapshot: TableSnapshot, fieldId: number, type: DataType): ColumnDistribution | null {
	if (snapshot.sketches === undefined) return null;
	try {
		const sketches = openSketches(snapshot.sketches).get(fieldId)?.();
		if (sketches === undefined || sketches.rowCount < snapshot.rowCount * SKETCHED_FRACTION_MIN) return null;
		return new ColumnDistribution(type, sketches, tableRowCount(snapshot));
	} catch {
		return null;
	}
}

/** Without sketches: whole numbers spread evenly over their range, booleans have two values, the rest PostgreSQL's default. */
function distinctCount(type: DataType, rowCount: number, minimum: number | null, maximum: number | null): number {
	if (type.kind === "boolean") return 2;
	const range = minimum === null || maximum === null ? null : maximum - minimum + 1;
	switch (type.kind) {
		case "smallint":
		case "integer":
		case "bigint":
		case "date":
		case "timestamp":
		case "timestamptz":
		case "time":
			return Math.max(1, Math.min(rowCount, range ?? Math.max(rowCount / ROWS_PER_WHOLE_NUMBER, DISTINCT_COUNT_DEFAULT)));
		case "numeric":
			return Math.max(1, Math.min(rowCount, range === null ? DISTINCT_COUNT_DEFAULT : range * 10 ** (type.scale ?? 0)));
		case "uuid":
			return rowCount;
		default:
			return Math.min(rowCount, DISTINCT_COUNT_DEFAULT);
	}
}
