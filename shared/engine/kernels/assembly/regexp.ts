// Regular expressions over UTF-8, by tables that JavaScript fills (functions/strings/regexp-automaton): a text is read backwards by a deterministic automaton, then forwards along the way that leads on.
import { copyShort } from "./short-copy";
import { rowAt } from "./rows";

// A machine, words of 32 bits: tables (see `RegexpAutomaton`), their sizes, and what a run missed.
// @ts-ignore: decorator
@inline
const CLASS_OF: usize = 0;
// @ts-ignore: decorator
@inline
const NEXT: usize = 4;
// @ts-ignore: decorator
@inline
const STARTS: usize = 8;
// @ts-ignore: decorator
@inline
const WAYS: usize = 12;
// @ts-ignore: decorator
@inline
const CLASS_COUNT: usize = 16;
// @ts-ignore: decorator
@inline
const ROW_COUNT: usize = 20;
// @ts-ignore: decorator
@inline
const MISSED_STATE: usize = 24;
// The class of a byte, or with bit 31 the row of a way.
// @ts-ignore: decorator
@inline
const MISSED: usize = 28;

// @ts-ignore: decorator
@inline
const UNKNOWN: u32 = 0xffff;
// @ts-ignore: decorator
@inline
const MATCH_HERE: u32 = 0xfffe;
// @ts-ignore: decorator
@inline
const MATCH_AT_END: u32 = 0xfffd;

// @ts-ignore: decorator
@inline
const STARTS_INSIDE: u32 = 1;
// @ts-ignore: decorator
@inline
const STARTS_AT_BEGIN: u32 = 2;

// @ts-ignore: decorator
@inline
function missed(machine: usize, state: u32, what: u32): void {
	store<u32>(machine + MISSED_STATE, state);
	store<u32>(machine + MISSED, what);
}

/** Whether a character starts at `at`, or the text ends there. */
// @ts-ignore: decorator
@inline
function isPlace(text: usize, at: i32, byteCount: i32): bool {
	return at == byteCount || (load<u8>(text + <usize>at) & 0xc0) != 0x80;
}

/**
 * The first place at which a match starts, reading backwards; with `any` not 0 just some such place. `states`: u16 by place, written where it is not 0.
 * @returns the place, -1 without a match, -2 where a table misses something
 */
// @ts-ignore: decorator
@inline
function findStart(machine: usize, text: usize, byteCount: i32, any: i32, states: usize): i32 {
	const classOf = <usize>load<u32>(machine + CLASS_OF);
	const next = <usize>load<u32>(machine + NEXT);
	const starts = <usize>load<u32>(machine + STARTS);
	const classCount = load<u32>(machine + CLASS_COUNT);
	let found: i32 = -1;
	let state: u32 = 0;
	for (let at = byteCount; at >= 0; at--) {
		if (states != 0) store<u16>(states + (<usize>at << 1), <u16>state);
		const start = <u32>load<u8>(starts + <usize>state);
		if (start != 0 && (start & (at == 0 ? STARTS_AT_BEGIN : STARTS_INSIDE)) != 0 && isPlace(text, at, byteCount)) {
			found = at;
			if (any != 0) return found;
		}
		if (at == 0) break;
		const byteClass = <u32>load<u8>(classOf + <usize>load<u8>(text + <usize>at - 1));
		const before = <u32>load<u16>(next + (<usize>(state * classCount + byteClass) << 1));
		if (before == UNKNOWN) {
			missed(machine, state, byteClass);
			return -2;
		}
		state = before;
	}
	return found;
}

/** Which rows match anywhere (with `negated` 1, which do not), from the index-th live row on. @returns the first that a table misses something of, or `count` */
export function regexp_test(machine: usize, negated: i32, index: i32, count: i32, selection: usize, values: usize, offsets: usize, out: usize): i32 {
	for (; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (<usize>row << 2);
		const start = load<i32>(at);
		const found = findStart(machine, values + <usize>start, load<i32>(at, 4) - start, 1, 0);
		if (found == -2) return index;
		store<u8>(out + <usize>row, <u8>(i32(found >= 0) ^ negated));
	}
	return count;
}

