import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Region } from "../../memory/region.ts";
import { readInt128 } from "../../vector/int128.ts";
import { sumFloat, sumInt128, sumInt64 } from "./aggregate.ts";
import { bitmap, i32s, i64s, kernels, numbers, ROWS, type Rows, u16s, views, withRegion } from "./kernels.fixture.ts";

describe("aggregate updates of one group, its state in registers", () => {
	/** Two batches into one state; `verify` gets the live, valid rows of both. */
	function check(
		update: (rows: Rows, region: Region, state: number, validity: number, selection: number, count: number) => bigint[],
		verify: (state: number, values: bigint[]) => void,
	): void {
		fc.assert(
			fc.property(ROWS, ROWS, (...batches) => {
				withRegion((region) => {
					const state = region.allocateZeroed(32);
					const values = batches.flatMap((rows) => {
						const selection = rows.selection === null ? 0 : u16s(region, rows.selection);
						const count = rows.selection?.length ?? rows.count;
						const all = update(rows, region, state, bitmap(region, rows.valid), selection, count);
						const live = rows.selection ?? rows.valid.map((_, row) => row);
						return live.filter((row) => rows.valid[row]).map((row) => all[row]!);
					});
					verify(state, values);
				});
			}),
			{ numRuns: 60 },
		);
	}
	const wide = (seed: number, count: number): bigint[] =>
		numbers(seed, count).map((value) => (value & 1 ? 2n ** 63n - 1n - BigInt(value >>> 1) : -(2n ** 63n) + BigInt(value >>> 1)));
	const largest = (values: bigint[]): bigint => values.reduce((best, value) => (value > best ? value : best));
	const smallest = (values: bigint[]): bigint => values.reduce((best, value) => (value < best ? value : best));

	test("count", () => {
		check(
			(rows, _, state, validity, selection, count) => {
				kernels.agg_count_one(count, selection, validity, state);
				return rows.valid.map(() => 1n);
			},
			(state, values) => expect(views.i64[state / 8]).toBe(BigInt(values.length)),
		);
	});

	test("sums of i32 in 64 bits, of i32 and i64 in 128", () => {
		check(
			(rows, region, state, validity, selection, count) => {
				const values = numbers(rows.seed, rows.count);
				expect(kernels.agg_sum_i32_one(count, selection, i32s(region, values), validity, state)).toBe(0);
				return values.map(BigInt);
			},
			(state, values) => {
				expect(views.i64[state / 8]).toBe(sumInt64(values));
				expect(views.u32[state / 4 + 2]).toBe(values.length === 0 ? 0 : 1);
			},
		);
		for (const width of [4, 8]) {
			check(
				(rows, region, state, validity, selection, count) => {
					const values = width === 4 ? numbers(rows.seed, rows.count).map(BigInt) : wide(rows.seed, rows.count);
					const lanes = width === 4 ? i32s(region, values.map(Number)) : i64s(region, values);
					expect(kernels.agg_wide_one(width, 0, count, selection, lanes, validity, state, region.allocate(16))).toBe(0);
					return values;
				},
				(state, values) => {
					expect(readInt128(views, state)).toBe(sumInt128(values));
					expect(views.u32[state / 4 + 5]).toBe(values.length === 0 ? 0 : 1);
					expect(views.i64[state / 8 + 3]).toBe(BigInt(values.length));
				},
			);
		}
	});

	test("a sum that leaves 64 bits", () => {
		withRegion((region) => {
			const state = region.allocateZeroed(16);
			views.i64[state / 8] = 2n ** 63n - 3n;
			expect(kernels.agg_sum_i32_one(2, 0, i32s(region, [1, 1]), 0, state)).toBe(0);
			expect(kernels.agg_sum_i32_one(1, 0, i32s(region, [1]), 0, state)).toBe(1);
		});
	});

	test("sum of doubles in row order", () => {
		check(
			(rows, region, state, validity, selection, count) => {
				const values = numbers(rows.seed, rows.count);
				const lanes = region.allocate(rows.count * 8);
				views.f64.set(
					values.map((value) => value / 1024 + 0.1),
					lanes / 8,
				);
				expect(kernels.agg_sum_f64_one(count, selection, lanes, validity, state)).toBe(0);
				return values.map(BigInt);
			},
			(state, values) => {
				expect(views.f64[state / 8]).toBe(
					sumFloat(
						values.map((value) => Number(value) / 1024 + 0.1),
						false,
					),
				);
				expect(views.i64[state / 8 + 1]).toBe(BigInt(values.length));
			},
		);
	});

	test.each([1, -1])("the extreme of i32 and of i64, sign %d", (sign) => {
		const best = sign === 1 ? largest : smallest;
		check(
			(rows, region, state, validity, selection, count) => {
				const values = numbers(rows.seed, rows.count);
				kernels.agg_extreme_i32_one(sign, count, selection, i32s(region, values), validity, state);
				return values.map(BigInt);
			},
			(state, values) => {
				expect(views.u32[state / 4 + 5]).toBe(values.length === 0 ? 0 : 1);
				if (values.length > 0) expect(BigInt(views.i32[state / 4]!)).toBe(best(values));
			},
		);
		check(
			(rows, region, state, validity, selection, count) => {
				const values = wide(rows.seed, rows.count);
				kernels.agg_extreme_i64_one(sign, count, selection, i64s(region, values), validity, state);
				return values;
			},
			(state, values) => {
				if (values.length > 0) expect(views.i64[state / 8]).toBe(best(values));
			},
		);
	});
});
