/** Twins of aggregate updates; their states' layouts stand at the kernels. */
import type { ArenaViews } from "../../../memory/arena.ts";
import type { KernelCase } from "./kernel-case.ts";
import { f64, i32, i64, i128, isValid, type Lane, rowAt, type Twin, type Twins, u32 } from "./twin.ts";
import { anyFinite, anyI32, anyI64 } from "./values.ts";

const STATE_BYTES = 32;
const GROUP_COUNT = 3;

/** Bytes of a state, all of them the kernel's. */
const stateOut = (rows: KernelCase, count = 1): number => rows.out(count * STATE_BYTES);
const ENTRY_COUNT = 20;
const codesOf = (rows: KernelCase): number => rows.lanes(u32, () => rows.below(ENTRY_COUNT));
/** The address of each row's state. */
function groupsOf(rows: KernelCase): number {
	const states = stateOut(rows, GROUP_COUNT);
	return rows.lanes(u32, () => states + rows.below(GROUP_COUNT) * STATE_BYTES);
}

interface Live {
	memory: ArenaViews;
	count: number;
	selection: number;
	validity: number;
}

/** Calls `update` for each live row that is not NULL, in order. */
function forValid({ memory, count, selection, validity }: Live, update: (row: number) => void): void {
	for (let index = 0; index < count; index++) {
		const row = rowAt(memory, selection, index);
		if (isValid(memory, validity, row)) update(row);
	}
}

const groupOf = (memory: ArenaViews, groups: number, row: number): number => memory.u32[(groups >> 2) + row] as number;

function addWide(memory: ArenaViews, state: number, value: bigint): void {
	i128.write(memory, state, i128.read(memory, state) + value);
	memory.u32[(state >> 2) + 5] = 1;
	memory.i64[(state >> 3) + 3] = (memory.i64[(state >> 3) + 3] as bigint) + 1n;
}

function addFloat(memory: ArenaViews, state: number, value: number): void {
	memory.f64[state >> 3] = (memory.f64[state >> 3] as number) + value;
	memory.i64[(state >> 3) + 1] = (memory.i64[(state >> 3) + 1] as bigint) + 1n;
	memory.u32[(state >> 2) + 4] = 1;
}

function wideSum<Kind extends number | bigint>(lane: Lane<Kind>, value: (rows: KernelCase) => () => Kind): Twin<"agg_wide_i32"> {
	return {
		run: (memory, count, selection, values, validity, groups, offset) => {
			forValid({ memory, count, selection, validity }, (row) =>
				addWide(memory, groupOf(memory, groups, row) + offset, BigInt(lane.read(memory, values + row * lane.byteCount))),
			);
			return 0;
		},
		input: (rows) => [rows.count, rows.selection, rows.lanes(lane, value(rows)), rows.validity, groupsOf(rows), 0],
	};
}

function extreme<Kind extends number | bigint>(lane: Lane<Kind>, value: (rows: KernelCase) => () => Kind): Twin<"agg_extreme_i32_one"> {
	return {
		run: (memory, sign, count, selection, values, validity, state) => {
			forValid({ memory, count, selection, validity }, (row) => {
				const found = lane.read(memory, values + row * lane.byteCount);
				const best = lane.read(memory, state);
				const isBetter = memory.u32[(state >> 2) + 5] === 0 || (sign > 0 ? found > best : found < best);
				if (isBetter) lane.write(memory, state, found);
				memory.u32[(state >> 2) + 5] = 1;
			});
		},
		input: (rows) => [rows.pick([1, -1]), rows.count, rows.selection, rows.lanes(lane, value(rows)), rows.validity, stateOut(rows)],
	};
}

