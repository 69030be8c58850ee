import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QuantileSketch, quantileSketchBytesMax } from "./quantile-sketch.ts";
import { dealt, DISTRIBUTIONS } from "./sketches.fixture.ts";

const K = 200;
/** Twice what 99% of sketches keep to. */
const RANK_ERROR_MAX = (2 * 1.7) / K;

function sketchOf(values: readonly number[], k = K): QuantileSketch {
	const sketch = new QuantileSketch(k);
	for (const value of values) sketch.add(value);
	return sketch;
}

/** How far the rank of the value at each percentile is off: 0 where the fraction lies between the value's own two ranks. */
function rankError(sketch: QuantileSketch, values: readonly number[]): number {
	const sorted = Float64Array.from(values).sort();
	let worst = 0;
	for (let percent = 1; percent < 100; percent++) {
		const value = sketch.quantile(percent / 100) as number;
		const below = sorted.findIndex((each) => each >= value);
		const upTo = sorted.findLastIndex((each) => each <= value) + 1;
		worst = Math.max(worst, below / sorted.length - percent / 100, percent / 100 - upTo / sorted.length);
		// And the other way about: the rank it gives the value.
		worst = Math.max(worst, Math.abs(sketch.rank(value, false) - below / sorted.length));
		worst = Math.max(worst, Math.abs(sketch.rank(value, true) - upTo / sorted.length));
	}
	return worst;
}

describe.each(Object.entries(DISTRIBUTIONS))("%s", (_, make) => {
	test.each([1, 100, 10_000, 100_000])("of %d values, ranks within the bound", (count) => {
		const values = make(count);
		const sketch = sketchOf(values);
		expect(rankError(sketch, values)).toBeLessThanOrEqual(RANK_ERROR_MAX);
		expect(sketch.count).toBe(count);
		expect([sketch.minimum, sketch.maximum]).toEqual([Math.min(...values.slice(0, 1e5)), Math.max(...values.slice(0, 1e5))]);
		expect([sketch.quantile(0), sketch.quantile(1)]).toEqual([sketch.minimum, sketch.maximum]);
	});

	test("merged in either grouping, ranks within the bound", () => {
		const values = make(60_000);
		for (const rightFirst of [false, true]) {
			const piles = dealt(values, 5).map((pile) => QuantileSketch.decode(sketchOf(pile).encode()));
			const merged = rightFirst
				? piles.reduceRight((all, one) => (all.merge(one), all))
				: piles.reduce((all, one) => (all.merge(one), all));
			expect(merged.count).toBe(values.length);
			expect(rankError(merged, values)).toBeLessThanOrEqual(RANK_ERROR_MAX);
			expect(merged.encode().length).toBeLessThanOrEqual(quantileSketchBytesMax(K));
		}
	});
});

test("a sample of every eighth value, weighed eight, is within the bound as well", () => {
	const values = DISTRIBUTIONS["uniform"]?.(80_000) ?? [];
	const sketch = new QuantileSketch(K);
	for (let index = 0; index < values.length; index += 8) sketch.add(values[index] as number, 3);
	expect(sketch.count).toBe(values.length);
	expect(rankError(sketch, values)).toBeLessThanOrEqual(RANK_ERROR_MAX);
});

test("a short stream is kept whole: every quantile is exact", () => {
	fc.assert(
		fc.property(
			fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 150 }),
			fc.double({ min: 0, max: 1, noNaN: true }),
			(values, fraction) => {
				const sorted = Float64Array.from(values).sort();
				const position = Math.max(0, Math.ceil(fraction * values.length) - 1);
				expect(sketchOf(values).quantile(fraction)).toBe(fraction >= 1 ? sorted.at(-1) : sorted[position]);
			},
		),
	);
});

test("NaN is above infinity", () => {
	const sketch = sketchOf([Number.NaN, 1, Number.POSITIVE_INFINITY, 2]);
	expect([0, 0.5, 0.75, 1].map((fraction) => sketch.quantile(fraction))).toEqual([1, 2, Number.POSITIVE_INFINITY, Number.NaN]);
	expect(sketch.rank(Number.POSITIVE_INFINITY, true)).toBe(0.75);
});

test("is empty at first; a million values stay bounded and come back from their bytes", () => {
	const empty = new QuantileSketch(K);
	expect([empty.quantile(0.5), empty.minimum, empty.rank(1, true)]).toEqual([undefined, undefined, 0]);
	expect(QuantileSketch.decode(empty.encode()).count).toBe(0);
	const sketch = sketchOf(DISTRIBUTIONS["skewed"]?.(1_000_000) ?? [], 64);
	expect(sketch.encode().length).toBeLessThan(64 * 3 * 8 + 500);
	const back = QuantileSketch.decode(sketch.encode());
	expect(back.encode()).toEqual(sketch.encode());
	expect(back.quantile(0.3)).toBe(sketch.quantile(0.3));
});
