// Hash join: chains of stored rows that hang from `heads`, u32 each, a power of two of them; a hash belongs to head (hash >> shift) & mask. A link (u32 hash, u32 next) stands
// `link` bytes into a row: the row's own header, or a second one behind its slots where rows hang in two chains.
//
// Of a single whole number the hash may be its place, its distance from the least one: rows in the keys' order then hang in the heads' order, so that a probe side in that
// order too walks memory forwards, and equal hashes are equal keys.
import { equalsStored, livePosition, TOUCH_MASK_MIN } from "./row-store";
import { isValid } from "./validity";

/** Hangs `count` neighbouring rows into their chains. */
export function join_insert(count: i32, first: usize, rowBytes: i32, link: i32, heads: usize, mask: u32, shift: u32): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = first + <usize>(index * rowBytes);
		const head = heads + (<usize>((load<u32>(row + link) >> shift) & mask) << 2);
		store<u32>(row + link, load<u32>(head), 4);
		store<u32>(head, <u32>row);
	}
}

/** Writes the hashes (u32 by position) of live rows into the links of as many neighbouring stored rows. */
export function join_link(count: i32, selection: usize, hashes: usize, first: usize, rowBytes: i32, link: i32): void {
	for (let index: i32 = 0; index < count; index++) {
		store<u32>(first + <usize>(index * rowBytes) + link, load<u32>(hashes + (<usize>livePosition(selection, index) << 2)));
	}
}

/** No key's place. */
// @ts-ignore: decorator
@inline
const NO_PLACE: u32 = 0xffffffff;

/** Writes the places of keys (slots of 64 bits if `wide`, else of 32) into the links of as many neighbouring stored rows. `range`: i64 least, i64 most, less than 2^32 - 1 apart. */
export function join_place(count: i32, first: usize, rowBytes: i32, link: i32, offset: i32, wide: i32, range: usize): void {
	const least = load<i64>(range);
	for (let index: i32 = 0; index < count; index++) {
		const row = first + <usize>(index * rowBytes);
		const key = wide != 0 ? load<i64>(row + offset) : <i64>load<i32>(row + offset);
		store<u32>(row + link, <u32>(key - least));
	}
}

/** The places of a batch's keys, u32 by position, in the stead of hashes; of keys outside the range 2^32 - 1. `keys`: i32, or i64 if `wide`, by position. */
export function keys_place(count: i32, selection: usize, keys: usize, wide: i32, range: usize, hashes: usize): void {
	const least = load<i64>(range);
	const span = <u64>(load<i64>(range, 8) - least);
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const key = wide != 0 ? load<i64>(keys + (<usize>row << 3)) : <i64>load<i32>(keys + (<usize>row << 2));
		const place = <u64>(key - least);
		store<u32>(hashes + (<usize>row << 2), place > span ? NO_PLACE : <u32>place);
	}
}

/**
 * Reads the first row of each probe row's chain, and nothing else: loads that wait for none but their own head overlap, while those of the loop behind wait for its branches.
 * What it read goes to `state[12]`, so that no compiler leaves it out. Not worth it where heads and rows lie in the nearest caches anyway.
 */
// @ts-ignore: decorator
@inline
function touchChains(count: i32, selection: usize, hashes: usize, link: i32, heads: usize, mask: u32, shift: u32, state: usize): void {
	if (mask < TOUCH_MASK_MIN) return;
	let read: u32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const hash = load<u32>(hashes + (<usize>livePosition(selection, index) << 2));
		read += load<u32>(<usize>load<u32>(heads + (<usize>((hash >> shift) & mask) << 2)) + link);
	}
	store<u32>(state, read, 12);
}

/**
 * Pairs of a probe row's position (u16) and a stored row (u32) whose keys are equal, at most `capacity`; probe rows have no NULL key. `state`, u32 each: 0 index of the
 * probe row, 4 the stored row to look at next (0: begin its chain), 8 stored rows that may be looked at, counted down: a long chain of other keys must not take one call; 12 for the kernel's own use.
 * The descriptors name the stored rows' key slots. @returns pairs; the end is reached when state[0] is `count`
 */
export function join_probe(count: i32, selection: usize, columnCount: i32, descriptors: usize, hashes: usize, link: i32, heads: usize, mask: u32, shift: u32, state: usize, capacity: i32, outPositions: usize, outRows: usize): i32 {
	let index = load<i32>(state);
	let stored: usize = <usize>load<u32>(state, 4);
	let pairs: i32 = 0;
	let budget = load<i32>(state, 8);
	if (index == 0 && stored == 0) touchChains(count, selection, hashes, link, heads, mask, shift, state);
	for (; index < count; index++) {
		const row = livePosition(selection, index);
		const hash = load<u32>(hashes + (<usize>row << 2));
		if (stored == 0) stored = <usize>load<u32>(heads + (<usize>((hash >> shift) & mask) << 2));
		while (stored != 0) {
			if (--budget < 0) {
				store<i32>(state, index);
				store<u32>(state, <u32>stored, 4);
				store<i32>(state, 0, 8);
				return pairs;
			}
			if (load<u32>(stored + link) == hash && equalsStored(row, columnCount, descriptors, stored)) {
				if (pairs == capacity) {
					store<i32>(state, index);
					store<u32>(state, <u32>stored, 4);
					store<i32>(state, budget, 8);
					return pairs;
				}
				store<u16>(outPositions + (<usize>pairs << 1), <u16>row);
				store<u32>(outRows + (<usize>pairs << 2), <u32>stored);
				pairs++;
			}
			stored = <usize>load<u32>(stored + link, 4);
		}
	}
	store<i32>(state, index);
	store<u32>(state, 0, 4);
	store<i32>(state, budget, 8);
	return pairs;
}

