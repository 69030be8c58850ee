// Grouping: an open-addressing table over rows of a row store, which have their hash themselves. Its entries (group-entry.ts) are short: half a table is half as far from the caches.
import { ENTRY_SHIFT, entryFor, hasTag, rowOfEntry, tagOf } from "./group-entry";
import { fixedShape, groupFixed, lookUpFixed } from "./group-fixed";
import { equalsStored, isNullAt, livePosition, rowStringBytes, textSlotOffset, TOUCH_MASK_MIN, writeRow } from "./row-store";

/** The entry of the row's group, or the free one where it would be. */
// @ts-ignore: decorator
@inline
function entryOf(hash: u32, row: i32, columnCount: i32, descriptors: usize, table: usize, mask: u32): usize {
	const tag = tagOf(hash);
	let slot = hash & mask;
	let entry: usize = 0;
	while (true) {
		entry = table + (<usize>slot << ENTRY_SHIFT);
		const value = load<u32>(entry);
		if (value == 0) break;
		if (hasTag(value, tag)) {
			const group = rowOfEntry(value);
			if (load<u32>(group) == hash && equalsStored(row, columnCount, descriptors, group)) break;
		}
		slot = (slot + 1) & mask;
	}
	return entry;
}

/** Reads the rows of the groups that are likely, with the bytes of their first text, and nothing else, as `touchChains` of `join.ts` does. `out`: u32, for what was read. */
// @ts-ignore: decorator
@inline
function touchGroups(count: i32, selection: usize, columnCount: i32, descriptors: usize, hashes: usize, table: usize, mask: u32, out: usize): void {
	if (mask < TOUCH_MASK_MIN) return;
	const textOffset = textSlotOffset(columnCount, descriptors);
	let read: u32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const hash = load<u32>(hashes + (<usize>livePosition(selection, index) << 2));
		const group = rowOfEntry(load<u32>(table + (<usize>(hash & mask) << ENTRY_SHIFT)));
		// Of a free entry, and of a text that is NULL, the first bytes of the memory.
		read += textOffset == 0 ? load<u32>(group) : load<u8>(group == 0 ? 0 : <usize>load<u32>(group + textOffset));
	}
	store<u32>(out, read);
}

/**
 * Finds or makes the group of each live row from index `start` on: its row's address goes to groups[position].
 *
 * `state`, u32 each: 0 next free row, 4 end of its block, 8 next free heap byte, 12 end of the heap's block, 16 groups, 20 most groups before the table must
 * grow, 24 positions written to `created` (u16: rows that made a new group), 28 heap bytes that were missing, 32 for the kernel's own use.
 * @returns the index where it stopped: `count`, or one whose new group had no room (see `state`)
 */
export function group_rows(start: i32, count: i32, selection: usize, columnCount: i32, descriptors: usize, hashes: usize, table: usize, mask: u32, rowBytes: i32, state: usize, groups: usize, created: usize): i32 {
	if (start == 0) touchGroups(count, selection, columnCount, descriptors, hashes, table, mask, state + 32);
	const shape = fixedShape(columnCount, descriptors);
	if (shape != 0) return groupFixed(shape, start, count, selection, descriptors, hashes, table, mask, rowBytes, state, groups, created);
	let createdCount = load<u32>(state, 24);
	for (let index = start; index < count; index++) {
		const row = livePosition(selection, index);
		const hash = load<u32>(hashes + (<usize>row << 2));
		const entry = entryOf(hash, row, columnCount, descriptors, table, mask);
		let group = <u32>rowOfEntry(load<u32>(entry));
		if (group == 0) {
			group = load<u32>(state);
			const heap = load<u32>(state, 8);
			const heapBytes: u32 = rowStringBytes(row, columnCount, descriptors);
			store<u32>(state, heapBytes, 28);
			if (group + <u32>rowBytes > load<u32>(state, 4) || heapBytes > load<u32>(state, 12) - heap || load<u32>(state, 16) == load<u32>(state, 20)) {
				store<u32>(state, createdCount, 24);
				return index;
			}
			for (let at: usize = group; at < group + rowBytes; at += 8) store<u64>(at, 0);
			store<u32>(group, hash);
			store<u32>(state, <u32>writeRow(row, columnCount, descriptors, group, heap), 8);
			store<u32>(state, group + <u32>rowBytes);
			store<u32>(state, load<u32>(state, 16) + 1, 16);
			store<u32>(entry, entryFor(hash, group));
			store<u16>(created + (<usize>createdCount << 1), <u16>row);
			createdCount++;
		}
		store<u32>(groups + (<usize>row << 2), group);
	}
	store<u32>(state, createdCount, 24);
	return count;
}

