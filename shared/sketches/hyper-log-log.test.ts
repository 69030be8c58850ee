import { describe, expect, test } from "vitest";
import { HyperLogLog, hyperLogLogBytesMax } from "./hyper-log-log.ts";
import { dealt, DISTRIBUTIONS } from "./sketches.fixture.ts";
import { hashBytes, hashDouble, hashed, hashWords } from "./value-hash.ts";

function sketchOf(values: readonly number[], precision = 11): HyperLogLog {
	const sketch = new HyperLogLog(precision);
	for (const value of values) {
		hashDouble(value);
		sketch.add(hashed.high, hashed.low);
	}
	return sketch;
}

const errorOf = (sketch: HyperLogLog, truth: number) => Math.abs(sketch.estimate() - truth) / truth;

describe.each(Object.entries(DISTRIBUTIONS))("%s", (_, make) => {
	test.each([1, 10, 100, 1000, 10_000, 200_000])("of %d values, within four standard errors", (count) => {
		const values = make(count);
		const truth = new Set(values).size;
		expect(errorOf(sketchOf(values), truth)).toBeLessThan((4 * 1.04) / Math.sqrt(2 ** 11));
		expect(errorOf(sketchOf(values, 14), truth)).toBeLessThan((4 * 1.04) / Math.sqrt(2 ** 14));
	});

	test("merged in any order and grouping is the sketch of all", () => {
		const values = make(20_000);
		const whole = sketchOf(values).encode();
		const [first, second, third] = dealt(values, 3).map((pile) => sketchOf(pile)) as [HyperLogLog, HyperLogLog, HyperLogLog];
		const left = HyperLogLog.decode(third.encode());
		left.merge(first);
		left.merge(second);
		second.merge(third);
		first.merge(second);
		expect(first.encode()).toEqual(whole);
		expect(left.encode()).toEqual(whole);
	});
});

test("counts integers and texts by their bytes", () => {
	const integers = new HyperLogLog(12);
	const texts = new HyperLogLog(12);
	const encoder = new TextEncoder();
	for (let value = 0; value < 50_000; value++) {
		hashWords(value, value < 25_000 ? 0 : -1);
		integers.add(hashed.high, hashed.low);
		hashBytes(encoder.encode(`https://example.com/${value}`));
		texts.add(hashed.high, hashed.low);
	}
	expect(errorOf(integers, 50_000)).toBeLessThan(0.065);
	expect(errorOf(texts, 50_000)).toBeLessThan(0.065);
});

test("hashes never change: sketches of them are stored", () => {
	const halves = () => [hashed.high, hashed.low];
	hashWords(1, 0);
	expect(halves()).toMatchInlineSnapshot(`
		[
		  2171565054,
		  3387378746,
		]
	`);
	hashDouble(-0);
	const zero = halves();
	hashDouble(0);
	expect(halves()).toEqual(zero);
	hashDouble(Number.NaN);
	expect(halves()).toMatchInlineSnapshot(`
		[
		  3218259457,
		  1931927036,
		]
	`);
	hashBytes(new TextEncoder().encode("Littoral"));
	expect(halves()).toMatchInlineSnapshot(`
		[
		  3858925999,
		  2300391141,
		]
	`);
	hashBytes(Uint8Array.of(9, 1, 2, 3, 9), 1, 4);
	const inside = halves();
	hashBytes(Uint8Array.of(1, 2, 3));
	expect(halves()).toEqual(inside);
});

test("a text and the same with zeros behind it differ", () => {
	hashBytes(Uint8Array.of(1));
	const short = hashed.low;
	hashBytes(Uint8Array.of(1, 0));
	expect(hashed.low).not.toBe(short);
});

test("is empty at first, and never larger than its bound", () => {
	expect(new HyperLogLog(11).estimate()).toBe(0);
	expect(new HyperLogLog(11).encode()).toHaveLength(12);
	const full = sketchOf(DISTRIBUTIONS["uniform"]?.(500_000) ?? []);
	expect(full.encode()).toHaveLength(hyperLogLogBytesMax(11));
	expect(HyperLogLog.decode(full.encode()).estimate()).toBe(full.estimate());
});
