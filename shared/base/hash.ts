/** Hashes that are stored or decide where data goes: their results never change. */

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

const CRC32C_TABLE = new Int32Array(256).map((_, index) => {
	let value = index;
	for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
	return value;
});

/** CRC-32C (Castagnoli) of bytes[start, end), as an unsigned number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
	let crc = -1;
	for (let index = start; index < end; index++) {
		crc = (CRC32C_TABLE[(crc ^ (bytes[index] as number)) & 0xff] as number) ^ (crc >>> 8);
	}
	return ~crc >>> 0;
}
