import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import { readInt128, writeInt128 } from "../../vector/int128.ts";
import { createEngine } from "../kernels.ts";
import { sumFloat, sumInt128, sumInt64, sumNumeric } from "./aggregate.ts";
import { ends, inRange, lookup, offsetsInOrder, take } from "./gather.ts";

const engine = createEngine({ pageCount: 100 });
const { kernels } = engine;
const { views } = engine.arena;

/** Row counts with the edges of bitmaps and batches. */
const COUNTS = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constantFrom(255, 1024, 2047, 2048, 2049));

interface Rows {
	count: number;
	valid: boolean[];
	/** Ascending; null for all. */
	selection: number[] | null;
	seed: number;
}
const ROWS: fc.Arbitrary<Rows> = COUNTS.chain((count) =>
	fc.record({
		count: fc.constant(count),
		valid: fc.oneof(
			fc.constant(Array.from({ length: count }, () => true)),
			fc.array(fc.boolean(), { minLength: count, maxLength: count }),
			fc.constant(Array.from({ length: count }, () => false)),
		),
		selection: fc.option(
			fc.array(fc.boolean(), { minLength: count, maxLength: count }).map((bits) => bits.flatMap((bit, row) => (bit ? [row] : []))),
		),
		seed: fc.nat(),
	}),
);

function withRegion(use: (region: Region) => void): void {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		use(lease.region());
	} finally {
		lease.release();
	}
}

function u16s(region: Region, values: number[]): number {
	const at = region.allocate(values.length * 2);
	views.u16.set(values, at / 2);
	return at;
}
function i32s(region: Region, values: number[]): number {
	const at = region.allocate(values.length * 4);
	views.i32.set(values, at / 4);
	return at;
}
function i64s(region: Region, values: bigint[]): number {
	const at = region.allocate(values.length * 8);
	views.i64.set(values, at / 8);
	return at;
}
function i128s(region: Region, values: bigint[]): number {
	const at = region.allocate(values.length * 16);
	for (const [row, value] of values.entries()) writeInt128(views, at + row * 16, value);
	return at;
}
function bitmap(region: Region, valid: boolean[]): number {
	if (valid.every(Boolean)) return 0;
	const at = region.allocateZeroed((valid.length + 7) >> 3);
	for (const [row, bit] of valid.entries()) if (bit) views.u8[at + (row >> 3)]! |= 1 << (row & 7);
	return at;
}
const read128s = (at: number, count: number): bigint[] => Array.from({ length: count }, (_, row) => readInt128(views, at + row * 16));

/** A cheap stream of 32-bit numbers, the same for the same seed. */
function numbers(seed: number, count: number): number[] {
	let state = seed | 1;
	return Array.from({ length: count }, () => {
		state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
		return state | 0;
	});
}

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
					expect(kernels.agg_wide_one(width, count, selection, lanes, validity, state)).toBe(0);
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
