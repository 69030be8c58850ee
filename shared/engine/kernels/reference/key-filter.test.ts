import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Region } from "../../memory/region.ts";
import { bitmap, i32s, i64s, kernels, numbers, ROWS, u16s, views, withRegion } from "./kernels.fixture.ts";
import { keptRows, rowsInRange } from "./key-filter.ts";

const ROW_BYTES = 24;
const OFFSET = 16;
const MODE = { range: 0, exact: 1, bloom: 2 };
const BLOOM_WORDS = 16;

/** Stored rows with a key each, and a filter that has learnt them. */
function learn(region: Region, keys: readonly bigint[], wide: 0 | 1, mode: number): number {
	const first = region.allocateZeroed(keys.length * ROW_BYTES);
	for (const [index, key] of keys.entries()) {
		const at = first + index * ROW_BYTES + OFFSET;
		if (wide === 1) views.i64[at / 8] = key;
		else views.i32[at / 4] = Number(key);
	}
	const filter = region.allocateZeroed(32);
	views.i64[filter / 8] = 2n ** 63n - 1n;
	views.i64[filter / 8 + 1] = -(2n ** 63n);
	kernels.key_filter_range(keys.length, first, ROW_BYTES, OFFSET, wide, filter);
	if (mode === MODE.range) return filter;
	const span = (views.i64[filter / 8 + 1] as bigint) - (views.i64[filter / 8] as bigint);
	views.u32[filter / 4 + 4] = region.allocateZeroed(mode === MODE.exact ? Number(span / 8n) + 1 : BLOOM_WORDS * 8);
	views.u32[filter / 4 + 5] = BLOOM_WORDS - 1;
	views.u32[filter / 4 + 6] = mode;
	kernels.key_filter_add(keys.length, first, ROW_BYTES, OFFSET, wide, filter);
	return filter;
}

describe.each([0, 1] as const)("keys of 32 or 64 bits (%d)", (wide) => {
	/** Near each other, for bits; or, of 64 bits and without any, anywhere. */
	const keysOf = (seed: number, count: number, base: bigint): bigint[] => numbers(seed, count).map((value) => base + BigInt(value % 200));
	const BASE =
		wide === 1 ? fc.constantFrom(0n, -(2n ** 62n), 2n ** 63n - 1000n) : fc.constantFrom(0n, -(2n ** 31n) + 300n, 2n ** 31n - 300n);

	test.each(Object.entries(MODE))("a filter of mode %s, dense and by codes", (_, mode) => {
		fc.assert(
			fc.property(
				ROWS,
				fc.integer({ min: 1, max: 50 }),
				fc.nat(),
				BASE,
				fc.boolean(),
				({ count, valid, selection, seed }, keyCount, keySeed, base, coded) =>
					withRegion((region) => {
						const keys = keysOf(keySeed, keyCount, base);
						const filter = learn(region, keys, wide, mode);
						const entries = keysOf(seed, coded ? 13 : count, base);
						const codes = numbers(seed + 1, count).map((value) => (value >>> 1) % 13);
						const rows = Array.from({ length: count }, (__, row) =>
							valid[row] ? (entries[coded ? (codes[row] as number) : row] as bigint) : null,
						);
						const values = wide === 1 ? i64s(region, entries) : i32s(region, entries.map(Number));
						const live = selection === null ? 0 : u16s(region, selection);
						const out = region.allocate(count * 2 + 2);
						const select = wide === 1 ? kernels.key_filter_i64 : kernels.key_filter_i32;
						const liveCount = selection?.length ?? count;
						const keptCount = select(liveCount, live, coded ? i32s(region, codes) : 0, bitmap(region, valid), values, filter, out);
						const kept = [...views.u16.subarray(out / 2, out / 2 + keptCount)];
						const matching = keptRows(rows, selection, new Set(keys));
						if (mode === MODE.exact) expect(kept).toEqual(matching);
						else if (mode === MODE.range) expect(kept).toEqual(rowsInRange(rows, selection, keys));
						else {
							expect(kept.filter((row) => matching.includes(row))).toEqual(matching);
							const inRange = new Set(rowsInRange(rows, selection, keys));
							expect(kept.every((row) => inRange.has(row))).toBe(true);
						}
					}),
			),
			{ numRuns: 60 },
		);
	});
});

test("a Bloom filter passes few of the values that it was not told", () => {
	withRegion((region) => {
		const keys = numbers(1, 64).map((value) => BigInt(value) * 2n);
		const filter = learn(region, keys, 1, MODE.bloom);
		const others = numbers(99, 2048).map((value) => BigInt(value) * 2n + 1n);
		const kept = kernels.key_filter_i64(others.length, 0, 0, 0, i64s(region, others), filter, region.allocate(4096));
		expect(kept).toBeLessThan(others.length / 8);
	});
});

test.each([0, 1])("rows that are flagged, or not (%d)", (flagged) => {
	fc.assert(
		fc.property(fc.array(fc.boolean(), { maxLength: 2049 }), (flags) =>
			withRegion((region) => {
				const rows = flags.map((flag) => {
					const row = region.allocateZeroed(16);
					views.u32[row / 4 + 2] = flag ? 1 : 0;
					return row;
				});
				const at = i32s(region, rows);
				const kept = kernels.join_flagged(flagged, rows.length, at, 8, at);
				expect([...views.u32.subarray(at / 4, at / 4 + kept)]).toEqual(rows.filter((_, index) => flags[index] === (flagged === 1)));
			}),
		),
		{ numRuns: 20 },
	);
});
