// JSONB as it is stored: the canonical text of `contracts/values/json-text.ts` (members by length of key, then bytes; `": "` and `", "` between; no exponents),
// so one scan finds a member or an element, and no document is parsed. Every loop is bounded by `end`, whatever the bytes are.
import { isValid } from "./validity";
import { lane, rowAt } from "./rows";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const OPEN_BRACE: u8 = 0x7b;
const CLOSE_BRACE: u8 = 0x7d;
const OPEN_BRACKET: u8 = 0x5b;
const CLOSE_BRACKET: u8 = 0x5d;
const COMMA: u8 = 0x2c;
const PRIME: u64 = 0x9e3779b97f4a7c15;

/** The byte behind the string that begins at `at`. */
function stringEnd(at: usize, end: usize): usize {
	for (at++; at < end; at++) {
		const byte = load<u8>(at);
		if (byte == QUOTE) return at + 1;
		if (byte == BACKSLASH) at++;
	}
	return end;
}

/** The byte behind the value that begins at `at`. */
export function jsonEnd(at: usize, end: usize): usize {
	let depth: i32 = 0;
	while (at < end) {
		const byte = load<u8>(at);
		if (byte == QUOTE) {
			at = stringEnd(at, end);
			if (depth == 0) return at;
			continue;
		}
		if (byte == OPEN_BRACE || byte == OPEN_BRACKET) depth++;
		else if (byte == CLOSE_BRACE || byte == CLOSE_BRACKET) {
			if (depth <= 1) return depth == 0 ? at : at + 1;
			depth--;
		} else if (byte == COMMA && depth == 0) return at;
		at++;
	}
	return end;
}

/** The first value (or key) of the container that begins at `at`, or the byte that closes it. */
// @ts-ignore: decorator
@inline
function inside(at: usize): usize {
	return at + 1;
}

/** The next value (or key) behind the one that ends at `at`: behind `, `, or `end` where the container closes. */
// @ts-ignore: decorator
@inline
function next(at: usize, end: usize): usize {
	return at + 2 < end && load<u8>(at) == COMMA ? at + 2 : end;
}

/** The value of the key that ends at `at`, behind `: `. */
// @ts-ignore: decorator
@inline
function valueOf(at: usize, end: usize): usize {
	return min(at + 2, end);
}

function isEmpty(at: usize, end: usize): bool {
	return at + 1 >= end || load<u8>(at, 1) == CLOSE_BRACE || load<u8>(at, 1) == CLOSE_BRACKET;
}

/** The character of a two-byte escape, by its letter; `u` is read apart. */
function escaped(letter: u8): u8 {
	if (letter == 0x6e) return 10;
	if (letter == 0x74) return 9;
	if (letter == 0x72) return 13;
	if (letter == 0x62) return 8;
	if (letter == 0x66) return 12;
	return letter;
}
function hexDigit(byte: u8): u8 {
	return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x61 + 10;
}

/** One byte of a string's content at `at`, its escape resolved; only control characters are written `\u00xx`. How many bytes it took: {@link unitBytes}. */
function unit(at: usize, end: usize): u8 {
	const byte = load<u8>(at);
	if (byte != BACKSLASH || at + 1 >= end) return byte;
	const letter = load<u8>(at, 1);
	if (letter != 0x75 || at + 5 >= end) return escaped(letter);
	return (hexDigit(load<u8>(at, 4)) << 4) | hexDigit(load<u8>(at, 5));
}
function unitBytes(at: usize, end: usize): usize {
	if (load<u8>(at) != BACKSLASH || at + 1 >= end) return 1;
	return load<u8>(at, 1) == 0x75 && at + 5 < end ? 6 : 2;
}

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

