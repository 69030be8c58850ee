// Grouping by one or two keys of 32 or 64 bits without NULL, in rows that have their NULL bits in the header (row-layout.ts): what `group_rows` and `group_lookup` do for any keys,
// in a loop that is short enough for a processor to have the misses of several rows under way at once.
import { ENTRY_SHIFT, entryFor, hasTag, rowOfEntry, tagOf } from "./group-entry";
import { livePosition } from "./row-store";
import { KIND_I32, KIND_I64 } from "./value";

const DESCRIPTOR_BYTES: usize = 32;

/** Bit 0: it is of this kind at all; bits 1 and 2: the first, the second key has 64 bits; bit 3: there are two. */
// @ts-ignore: decorator
@inline
export const FIXED: i32 = 1;
// @ts-ignore: decorator
@inline
export const FIRST_WIDE: i32 = 2;
// @ts-ignore: decorator
@inline
export const SECOND_WIDE: i32 = 4;
// @ts-ignore: decorator
@inline
export const TWO: i32 = 8;

/** How the keys are made, or 0: they are others than these loops take. */
export function fixedShape(columnCount: i32, descriptors: usize): i32 {
	if (columnCount < 1 || columnCount > 2) return 0;
	let shape: i32 = FIXED | (columnCount == 2 ? TWO : 0);
	for (let column: i32 = 0; column < columnCount; column++) {
		const descriptor = descriptors + <usize>column * DESCRIPTOR_BYTES;
		const kind = load<i32>(descriptor);
		if ((kind != KIND_I32 && kind != KIND_I64) || load<i32>(descriptor, 8) >= 0 || load<u32>(descriptor, 16) != 0) return 0;
		if (kind == KIND_I64) shape |= column == 0 ? FIRST_WIDE : SECOND_WIDE;
	}
	return shape;
}

/** The entry of the keys' group, or the free one where it would be. */
// @ts-ignore: decorator
@inline
function entryOf<A, B>(two: bool, hash: u32, first: A, firstOffset: usize, second: B, secondOffset: usize, table: usize, mask: u32): usize {
	const tag = tagOf(hash);
	let slot = hash & mask;
	let entry: usize = 0;
	while (true) {
		entry = table + (<usize>slot << ENTRY_SHIFT);
		const value = load<u32>(entry);
		if (value == 0) break;
		const group = rowOfEntry(value);
		if (hasTag(value, tag) && load<A>(group + firstOffset) == first && load<u32>(group, 4) == 0) {
			if (!two || load<B>(group + secondOffset) == second) break;
		}
		slot = (slot + 1) & mask;
	}
	return entry;
}

/** As `group_rows`. */
// @ts-ignore: decorator
@inline
function groupRows<A, B>(two: bool, start: i32, count: i32, selection: usize, descriptors: usize, hashes: usize, table: usize, mask: u32, rowBytes: i32, state: usize, groups: usize, created: usize): i32 {
	const firstValues = <usize>load<u32>(descriptors, 12);
	const secondValues = <usize>load<u32>(descriptors + DESCRIPTOR_BYTES, 12);
	const firstOffset = <usize>load<u32>(descriptors, 4);
	const secondOffset = <usize>load<u32>(descriptors + DESCRIPTOR_BYTES, 4);
	let createdCount = load<u32>(state, 24);
	let next = load<u32>(state);
	const end = load<u32>(state, 4);
	let groupCount = load<u32>(state, 16);
	const groupCountMax = load<u32>(state, 20);
	let index = start;
	for (; index < count; index++) {
		const row = livePosition(selection, index);
		const hash = load<u32>(hashes + (<usize>row << 2));
		const first = load<A>(firstValues + <usize>row * sizeof<A>());
		const second: B = two ? load<B>(secondValues + <usize>row * sizeof<B>()) : <B>0;
		const entry = entryOf<A, B>(two, hash, first, firstOffset, second, secondOffset, table, mask);
		let group = <u32>rowOfEntry(load<u32>(entry));
		if (group == 0) {
			if (next + <u32>rowBytes > end || groupCount == groupCountMax) break;
			group = next;
			for (let at: usize = group; at < group + rowBytes; at += 8) store<u64>(at, 0);
			store<u32>(group, hash);
			store<A>(group + firstOffset, first);
			if (two) store<B>(group + secondOffset, second);
			next += <u32>rowBytes;
			groupCount++;
			store<u32>(entry, entryFor(hash, group));
			store<u16>(created + (<usize>createdCount << 1), <u16>row);
			createdCount++;
		}
		store<u32>(groups + (<usize>row << 2), group);
	}
	store<u32>(state, next);
	store<u32>(state, groupCount, 16);
	store<u32>(state, createdCount, 24);
	store<u32>(state, 0, 28);
	return index;
}

