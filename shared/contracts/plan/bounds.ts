/**
 * Zone maps: what a predicate demands of single columns, and whether a file or row group with given statistics can hold a row that meets it.
 *
 * Everything here may only err towards "may match". In particular:
 * - bounds of text are cut, so a lower bound may lie below the smallest value and an upper bound above the largest: they never prove equality;
 * - NaN is above every number and in no bound: a set without an upper end also matches where there are NaNs;
 * - a file without a bound, or without the column, matches, unless all its values are known to be NULL.
 */
import type { DataType } from "../data-type.ts";
import { FILE_HAS_MAXIMUM, FILE_HAS_MINIMUM, FILE_HAS_NAN, FILE_LACKS_COLUMN } from "../file-page.ts";
import type { ColumnStatistics, FilePage } from "../snapshot.ts";
import type { SqlValue } from "../value.ts";
import { placeConstant } from "./bound-value.ts";
import type { Expression } from "./expression.ts";
import { EVERYTHING, intersect, normalize, overlaps, point, type Interval } from "./intervals.ts";

/** Rows that a predicate accepts have, in this column, a value of `intervals`, or NULL if `nulls`. */
export interface ColumnRange {
	/** `index` of the column expression. */
	column: number;
	/** Sorted, disjoint; empty: no value will do. */
	intervals: Interval[];
	nulls: boolean;
}

/** Necessary conditions on single columns, one entry a column at most; all of them hold for every row that `predicate` accepts. */
export function predicateRanges(predicate: Expression | null): ColumnRange[] {
	return predicate === null ? [] : [...rangesOf(predicate).values()];
}

type RangeMap = Map<number, ColumnRange>;

const only = (column: number, intervals: readonly Interval[], nulls = false): RangeMap =>
	new Map([[column, { column, intervals: normalize(intervals), nulls }]]);
const NOTHING_KNOWN: RangeMap = new Map();

function rangesOf(predicate: Expression): RangeMap {
	switch (predicate.kind) {
		case "and":
			return predicate.arguments.map(rangesOf).reduce(both);
		case "or":
			return predicate.arguments.map(rangesOf).reduce(either);
		case "column":
			return only(predicate.index, [point(Uint8Array.of(1))]);
		case "not":
			return predicate.input.kind === "column" ? only(predicate.input.index, [point(Uint8Array.of(0))]) : NOTHING_KNOWN;
		case "is_null":
			if (predicate.input.kind !== "column") return NOTHING_KNOWN;
			return predicate.negated ? only(predicate.input.index, EVERYTHING) : only(predicate.input.index, [], true);
		case "in_list":
			return inListRange(predicate);
		case "call":
			return callRange(predicate.functionId, predicate.arguments);
		default:
			return NOTHING_KNOWN;
	}
}

function both(left: RangeMap, right: RangeMap): RangeMap {
	const result = new Map(left);
	for (const [column, range] of right) {
		const known = result.get(column);
		result.set(
			column,
			known === undefined ? range : { column, intervals: intersect(known.intervals, range.intervals), nulls: known.nulls && range.nulls },
		);
	}
	return result;
}

/** Only columns that both sides constrain stay constrained. */
function either(left: RangeMap, right: RangeMap): RangeMap {
	const result: RangeMap = new Map();
	for (const [column, range] of right) {
		const other = left.get(column);
		if (other === undefined) continue;
		result.set(column, { column, intervals: normalize([...other.intervals, ...range.intervals]), nulls: other.nulls || range.nulls });
	}
	return result;
}

/** A column under casts that keep its order and lose nothing: what a comparison with a constant can look through. */
function columnUnderCasts(expression: Expression): { index: number; type: DataType } | null {
	let node = expression;
	while (node.kind === "cast" && keepsOrder(node.input.type, node.type)) node = node.input;
	return node.kind === "column" ? { index: node.index, type: node.type } : null;
}

const INTEGER_RANK: Partial<Record<DataType["kind"], number>> = { smallint: 0, integer: 1, bigint: 2 };