/** Elements of the array, members of the object, at `at`. */
function countOf(at: usize, end: usize): i32 {
	if (isEmpty(at, end)) return 0;
	const isObject = load<u8>(at) == OPEN_BRACE;
	let count: i32 = 0;
	for (let item = inside(at); item < end; count++) {
		const value = isObject ? valueOf(stringEnd(item, end), end) : item;
		item = next(jsonEnd(value, end), end);
	}
	return count;
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

const RANK_ARRAY: i32 = 16;
const RANK_OBJECT: i32 = 17;

/** PostgreSQL's order of types: null, string, number, boolean, array, object. */
function rankOf(at: usize, end: usize): i32 {
	if (at >= end) return 0;
	const byte = load<u8>(at);
	if (byte == OPEN_BRACE) return RANK_OBJECT;
	if (byte == OPEN_BRACKET) return RANK_ARRAY;
	if (byte == QUOTE) return 1;
	if (byte == 0x6e) return 0;
	return byte == 0x74 || byte == 0x66 ? 3 : 2;
}

// @ts-ignore: decorator
@inline
function orderOf(left: i64, right: i64): i32 {
	return i32(left > right) - i32(left < right);
}

/** Contents of two string literals, by their bytes. */
function orderStrings(left: usize, leftEnd: usize, right: usize, rightEnd: usize): i32 {
	left++;
	right++;
	leftEnd--;
	rightEnd--;
	while (left < leftEnd && right < rightEnd) {
		const a = unit(left, leftEnd);
		const b = unit(right, rightEnd);
		if (a != b) return a < b ? -1 : 1;
		left += unitBytes(left, leftEnd);
		right += unitBytes(right, rightEnd);
	}
	return i32(left < leftEnd) - i32(right < rightEnd);
}

function pointOf(at: usize, end: usize): usize {
	while (at < end && load<u8>(at) != 0x2e) at++;
	return at;
}

/** Numbers written out in full: sign, digits in front of the point, digits behind it, where zeros at the end do not count. */
function orderNumbers(left: usize, leftEnd: usize, right: usize, rightEnd: usize): i32 {
	const negative = left < leftEnd && load<u8>(left) == 0x2d;
	if (negative != (right < rightEnd && load<u8>(right) == 0x2d)) return negative ? -1 : 1;
	if (negative) {
		left++;
		right++;
	}
	const sign: i32 = negative ? -1 : 1;
	const leftPoint = pointOf(left, leftEnd);
	const rightPoint = pointOf(right, rightEnd);
	if (leftPoint - left != rightPoint - right) return leftPoint - left > rightPoint - right ? sign : -sign;
	while (left < leftEnd || right < rightEnd) {
		const a: u8 = left < leftEnd ? load<u8>(left++) : 0x30;
		const b: u8 = right < rightEnd ? load<u8>(right++) : 0x30;
		// The points stand at one place; where one number has none, the other's counts as nothing.
		const one: u8 = a == 0x2e ? 0x30 : a;
		const other: u8 = b == 0x2e ? 0x30 : b;
		if (one != other) return one > other ? sign : -sign;
	}
	return 0;
}

/** Two values inside documents: by type; then scalars by value, containers by their number of items, then item by item. */
function orderInside(left: usize, leftEnd: usize, right: usize, rightEnd: usize): i32 {
	const rank = rankOf(left, leftEnd);
	const types = orderOf(rank, rankOf(right, rightEnd));
	if (types != 0) return types;
	if (rank == 1) return orderStrings(left, leftEnd, right, rightEnd);
	if (rank == 2) return orderNumbers(left, leftEnd, right, rightEnd);
	if (rank == 3) return orderOf(load<u8>(left) == 0x74 ? 1 : 0, load<u8>(right) == 0x74 ? 1 : 0);
	if (rank < RANK_ARRAY) return 0;
	const sizes = orderOf(countOf(left, leftEnd), countOf(right, rightEnd));
	if (sizes != 0 || isEmpty(left, leftEnd)) return sizes;
	let a = inside(left);
	let b = inside(right);
	while (a < leftEnd && b < rightEnd) {
		if (rank == RANK_OBJECT) {
			const aEnd = stringEnd(a, leftEnd);
			const bEnd = stringEnd(b, rightEnd);
			const keys = orderStrings(a, aEnd, b, bEnd);
			if (keys != 0) return keys;
			a = valueOf(aEnd, leftEnd);
			b = valueOf(bEnd, rightEnd);
		}
		const aEnd = jsonEnd(a, leftEnd);
		const bEnd = jsonEnd(b, rightEnd);
		const items = orderInside(a, aEnd, b, bEnd);
		if (items != 0) return items;
		a = next(aEnd, leftEnd);
		b = next(bEnd, rightEnd);
	}
	return 0;
}

/**
 * Two documents in PostgreSQL's order. A scalar document counts as an array of one: it is above the empty array, and below every other.
 * @see PostgreSQL, compareJsonbContainers
 */
export function orderJson(left: usize, leftBytes: i32, right: usize, rightBytes: i32): i32 {
	const leftEnd = left + <usize>leftBytes;
	const rightEnd = right + <usize>rightBytes;
	const leftRank = rankOf(left, leftEnd);
	const rightRank = rankOf(right, rightEnd);
	if (leftRank < RANK_ARRAY && rightRank == RANK_ARRAY) return isEmpty(right, rightEnd) ? 1 : -1;
	if (rightRank < RANK_ARRAY && leftRank == RANK_ARRAY) return isEmpty(left, leftEnd) ? -1 : 1;
	return orderInside(left, leftEnd, right, rightEnd);
}

/** Of the canonical text, but zeros at the end of a fraction do not count. */
export function hashJson(at: usize, byteCount: i32): u64 {
	const end = at + <usize>byteCount;
	let hash: u64 = PRIME;
	while (at < end) {
		const byte = load<u8>(at);
		let stop = at + 1;
		if (byte == QUOTE) stop = stringEnd(at, end);
		const isNumber = byte == 0x2d || byte - 0x30 < 10;
		let counted = stop;
		if (isNumber) {
			let point: usize = 0;
			for (; stop < end && (load<u8>(stop) == 0x2e || load<u8>(stop) - 0x30 < 10); stop++) if (load<u8>(stop) == 0x2e) point = stop;
			counted = stop;
			if (point != 0) {
				while (load<u8>(counted - 1) == 0x30) counted--;
				if (counted - 1 == point) counted = point;
			}
		}
		for (; at < counted; at++) hash = (hash ^ <u64>load<u8>(at)) * PRIME ^ (hash >> 47);
		at = stop;
	}
	return hash ^ (hash >> 29);
}
