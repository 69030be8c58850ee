// Rows of several columns, packed one after the other: what group-by, join and sort keep. A row never moves, so a u32 names it.
//
//   row     u32 hash, u32 next (a join's chain; together a sort's prefix), one NULL bit per column from byte 8, then the slots
//   slot    the value; NUMERIC: coefficient, i32 scale; bytes: u32 address in the heap, i32 length
//
// Columns of a batch are described by 32 bytes each: kind, offset of the slot, NULL bit, values, validity, offsets (scales), flags, 0. See `vector/row-layout.ts`.
import { copyShort } from "./short-copy";
import { isValid } from "./validity";
import { equalValues, hashValue, KIND_BYTES, KIND_I32, KIND_I64, KIND_NUMERIC, laneBytes, mixHash, orderValues } from "./value";

const DESCRIPTOR_BYTES: usize = 32;
const ROW_NULLS: usize = 8;
const DESCENDING: i32 = 1;
const NULLS_FIRST: i32 = 2;

/** Slots of a hash table, less one, from which rows are read before they are needed: below, a table lies in the nearest caches. */
// @ts-ignore: decorator
@inline
export const TOUCH_MASK_MIN: u32 = 8191;

// @ts-ignore: decorator
@inline
export function livePosition(selection: usize, index: i32): i32 {
	return selection == 0 ? index : <i32>load<u16>(selection + (<usize>index << 1));
}

