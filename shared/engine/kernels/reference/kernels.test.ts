import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Region } from "../../memory/region.ts";
import { readInt128 } from "../../vector/int128.ts";
import { sumFloat, sumInt128, sumInt64, sumNumeric } from "./aggregate.ts";
import { ends, inRange, lookup, offsetsInOrder, take } from "./gather.ts";
import { bitmap, i128s, i32s, i64s, kernels, numbers, read128s, ROWS, type Rows, u16s, views, withRegion } from "./kernels.fixture.ts";

test("take, lookup, fill and widen, lanes of every width", () => {
	fc.assert(
		fc.property(ROWS, ({ count, valid, seed }) => {
			withRegion((region) => {
				const values = numbers(seed, count + 1);
				const wide = values.map((value, row) => BigInt(value) * 2n ** 31n + BigInt(row));
				const wider = wide.map((value) => value * 2n ** 60n);
				const picks = numbers(seed + 1, count).map((value) => Math.abs(value) % (count + 1));
				const positions = u16s(region, picks);
				const codes = i32s(region, picks);
				const validity = bitmap(region, valid);
				const out = region.allocate(count * 16);
				const source8 = region.allocate(count + 1);
				views.u8.set(
					values.map((value) => value & 0xff),
					source8,
				);
				const source32 = i32s(region, values);
				const source64 = i64s(region, wide);
				const source128 = i128s(region, wider);

				kernels.take_8(count, positions, source8, out);
				expect([...views.u8.subarray(out, out + count)]).toEqual(take(values, picks).map((value) => value & 0xff));
				kernels.take_32(count, positions, source32, out);
				expect([...views.i32.subarray(out / 4, out / 4 + count)]).toEqual(take(values, picks));
				kernels.take_64(count, positions, source64, out);
				expect([...views.i64.subarray(out / 8, out / 8 + count)]).toEqual(take(wide, picks));
				kernels.take_128(count, positions, source128, out);
				expect(read128s(out, count)).toEqual(take(wider, picks));

				kernels.lookup_8(count, codes, validity, source8, out);
				expect([...views.u8.subarray(out, out + count)]).toEqual(
					lookup(
						values.map((value) => value & 0xff),
						picks,
						valid,
						0,
					),
				);
				kernels.lookup_32(count, codes, validity, source32, out);
				expect([...views.i32.subarray(out / 4, out / 4 + count)]).toEqual(lookup(values, picks, valid, 0));
				kernels.lookup_64(count, codes, validity, source64, out);
				expect([...views.i64.subarray(out / 8, out / 8 + count)]).toEqual(lookup(wide, picks, valid, 0n));
				kernels.lookup_128(count, codes, validity, source128, out);
				expect(read128s(out, count)).toEqual(lookup(wider, picks, valid, 0n));

				kernels.fill_32(count, source32, out);
				expect([...views.i32.subarray(out / 4, out / 4 + count)]).toEqual(Array.from({ length: count }, () => values[0]));
				kernels.fill_64(count, source64, out);
				expect([...views.i64.subarray(out / 8, out / 8 + count)]).toEqual(Array.from({ length: count }, () => wide[0]));
				kernels.fill_128(count, source128, out);
				expect(read128s(out, count)).toEqual(Array.from({ length: count }, () => wider[0]));
				kernels.fill_valid_32(count, validity, 7, out);
				expect([...views.i32.subarray(out / 4, out / 4 + count)]).toEqual(valid.map((bit) => (bit ? 7 : 0)));

				kernels.widen_i32_i64(count, source32, out);
				expect([...views.i64.subarray(out / 8, out / 8 + count)]).toEqual(values.slice(0, count).map(BigInt));
				kernels.widen_i64_i128(count, source64, out);
				expect(read128s(out, count)).toEqual(wide.slice(0, count));
			});
		}),
		{ numRuns: 40 },
	);
});

