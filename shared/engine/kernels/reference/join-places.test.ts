import fc from "fast-check";
import { expect, test } from "vitest";
import { i32s, i64s, kernels, numbers, ROWS, u16s, views, withRegion } from "./kernels.fixture.ts";
import { keyPlaces } from "./join-places.ts";

const NO_PLACE = 0xffffffff;
const ROW_BYTES = 32;
const [LINK, OFFSET] = [8, 16];

test.each([0, 1] as const)("places of keys of 32 or 64 bits (%d), of stored rows and of a batch", (wide) => {
	const base =
		wide === 1 ? fc.constantFrom(0n, -(2n ** 63n) + 500n, 2n ** 63n - 500n) : fc.constantFrom(0n, -(2n ** 31n) + 500n, 2n ** 31n - 500n);
	fc.assert(
		fc.property(ROWS, base, ({ count, selection, seed }, middle) =>
			withRegion((region) => {
				const keys = numbers(seed, count).map((value) => middle + BigInt(value % 400));
				const range = { least: middle - 250n, most: middle + 200n };
				const rangeAt = i64s(region, [range.least, range.most]);
				const places = keyPlaces(keys, range);

				const values = wide === 1 ? i64s(region, keys) : i32s(region, keys.map(Number));
				const hashes = region.allocate(count * 4);
				views.u32.fill(7, hashes / 4, hashes / 4 + count);
				const live = selection === null ? 0 : u16s(region, selection);
				kernels.keys_place(selection?.length ?? count, live, values, wide, rangeAt, hashes);
				const isLive = (row: number): boolean => selection === null || selection.includes(row);
				expect([...views.u32.subarray(hashes / 4, hashes / 4 + count)]).toEqual(
					places.map((place, row) => (isLive(row) ? (place ?? NO_PLACE) : 7)),
				);

				const stored = keys.filter((_, row) => places[row] !== null);
				const first = region.allocateZeroed(stored.length * ROW_BYTES);
				for (const [index, key] of stored.entries()) {
					const at = first + index * ROW_BYTES + OFFSET;
					if (wide === 1) views.i64[at / 8] = key;
					else views.i32[at / 4] = Number(key);
				}
				kernels.join_place(stored.length, first, ROW_BYTES, LINK, OFFSET, wide, rangeAt);
				expect(stored.map((_, index) => views.u32[(first + index * ROW_BYTES + LINK) / 4])).toEqual(keyPlaces(stored, range));
			}),
		),
		{ numRuns: 60 },
	);
});
