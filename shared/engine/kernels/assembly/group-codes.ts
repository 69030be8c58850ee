// Grouping without hashing each row: by a dictionary's codes, by small ids of several keys together, and a memory of the pairs that DISTINCT has seen. All of them are
// shortcuts to a table of groups, which alone decides: what they do not know is looked up there, and learnt.
import { livePosition } from "./row-store";
import { isValid } from "./validity";

/** Stands for a word that is being learnt: no group's address, nor an id that a row is asked for. */
// @ts-ignore: decorator
@inline
const LEARNING: u32 = 0xffffffff;

// @ts-ignore: decorator
@inline
function wordOf(code: i32, known: usize, row: i32, out: usize, unknown: usize, unknownCount: i32): i32 {
	const at = known + (<usize>code << 2);
	const word = load<u32>(at);
	store<u32>(out + (<usize>row << 2), word);
	if (word != 0) return unknownCount;
	store<u32>(at, LEARNING);
	store<u16>(unknown + (<usize>unknownCount << 1), <u16>row);
	return unknownCount + 1;
}

/**
 * out[position] = the word of the row's entry: `known` u32[entries + 1] has one of each entry (the last: of NULL), 0 where it is not known yet.
 * @returns rows at `unknown` (u16), one of each such entry: with these learnt, the next call knows all
 */
export function codes_words(count: i32, selection: usize, codes: usize, validity: usize, entryCount: i32, known: usize, out: usize, unknown: usize): i32 {
	let unknownCount: i32 = 0;
	if (selection == 0 && validity == 0) {
		for (let row: i32 = 0; row < count; row++) {
			unknownCount = wordOf(load<i32>(codes + (<usize>row << 2)), known, row, out, unknown, unknownCount);
		}
		return unknownCount;
	}
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const code: i32 = isValid(validity, row) ? load<i32>(codes + (<usize>row << 2)) : entryCount;
		unknownCount = wordOf(code, known, row, out, unknown, unknownCount);
	}
	return unknownCount;
}

/** known[entry] = words[i], for the i-th of the rows at `positions`. */
export function codes_learn(count: i32, positions: usize, codes: usize, validity: usize, entryCount: i32, known: usize, words: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(positions, index);
		const code: i32 = isValid(validity, row) ? load<i32>(codes + (<usize>row << 2)) : entryCount;
		store<u32>(known + (<usize>code << 2), load<u32>(words + (<usize>index << 2)));
	}
}

/** ids[position] = ids[position] x 2^bits + the next key's id. */
export function ids_combine(count: i32, selection: usize, ids: usize, bits: i32, next: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const at = <usize>livePosition(selection, index) << 2;
		store<u32>(ids + at, (load<u32>(ids + at) << bits) | load<u32>(next + at));
	}
}

/**
 * out[position] = the group of a row's two codes together, neither NULL: known[first id x 2^bits + second id], ids by code at `firstIds` and `secondIds` (u32, 0 unknown).
 * @returns 1 where a row's group is not known; what `out` holds then means nothing
 */
export function codes_pairs(count: i32, selection: usize, first: usize, firstIds: usize, second: usize, secondIds: usize, bits: i32, known: usize, out: usize): i32 {
	let isUnknown: bool = false;
	for (let index: i32 = 0; index < count; index++) {
		const at = <usize>livePosition(selection, index) << 2;
		const high = load<u32>(firstIds + (<usize>load<u32>(first + at) << 2));
		const low = load<u32>(secondIds + (<usize>load<u32>(second + at) << 2));
		const group = load<u32>(known + (<usize>((high << bits) | low) << 2));
		isUnknown = isUnknown || group == 0;
		store<u32>(out + at, group);
	}
	return i32(isUnknown);
}

/** Numbers the groups of the rows at `positions`, from `first` on, at `offset` of each. */
export function groups_number(count: i32, positions: usize, groups: usize, offset: i32, first: u32): void {
	for (let index: i32 = 0; index < count; index++) {
		store<u32>(<usize>load<u32>(groups + (<usize>livePosition(positions, index) << 2)) + offset, first + <u32>index);
	}
}

/** groups[position] = the number at `offset` of the group that stands there. */
export function groups_numbers(count: i32, positions: usize, groups: usize, offset: i32): void {
	for (let index: i32 = 0; index < count; index++) {
		const at = groups + (<usize>livePosition(positions, index) << 2);
		store<u32>(at, load<u32>(<usize>load<u32>(at) + offset));
	}
}

/** Places that a pair is looked for at. */
// @ts-ignore: decorator
@inline
const PAIR_PROBE_COUNT: u32 = 8;

/**
 * Live rows whose pair of group and word is not among `pairs` (u64[mask + 1], 0 = free), which is told of it; where all its places are taken, another pair is forgotten.
 * @returns positions at `out` (u16): those of every pair that was not remembered, and maybe of others
 */
export function pairs_unseen(count: i32, selection: usize, groups: usize, words: usize, pairs: usize, mask: u32, out: usize): i32 {
	let kept: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		const group: u64 = load<u32>(groups + (<usize>row << 2));
		const pair: u64 = (<u64>load<u32>(words + (<usize>row << 2)) << 32) | group;
		const home: u32 = <u32>((pair * 0x9e3779b97f4a7c15) >> 32);
		let seen: bool = false;
		let free: u32 = home & mask;
		for (let probe: u32 = 0; probe < PAIR_PROBE_COUNT; probe++) {
			const slot = (home + probe) & mask;
			const other = load<u64>(pairs + (<usize>slot << 3));
			if (other == pair) {
				seen = true;
				break;
			}
			if (other == 0) {
				free = slot;
				break;
			}
		}
		if (seen) continue;
		store<u64>(pairs + (<usize>free << 3), pair);
		store<u16>(out + (<usize>kept << 1), <u16>row);
		kept++;
	}
	return kept;
}
