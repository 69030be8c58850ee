// What JSONB operators find in a stored document (see json-scan.ts): members, elements, paths, keys.
import { countOf, inside, isEmpty, jsonEnd, next, OPEN_BRACE, OPEN_BRACKET, QUOTE, RANK_ARRAY, rankOf, stringEnd, unit, unitBytes, valueOf } from "./json-scan";
import { lane, rowAt } from "./rows";
import { isValid } from "./validity";

/** Does the string literal at [at, end), quotes included, spell `text`? */
function spells(at: usize, end: usize, text: usize, textBytes: i32): bool {
	at++;
	end--;
	const textEnd = text + <usize>textBytes;
	if (end - at < <usize>textBytes) return false;
	while (at < end && text < textEnd) {
		if (unit(at, end) != load<u8>(text)) return false;
		at += unitBytes(at, end);
		text++;
	}
	return at >= end && text == textEnd;
}

/** The value of the object's member `key`, or 0. */
function findMember(at: usize, end: usize, key: usize, keyBytes: i32): usize {
	if (at >= end || load<u8>(at) != OPEN_BRACE || isEmpty(at, end)) return 0;
	let member = inside(at);
	while (member < end) {
		const keyEnd = stringEnd(member, end);
		const value = valueOf(keyEnd, end);
		if (spells(member, keyEnd, key, keyBytes)) return value;
		member = next(jsonEnd(value, end), end);
	}
	return 0;
}

/** Element `index` of the array, from the end where it is negative, or 0. */
function findElement(at: usize, end: usize, index: i32): usize {
	if (at >= end || load<u8>(at) != OPEN_BRACKET || isEmpty(at, end)) return 0;
	let rest: i64 = index;
	if (rest < 0) rest += countOf(at, end);
	if (rest < 0) return 0;
	let item = inside(at);
	for (; rest > 0 && item < end; rest--) item = next(jsonEnd(item, end), end);
	return item < end ? item : 0;
}

const NOT_A_NUMBER: i64 = i64.MAX_VALUE;

/** A 32-bit integer as a path writes it (blanks in front, a sign), else NOT_A_NUMBER. */
function pathIndex(at: usize, byteCount: i32): i64 {
	const end = at + <usize>byteCount;
	while (at < end && (load<u8>(at) == 0x20 || load<u8>(at) - 9 < 5)) at++;
	let negative = false;
	if (at < end && (load<u8>(at) == 0x2d || load<u8>(at) == 0x2b)) {
		negative = load<u8>(at) == 0x2d;
		at++;
	}
	if (at >= end) return NOT_A_NUMBER;
	let value: i64 = 0;
	for (; at < end; at++) {
		const digit: u8 = load<u8>(at) - 0x30;
		if (digit > 9) return NOT_A_NUMBER;
		value = value * 10 + <i64>digit;
		if (value > 0x80000000) return NOT_A_NUMBER;
	}
	if (negative) value = -value;
	return value > i32.MAX_VALUE ? NOT_A_NUMBER : value;
}

/** Follows a path: an encoded text array of `pathBytes` bytes (`array.ts`). @returns the value, or 0 */
function findPath(at: usize, end: usize, path: usize, pathBytes: i32): usize {
	if (pathBytes == 0) return at;
	const head = load<u32>(path);
	if ((head & 0x80000000) != 0) return 0;
	const count: i32 = <i32>head;
	const texts = path + 4 + (<usize>count << 2);
	let start: i32 = 0;
	for (let index: i32 = 0; index < count && at != 0; index++) {
		const stop = load<i32>(path + 4 + (<usize>index << 2));
		const step = texts + <usize>start;
		const valueEnd = jsonEnd(at, end);
		if (load<u8>(at) == OPEN_BRACE) at = findMember(at, valueEnd, step, stop - start);
		else {
			const position = load<u8>(at) == OPEN_BRACKET ? pathIndex(step, stop - start) : NOT_A_NUMBER;
			at = position == NOT_A_NUMBER ? 0 : findElement(at, valueEnd, <i32>position);
		}
		start = stop;
	}
	return at;
}

export const STEP_KEY: i32 = 0;
export const STEP_INDEX: i32 = 1;
export const STEP_PATH: i32 = 2;

/**
 * Where the wanted value of each live row lies: a member (`steps` are texts), an element (i32) or a path (text arrays). `starts` counts from `values`, `lengths` is
 * zeroed; a row without it has its bit of `found` cleared (all are set before), and so has with `asText` one whose value is null.
 */
