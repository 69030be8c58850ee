/** How values become what sketches hold: a place on an axis of numbers for quantiles, a short key for frequent values. Stored, so both never change. */
import { hashBytes, hashed } from "./value-hash.ts";

/** First bytes of a text that decide its place; 2^48 fits a double exactly. */
const TEXT_PREFIX_BYTES = 6;
/** Longest key. */
const VALUE_KEY_BYTES_MAX = 24;
const HASH_BYTES = 8;

/** Of a text's bytes[start, end): those that begin alike share a place. */
export function textPlace(bytes: Uint8Array, start = 0, end = bytes.length): number {
	let place = 0;
	for (let index = 0; index < TEXT_PREFIX_BYTES; index++)
		place = place * 256 + (start + index < end ? (bytes[start + index] as number) : 0);
	return place;
}

/**
 * A key of a value's memcomparable bytes (`contracts/bound.ts`), uncut: themselves up to 23 bytes, else 16 of them and a hash of all.
 *
 * @returns a byte string, see {@link FrequentValues}
 */
export function valueKey(bytes: Uint8Array, start = 0, end = bytes.length): string {
	const isWhole = end - start < VALUE_KEY_BYTES_MAX;
	const keptEnd = isWhole ? end : start + VALUE_KEY_BYTES_MAX - HASH_BYTES;
	let key = "";
	for (let at = start; at < keptEnd; at++) key += String.fromCharCode(bytes[at] as number);
	if (isWhole) return key;
	hashBytes(bytes, start, end);
	return key + wordKey(hashed.high) + wordKey(hashed.low);
}

/** The text whose key it is; null where the key does not have all of it. */
export function textOfKey(key: string): string | null {
	if (key.length >= VALUE_KEY_BYTES_MAX) return null;
	return new TextDecoder().decode(Uint8Array.from(key, (byte) => byte.charCodeAt(0)));
}

/** Four bytes, the highest first. */
export function wordKey(word: number): string {
	return String.fromCharCode(word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff);
}