/** As `group_lookup`. */
// @ts-ignore: decorator
@inline
function lookUp<A, B>(two: bool, count: i32, selection: usize, descriptors: usize, hashes: usize, table: usize, mask: u32, groups: usize, found: usize, missing: usize): i32 {
	const firstValues = <usize>load<u32>(descriptors, 12);
	const secondValues = <usize>load<u32>(descriptors + DESCRIPTOR_BYTES, 12);
	const firstOffset = <usize>load<u32>(descriptors, 4);
	const secondOffset = <usize>load<u32>(descriptors + DESCRIPTOR_BYTES, 4);
	let foundCount: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const hash = load<u32>(hashes + (<usize>row << 2));
		const first = load<A>(firstValues + <usize>row * sizeof<A>());
		const second: B = two ? load<B>(secondValues + <usize>row * sizeof<B>()) : <B>0;
		const group = <u32>rowOfEntry(load<u32>(entryOf<A, B>(two, hash, first, firstOffset, second, secondOffset, table, mask)));
		store<u32>(groups + (<usize>row << 2), group);
		store<u16>(found + (<usize>foundCount << 1), <u16>row);
		store<u16>(missing + (<usize>(index - foundCount) << 1), <u16>row);
		foundCount += i32(group != 0);
	}
	return foundCount;
}

/** @param shape not 0 */
export function groupFixed(shape: i32, start: i32, count: i32, selection: usize, descriptors: usize, hashes: usize, table: usize, mask: u32, rowBytes: i32, state: usize, groups: usize, created: usize): i32 {
	switch (shape & ~FIXED) {
		case 0:
			return groupRows<i32, i32>(false, start, count, selection, descriptors, hashes, table, mask, rowBytes, state, groups, created);
		case FIRST_WIDE:
			return groupRows<i64, i32>(false, start, count, selection, descriptors, hashes, table, mask, rowBytes, state, groups, created);
		case TWO:
			return groupRows<i32, i32>(true, start, count, selection, descriptors, hashes, table, mask, rowBytes, state, groups, created);
		case TWO | FIRST_WIDE:
			return groupRows<i64, i32>(true, start, count, selection, descriptors, hashes, table, mask, rowBytes, state, groups, created);
		case TWO | SECOND_WIDE:
			return groupRows<i32, i64>(true, start, count, selection, descriptors, hashes, table, mask, rowBytes, state, groups, created);
		default:
			return groupRows<i64, i64>(true, start, count, selection, descriptors, hashes, table, mask, rowBytes, state, groups, created);
	}
}

/** @param shape not 0 */
export function lookUpFixed(shape: i32, count: i32, selection: usize, descriptors: usize, hashes: usize, table: usize, mask: u32, groups: usize, found: usize, missing: usize): i32 {
	switch (shape & ~FIXED) {
		case 0:
			return lookUp<i32, i32>(false, count, selection, descriptors, hashes, table, mask, groups, found, missing);
		case FIRST_WIDE:
			return lookUp<i64, i32>(false, count, selection, descriptors, hashes, table, mask, groups, found, missing);
		case TWO:
			return lookUp<i32, i32>(true, count, selection, descriptors, hashes, table, mask, groups, found, missing);
		case TWO | FIRST_WIDE:
			return lookUp<i64, i32>(true, count, selection, descriptors, hashes, table, mask, groups, found, missing);
		case TWO | SECOND_WIDE:
			return lookUp<i32, i64>(true, count, selection, descriptors, hashes, table, mask, groups, found, missing);
		default:
			return lookUp<i64, i64>(true, count, selection, descriptors, hashes, table, mask, groups, found, missing);
	}
}