export const AGGREGATE_TWINS: Twins = {
	agg_count: {
		run: (memory, count, selection, validity, groups, offset) =>
			forValid({ memory, count, selection, validity }, (row) => {
				const state = (groupOf(memory, groups, row) + offset) >> 3;
				memory.i64[state] = (memory.i64[state] as bigint) + 1n;
			}),
		input: (rows) => [rows.count, rows.selection, rows.validity, groupsOf(rows), 8],
	},
	agg_count_one: {
		run: (memory, count, selection, validity, state) =>
			forValid({ memory, count, selection, validity }, () => {
				memory.i64[state >> 3] = (memory.i64[state >> 3] as bigint) + 1n;
			}),
		input: (rows) => [rows.count, rows.selection, rows.validity, stateOut(rows)],
	},
	agg_sum_i32: {
		run: (memory, count, selection, values, validity, groups, offset) => {
			forValid({ memory, count, selection, validity }, (row) => {
				const state = groupOf(memory, groups, row) + offset;
				memory.i64[state >> 3] = (memory.i64[state >> 3] as bigint) + BigInt(memory.i32[(values >> 2) + row] as number);
				memory.u32[(state >> 2) + 2] = 1;
			});
			return 0;
		},
		input: (rows) => [rows.count, rows.selection, rows.lanes(i32, anyI32(rows)), rows.validity, groupsOf(rows), 0],
	},
	agg_sum_i32_one: {
		run: (memory, count, selection, values, validity, state) => {
			forValid({ memory, count, selection, validity }, (row) => {
				memory.i64[state >> 3] = (memory.i64[state >> 3] as bigint) + BigInt(memory.i32[(values >> 2) + row] as number);
				memory.u32[(state >> 2) + 2] = 1;
			});
			return 0;
		},
		input: (rows) => [rows.count, rows.selection, rows.lanes(i32, anyI32(rows)), rows.validity, stateOut(rows)],
	},
	agg_wide_i32: wideSum(i32, anyI32),
	agg_wide_i64: wideSum(i64, anyI64),
	agg_wide_i128: wideSum(i128, anyI64),
	agg_wide_one: {
		run: (memory, width, scale, count, selection, values, validity, state) => {
			const read: (memory: ArenaViews, at: number) => number | bigint = width === 4 ? i32.read : i64.read;
			forValid({ memory, count, selection, validity }, (row) => {
				addWide(memory, state, BigInt(read(memory, values + row * width)));
				memory.i32[(state >> 2) + 4] = scale;
			});
			return 0;
		},
		input: (rows) => {
			const width = rows.pick([4, 8]);
			const values = width === 4 ? rows.lanes(i32, anyI32(rows)) : rows.lanes(i64, anyI64(rows));
			const scratch = rows.out(0, { slackBytes: 16 });
			return [width, rows.pick([0, 0, 4]), rows.count, rows.selection, values, rows.validity, stateOut(rows), scratch];
		},
	},
	agg_sum_i32_codes: {
		run: (memory, count, codes, entries, state) => {
			for (let row = 0; row < count; row++) {
				const code = memory.u32[(codes >> 2) + row] as number;
				memory.i64[state >> 3] = (memory.i64[state >> 3] as bigint) + BigInt(memory.i32[(entries >> 2) + code] as number);
				memory.u32[(state >> 2) + 2] = 1;
			}
			return 0;
		},
		input: (rows) => [rows.rowCount, codesOf(rows), rows.lanes(i32, anyI32(rows), ENTRY_COUNT), stateOut(rows)],
	},
	agg_wide_codes: {
		run: (memory, width, scale, count, codes, entries, state) => {
			const read: (memory: ArenaViews, at: number) => number | bigint = width === 4 ? i32.read : i64.read;
			for (let row = 0; row < count; row++) {
				addWide(memory, state, BigInt(read(memory, entries + (memory.u32[(codes >> 2) + row] as number) * width)));
				memory.i32[(state >> 2) + 4] = scale;
			}
			return 0;
		},
		input: (rows) => {
			const width = rows.pick([4, 8]);
			const entries = width === 4 ? rows.lanes(i32, anyI32(rows), ENTRY_COUNT) : rows.lanes(i64, anyI64(rows), ENTRY_COUNT);
			const scratch = rows.out(0, { slackBytes: 16 });
			return [width, rows.pick([0, 0, 4]), rows.rowCount, codesOf(rows), entries, stateOut(rows), scratch];
		},
	},
	agg_sum_f64: {
		run: (memory, count, selection, values, validity, groups, offset) => {
			forValid({ memory, count, selection, validity }, (row) =>
				addFloat(memory, groupOf(memory, groups, row) + offset, memory.f64[(values >> 3) + row] as number),
			);
			return 0;
		},
		input: (rows) => [rows.count, rows.selection, rows.lanes(f64, anyFinite(rows)), rows.validity, groupsOf(rows), 0],
	},
	agg_sum_f64_one: {
		run: (memory, count, selection, values, validity, state) => {
			forValid({ memory, count, selection, validity }, (row) => addFloat(memory, state, memory.f64[(values >> 3) + row] as number));
			return 0;
		},
		input: (rows) => [rows.count, rows.selection, rows.lanes(f64, anyFinite(rows)), rows.validity, stateOut(rows)],
	},
	agg_extreme_i32_one: extreme(i32, anyI32),
	agg_extreme_i64_one: extreme(i64, anyI64),
};