test("take packs validity and strings", () => {
	fc.assert(
		fc.property(ROWS, ({ count, valid, seed }) => {
			withRegion((region) => {
				if (count === 0) return;
				const lengths = numbers(seed, count).map((value) => (value >>> 0) % 5);
				const offsets = ends(lengths);
				const bytes = numbers(seed + 2, offsets.at(-1)!).map((value) => value & 0xff);
				const source = region.allocate(bytes.length);
				views.u8.set(bytes, source);
				const picks = numbers(seed + 1, count).map((value) => (value >>> 0) % count);
				const positions = u16s(region, picks);
				const outOffsets = region.allocate((count + 1) * 4);
				const total = kernels.take_offsets(count, positions, i32s(region, offsets), outOffsets);
				const expected = take(
					lengths.map((_, row) => bytes.slice(offsets[row], offsets[row + 1])),
					picks,
				);
				expect([...views.i32.subarray(outOffsets / 4, outOffsets / 4 + count + 1)]).toEqual(ends(expected.map((value) => value.length)));
				expect(total).toBe(expected.flat().length);
				const out = region.allocate(total);
				kernels.take_bytes(count, positions, i32s(region, offsets), source, outOffsets, out);
				expect([...views.u8.subarray(out, out + total)]).toEqual(expected.flat());

				const validity = bitmap(region, valid);
				if (validity === 0) return;
				const packed = region.allocate((count + 7) >> 3);
				const taken = take(valid, picks);
				expect(kernels.take_validity(count, positions, validity, packed)).toBe(taken.filter((bit) => !bit).length);
				expect(taken.map((_, row) => ((views.u8[packed + (row >> 3)]! >> (row & 7)) & 1) === 1)).toEqual(taken);
			});
		}),
		{ numRuns: 40 },
	);
});

test("the checks of a decoder", () => {
	const small = fc.array(fc.integer({ min: -2, max: 6 }), { minLength: 1, maxLength: 6 });
	fc.assert(
		fc.property(small, fc.integer({ min: 0, max: 6 }), fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (values, limit, valid) => {
			withRegion((region) => {
				const at = i32s(region, values);
				expect(kernels.check_offsets(values.length - 1, at, limit) === 1).toBe(offsetsInOrder(values, limit));
				const bits = valid.slice(0, values.length);
				const checked = kernels.check_range_i32(values.length, at, bitmap(region, bits), 0, limit) === 1;
				expect(checked).toBe(inRange(values, bits, { minimum: 0, maximum: limit }));
			});
		}),
		{ numRuns: 2000 },
	);
});

