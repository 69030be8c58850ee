/**
 * 64-bit hashes of values for {@link HyperLogLog}, as two unsigned halves: JavaScript has no fast 64-bit integer. Two 32-bit lanes with different
 * multipliers (murmur3's and xxHash's), crossed at the end as in murmur3's 128-bit form. Sketches that hold them are stored: results never change.
 */

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;
const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const SEED_LOW = 0x2f0b4a27;
const SEED_HIGH = 0x71d67fff;

/** Halves of the last hash: nothing is allocated per value. */
export const hashed = { high: 0, low: 0 };

/** Of one 64-bit word given as two 32-bit ones, signed or not. Leaves the result in {@link hashed}. */
export function hashWords(low: number, high: number): void {
	finish(lowLane(lowLane(SEED_LOW, low), high), highLane(highLane(SEED_HIGH, low), high), 8);
}

const doubles = new Float64Array(1);
const words = new Uint32Array(doubles.buffer);

/** Of a double; -0 is 0, and every NaN the same. */
export function hashDouble(value: number): void {
	doubles[0] = value === 0 ? 0 : Number.isNaN(value) ? Number.NaN : value;
	hashWords(words[0] as number, words[1] as number);
}

/** Of bytes[start, end). */
export function hashBytes(bytes: Uint8Array, start = 0, end = bytes.length): void {
	let low = SEED_LOW;
	let high = SEED_HIGH;
	let at = start;
	for (; at + 4 <= end; at += 4) {
		const word =
			(bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
		low = lowLane(low, word);
		high = highLane(high, word);
	}
	if (at < end) {
		let word = 0;
		for (let shift = 0; at < end; at++, shift += 8) word |= (bytes[at] as number) << shift;
		low = lowLane(low, word);
		high = highLane(high, word);
	}
	finish(low, high, end - start);
}

function lowLane(lane: number, word: number): number {
	const mixed = Math.imul(word, C1);
	const turned = lane ^ Math.imul((mixed << 15) | (mixed >>> 17), C2);
	return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
}

function highLane(lane: number, word: number): number {
	const turned = (lane + Math.imul(word, P2)) | 0;
	return Math.imul((turned << 13) | (turned >>> 19), P1);
}

function finish(lowRaw: number, highRaw: number, byteCount: number): void {
	let low = lowRaw ^ byteCount;
	let high = highRaw ^ byteCount;
	low = (low + high) | 0;
	high = (high + low) | 0;
	low = avalanche(low);
	high = avalanche(high);
	low = (low + high) | 0;
	hashed.low = low >>> 0;
	hashed.high = (high + low) >>> 0;
}

/** murmur3's finalizer. */
function avalanche(word: number): number {
	let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
	mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
	return mixed ^ (mixed >>> 16);
}