// @ts-ignore: decorator
@inline
export function isNullAt(row: usize, bit: i32): bool {
	return ((load<u8>(row + ROW_NULLS + (bit >> 3)) >> (bit & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function laneAddress(kind: i32, values: usize, offsets: usize, row: i32): usize {
	return kind >= KIND_BYTES ? values + load<i32>(offsets + (<usize>row << 2)) : values + <usize>row * laneBytes(kind);
}
// @ts-ignore: decorator
@inline
export function laneExtra(kind: i32, offsets: usize, row: i32): i32 {
	const at = offsets + (<usize>row << 2);
	return kind >= KIND_BYTES ? load<i32>(at, 4) - load<i32>(at) : kind == KIND_NUMERIC ? load<i32>(at) : 0;
}
// @ts-ignore: decorator
@inline
function slotAddress(kind: i32, slot: usize): usize {
	return kind >= KIND_BYTES ? <usize>load<u32>(slot) : slot;
}
// @ts-ignore: decorator
@inline
function slotExtra(kind: i32, slot: usize): i32 {
	return kind >= KIND_BYTES ? load<i32>(slot, 4) : kind == KIND_NUMERIC ? load<i32>(slot, 16) : 0;
}

/** Copies a lane into a slot; a string's bytes go to `heap`. @returns the heap's next free byte */
// @ts-ignore: decorator
@inline
function writeSlot(kind: i32, slot: usize, at: usize, extra: i32, heap: usize): usize {
	switch (laneBytes(kind)) {
		case 1:
			store<u8>(slot, load<u8>(at));
			return heap;
		case 4:
			store<u32>(slot, load<u32>(at));
			return heap;
		case 8:
			store<u64>(slot, load<u64>(at));
			return heap;
		default:
			if (kind >= KIND_BYTES) {
				copyShort(heap, at, extra);
				store<u32>(slot, <u32>heap);
				store<i32>(slot, extra, 4);
				return heap + extra;
			}
			store<u64>(slot, load<u64>(at));
			store<u64>(slot, load<u64>(at, 8), 8);
			if (kind == KIND_NUMERIC) store<i32>(slot, extra, 16);
			return heap;
	}
}

/** Bytes of the strings of the live rows of a column. @returns -1 beyond 2^31 */
export function rows_string_bytes(count: i32, selection: usize, validity: usize, offsets: usize): i32 {
	let total: i64 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		if (isValid(validity, row)) total += laneExtra(KIND_BYTES, offsets, row);
	}
	return total > i32.MAX_VALUE ? -1 : <i32>total;
}

/** Writes the live rows as `count` neighbouring rows at `target`; `hashes` u32 by position, or 0. @returns the heap's next free byte */
export function rows_write(count: i32, selection: usize, columnCount: i32, descriptors: usize, hashes: usize, rowBytes: i32, target: usize, heap: usize): usize {
	memory.fill(target, 0, <usize>count * rowBytes);
	if (hashes != 0) {
		for (let index: i32 = 0; index < count; index++) {
			store<u32>(target + <usize>(index * rowBytes), load<u32>(hashes + (<usize>livePosition(selection, index) << 2)));
		}
	}
	for (let column: i32 = 0; column < columnCount; column++) {
		const descriptor = descriptors + <usize>column * DESCRIPTOR_BYTES;
		const kind = load<i32>(descriptor);
		const offset = load<i32>(descriptor, 4);
		const bit = load<i32>(descriptor, 8);
		const values = <usize>load<u32>(descriptor, 12);
		const validity = <usize>load<u32>(descriptor, 16);
		const offsets = <usize>load<u32>(descriptor, 20);
		for (let index: i32 = 0; index < count; index++) {
			const row = livePosition(selection, index);
			const to = target + <usize>(index * rowBytes);
			if (isValid(validity, row)) {
				heap = writeSlot(kind, to + offset, laneAddress(kind, values, offsets, row), laneExtra(kind, offsets, row), heap);
			} else {
				const nulls = to + ROW_NULLS + (bit >> 3);
				store<u8>(nulls, load<u8>(nulls) | <u8>(<i32>1 << (bit & 7)));
			}
		}
	}
	return heap;
}

/** Writes one live row's columns at `target`, which is zeroed. @returns the heap's next free byte */
export function writeRow(row: i32, columnCount: i32, descriptors: usize, target: usize, heap: usize): usize {
	for (let column: i32 = 0; column < columnCount; column++) {
		const descriptor = descriptors + <usize>column * DESCRIPTOR_BYTES;
		const kind = load<i32>(descriptor);
		const offsets = <usize>load<u32>(descriptor, 20);
		if (isValid(<usize>load<u32>(descriptor, 16), row)) {
			const at = laneAddress(kind, <usize>load<u32>(descriptor, 12), offsets, row);
			heap = writeSlot(kind, target + load<i32>(descriptor, 4), at, laneExtra(kind, offsets, row), heap);
		} else {
			const bit = load<i32>(descriptor, 8);
			const nulls = target + ROW_NULLS + (bit >> 3);
			store<u8>(nulls, load<u8>(nulls) | <u8>(<i32>1 << (bit & 7)));
		}
	}
	return heap;
}

/** Bytes of one live row's strings. */
export function rowStringBytes(row: i32, columnCount: i32, descriptors: usize): i32 {
	let total: i32 = 0;
	for (let column: i32 = 0; column < columnCount; column++) {
		const descriptor = descriptors + <usize>column * DESCRIPTOR_BYTES;
		if (load<i32>(descriptor) < KIND_BYTES || !isValid(<usize>load<u32>(descriptor, 16), row)) continue;
		total += laneExtra(KIND_BYTES, <usize>load<u32>(descriptor, 20), row);
	}
	return total;
}

/** Where the address of the first text lies in stored rows, or 0. */
// @ts-ignore: decorator
@inline
export function textSlotOffset(columnCount: i32, descriptors: usize): usize {
	for (let column: i32 = 0; column < columnCount; column++) {
		const descriptor = descriptors + <usize>column * DESCRIPTOR_BYTES;
		if (load<i32>(descriptor) >= KIND_BYTES) return <usize>load<i32>(descriptor, 4);
	}
	return 0;
}

/** A hash per live row at its position; NULLs are alike. */
export function rows_hash(count: i32, selection: usize, columnCount: i32, descriptors: usize, hashes: usize): void {
	for (let index: i32 = 0; index < count; index++) store<u32>(hashes + (<usize>livePosition(selection, index) << 2), 0x2545f491);
	for (let column: i32 = 0; column < columnCount; column++) {
		const descriptor = descriptors + <usize>column * DESCRIPTOR_BYTES;
		const kind = load<i32>(descriptor);
		const values = <usize>load<u32>(descriptor, 12);
		const validity = <usize>load<u32>(descriptor, 16);
		const offsets = <usize>load<u32>(descriptor, 20);
		// The kinds that most keys have, each in a loop of its own.
		if (validity == 0 && kind == KIND_I32) {
			for (let index: i32 = 0; index < count; index++) {
				const row = livePosition(selection, index);
				addHash(hashes, row, mixHash(<u64>load<i32>(values + (<usize>row << 2))));
			}
		} else if (validity == 0 && kind == KIND_I64) {
			for (let index: i32 = 0; index < count; index++) {
				const row = livePosition(selection, index);
				addHash(hashes, row, mixHash(load<u64>(values + (<usize>row << 3))));
			}
		} else {
			for (let index: i32 = 0; index < count; index++) {
				const row = livePosition(selection, index);
				addHash(
					hashes,
					row,
					isValid(validity, row) ? hashValue(kind, laneAddress(kind, values, offsets, row), laneExtra(kind, offsets, row)) : 0x51,
				);
			}
		}
	}
}

/** Adds a column's hash to a row's. */
// @ts-ignore: decorator
@inline
function addHash(hashes: usize, row: i32, value: u64): void {
	const at = hashes + (<usize>row << 2);
	store<u32>(at, <u32>(((<u64>rotl<u32>(load<u32>(at), 5) ^ value) * 0x9e3779b97f4a7c15) >> 32));
}

// @ts-ignore: decorator
@inline
function rowsByNull(wanted: bool, count: i32, selection: usize, columnCount: i32, descriptors: usize, out: usize): i32 {
	let kept: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		let whole: bool = true;
		for (let column: i32 = 0; column < columnCount; column++) {
			whole = whole && isValid(<usize>load<u32>(descriptors + <usize>column * DESCRIPTOR_BYTES, 16), row);
		}
		store<u16>(out + (<usize>kept << 1), <u16>row);
		kept += i32(whole != wanted);
	}
	return kept;
}
/** Live rows without a NULL in any column, as u16 positions at `out` (which may be `selection`). @returns how many */
export function rows_without_null(count: i32, selection: usize, columnCount: i32, descriptors: usize, out: usize): i32 { return rowsByNull(false, count, selection, columnCount, descriptors, out); }
/** The other ones: with a NULL in some column. */
export function rows_with_null(count: i32, selection: usize, columnCount: i32, descriptors: usize, out: usize): i32 { return rowsByNull(true, count, selection, columnCount, descriptors, out); }

/** A batch's row against a stored one: NULL equals NULL. */
export function equalsStored(row: i32, columnCount: i32, descriptors: usize, stored: usize): bool {
	for (let column: i32 = 0; column < columnCount; column++) {
		const descriptor = descriptors + <usize>column * DESCRIPTOR_BYTES;
		const kind = load<i32>(descriptor);
		const offsets = <usize>load<u32>(descriptor, 20);
		const valid = isValid(<usize>load<u32>(descriptor, 16), row);
		if (valid == isNullAt(stored, load<i32>(descriptor, 8))) return false;
		if (!valid) continue;
		const slot = stored + load<i32>(descriptor, 4);
		const values = <usize>load<u32>(descriptor, 12);
		if (kind == KIND_I32) {
			if (load<i32>(values + (<usize>row << 2)) != load<i32>(slot)) return false;
			continue;
		}
		if (kind == KIND_I64) {
			if (load<i64>(values + (<usize>row << 3)) != load<i64>(slot)) return false;
			continue;
		}
		const at = laneAddress(kind, values, offsets, row);
		if (!equalValues(kind, at, laneExtra(kind, offsets, row), slotAddress(kind, slot), slotExtra(kind, slot))) return false;
	}
	return true;
}

// @ts-ignore: decorator
@inline
function orderNulls(leftNull: bool, rightNull: bool, flags: i32): i32 {
	const order = i32(leftNull) - i32(rightNull);
	return (flags & NULLS_FIRST) != 0 ? -order : order;
}

/** One key of two stored rows, each by its own descriptor: they agree in kind and direction. */
// @ts-ignore: decorator
@inline
export function orderSlots(left: usize, leftDescriptor: usize, right: usize, rightDescriptor: usize): i32 {
	const kind = load<i32>(leftDescriptor);
	const flags = load<i32>(leftDescriptor, 24);
	const leftNull = isNullAt(left, load<i32>(leftDescriptor, 8));
	const rightNull = isNullAt(right, load<i32>(rightDescriptor, 8));
	if (leftNull || rightNull) return leftNull != rightNull ? orderNulls(leftNull, rightNull, flags) : 0;
	const a = left + load<i32>(leftDescriptor, 4);
	const b = right + load<i32>(rightDescriptor, 4);
	const order = orderValues(kind, slotAddress(kind, a), slotExtra(kind, a), slotAddress(kind, b), slotExtra(kind, b));
	return (flags & DESCENDING) != 0 ? -order : order;
}

/** Two stored rows by the sort keys that the descriptors name. */
export function orderStored(left: usize, right: usize, columnCount: i32, descriptors: usize): i32 {
	for (let column: i32 = 0; column < columnCount; column++) {
		const descriptor = descriptors + <usize>column * DESCRIPTOR_BYTES;
		const order = orderSlots(left, descriptor, right, descriptor);
		if (order != 0) return order;
	}
	return 0;
}

/** Live rows whose value is not behind `bound` in the order, nor the same unless `ties`, as u16 positions at `out`. @returns how many */
// @ts-ignore: decorator
@inline
function lanesUpTo<Lane>(ties: bool, count: i32, selection: usize, values: usize, bound: Lane, descending: bool, out: usize): i32 {
	let kept: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const value = load<Lane>(values + <usize>row * sizeof<Lane>());
		store<u16>(out + (<usize>kept << 1), <u16>row);
		kept += i32(descending ? value > bound : value < bound) | (i32(ties) & i32(value == bound));
	}
	return kept;
}

// @ts-ignore: decorator
@inline
function rowsUpTo(withTies: bool, count: i32, selection: usize, columnCount: i32, descriptors: usize, stored: usize, out: usize): i32 {
	// Numbers drop most rows, or all that go, in a loop without branches; the other keys are asked of what is left.
	const firstKind = load<i32>(descriptors);
	const slot = stored + load<i32>(descriptors, 4);
	if (columnCount > 0 && (firstKind == KIND_I32 || firstKind == KIND_I64) && load<u32>(descriptors, 16) == 0 && !isNullAt(stored, load<i32>(descriptors, 8))) {
		const values = <usize>load<u32>(descriptors, 12);
		const descending = (load<i32>(descriptors, 24) & DESCENDING) != 0;
		const ties = withTies || columnCount > 1;
		count = firstKind == KIND_I32
			? lanesUpTo<i32>(ties, count, selection, values, load<i32>(slot), descending, out)
			: lanesUpTo<i64>(ties, count, selection, values, load<i64>(slot), descending, out);
		if (columnCount == 1) return count;
		selection = out;
	}
	let kept: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		let order: i32 = 0;
		for (let column: i32 = 0; column < columnCount && order == 0; column++) {
			const descriptor = descriptors + <usize>column * DESCRIPTOR_BYTES;
			const kind = load<i32>(descriptor);
			const flags = load<i32>(descriptor, 24);
			const offsets = <usize>load<u32>(descriptor, 20);
			const isNull = !isValid(<usize>load<u32>(descriptor, 16), row);
			const storedNull = isNullAt(stored, load<i32>(descriptor, 8));
			if (isNull || storedNull) {
				if (isNull != storedNull) order = orderNulls(isNull, storedNull, flags);
				continue;
			}
			const slot = stored + load<i32>(descriptor, 4);
			const at = laneAddress(kind, <usize>load<u32>(descriptor, 12), offsets, row);
			order = orderValues(kind, at, laneExtra(kind, offsets, row), slotAddress(kind, slot), slotExtra(kind, slot));
			if ((flags & DESCENDING) != 0) order = -order;
		}
		store<u16>(out + (<usize>kept << 1), <u16>row);
		kept += i32(withTies ? order <= 0 : order < 0);
	}
	return kept;
}
/** Live rows that sort strictly before a stored row, as u16 positions at `out` (which may be `selection`). @returns how many */
export function rows_before(count: i32, selection: usize, columnCount: i32, descriptors: usize, stored: usize, out: usize): i32 { return rowsUpTo(false, count, selection, columnCount, descriptors, stored, out); }
/** As `rows_before`, and those that tie with it. */
export function rows_not_after(count: i32, selection: usize, columnCount: i32, descriptors: usize, stored: usize, out: usize): i32 { return rowsUpTo(true, count, selection, columnCount, descriptors, stored, out); }