describe("aggregate updates of two groups", () => {
	const STATE_BYTES = 32;

	/** Runs an update over states of its own; `expected` gets each group's live, valid rows. */
	function check(
		update: (rows: Rows, region: Region, groups: number, validity: number, selection: number) => void,
		verify: (state: number, rows: number[]) => void,
	): void {
		fc.assert(
			fc.property(ROWS, (rows) => {
				withRegion((region) => {
					const states = region.allocateZeroed(2 * STATE_BYTES);
					const groupOf = numbers(rows.seed + 9, rows.count).map((value) => value & 1);
					const groups = i32s(
						region,
						groupOf.map((group) => states + group * STATE_BYTES),
					);
					const selection = rows.selection === null ? 0 : u16s(region, rows.selection);
					update(rows, region, groups, bitmap(region, rows.valid), selection);
					const live = rows.selection ?? rows.valid.map((_, row) => row);
					for (const group of [0, 1])
						verify(
							states + group * STATE_BYTES,
							live.filter((row) => rows.valid[row] && groupOf[row] === group),
						);
				});
			}),
			{ numRuns: 40 },
		);
	}
	const liveCount = (rows: Rows): number => rows.selection?.length ?? rows.count;

	test("count", () => {
		check(
			(rows, _, groups, validity, selection) => kernels.agg_count(liveCount(rows), selection, validity, groups, 0),
			(state, rows) => expect(views.i64[state / 8]).toBe(BigInt(rows.length)),
		);
	});

	test("sum of i32 in 64 bits and in 128", () => {
		let values: number[] = [];
		check(
			(rows, region, groups, validity, selection) => {
				values = numbers(rows.seed, rows.count);
				expect(kernels.agg_sum_i32(liveCount(rows), selection, i32s(region, values), validity, groups, 0)).toBe(0);
			},
			(state, rows) => expect(views.i64[state / 8]).toBe(sumInt64(rows.map((row) => BigInt(values[row]!)))),
		);
		check(
			(rows, region, groups, validity, selection) => {
				values = numbers(rows.seed, rows.count);
				kernels.agg_wide_i32(liveCount(rows), selection, i32s(region, values), validity, groups, 0);
			},
			(state, rows) => {
				expect(readInt128(views, state)).toBe(sumInt128(rows.map((row) => BigInt(values[row]!))));
				expect(views.i64[state / 8 + 3]).toBe(BigInt(rows.length));
			},
		);
	});

	test("sum of i64 and i128 in 128 bits", () => {
		let values: bigint[] = [];
		const extremes = (seed: number, count: number): bigint[] =>
			numbers(seed, count).map((value) => (value & 1 ? 2n ** 63n - 1n - BigInt(value >>> 1) : -(2n ** 63n) + BigInt(value >>> 1)));
		check(
			(rows, region, groups, validity, selection) => {
				values = extremes(rows.seed, rows.count);
				kernels.agg_wide_i64(liveCount(rows), selection, i64s(region, values), validity, groups, 0);
			},
			(state, rows) => expect(readInt128(views, state)).toBe(sumInt128(rows.map((row) => values[row]!))),
		);
		check(
			(rows, region, groups, validity, selection) => {
				values = extremes(rows.seed, rows.count).map((value) => value * 2n ** 40n + 3n);
				expect(kernels.agg_wide_i128(liveCount(rows), selection, i128s(region, values), validity, groups, 0)).toBe(0);
			},
			(state, rows) => expect(readInt128(views, state)).toBe(sumInt128(rows.map((row) => values[row]!))),
		);
	});

	test("sum of free numerics at the largest scale", () => {
		let values: { coefficient: bigint; scale: number }[] = [];
		check(
			(rows, region, groups, validity, selection) => {
				values = numbers(rows.seed, rows.count).map((value, row) => ({
					coefficient: BigInt(value) * 10n ** 12n + BigInt(row),
					scale: (value >>> 0) % 9,
				}));
				const coefficients = i128s(
					region,
					values.map(({ coefficient }) => coefficient),
				);
				const scales = i32s(
					region,
					values.map(({ scale }) => scale),
				);
				const scratch = region.allocate(16);
				expect(kernels.agg_wide_numeric(liveCount(rows), selection, coefficients, scales, validity, 0, groups, 0, scratch)).toBe(0);
			},
			(state, rows) =>
				expect({ coefficient: readInt128(views, state), scale: views.i32[state / 4 + 4] }).toEqual(
					sumNumeric(rows.map((row) => values[row]!)),
				),
		);
	});

	test("sum of floats in row order, and in 32 bits for sum(real)", () => {
		let values: number[] = [];
		for (const single of [false, true]) {
			check(
				(rows, region, groups, validity, selection) => {
					values = numbers(rows.seed, rows.count).map((value) => Math.fround(value / 1024));
					const lanes = region.allocate(rows.count * 8);
					if (single) views.f32.set(values, lanes / 4);
					else views.f64.set(values, lanes / 8);
					const add = single ? kernels.agg_sum_f32 : kernels.agg_sum_f64;
					expect(add(liveCount(rows), selection, lanes, validity, groups, 0)).toBe(0);
				},
				(state, rows) =>
					expect(views.f64[state / 8]).toBe(
						sumFloat(
							rows.map((row) => values[row]!),
							single,
						),
					),
			);
		}
	});

	test("sums that leave their bits say so, whatever comes after", () => {
		withRegion((region) => {
			const state = region.allocateZeroed(32);
			const groups = i32s(region, [state, state, state]);
			const near = [2n ** 63n - 1n, 1n, -5n];
			expect(sumInt64(near)).toBeNull();
			expect(kernels.agg_sum_i64(3, 0, i64s(region, near), 0, groups, 0)).toBe(1);
			const wide = [2n ** 127n - 1n, 1n, -5n];
			expect(sumInt128(wide)).toBeNull();
			views.u8.fill(0, state, state + 32);
			expect(kernels.agg_wide_i128(3, 0, i128s(region, wide), 0, groups, 0)).toBe(1);
		});
	});
});
