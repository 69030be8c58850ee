import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrequentValues, frequentValuesBytesMax } from "./frequent-values.ts";
import { dealt, DISTRIBUTIONS } from "./sketches.fixture.ts";

function sketchOf(keys: readonly string[], capacity = 32): FrequentValues {
	const sketch = new FrequentValues(capacity);
	for (const key of keys) sketch.add(key);
	return sketch;
}

/** What Misra-Gries promises of any sketch of `keys`. */
function checkBounds(sketch: FrequentValues, keys: readonly string[]): void {
	const truth = new Map<string, number>();
	for (const key of keys) truth.set(key, (truth.get(key) ?? 0) + 1);
	const kept = new Map(sketch.entries().map(({ key, count }) => [key, count]));
	expect(sketch.weight).toBe(keys.length);
	expect(sketch.errorMax).toBeLessThanOrEqual(keys.length / (sketch.capacity + 1));
	expect(kept.size).toBeLessThanOrEqual(sketch.capacity);
	const wrong = Array.from(truth).filter(([key, count]) => {
		const below = count - (kept.get(key) ?? 0);
		return below < 0 || below > sketch.errorMax;
	});
	expect(wrong).toEqual([]);
}

describe.each(Object.entries(DISTRIBUTIONS))("%s", (_, make) => {
	const keys = make(20_000).map(String);

	test.each([1, 4, 32])("with %d counters, counts within the bound", (capacity) => {
		checkBounds(sketchOf(keys, capacity), keys);
	});

	test("merged in either grouping, counts within the bound", () => {
		for (const rightFirst of [false, true]) {
			const piles = dealt(keys, 5).map((pile) => FrequentValues.decode(sketchOf(pile).encode()));
			const merged = rightFirst
				? piles.reduceRight((all, one) => (all.merge(one), all))
				: piles.reduce((all, one) => (all.merge(one), all));
			checkBounds(merged, keys);
		}
	});
});

test("any stream, any capacity", () => {
	fc.assert(
		fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: 1, max: 8 }), (numbers, capacity) => {
			const keys = numbers.map(String);
			checkBounds(sketchOf(keys, capacity), keys);
			const half = keys.length >> 1;
			const left = sketchOf(keys.slice(0, half), capacity);
			left.merge(sketchOf(keys.slice(half), capacity));
			checkBounds(left, keys);
		}),
	);
});

test("keeps any bytes as a key, weights, and its own bound of bytes", () => {
	const sketch = new FrequentValues(3);
	sketch.add("\x00\xff", 2.5);
	sketch.add("", 7);
	sketch.add("a".repeat(40), 4);
	const bytes = sketch.encode();
	expect(bytes.length).toBeLessThanOrEqual(frequentValuesBytesMax(3, 40));
	expect(FrequentValues.decode(bytes).entries()).toEqual([
		{ key: "", count: 7 },
		{ key: "a".repeat(40), count: 4 },
		{ key: "\x00\xff", count: 2.5 },
	]);
});
