// Scanning JSONB as it is stored: the canonical text of `contracts/values/json-text.ts` (members by length of key, then bytes; `": "` and `", "` between; no exponents),
// so one scan finds a member or an element, and no document is parsed. Every loop is bounded by `end`, whatever the bytes are.

export const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
export const OPEN_BRACE: u8 = 0x7b;
const CLOSE_BRACE: u8 = 0x7d;
export const OPEN_BRACKET: u8 = 0x5b;
const CLOSE_BRACKET: u8 = 0x5d;
const COMMA: u8 = 0x2c;

/** The byte behind the string that begins at `at`. */
export function stringEnd(at: usize, end: usize): usize {
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
export function inside(at: usize): usize {
	return at + 1;
}

/** The next value (or key) behind the one that ends at `at`: behind `, `, or `end` where the container closes. */
// @ts-ignore: decorator
@inline
export function next(at: usize, end: usize): usize {
	return at + 2 < end && load<u8>(at) == COMMA ? at + 2 : end;
}

/** The value of the key that ends at `at`, behind `: `. */
// @ts-ignore: decorator
@inline
export function valueOf(at: usize, end: usize): usize {
	return min(at + 2, end);
}

export function isEmpty(at: usize, end: usize): bool {
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
export function unit(at: usize, end: usize): u8 {
	const byte = load<u8>(at);
	if (byte != BACKSLASH || at + 1 >= end) return byte;
	const letter = load<u8>(at, 1);
	if (letter != 0x75 || at + 5 >= end) return escaped(letter);
	return (hexDigit(load<u8>(at, 4)) << 4) | hexDigit(load<u8>(at, 5));
}

export function unitBytes(at: usize, end: usize): usize {
	if (load<u8>(at) != BACKSLASH || at + 1 >= end) return 1;
	return load<u8>(at, 1) == 0x75 && at + 5 < end ? 6 : 2;
}

/** Elements of the array, members of the object, at `at`. */
export function countOf(at: usize, end: usize): i32 {
	if (isEmpty(at, end)) return 0;
	const isObject = load<u8>(at) == OPEN_BRACE;
	let count: i32 = 0;
	for (let item = inside(at); item < end; count++) {
		const value = isObject ? valueOf(stringEnd(item, end), end) : item;
		item = next(jsonEnd(value, end), end);
	}
	return count;
}

export const RANK_ARRAY: i32 = 16;
export const RANK_OBJECT: i32 = 17;

/** PostgreSQL's order of types: null, string, number, boolean, array, object. */
export function rankOf(at: usize, end: usize): i32 {
	if (at >= end) return 0;
	const byte = load<u8>(at);
	if (byte == OPEN_BRACE) return RANK_OBJECT;
	if (byte == OPEN_BRACKET) return RANK_ARRAY;
	if (byte == QUOTE) return 1;
	if (byte == 0x6e) return 0;
	return byte == 0x74 || byte == 0x66 ? 3 : 2;
}