/** Puts `count` neighbouring rows of groups, each another one, into a table that has room for them. */
export function group_insert(count: i32, first: usize, rowBytes: i32, table: usize, mask: u32): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = first + <usize>(index * rowBytes);
		const hash = load<u32>(row);
		let slot = hash & mask;
		while (load<u32>(table + (<usize>slot << ENTRY_SHIFT)) != 0) slot = (slot + 1) & mask;
		store<u32>(table + (<usize>slot << ENTRY_SHIFT), entryFor(hash, <u32>row));
	}
}

/**
 * Shares out stored rows (u32 addresses) by whether their key, a slot of 64 bits if `wide`, else of 32, is below `floor` (i64); NULL is not. @returns how many go to `below`;
 * the others, in order too, to `rest`
 */
export function groups_below(count: i32, rows: usize, offset: i32, nullBit: i32, wide: i32, floor: usize, below: usize, rest: usize): i32 {
	const least = load<i64>(floor);
	let belowCount: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = load<u32>(rows + (<usize>index << 2));
		const key = wide != 0 ? load<i64>(<usize>row + offset) : <i64>load<i32>(<usize>row + offset);
		const isBelow = key < least && !isNullAt(<usize>row, nullBit);
		if (isBelow) store<u32>(below + (<usize>belowCount << 2), row);
		else store<u32>(rest + (<usize>(index - belowCount) << 2), row);
		belowCount += i32(isBelow);
	}
	return belowCount;
}

/** groups[position] = one group for every live row. */
export function group_fill(count: i32, selection: usize, group: u32, groups: usize): void {
	for (let index: i32 = 0; index < count; index++) store<u32>(groups + (<usize>livePosition(selection, index) << 2), group);
}

/** Finds the group of each live row without making any: its address goes to groups[position], and the row to `found` or to `missing` (u16 positions). @returns how many were found */
export function group_lookup(count: i32, selection: usize, columnCount: i32, descriptors: usize, hashes: usize, table: usize, mask: u32, groups: usize, found: usize, missing: usize): i32 {
	if (count == 0) return 0;
	// What was read goes where the first group is written later.
	touchGroups(count, selection, columnCount, descriptors, hashes, table, mask, groups + (<usize>livePosition(selection, 0) << 2));
	const shape = fixedShape(columnCount, descriptors);
	if (shape != 0) return lookUpFixed(shape, count, selection, descriptors, hashes, table, mask, groups, found, missing);
	let foundCount: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const hash = load<u32>(hashes + (<usize>row << 2));
		const group = <u32>rowOfEntry(load<u32>(entryOf(hash, row, columnCount, descriptors, table, mask)));
		store<u32>(groups + (<usize>row << 2), group);
		if (group != 0) store<u16>(found + (<usize>(foundCount++) << 1), <u16>row);
		else store<u16>(missing + (<usize>(index - foundCount) << 1), <u16>row);
	}
	return foundCount;
}

/** A bit of `filter` (`bits` + 1 of them in u32 words, zeroed, a power of two) for each of `count` neighbouring rows of groups, by its hash. */
export function group_filter(count: i32, first: usize, rowBytes: i32, filter: usize, bits: u32): void {
	for (let index: i32 = 0; index < count; index++) {
		const bit = load<u32>(first + <usize>(index * rowBytes)) & bits;
		const word = filter + (<usize>(bit >> 5) << 2);
		store<u32>(word, load<u32>(word) | (<u32>1 << (bit & 31)));
	}
}

/** Live rows that may have a group, by a filter as above: u16 positions at `out`. groups[position] = 0 of every live row. @returns how many */
export function group_candidates(count: i32, selection: usize, hashes: usize, filter: usize, bits: u32, groups: usize, out: usize): i32 {
	let kept: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const bit = load<u32>(hashes + (<usize>row << 2)) & bits;
		store<u32>(groups + (<usize>row << 2), 0);
		store<u16>(out + (<usize>kept << 1), <u16>row);
		kept += <i32>((load<u32>(filter + (<usize>(bit >> 5) << 2)) >> (bit & 31)) & 1);
	}
	return kept;
}

/** Shares out the live rows by whether groups[position] is one, as `group_lookup` does. @returns how many are found */
export function group_found(count: i32, selection: usize, groups: usize, found: usize, missing: usize): i32 {
	let foundCount: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const isFound = i32(load<u32>(groups + (<usize>row << 2)) != 0);
		store<u16>(found + (<usize>foundCount << 1), <u16>row);
		store<u16>(missing + (<usize>(index - foundCount) << 1), <u16>row);
		foundCount += isFound;
	}
	return foundCount;
}
