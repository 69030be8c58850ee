/** JSON string escapes to UTF-8 bytes. */
import { LittoralError } from "#shared/base/errors.ts";
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Bytes that are overwritten by the next call. */
class Unescaped {
	bytes = new Uint8Array(1024);
	length = 0;

	text(): string {
		return decodeUtf8(this.bytes, 0, this.length);
	}
}

const scratch = new Unescaped();
/** By the byte after the backslash; 0 = no such escape. */
const SIMPLE = new Uint8Array(256);
for (const [letter, byte] of Object.entries({ '"': 34, "\\": 92, "/": 47, b: 8, f: 12, n: 10, r: 13, t: 9 }))
	SIMPLE[letter.charCodeAt(0)] = byte;

/**
 * The string whose raw bytes[start, end) hold at least one backslash.
 *
 * @returns one shared buffer: used before the next call, never kept
 * @throws malformed_body on a bad escape; invalid_text_representation on a lone surrogate, untranslatable_character on `\u0000` (of the value)
 */
export function unescapeJson(bytes: Uint8Array, start: number, end: number): Unescaped {
	if (scratch.bytes.length < end - start) scratch.bytes = new Uint8Array(Math.min(VALUE_BYTES_MAX, (end - start) * 2));
	const out = scratch.bytes;
	let length = 0;
	let valueError: LittoralError | null = null;
	for (let at = start; at < end; ) {
		const byte = bytes[at++] as number;
		if (byte !== 92) {
			out[length++] = byte;
			continue;
		}
		const letter = bytes[at++] as number;
		const simple = SIMPLE[letter] as number;
		if (simple !== 0) {
			out[length++] = simple;
			continue;
		}
		let point = letter === 117 ? fourHex(bytes, at, end) : -1;
		if (point < 0) throw new LittoralError("malformed_body", "a string has a bad escape");
		at += 4;
		if (point >= 0xd800 && point <= 0xdfff) {
			const low = bytes[at] === 92 && bytes[at + 1] === 117 ? fourHex(bytes, at + 2, end) : -1;
			if (point <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
				point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
				at += 6;
			} else {
				valueError ??= new LittoralError("invalid_text_representation", "a string has half of a Unicode surrogate pair");
				continue;
			}
		}
		if (point === 0)
			valueError ??= new LittoralError("untranslatable_character", "a string has the character \\u0000, which text cannot hold");
		length = putPoint(out, length, point);
	}
	if (valueError !== null) throw valueError;
	scratch.length = length;
	return scratch;
}

function fourHex(bytes: Uint8Array, start: number, end: number): number {
	if (start + 4 > end) return -1;
	let value = 0;
	for (let at = start; at < start + 4; at++) {
		const byte = bytes[at] as number;
		const lower = byte | 32;
		if (byte >= 48 && byte <= 57) value = value * 16 + byte - 48;
		else if (lower >= 97 && lower <= 102) value = value * 16 + lower - 87;
		else return -1;
	}
	return value;
}

function putPoint(out: Uint8Array, from: number, point: number): number {
	let length = from;
	if (point < 0x80) out[length++] = point;
	else if (point < 0x800) {
		out[length++] = 0xc0 | (point >> 6);
		out[length++] = 0x80 | (point & 63);
	} else if (point < 0x10000) {
		out[length++] = 0xe0 | (point >> 12);
		out[length++] = 0x80 | ((point >> 6) & 63);
		out[length++] = 0x80 | (point & 63);
	} else {
		out[length++] = 0xf0 | (point >> 18);
		out[length++] = 0x80 | ((point >> 12) & 63);
		out[length++] = 0x80 | ((point >> 6) & 63);
		out[length++] = 0x80 | (point & 63);
	}
	return length;
}