/** 1 where no live row sorts before the live row in front of it, else 0. */
export function rows_in_order(count: i32, selection: usize, columnCount: i32, descriptors: usize): i32 {
	let before: i32 = count > 0 ? livePosition(selection, 0) : 0;
	for (let index: i32 = 1; index < count; index++) {
		const row = livePosition(selection, index);
		let order: i32 = 0;
		for (let column: i32 = 0; column < columnCount && order == 0; column++) {
			const descriptor = descriptors + <usize>column * DESCRIPTOR_BYTES;
			const kind = load<i32>(descriptor);
			const values = <usize>load<u32>(descriptor, 12);
			const validity = <usize>load<u32>(descriptor, 16);
			const offsets = <usize>load<u32>(descriptor, 20);
			const flags = load<i32>(descriptor, 24);
			const leftNull = !isValid(validity, before);
			const rightNull = !isValid(validity, row);
			if (leftNull || rightNull) {
				if (leftNull != rightNull) order = orderNulls(leftNull, rightNull, flags);
				continue;
			}
			const left = laneAddress(kind, values, offsets, before);
			const right = laneAddress(kind, values, offsets, row);
			order = orderValues(kind, left, laneExtra(kind, offsets, before), right, laneExtra(kind, offsets, row));
			if ((flags & DESCENDING) != 0) order = -order;
		}
		if (order > 0) return 0;
		before = row;
	}
	return 1;
}