function keepsOrder(from: DataType, to: DataType): boolean {
	const fromRank = INTEGER_RANK[from.kind];
	const toRank = INTEGER_RANK[to.kind];
	if (fromRank !== undefined) return toRank === undefined ? to.kind === "numeric" && to.precision === undefined : toRank >= fromRank;
	if (from.kind === "numeric") return to.kind === "numeric" && to.precision === undefined;
	if (from.kind === "varchar" || from.kind === "text") return to.kind === "text" || (to.kind === "varchar" && to.length === undefined);
	return from.kind === "date" && to.kind === "timestamp";
}

const MIRRORED: Record<string, string> = { eq: "eq", ne: "ne", lt: "gt", le: "ge", gt: "lt", ge: "le" };

function callRange(functionId: string, list: Expression[]): RangeMap {
	const name = functionId.slice(0, functionId.indexOf("("));
	const [left, right] = list;
	if (left === undefined || right === undefined) return NOTHING_KNOWN;
	if (name === "like" || name === "starts_with") return list.length === 2 ? prefixRange(name, left, right) : NOTHING_KNOWN;
	if (!Object.hasOwn(MIRRORED, name)) return NOTHING_KNOWN;
	if (right.kind === "constant") return comparisonRange(name, left, right.value, right.type);
	if (left.kind === "constant") return comparisonRange(MIRRORED[name] as string, right, left.value, left.type);
	return NOTHING_KNOWN;
}

function comparisonRange(name: string, operand: Expression, value: SqlValue, valueType: DataType): RangeMap {
	const column = columnUnderCasts(operand);
	if (column === null) return NOTHING_KNOWN;
	// A comparison with NULL is never true.
	if (value === null) return only(column.index, []);
	const intervals = comparisonIntervals(name, column.type, value, valueType);
	return intervals === null ? NOTHING_KNOWN : only(column.index, intervals);
}

function comparisonIntervals(name: string, columnType: DataType, value: SqlValue, valueType: DataType): readonly Interval[] | null {
	if (name === "ne") return EVERYTHING;
	const place = placeConstant(columnType, value, valueType);
	if (place === null) return null;
	if (place.kind !== "at") {
		const isUpper = name === "lt" || name === "le";
		return name !== "eq" && isUpper === (place.kind === "above") ? EVERYTHING : [];
	}
	const { bytes, exact } = place;
	switch (name) {
		case "eq":
			return exact ? [point(bytes)] : [];
		case "lt":
		case "le":
			return [{ minimum: null, minimumOpen: false, maximum: bytes, maximumOpen: exact && name === "lt" }];
		default:
			return [{ minimum: bytes, minimumOpen: !exact || name === "gt", maximum: null, maximumOpen: false }];
	}
}

function inListRange(predicate: Extract<Expression, { kind: "in_list" }>): RangeMap {
	const column = columnUnderCasts(predicate.input);
	if (column === null) return NOTHING_KNOWN;
	if (predicate.negated) return only(column.index, EVERYTHING);
	const intervals: Interval[] = [];
	for (const value of predicate.values) {
		if (value === null) continue;
		const points = comparisonIntervals("eq", column.type, value, predicate.input.type);
		if (points === null) return NOTHING_KNOWN;
		intervals.push(...points);
	}
	return only(column.index, intervals);
}

/** LIKE 'abc%' and starts_with: every match begins with the pattern's literal start. */
function prefixRange(name: "like" | "starts_with", subject: Expression, pattern: Expression): RangeMap {
	const column = columnUnderCasts(subject);
	if (column === null || pattern.kind !== "constant" || typeof pattern.value !== "string") return NOTHING_KNOWN;
	if (column.type.kind !== "text" && column.type.kind !== "varchar") return NOTHING_KNOWN;
	const { prefix, whole } = name === "like" ? literalStart(pattern.value) : { prefix: pattern.value, whole: false };
	const bytes = new TextEncoder().encode(prefix);
	if (whole) return only(column.index, [point(bytes)]);
	if (bytes.length === 0) return only(column.index, EVERYTHING);
	return only(column.index, [{ minimum: bytes, minimumOpen: false, maximum: afterPrefix(bytes), maximumOpen: true }]);
}

