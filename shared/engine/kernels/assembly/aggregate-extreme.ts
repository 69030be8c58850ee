// Updates of aggregates that keep a value: min, max, any_value, and strings put together. As in aggregate.ts, strings take room from the group table's heap.
import { stateOf } from "./aggregate-state";
import { laneAddress, laneExtra, livePosition } from "./row-store";
import { isValid } from "./validity";
import { KIND_BYTES, KIND_I32, KIND_I64, KIND_NUMERIC, orderValues } from "./value";

/**
 * A slot of a row store, for bytes also u32 capacity at 8; u32 present at 20. `sign` is 1 for max, -1 for min. Strings take room from the heap of the group table's
 * `heap` state (8 next, 12 end, 28 missing). @returns the index where it stopped: `count`, or one whose string had no room
 */
export function agg_extreme(kind: i32, sign: i32, start: i32, count: i32, selection: usize, values: usize, validity: usize, offsets: usize, groups: usize, offset: i32, heap: usize): i32 {
	if (sign != 0 && kind == KIND_I32) return extremeLanes<i32>(sign, start, count, selection, values, validity, groups, offset);
	if (sign != 0 && kind == KIND_I64) return extremeLanes<i64>(sign, start, count, selection, values, validity, groups, offset);
	for (let index = start; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const at = laneAddress(kind, values, offsets, row);
		const extra = laneExtra(kind, offsets, row);
		if (load<u32>(state, 20) != 0) {
			const own: usize = kind >= KIND_BYTES ? <usize>load<u32>(state) : state;
			const ownExtra: i32 = kind >= KIND_BYTES ? load<i32>(state, 4) : kind == KIND_NUMERIC ? load<i32>(state, 16) : 0;
			if (orderValues(kind, at, extra, own, ownExtra) * sign <= 0) continue;
		}
		if (kind >= KIND_BYTES) {
			if (!reserve(state, extra, heap)) return index;
			memory.copy(<usize>load<u32>(state), at, extra);
			store<i32>(state, extra, 4);
		} else copyLane(kind, state, at, extra);
		store<u32>(state, 1, 20);
	}
	return count;
}

/** agg_extreme of whole numbers: most rows change nothing, so only those that do are written. */
// @ts-ignore: decorator
@inline
function extremeLanes<T>(sign: i32, start: i32, count: i32, selection: usize, values: usize, validity: usize, groups: usize, offset: i32): i32 {
	for (let index = start; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const value = load<T>(values + <usize>row * sizeof<T>());
		const own = load<T>(state);
		if (load<u32>(state, 20) != 0 && (sign > 0 ? value <= own : value >= own)) continue;
		store<T>(state, value);
		store<u32>(state, 1, 20);
	}
	return count;
}

// @ts-ignore: decorator
@inline
function copyLane(kind: i32, state: usize, at: usize, extra: i32): void {
	switch (kind) {
		case 0:
			store<u8>(state, load<u8>(at));
			return;
		case 1:
		case 5:
			store<u32>(state, load<u32>(at));
			return;
		case 2:
		case 6:
			store<u64>(state, load<u64>(at));
			return;
		default:
			store<u64>(state, load<u64>(at));
			store<u64>(state, load<u64>(at, 8), 8);
			if (kind == KIND_NUMERIC) store<i32>(state, extra, 16);
	}
}

/** Room for `byteCount` bytes at the state's string, by doubling; what it held is kept. @returns false when the heap has none */
function reserve(state: usize, byteCount: i32, heap: usize): bool {
	const capacity = load<u32>(state, 8);
	if (<u32>byteCount <= capacity) return true;
	const wanted: u32 = max(max(<u32>byteCount, capacity * 2), 16);
	const next = load<u32>(heap, 8);
	if (wanted > load<u32>(heap, 12) - next) {
		store<u32>(heap, wanted, 28);
		return false;
	}
	memory.copy(next, <usize>load<u32>(state), load<i32>(state, 4));
	store<u32>(state, next);
	store<u32>(state, wanted, 8);
	store<u32>(heap, next + wanted, 8);
	return true;
}

/**
 * Appends the delimiter (except before the first value; NULL is empty) and the value: a string as in agg_extreme, and at 24 another: the first row's delimiter.
 * @returns the index where it stopped: `count`, one without room, or -1 when a string passes `bytesMax`
 */
export function agg_concat(start: i32, count: i32, selection: usize, values: usize, validity: usize, offsets: usize, delimiters: usize, delimiterValidity: usize, delimiterOffsets: usize, groups: usize, offset: i32, heap: usize, bytesMax: i32): i32 {
	for (let index = start; index < count; index++) {
		const row = livePosition(selection, index);
		if (!isValid(validity, row)) continue;
		const state = stateOf(groups, row, offset);
		const first = load<u32>(state, 20) == 0;
		const delimiterValid = isValid(delimiterValidity, row);
		const ownBytes: i32 = delimiterValid ? laneExtra(KIND_BYTES, delimiterOffsets, row) : 0;
		const delimiterBytes: i32 = first ? 0 : ownBytes;
		const valueBytes = laneExtra(KIND_BYTES, offsets, row);
		const length = load<i32>(state, 4);
		if (<i64>length + delimiterBytes + valueBytes > bytesMax) return -1;
		if (!reserve(state, length + delimiterBytes + valueBytes, heap)) return index;
		if (first && delimiterValid) {
			if (!reserve(state + 24, ownBytes, heap)) return index;
			memory.copy(<usize>load<u32>(state, 24), laneAddress(KIND_BYTES, delimiters, delimiterOffsets, row), ownBytes);
			store<i32>(state, ownBytes, 28);
			store<u32>(state, 1, 44);
		}
		const end = <usize>load<u32>(state) + length;
		memory.copy(end, laneAddress(KIND_BYTES, delimiters, delimiterOffsets, row), delimiterBytes);
		memory.copy(end + delimiterBytes, laneAddress(KIND_BYTES, values, offsets, row), valueBytes);
		store<i32>(state, length + delimiterBytes + valueBytes, 4);
		store<u32>(state, 1, 20);
	}
	return count;
}
