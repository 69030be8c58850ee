/** Updates of batches of few groups: rows brought into the order of their groups, and states beside sums over values by group. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Region } from "../../memory/region.ts";
import { readInt128, writeInt128 } from "../../vector/int128.ts";
import { bitmap, i32s, i64s, kernels, numbers, ROWS, type Rows, u16s, views, withRegion } from "./kernels.fixture.ts";

const STATE_BYTES = 64;
const OFFSET = 16;
const RUN_COUNT_MAX = 128;

interface Laid {
	live: number[];
	/** The number of each row's group. */
	groupOf: number[];
	states: number;
	groups: number;
	selection: number;
	validity: number;
}

function lay(rows: Rows, groupCount: number, region: Region): Laid {
	const states = region.allocateZeroed(groupCount * STATE_BYTES);
	const groupOf = numbers(rows.seed, rows.count).map((value) => (value >>> 1) % groupCount);
	return {
		live: rows.selection ?? groupOf.map((_, row) => row),
		groupOf,
		states,
		groups: i32s(
			region,
			groupOf.map((group) => states + group * STATE_BYTES),
		),
		selection: rows.selection === null ? 0 : u16s(region, rows.selection),
		validity: bitmap(region, rows.valid),
	};
}

function runsOf({ live, groups, selection }: Laid, countMax: number, region: Region) {
	const scratch = region.allocate(2048 + live.length);
	const pairs = region.allocate(countMax * 8);
	const positions = region.allocate(live.length * 2);
	return { count: kernels.rows_in_runs(live.length, selection, groups, countMax, scratch, pairs, positions), pairs, positions };
}

const GROUP_COUNTS = fc.constantFrom(1, 2, 4, 7, 100, 128);

function forRows(use: (rows: Rows, laid: Laid, region: Region) => void): void {
	fc.assert(
		fc.property(ROWS, GROUP_COUNTS, (rows, groupCount) => withRegion((region) => use(rows, lay(rows, groupCount, region), region))),
		{ numRuns: 80 },
	);
}

/** The live, valid rows of each group that has live rows. */
function rowsByGroup({ live, groupOf }: Laid, { valid }: Rows): Map<number, number[]> {
	const found = new Map<number, number[]>();
	for (const row of live) {
		const group = groupOf[row] as number;
		const own = found.get(group) ?? [];
		if (valid[row]) own.push(row);
		found.set(group, own);
	}
	return found;
}

describe("rows in runs", () => {
	test("has every live row once, behind its group, in order; and gives up where groups are too many", () => {
		forRows((rows, laid, region) => {
			const { live, groupOf, states } = laid;
			const { count, pairs, positions } = runsOf(laid, RUN_COUNT_MAX, region);
			const found: [number, number[]][] = [];
			let at = positions / 2;
			for (let run = 0; run < count; run++) {
				const rowCount = views.u32[pairs / 4 + run * 2 + 1] as number;
				const group = ((views.u32[pairs / 4 + run * 2] as number) - states) / STATE_BYTES;
				found.push([group, [...views.u16.subarray(at, at + rowCount)]]);
				at += rowCount;
			}
			const expected = rowsByGroup(laid, { ...rows, valid: groupOf.map(() => true) });
			expect(found).toEqual([...expected]);
			if (expected.size > 1) expect(runsOf(laid, expected.size - 1, region).count).toBe(0);
			expect(found.reduce((sum, [, own]) => sum + own.length, 0)).toBe(live.length);
		});
	});
});

