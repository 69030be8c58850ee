import fc from "fast-check";
import { expect, test } from "vitest";
import { i64s, kernels, numbers, ROWS, views, withRegion } from "./kernels.fixture.ts";
import { sharedOut } from "./groups-below.ts";

const ROW_BYTES = 24;
const [NULLS, OFFSET, NULL_BIT] = [8, 16, 3];

test.each([0, 1] as const)("stored rows below and not below a key of 32 or 64 bits (%d)", (wide) => {
	const base =
		wide === 1 ? fc.constantFrom(0n, -(2n ** 62n), 2n ** 63n - 500n) : fc.constantFrom(0n, -(2n ** 31n) + 500n, 2n ** 31n - 500n);
	fc.assert(
		fc.property(ROWS, base, fc.integer({ min: -3, max: 403 }), ({ count, valid, seed }, least, place) =>
			withRegion((region) => {
				const keys = numbers(seed, count).map((value, row) => (valid[row] ? least + BigInt(value % 400) : null));
				const first = region.allocateZeroed(Math.max(1, count) * ROW_BYTES);
				for (const [row, key] of keys.entries()) {
					const at = first + row * ROW_BYTES;
					if (key === null) views.u8[at + NULLS] = 1 << NULL_BIT;
					else if (wide === 1) views.i64[(at + OFFSET) / 8] = key;
					else views.i32[(at + OFFSET) / 4] = Number(key);
				}
				const address = (row: number): number => first + row * ROW_BYTES;
				const rows = region.allocate(count * 4);
				views.u32.set(
					keys.map((_, row) => address(row)),
					rows / 4,
				);
				const floor = BigInt.asIntN(64, least + BigInt(place));
				const [below, rest] = [region.allocate(count * 4), region.allocate(count * 4)];
				const belowCount = kernels.groups_below(count, rows, OFFSET, NULL_BIT, wide, i64s(region, [floor]), below, rest);
				const expected = sharedOut(keys, floor);
				expect([...views.u32.subarray(below / 4, below / 4 + belowCount)]).toEqual(expected.below.map(address));
				expect([...views.u32.subarray(rest / 4, rest / 4 + count - belowCount)]).toEqual(expected.rest.map(address));
			}),
		),
		{ numRuns: 60 },
	);
});
