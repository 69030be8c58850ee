// Entries of a table of groups, 4 bytes each: eight bits of the hash above the place of the group's row, whose address is a multiple of 8 below 128 MiB; 0 is a free entry. The bits
// are others than those of the entry's own place in a table of up to a million entries, and than most of those that share out rows over files.

// @ts-ignore: decorator
@inline
export const ENTRY_SHIFT: usize = 2;

const ROW_BITS: u32 = 0x00ffffff;

/** Of a hash, where an entry has it. */
// @ts-ignore: decorator
@inline
export function tagOf(hash: u32): u32 {
	return (hash << 4) & ~ROW_BITS;
}

// @ts-ignore: decorator
@inline
export function hasTag(entry: u32, tag: u32): bool {
	return (entry & ~ROW_BITS) == tag;
}

/** 0 of a free entry. */
// @ts-ignore: decorator
@inline
export function rowOfEntry(entry: u32): usize {
	return <usize>((entry & ROW_BITS) << 3);
}

// @ts-ignore: decorator
@inline
export function entryFor(hash: u32, row: u32): u32 {
	return tagOf(hash) | (row >> 3);
}
