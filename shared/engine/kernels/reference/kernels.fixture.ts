/** Rows for property tests of kernels, laid out in an arena. */
import fc from "fast-check";
import { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import { readInt128, writeInt128 } from "../../vector/int128.ts";
import { createEngine } from "../kernels.ts";

const engine = createEngine({ pageCount: 100 });
export const { kernels } = engine;
export const { views } = engine.arena;

/** Row counts with the edges of bitmaps and batches. */
const COUNTS = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constantFrom(255, 1024, 2047, 2048, 2049));

export interface Rows {
	count: number;
	valid: boolean[];
	/** Ascending; null for all. */
	selection: number[] | null;
	seed: number;
}
export const ROWS: fc.Arbitrary<Rows> = COUNTS.chain((count) =>
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

export function withRegion(use: (region: Region) => void): void {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		use(lease.region());
	} finally {
		lease.release();
	}
}

export function u16s(region: Region, values: number[]): number {
	const at = region.allocate(values.length * 2);
	views.u16.set(values, at / 2);
	return at;
}
export function i32s(region: Region, values: number[]): number {
	const at = region.allocate(values.length * 4);
	views.i32.set(values, at / 4);
	return at;
}
export function i64s(region: Region, values: bigint[]): number {
	const at = region.allocate(values.length * 8);
	views.i64.set(values, at / 8);
	return at;
}
export function i128s(region: Region, values: bigint[]): number {
	const at = region.allocate(values.length * 16);
	for (const [row, value] of values.entries()) writeInt128(views, at + row * 16, value);
	return at;
}
export function bitmap(region: Region, valid: boolean[]): number {
	if (valid.every(Boolean)) return 0;
	const at = region.allocateZeroed((valid.length + 7) >> 3);
	for (const [row, bit] of valid.entries()) if (bit) views.u8[at + (row >> 3)]! |= 1 << (row & 7);
	return at;
}
export const read128s = (at: number, count: number): bigint[] =>
	Array.from({ length: count }, (_, row) => readInt128(views, at + row * 16));

/** A cheap stream of 32-bit numbers, the same for the same seed. */
export function numbers(seed: number, count: number): number[] {
	let state = seed | 1;
	return Array.from({ length: count }, () => {
		state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
		return state | 0;
	});
}