export function json_find(mode: i32, asText: i32, count: i32, selection: usize, values: usize, offsets: usize, constant: i32, steps: usize, stepOffsets: usize, stepConstant: i32, starts: usize, lengths: usize, found: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const own = offsets + (lane(constant, row) << 2);
		const at = values + <usize>load<i32>(own);
		const end = values + <usize>load<i32>(own, 4);
		const stepLane = lane(stepConstant, row) << 2;
		let value: usize = 0;
		if (mode == STEP_INDEX) {
			const position = load<i32>(steps + stepLane);
			// A scalar document counts as an array of one.
			if (at < end && rankOf(at, end) < RANK_ARRAY) value = position == 0 || position == -1 ? at : 0;
			else value = findElement(at, end, position);
		} else {
			const step = steps + <usize>load<i32>(stepOffsets + stepLane);
			const stepBytes = load<i32>(stepOffsets + stepLane, 4) - load<i32>(stepOffsets + stepLane);
			value = mode == STEP_KEY ? findMember(at, end, step, stepBytes) : findPath(at, end, step, stepBytes);
		}
		if (value == 0 || value >= end || (asText != 0 && load<u8>(value) == 0x6e)) {
			const bit = found + <usize>(row >> 3);
			store<u8>(bit, load<u8>(bit) & ~(<u8>1 << <u8>(row & 7)));
			continue;
		}
		store<i32>(starts + (<usize>row << 2), <i32>(value - values));
		store<i32>(lengths + (<usize>row << 2), <i32>(jsonEnd(value, end) - value));
	}
}

/** Turns slices that are string literals into their content: cuts the quotes off, and says in `lengths` how long it is without escapes. */
export function json_text_lengths(count: i32, selection: usize, values: usize, starts: usize, lengths: usize, found: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		if (!isValid(found, row)) continue;
		const to = lengths + (<usize>row << 2);
		let at = values + <usize>load<i32>(starts + (<usize>row << 2));
		const end = at + <usize>load<i32>(to) - 1;
		if (load<u8>(at) != QUOTE || end <= at) continue;
		let length: i32 = 0;
		for (at++; at < end; at += unitBytes(at, end)) length++;
		store<i32>(to, length);
	}
}

/** Copies the slices, with `asText` strings as their content, to where `outOffsets` (the lengths before) put them. */
export function json_text_copy(asText: i32, count: i32, selection: usize, values: usize, starts: usize, found: usize, out: usize, outOffsets: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		if (!isValid(found, row)) continue;
		let at = values + <usize>load<i32>(starts + (<usize>row << 2));
		let to = out + <usize>load<i32>(outOffsets + (<usize>row << 2));
		const stop = out + <usize>load<i32>(outOffsets + (<usize>row << 2), 4);
		if (asText == 0 || load<u8>(at) != QUOTE) {
			memory.copy(to, at, stop - to);
			continue;
		}
		// The content ends where the literal does, six bytes an escape at most.
		const end = at + 2 + (stop - to) * 6;
		for (at++; to < stop; to++) {
			store<u8>(to, unit(at, end));
			at += unitBytes(at, end);
		}
	}
}

/** The `?` operator: is the text a key of the object, a string of the array, or the string itself? */
function hasKey(at: usize, end: usize, key: usize, keyBytes: i32): bool {
	if (at >= end) return false;
	const first = load<u8>(at);
	if (first == OPEN_BRACE) return findMember(at, end, key, keyBytes) != 0;
	if (first == QUOTE) return spells(at, end, key, keyBytes);
	if (first != OPEN_BRACKET || isEmpty(at, end)) return false;
	for (let item = inside(at); item < end; ) {
		const itemEnd = jsonEnd(item, end);
		if (load<u8>(item) == QUOTE && spells(item, itemEnd, key, keyBytes)) return true;
		item = next(itemEnd, end);
	}
	return false;
}

/** `mode` 0: `?` with texts; 1: `?|`, 2: `?&`, with encoded text arrays, whose NULLs do not count. */
export function json_exists(mode: i32, count: i32, selection: usize, values: usize, offsets: usize, constant: i32, keys: usize, keyOffsets: usize, keyConstant: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const own = offsets + (lane(constant, row) << 2);
		const at = values + <usize>load<i32>(own);
		const end = values + <usize>load<i32>(own, 4);
		const keyLane = lane(keyConstant, row) << 2;
		const key = keys + <usize>load<i32>(keyOffsets + keyLane);
		const keyBytes = load<i32>(keyOffsets + keyLane, 4) - load<i32>(keyOffsets + keyLane);
		store<u8>(out + <usize>row, <u8>(mode == 0 ? hasKey(at, end, key, keyBytes) : hasKeys(mode == 2, at, end, key, keyBytes)));
	}
}

function hasKeys(all: bool, at: usize, end: usize, array: usize, arrayBytes: i32): bool {
	if (arrayBytes == 0) return all;
	const count = <i32>(load<u32>(array) & 0x7fffffff);
	const bitmap: usize = (load<u32>(array) & 0x80000000) != 0 ? array + 4 : 0;
	const ends = array + 4 + (bitmap == 0 ? 0 : <usize>((count + 7) >> 3));
	const texts = ends + (<usize>count << 2);
	let start: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const stop = load<i32>(ends + (<usize>index << 2));
		if (isValid(bitmap, index) && hasKey(at, end, texts + <usize>start, stop - start) != all) return !all;
		start = stop;
	}
	return all;
}
