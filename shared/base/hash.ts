/** Hashes that are stored or decide where data goes: their results never change. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes as lower-case hex. */
export function toHex(bytes: Uint8Array): string {
	let text = "";
	for (const byte of bytes) text += HEX[byte] as string;
	return text;
}

/** FNV-1a, 32 bits, of a string's UTF-16 code units, mixed by murmur3's finalizer. */
export function hashString(text: string): number {
	let hash = 0x811c9dc5;
	for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
	hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
	return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Highest-random-weight choice of a node for a key (Thaler and Ravishankar 1998): adding a node moves only the keys that it wins.
 *
 * @param nodes at least one; order does not matter
 */
export function rendezvous(key: string, nodes: readonly number[]): number {
	let best = -1;
	let bestWeight = -1;
	for (const node of nodes) {
		const weight = hashString(`${node}|${key}`);
		if (weight > bestWeight || (weight === bestWeight && node > best)) {
			best = node;
			bestWeight = weight;
		}
	}
	return best;
}

/** Sixteen tables of 256: `table[slice * 256 + byte]` is what a byte does to the checksum `slice` bytes further on. */
const CRC32C_TABLES = new Int32Array(16 * 256);
for (let byte = 0; byte < 256; byte++) {
	let value = byte;
	for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
	CRC32C_TABLES[byte] = value;
}
for (let index = 256; index < CRC32C_TABLES.length; index++) {
	const before = CRC32C_TABLES[index - 256] as number;
	CRC32C_TABLES[index] = (CRC32C_TABLES[before & 0xff] as number) ^ (before >>> 8);
}

const NO_WORDS = new Int32Array(0);

/**
 * CRC-32C (Castagnoli) of bytes[start, end), as an unsigned number; sixteen bytes a step.
 * @see Kounavis and Berry 2008, "slicing by 8"
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
	const table = CRC32C_TABLES;
	let crc = -1;
	let at = start;
	for (; at < end && ((bytes.byteOffset + at) & 3) !== 0; at++) crc = (table[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
	const words = at === end ? NO_WORDS : new Int32Array(bytes.buffer, bytes.byteOffset + at, (end - at) >> 2);
	for (let word = 0; word + 4 <= words.length; word += 4, at += 16) {
		const first = (words[word] as number) ^ crc;
		const second = words[word + 1] as number;
		const third = words[word + 2] as number;
		const fourth = words[word + 3] as number;
		crc =
			(table[3840 + (first & 0xff)] as number) ^
			(table[3584 + ((first >>> 8) & 0xff)] as number) ^
			(table[3328 + ((first >>> 16) & 0xff)] as number) ^
			(table[3072 + (first >>> 24)] as number) ^
			(table[2816 + (second & 0xff)] as number) ^
			(table[2560 + ((second >>> 8) & 0xff)] as number) ^
			(table[2304 + ((second >>> 16) & 0xff)] as number) ^
			(table[2048 + (second >>> 24)] as number) ^
			(table[1792 + (third & 0xff)] as number) ^
			(table[1536 + ((third >>> 8) & 0xff)] as number) ^
			(table[1280 + ((third >>> 16) & 0xff)] as number) ^
			(table[1024 + (third >>> 24)] as number) ^
			(table[768 + (fourth & 0xff)] as number) ^
			(table[512 + ((fourth >>> 8) & 0xff)] as number) ^
			(table[256 + ((fourth >>> 16) & 0xff)] as number) ^
			(table[fourth >>> 24] as number);
	}
	for (; at < end; at++) crc = (table[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
	return ~crc >>> 0;
}