/**
 * Marks (u8, `value`) the positions of live rows for which a stored row with equal keys is there; rows marked already are passed over. `state` as in `join_probe`:
 * the end is reached when state[0] is `count`.
 */
export function join_exists(count: i32, selection: usize, columnCount: i32, descriptors: usize, hashes: usize, link: i32, heads: usize, mask: u32, shift: u32, state: usize, value: i32, matched: usize): void {
	let index = load<i32>(state);
	let stored: usize = <usize>load<u32>(state, 4);
	let budget = load<i32>(state, 8);
	if (index == 0 && stored == 0) touchChains(count, selection, hashes, link, heads, mask, shift, state);
	for (; index < count; index++) {
		const row = livePosition(selection, index);
		if (load<u8>(matched + <usize>row) != 0) continue;
		const hash = load<u32>(hashes + (<usize>row << 2));
		if (stored == 0) stored = <usize>load<u32>(heads + (<usize>((hash >> shift) & mask) << 2));
		while (stored != 0) {
			if (--budget < 0) {
				store<i32>(state, index);
				store<u32>(state, <u32>stored, 4);
				store<i32>(state, 0, 8);
				return;
			}
			if (load<u32>(stored + link) == hash && equalsStored(row, columnCount, descriptors, stored)) {
				store<u8>(matched + <usize>row, <u8>value);
				break;
			}
			stored = <usize>load<u32>(stored + link, 4);
		}
		stored = 0;
	}
	store<i32>(state, index);
	store<u32>(state, 0, 4);
	store<i32>(state, budget, 8);
}

/** Marks (u8, `value`) the positions of `count` pairs that are live. @returns how many were marked before */
export function join_mark(count: i32, selection: usize, positions: usize, value: i32, matched: usize): i32 {
	let again: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const at = matched + <usize>load<u16>(positions + (<usize>livePosition(selection, index) << 1));
		again += i32(load<u8>(at) != 0);
		store<u8>(at, <u8>value);
	}
	return again;
}

/** As `join_mark` of pairs whose condition is a boolean (by pair): 1 where one is true, else 2 where one is NULL. `constant`: pair 0's for all. */
export function join_mark_values(count: i32, positions: usize, values: usize, validity: usize, constant: i32, matched: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const pair = constant != 0 ? 0 : index;
		const at = matched + <usize>load<u16>(positions + (<usize>index << 1));
		if (!isValid(validity, pair)) {
			if (load<u8>(at) == 0) store<u8>(at, 2);
		} else if (load<u8>(values + <usize>pair) != 0) {
			store<u8>(at, 1);
		}
	}
}

/** Live rows that are marked, or those that are not, as u16 positions at `out` (which may be `selection`). @returns how many */
export function join_marked(marked: i32, count: i32, selection: usize, matched: usize, out: usize): i32 {
	let kept: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		store<u16>(out + (<usize>kept << 1), <u16>row);
		kept += i32((load<u8>(matched + <usize>row) != 0) == (marked != 0));
	}
	return kept;
}

/** Marks as a boolean column: 1 is true, 2 NULL. @returns how many are NULL */
export function join_mark_column(rowCount: i32, matched: usize, values: usize, validity: usize): i32 {
	let nulls: i32 = 0;
	memory.fill(validity, 0xff, (rowCount + 7) >> 3);
	for (let row: i32 = 0; row < rowCount; row++) {
		const mark = load<u8>(matched + <usize>row);
		store<u8>(values + <usize>row, u8(mark == 1));
		if (mark != 2) continue;
		nulls++;
		const at = validity + (row >> 3);
		store<u8>(at, load<u8>(at) & ~<u8>(<i32>1 << (row & 7)));
	}
	return nulls;
}

/** Sets the u32 `flag` bytes into each stored row of the live pairs. */
export function join_flag(count: i32, selection: usize, rows: usize, flag: i32): void {
	for (let index: i32 = 0; index < count; index++) {
		store<u32>(<usize>load<u32>(rows + (<usize>livePosition(selection, index) << 2)) + flag, 1);
	}
}

/** Packs the stored rows whose flag is set (`flagged` 1), or is not (0); `out` may be `rows`. @returns how many */
export function join_flagged(flagged: i32, count: i32, rows: usize, flag: i32, out: usize): i32 {
	let kept: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = load<u32>(rows + (<usize>index << 2));
		store<u32>(out + (<usize>kept << 2), row);
		kept += i32(i32(load<u32>(<usize>row + flag) != 0) == flagged);
	}
	return kept;
}