/** Follows the way from a match's start. @returns whether no table misses anything */
// @ts-ignore: decorator
@inline
function follow(machine: usize, byteCount: i32, from: i32, states: usize, slots: usize): bool {
	const ways = <usize>load<u32>(machine + WAYS);
	const rowCount = load<u32>(machine + ROW_COUNT);
	let row: u32 = rowCount - (from == 0 ? 1 : 2);
	store<i32>(slots, from);
	for (let at = from; at <= byteCount; at++) {
		const state = <u32>load<u16>(states + (<usize>at << 1));
		const way = ways + (<usize>(state * rowCount + row) << 3);
		const to = load<u32>(way);
		if (to == UNKNOWN) {
			missed(machine, state, row | 0x80000000);
			return false;
		}
		for (let mask = load<u32>(way, 4); mask != 0; mask &= mask - 1) store<i32>(slots + (<usize>(ctz<u32>(mask) + 2) << 2), at);
		if (to >= MATCH_AT_END) {
			store<i32>(slots, to == MATCH_HERE ? at : byteCount, 4);
			return true;
		}
		row = to;
	}
	return true;
}

/**
 * Where the first match and its groups lie: i32[slotCount] an index, from the text's start; -1 for a group that took no part, and first of a text without a match.
 * @param slotCount two for the match, then those of the machine's masks; `states` u16 for each place of the longest text
 * @returns as regexp_test
 */
export function regexp_find(machine: usize, index: i32, count: i32, selection: usize, values: usize, offsets: usize, states: usize, slotCount: i32, slots: usize): i32 {
	for (; index < count; index++) {
		const at = offsets + (<usize>rowAt(selection, index) << 2);
		const start = load<i32>(at);
		const byteCount = load<i32>(at, 4) - start;
		const own = slots + (<usize>(index * slotCount) << 2);
		for (let slot: i32 = 0; slot < slotCount; slot++) store<i32>(own + (<usize>slot << 2), -1);
		const found = findStart(machine, values + <usize>start, byteCount, 0, states);
		if (found == -2 || (found >= 0 && !follow(machine, byteCount, found, states, own))) return index;
	}
	return count;
}

/** Bytes of the longest live row. */
export function longest_bytes(count: i32, selection: usize, offsets: usize): i32 {
	let longest: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const at = offsets + (<usize>rowAt(selection, index) << 2);
		longest = max(longest, load<i32>(at, 4) - load<i32>(at));
	}
	return longest;
}

/** Bytes of each row with its match replaced. `pieces`: three words each, the slot of a group or -1, and of the others pointer and byte count. */
export function regexp_replaced_lengths(count: i32, selection: usize, offsets: usize, slotCount: i32, slots: usize, pieceCount: i32, pieces: usize, lengths: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = <usize>rowAt(selection, index) << 2;
		const own = slots + (<usize>(index * slotCount) << 2);
		let byteCount = load<i32>(offsets + row, 4) - load<i32>(offsets + row);
		if (load<i32>(own) >= 0) {
			byteCount -= load<i32>(own, 4) - load<i32>(own);
			for (let piece: i32 = 0; piece < pieceCount; piece++) {
				const at = pieces + <usize>(piece * 12);
				const slot = load<i32>(at);
				const group = own + (<usize>slot << 2);
				if (slot < 0) byteCount += load<i32>(at, 8);
				else if (load<i32>(group, 4) >= 0) byteCount += load<i32>(group, 4) - load<i32>(group);
			}
		}
		store<i32>(lengths + row, byteCount);
	}
}

/** The texts that regexp_replaced_lengths has measured; `outOffsets` are its lengths, turned into offsets. */
export function regexp_replaced_bytes(count: i32, selection: usize, values: usize, offsets: usize, slotCount: i32, slots: usize, pieceCount: i32, pieces: usize, out: usize, outOffsets: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = <usize>rowAt(selection, index) << 2;
		const own = slots + (<usize>(index * slotCount) << 2);
		const text = values + <usize>load<i32>(offsets + row);
		const byteCount = load<i32>(offsets + row, 4) - load<i32>(offsets + row);
		let to = out + <usize>load<i32>(outOffsets + row);
		const start = load<i32>(own);
		if (start < 0) {
			copyShort(to, text, <usize>byteCount);
			continue;
		}
		copyShort(to, text, <usize>start);
		to += <usize>start;
		for (let piece: i32 = 0; piece < pieceCount; piece++) {
			const at = pieces + <usize>(piece * 12);
			const slot = load<i32>(at);
			const group = own + (<usize>slot << 2);
			let from = <usize>load<u32>(at, 4);
			let size = load<i32>(at, 8);
			if (slot >= 0) {
				if (load<i32>(group, 4) < 0) continue;
				from = text + <usize>load<i32>(group);
				size = load<i32>(group, 4) - load<i32>(group);
			}
			copyShort(to, from, <usize>size);
			to += <usize>size;
		}
		const end = load<i32>(own, 4);
		copyShort(to, text + <usize>end, <usize>(byteCount - end));
	}
}
