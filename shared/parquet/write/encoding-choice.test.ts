import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseEncoding, type ChosenEncoding, expectedEntryCount, type PageFacts, paysToCompress } from "./encoding-choice.ts";

/** A first page of 16,384 whole numbers of four bytes, of a chunk of eight pages. */
const NUMBERS: PageFacts = {
	valueCount: 16_384,
	chunkValueCount: 131_072,
	plainByteCount: 65_536,
	plainSnappyByteCount: 65_539,
	deltaByteCount: 66_000,
	isNumber: true,
	dictionary: null,
};
const DATES = { entryCountHalfway: 2427, entryCount: 2522, entriesByteCount: 2522 * 4, codesByteCount: 24_577 };

const CASES: { name: string; facts: Partial<PageFacts>; want: ChosenEncoding }[] = [
	{ name: "numbers of all bits", facts: {}, want: "plain" },
	{ name: "numbers of a narrow range", facts: { deltaByteCount: 39_000 }, want: "delta" },
	{ name: "floating-point numbers", facts: { deltaByteCount: null, isNumber: false }, want: "plain" },
	{ name: "snappy alone saves more than deltas", facts: { deltaByteCount: 60_000, plainSnappyByteCount: 20_000 }, want: "plain" },
	{ name: "a few thousand dates", facts: { deltaByteCount: 26_700, dictionary: DATES }, want: "dictionary" },
	{
		name: "keys in order, four rows each: the dictionary goes on growing",
		facts: {
			deltaByteCount: 10_000,
			dictionary: { entryCountHalfway: 2048, entryCount: 4096, entriesByteCount: 4096 * 4, codesByteCount: 24_577 },
		},
		want: "delta",
	},
	{
		name: "the same keys, of a chunk that ends here",
		facts: {
			chunkValueCount: 16_384,
			deltaByteCount: 40_000,
			dictionary: { entryCountHalfway: 2048, entryCount: 4096, entriesByteCount: 4096 * 4, codesByteCount: 24_577 },
		},
		want: "dictionary",
	},
	{
		name: "one value throughout",
		facts: {
			deltaByteCount: 90,
			plainSnappyByteCount: 3100,
			dictionary: { entryCountHalfway: 1, entryCount: 1, entriesByteCount: 4, codesByteCount: 5 },
		},
		want: "dictionary",
	},
	{
		name: "entries that stand for one value and a half",
		facts: {
			deltaByteCount: 39_000,
			dictionary: { entryCountHalfway: 6000, entryCount: 11_000, entriesByteCount: 44_000, codesByteCount: 28_673 },
		},
		want: "delta",
	},
	{
		name: "texts that repeat",
		facts: {
			isNumber: false,
			plainByteCount: 400_000,
			plainSnappyByteCount: 400_000,
			deltaByteCount: 345_000,
			dictionary: { entryCountHalfway: 4096, entryCount: 8192, entriesByteCount: 200_000, codesByteCount: 26_625 },
		},
		want: "dictionary",
	},
	{
		name: "texts that do not",
		facts: { isNumber: false, plainByteCount: 400_000, plainSnappyByteCount: 400_000, deltaByteCount: 345_000 },
		want: "delta",
	},
	{
		name: "two texts, whose lengths take more as deltas",
		facts: { valueCount: 2, chunkValueCount: 2, isNumber: false, plainByteCount: 28, plainSnappyByteCount: 28, deltaByteCount: 190 },
		want: "plain",
	},
];
for (const { name, facts, want } of CASES) {
	test(`${name}: ${want}`, () => {
		expect(chooseEncoding({ ...NUMBERS, ...facts })).toBe(want);
	});
}

test("snappy has to save a quarter", () => {
	expect([74, 75, 76, 100, 103].map((compressed) => paysToCompress(100, compressed))).toEqual([true, false, false, false, false]);
	expect(paysToCompress(0, 1)).toBe(false);
});

test("a dictionary is expected to hold every value of a fixed set, and every key of those in order", () => {
	// 10,000 values drawn evenly: 5,596 after 8,192 draws, 8,056 after 16,384.
	expect(expectedEntryCount({ entryCountHalfway: 5596, entryCount: 8056, entriesByteCount: 0, codesByteCount: 0 }, 16)).toBeCloseTo(
		9986,
		-2,
	);
	expect(expectedEntryCount({ entryCountHalfway: 2048, entryCount: 4096, entriesByteCount: 0, codesByteCount: 0 }, 16)).toBe(32_768);
	expect(expectedEntryCount({ entryCountHalfway: 3, entryCount: 3, entriesByteCount: 0, codesByteCount: 0 }, 16)).toBe(3);
});

test("a page takes no more than what it could at the least and a quarter of its bytes", () => {
	const sizes = fc.record({
		plainByteCount: fc.integer({ min: 1, max: 200_000 }),
		snappyPart: fc.double({ min: 0.05, max: 1.1, noNaN: true }),
		deltaPart: fc.double({ min: 0.01, max: 1.2, noNaN: true }),
	});
	fc.assert(
		fc.property(sizes, ({ plainByteCount, snappyPart, deltaPart }) => {
			const facts = {
				...NUMBERS,
				plainByteCount,
				plainSnappyByteCount: Math.ceil(plainByteCount * snappyPart),
				deltaByteCount: Math.ceil(plainByteCount * deltaPart),
				valueCount: Math.ceil(plainByteCount / 8),
			};
			const stored =
				chooseEncoding(facts) === "delta"
					? facts.deltaByteCount
					: paysToCompress(plainByteCount, facts.plainSnappyByteCount)
						? facts.plainSnappyByteCount
						: plainByteCount;
			// What a pass of snappy costs, in bytes, is the most that is given away.
			expect(stored).toBeLessThanOrEqual(
				Math.min(plainByteCount, facts.plainSnappyByteCount, facts.deltaByteCount) + Math.ceil(plainByteCount / 4),
			);
		}),
	);
});
