/** Streams of numbers that sketches find easy and hard; deterministic, so that a bound holds or does not. */

function xorshift(seed: number): () => number {
	let state = seed;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) / 2 ** 32;
	};
}

export const DISTRIBUTIONS: Record<string, (count: number) => number[]> = {
	ascending: (count) => Array.from({ length: count }, (_, index) => index),
	descending: (count) => Array.from({ length: count }, (_, index) => count - index),
	uniform: (count) => {
		const random = xorshift(1);
		return Array.from({ length: count }, () => random() * 1e6);
	},
	skewed: (count) => {
		const random = xorshift(2);
		return Array.from({ length: count }, () => Math.floor(1 / (random() + 1e-9)));
	},
	"few values": (count) => Array.from({ length: count }, (_, index) => (index * 7) % 10),
	constant: (count) => Array.from({ length: count }, () => 42),
	"two clusters": (count) => {
		const random = xorshift(3);
		return Array.from({ length: count }, () => (random() < 0.9 ? random() : 1e9 + random()));
	},
	"sorted in pieces": (count) => Array.from({ length: count }, (_, index) => index % 1000),
	"strides of a power of two": (count) => Array.from({ length: count }, (_, index) => index * 4096),
	negative: (count) => Array.from({ length: count }, (_, index) => -index / 3),
};

/** The stream dealt out to `parts` by a rule that is not round robin. */
export function dealt<Value>(values: readonly Value[], parts: number): Value[][] {
	const piles: Value[][] = Array.from({ length: parts }, () => []);
	for (const [index, value] of values.entries()) piles[(index * index + (index >> 4)) % parts]?.push(value);
	return piles;
}