/** The text before the first wildcard; `whole` when there is none. */
function literalStart(pattern: string): { prefix: string; whole: boolean } {
	let prefix = "";
	for (let index = 0; index < pattern.length; index++) {
		const character = pattern[index] as string;
		if (character === "%" || character === "_") return { prefix, whole: false };
		if (character === "\\") {
			index++;
			// A trailing backslash is an error, which evaluation raises.
			if (index === pattern.length) return { prefix, whole: false };
		}
		prefix += pattern[index];
	}
	return { prefix, whole: true };
}

/** The least bytes above everything that begins with `prefix`; null where there are none. */
function afterPrefix(prefix: Uint8Array): Uint8Array | null {
	let last = prefix.length - 1;
	while (last >= 0 && prefix[last] === 0xff) last--;
	if (last < 0) return null;
	const after = prefix.slice(0, last + 1);
	after[last] = (after[last] as number) + 1;
	return after;
}

/** Can a row group with these statistics hold a matching row? @param statistics of a column by its index; null when there are none */
export function rangesMatchStatistics(
	ranges: readonly ColumnRange[],
	rowCount: number,
	statistics: (column: number) => Omit<ColumnStatistics, "fieldId"> | null,
): boolean {
	return ranges.every((range) => {
		const known = statistics(range.column);
		if (known === null) return true;
		if (range.nulls && known.nullCount > 0) return true;
		if (known.nullCount >= rowCount) return false;
		if (known.hasNaN && reachesUp(range.intervals)) return true;
		if (known.minimum === null || known.maximum === null) return range.intervals.length > 0;
		const { minimum, maximum } = known;
		return overlaps(range.intervals, {
			minimums: minimum,
			minimumStart: 0,
			minimumEnd: minimum.length,
			maximums: maximum,
			maximumStart: 0,
			maximumEnd: maximum.length,
		});
	});
}

/** A set without an upper end holds NaN. */
function reachesUp(intervals: readonly Interval[]): boolean {
	return intervals[intervals.length - 1]?.maximum === null;
}

/**
 * The files of `page` that may hold a matching row, as a mask of one byte a file.
 *
 * @param fieldId of a range's column; undefined for a column that is no stored one
 */
export function pageMatches(ranges: readonly ColumnRange[], page: FilePage, fieldId: (column: number) => number | undefined): Uint8Array {
	const mask = new Uint8Array(page.fileCount).fill(1);
	for (const range of ranges) {
		const id = fieldId(range.column);
		const column = page.columns.find((candidate) => candidate.fieldId === id);
		if (column !== undefined) maskColumn(mask, range, page.rowCounts, column);
	}
	return mask;
}

/** One pass over typed arrays: a table may have 100,000 files. */
function maskColumn(mask: Uint8Array, range: ColumnRange, rowCounts: Float64Array, column: FilePage["columns"][number]): void {
	const { intervals, nulls } = range;
	const up = reachesUp(intervals);
	const { nullCounts, flags, minimums, maximums } = column;
	const bounded = FILE_HAS_MINIMUM | FILE_HAS_MAXIMUM;
	const slice = { minimums: minimums.bytes, minimumStart: 0, minimumEnd: 0, maximums: maximums.bytes, maximumStart: 0, maximumEnd: 0 };
	for (let file = 0; file < mask.length; file++) {
		if (mask[file] === 0) continue;
		const flag = flags[file] as number;
		if ((flag & FILE_LACKS_COLUMN) !== 0) continue;
		const nullCount = nullCounts[file] as number;
		if (nulls && nullCount > 0) continue;
		if (nullCount >= (rowCounts[file] as number)) {
			mask[file] = 0;
			continue;
		}
		if (up && (flag & FILE_HAS_NAN) !== 0) continue;
		if ((flag & bounded) !== bounded) {
			if (intervals.length === 0) mask[file] = 0;
			continue;
		}
		slice.minimumStart = minimums.offsets[file] as number;
		slice.minimumEnd = minimums.offsets[file + 1] as number;
		slice.maximumStart = maximums.offsets[file] as number;
		slice.maximumEnd = maximums.offsets[file + 1] as number;
		if (!overlaps(intervals, slice)) mask[file] = 0;
	}
}
