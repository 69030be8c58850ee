/** Sets of memcomparable values as sorted, disjoint intervals. */
import { compareBytes } from "../bound.ts";

/** null is unbounded; `open` leaves the end itself out. */
export interface Interval {
	minimum: Uint8Array | null;
	minimumOpen: boolean;
	maximum: Uint8Array | null;
	maximumOpen: boolean;
}

export const EVERYTHING: readonly Interval[] = [{ minimum: null, minimumOpen: false, maximum: null, maximumOpen: false }];

export const point = (bytes: Uint8Array): Interval => ({ minimum: bytes, minimumOpen: false, maximum: bytes, maximumOpen: false });

/** Orders lower ends: unbounded first, closed before open. */
function compareMinimums(left: Interval, right: Interval): number {
	if (left.minimum === null || right.minimum === null) return Number(right.minimum === null) - Number(left.minimum === null);
	return compareBytes(left.minimum, right.minimum) || Number(left.minimumOpen) - Number(right.minimumOpen);
}

/** Orders upper ends: open before closed, unbounded last. */
function compareMaximums(left: Interval, right: Interval): number {
	if (left.maximum === null || right.maximum === null) return Number(left.maximum === null) - Number(right.maximum === null);
	return compareBytes(left.maximum, right.maximum) || Number(right.maximumOpen) - Number(left.maximumOpen);
}

function isEmpty(interval: Interval): boolean {
	if (interval.minimum === null || interval.maximum === null) return false;
	const order = compareBytes(interval.minimum, interval.maximum);
	return order > 0 || (order === 0 && (interval.minimumOpen || interval.maximumOpen));
}

/** True when `right`, which does not begin before `left`, leaves no gap after it. */
function touches(left: Interval, right: Interval): boolean {
	if (left.maximum === null || right.minimum === null) return true;
	const order = compareBytes(right.minimum, left.maximum);
	return order < 0 || (order === 0 && !(left.maximumOpen && right.minimumOpen));
}

/** The union, sorted and disjoint. */
export function normalize(intervals: readonly Interval[]): Interval[] {
	const sorted = intervals.filter((interval) => !isEmpty(interval)).sort(compareMinimums);
	const merged: Interval[] = [];
	for (const interval of sorted) {
		const last = merged[merged.length - 1];
		if (last === undefined || !touches(last, interval)) merged.push({ ...interval });
		else if (compareMaximums(last, interval) < 0) {
			last.maximum = interval.maximum;
			last.maximumOpen = interval.maximumOpen;
		}
	}
	return merged;
}

/** Of two normalized sets. */
export function intersect(left: readonly Interval[], right: readonly Interval[]): Interval[] {
	const result: Interval[] = [];
	let leftIndex = 0;
	let rightIndex = 0;
	while (leftIndex < left.length && rightIndex < right.length) {
		const one = left[leftIndex] as Interval;
		const other = right[rightIndex] as Interval;
		const lower = compareMinimums(one, other) >= 0 ? one : other;
		const upper = compareMaximums(one, other) <= 0 ? one : other;
		const common: Interval = {
			minimum: lower.minimum,
			minimumOpen: lower.minimumOpen,
			maximum: upper.maximum,
			maximumOpen: upper.maximumOpen,
		};
		if (!isEmpty(common)) result.push(common);
		if (upper === one) leftIndex++;
		else rightIndex++;
	}
	return result;
}

/**
 * Does some value of the closed range [minimum, maximum] lie in the normalized set? Binary search: an IN list may have thousands of points.
 * `bytes` hold the ends at [start, end).
 */
export function overlaps(
	intervals: readonly Interval[],
	range: { minimums: Uint8Array; minimumStart: number; minimumEnd: number; maximums: Uint8Array; maximumStart: number; maximumEnd: number },
): boolean {
	let low = 0;
	let high = intervals.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		const { maximum, maximumOpen } = intervals[middle] as Interval;
		const order = maximum === null ? 1 : compareSlice(maximum, range.minimums, range.minimumStart, range.minimumEnd);
		if (order < 0 || (order === 0 && maximumOpen)) low = middle + 1;
		else high = middle;
	}
	const first = intervals[low];
	if (first === undefined) return false;
	if (first.minimum === null) return true;
	const order = compareSlice(first.minimum, range.maximums, range.maximumStart, range.maximumEnd);
	return order < 0 || (order === 0 && !first.minimumOpen);
}

function compareSlice(left: Uint8Array, bytes: Uint8Array, start: number, end: number): number {
	const byteCount = Math.min(left.length, end - start);
	for (let index = 0; index < byteCount; index++) {
		const difference = (left[index] as number) - (bytes[start + index] as number);
		if (difference !== 0) return difference;
	}
	return left.length - (end - start);
}