describe("aggregate updates by runs", () => {
	test("counts", () => {
		forRows((rows, laid, region) => {
			const { count, pairs, positions } = runsOf(laid, RUN_COUNT_MAX, region);
			for (let batch = 0; batch < 2; batch++) kernels.agg_count_runs(count, pairs, positions, laid.validity, OFFSET);
			for (const [group, own] of rowsByGroup(laid, rows)) {
				expect(views.i64[(laid.states + group * STATE_BYTES + OFFSET) / 8]).toBe(BigInt(own.length * 2));
			}
		});
	});

	test("sums of i32 in 64 bits, and no further", () => {
		forRows((rows, laid, region) => {
			const { count, pairs, positions } = runsOf(laid, RUN_COUNT_MAX, region);
			const values = numbers(rows.seed + 1, rows.count);
			const lanes = i32s(region, values);
			const update = (): number => kernels.agg_sum_i32_runs(count, pairs, positions, lanes, laid.validity, OFFSET);
			for (let batch = 0; batch < 2; batch++) expect(update()).toBe(0);
			const sums = [...rowsByGroup(laid, rows)].map(([group, own]) => {
				const state = laid.states + group * STATE_BYTES + OFFSET;
				const sum = own.reduce((total, row) => total + BigInt(values[row] as number), 0n);
				expect([views.i64[state / 8], views.u32[state / 4 + 2]]).toEqual([sum * 2n, own.length === 0 ? 0 : 1]);
				views.i64[state / 8] = sum < 0n ? -(1n << 63n) : (1n << 63n) - 1n;
				return sum;
			});
			if (sums.some((sum) => sum !== 0n)) expect(update()).toBe(1);
		});
	});

	test("sums of i32 and i64 in 128 bits, of one scale after another", () => {
		fc.assert(
			fc.property(
				ROWS,
				GROUP_COUNTS,
				fc.constantFrom(4, 8),
				fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }),
				(rows, groupCount, width, scales) =>
					withRegion((region) => {
						const laid = lay(rows, groupCount, region);
						const { count, pairs, positions } = runsOf(laid, RUN_COUNT_MAX, region);
						const [low, high] = [numbers(rows.seed + 1, rows.count), numbers(rows.seed + 2, rows.count)];
						const values = low.map((value, row) =>
							width === 4 ? BigInt(value) : (BigInt(high[row] as number) << 32n) | BigInt(value >>> 0),
						);
						const lanes = width === 4 ? i32s(region, low) : i64s(region, values);
						const scratch = region.allocate(16);
						for (const scale of scales) {
							expect(kernels.agg_wide_runs(width, scale, count, pairs, positions, lanes, laid.validity, OFFSET, scratch)).toBe(0);
						}
						const largest = Math.max(...scales);
						const weight = scales.reduce((sum, scale) => sum + 10n ** BigInt(largest - scale), 0n);
						for (const [group, own] of rowsByGroup(laid, rows)) {
							const state = laid.states + group * STATE_BYTES + OFFSET;
							const sum = own.reduce((total, row) => total + (values[row] as bigint), 0n);
							expect(readInt128(views, state)).toBe(sum * weight);
							const isThere = own.length > 0;
							expect([views.i32[state / 4 + 4], views.u32[state / 4 + 5]]).toEqual(isThere ? [largest, 1] : [0, 0]);
							expect(views.i64[state / 8 + 3]).toBe(BigInt(own.length * scales.length));
						}
					}),
			),
			{ numRuns: 100 },
		);
	});

	test("row by row as by runs, and sums that leave 128 bits are refused by both", () => {
		forRows((rows, laid, region) => {
			const { count, pairs, positions } = runsOf(laid, RUN_COUNT_MAX, region);
			const values = numbers(rows.seed + 1, rows.count).map((value) => BigInt(value) << 20n);
			const lanes = i64s(region, values);
			const scratch = region.allocate(16);
			const byRuns = (scale: number): number =>
				kernels.agg_wide_runs(8, scale, count, pairs, positions, lanes, laid.validity, OFFSET, scratch);
			const byRow = (scale: number): number =>
				kernels.agg_wide_decimal(laid.live.length, laid.selection, scale, lanes, laid.validity, laid.groups, OFFSET, scratch);
			for (const scale of [2, 6, 4]) {
				expect(byRuns(scale)).toBe(0);
				expect(byRow(scale)).toBe(0);
			}
			for (const [group, own] of rowsByGroup(laid, rows)) {
				const state = laid.states + group * STATE_BYTES + OFFSET;
				const sum = own.reduce((total, row) => total + (values[row] as bigint), 0n);
				expect(readInt128(views, state)).toBe(sum * 2n * 10_101n);
				expect(views.i64[state / 8 + 3]).toBe(BigInt(own.length * 6));
				if (sum !== 0n) writeInt128(views, state, sum < 0n ? -(1n << 127n) : (1n << 127n) - 1n);
			}
			const isFull = [...rowsByGroup(laid, rows)].some(([, own]) => own.reduce((total, row) => total + (values[row] as bigint), 0n) !== 0n);
			if (isFull) expect(byRuns(6)).toBe(1);
		});
	});
});
