// Aggregate updates of a batch whose rows are of few groups: the rows are brought into the order of their groups once, and each state then stays in registers over its rows.
// Runs are u32 pairs, the address of a group and how many rows of it follow at `positions` (u16). States as in aggregate.ts.
import { addHalves } from "./aggregate-state";
import { livePosition } from "./row-store";
import { isValid } from "./validity";

const SLOT_BITS: u32 = 8;
const SLOT_COUNT: i32 = 1 << SLOT_BITS;

/**
 * The live rows in the order of their groups, and within each in their own; groups in the order in which they come. `runCountMax` at most 128.
 * @param scratch 2,048 bytes, and one more a live row
 * @returns runs; 0 where there are more than `runCountMax`
 */
export function rows_in_runs(count: i32, selection: usize, groups: usize, runCountMax: i32, scratch: usize, runs: usize, positions: usize): i32 {
	// An open-addressing table of the groups that came: addresses, and behind them the runs' numbers.
	const numbers = scratch + (<usize>SLOT_COUNT << 2);
	const runOf = scratch + 2048;
	memory.fill(scratch, 0, <usize>SLOT_COUNT << 2);
	let runCount: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const group = load<u32>(groups + (<usize>livePosition(selection, index) << 2));
		let slot = (group * 0x9e3779b1) >> (32 - SLOT_BITS);
		let found = load<u32>(scratch + (<usize>slot << 2));
		while (found != group && found != 0) {
			slot = (slot + 1) & (SLOT_COUNT - 1);
			found = load<u32>(scratch + (<usize>slot << 2));
		}
		if (found == 0) {
			if (runCount == runCountMax) return 0;
			store<u32>(scratch + (<usize>slot << 2), group);
			store<u32>(numbers + (<usize>slot << 2), runCount);
			store<u32>(runs + (<usize>runCount << 3), group);
			store<u32>(runs + (<usize>runCount << 3), 0, 4);
			runCount++;
		}
		const run = load<u32>(numbers + (<usize>slot << 2));
		store<u8>(runOf + index, <u8>run);
		const counted = runs + (<usize>run << 3);
		store<u32>(counted, load<u32>(counted, 4) + 1, 4);
	}
	// Where each run's next row goes, in the place of the table.
	let next = positions;
	for (let run: i32 = 0; run < runCount; run++) {
		store<u32>(scratch + (<usize>run << 2), <u32>next);
		next += <usize>load<u32>(runs + (<usize>run << 3), 4) << 1;
	}
	for (let index: i32 = 0; index < count; index++) {
		const at = scratch + (<usize>load<u8>(runOf + index) << 2);
		const to = <usize>load<u32>(at);
		store<u16>(to, <u16>livePosition(selection, index));
		store<u32>(at, <u32>to + 2);
	}
	return runCount;
}

// @ts-ignore: decorator
@inline
function validOf(count: i32, positions: usize, validity: usize): i32 {
	if (validity == 0) return count;
	let valid: i32 = 0;
	for (let index: i32 = 0; index < count; index++) valid += i32(isValid(validity, livePosition(positions, index)));
	return valid;
}

/** As agg_count. */
export function agg_count_runs(runCount: i32, runs: usize, positions: usize, validity: usize, offset: i32): void {
	for (let run: i32 = 0; run < runCount; run++) {
		const state = <usize>load<u32>(runs + (<usize>run << 3)) + offset;
		const count = load<i32>(runs + (<usize>run << 3), 4);
		store<i64>(state, load<i64>(state) + validOf(count, positions, validity));
		positions += <usize>count << 1;
	}
}

/** Sum of the rows at `positions`, of which 65,536 of 32 bits never leave 64. */
// @ts-ignore: decorator
@inline
function sumAt32(count: i32, positions: usize, values: usize, validity: usize): i64 {
	let sum: i64 = 0;
	if (validity == 0) {
		for (let index: i32 = 0; index < count; index++) sum += <i64>load<i32>(values + (<usize>load<u16>(positions + (<usize>index << 1)) << 2));
		return sum;
	}
	for (let index: i32 = 0; index < count; index++) {
		const row = <i32>load<u16>(positions + (<usize>index << 1));
		if (isValid(validity, row)) sum += <i64>load<i32>(values + (<usize>row << 2));
	}
	return sum;
}

/** As agg_sum_i32; a sum is checked once a run. @returns 1 when one leaves 64 bits */
export function agg_sum_i32_runs(runCount: i32, runs: usize, positions: usize, values: usize, validity: usize, offset: i32): i32 {
	for (let run: i32 = 0; run < runCount; run++) {
		const state = <usize>load<u32>(runs + (<usize>run << 3)) + offset;
		const count = load<i32>(runs + (<usize>run << 3), 4);
		if (validOf(count, positions, validity) != 0) {
			const value = sumAt32(count, positions, values, validity);
			const sum = load<i64>(state);
			const next = sum + value;
			if (((sum ^ next) & (value ^ next)) < 0) return 1;
			store<i64>(state, next);
			store<u32>(state, 1, 8);
		}
		positions += <usize>count << 1;
	}
	return 0;
}

/**
 * As agg_wide_i32 and agg_wide_i64, by `width` 4 or 8, of coefficients of one `scale` (0 where the states keep none). `scratch`: 16 bytes.
 * @returns 1 when a sum leaves 128 bits
 */
export function agg_wide_runs(width: i32, scale: i32, runCount: i32, runs: usize, positions: usize, values: usize, validity: usize, offset: i32, scratch: usize): i32 {
	for (let run: i32 = 0; run < runCount; run++) {
		const state = <usize>load<u32>(runs + (<usize>run << 3)) + offset;
		const count = load<i32>(runs + (<usize>run << 3), 4);
		const valid = validOf(count, positions, validity);
		if (valid != 0) {
			// The sum of 64-bit numbers is that of their halves: neither leaves 64 bits in so few rows.
			let lows: i64 = 0;
			let highs: i64 = 0;
			if (width == 4) {
				const value = sumAt32(count, positions, values, validity);
				lows = value & 0xffffffff;
				highs = value >> 32;
			} else if (validity == 0) {
				for (let index: i32 = 0; index < count; index++) {
					const value = load<i64>(values + (<usize>load<u16>(positions + (<usize>index << 1)) << 3));
					lows += value & 0xffffffff;
					highs += value >> 32;
				}
			} else {
				for (let index: i32 = 0; index < count; index++) {
					const row = <i32>load<u16>(positions + (<usize>index << 1));
					if (!isValid(validity, row)) continue;
					const value = load<i64>(values + (<usize>row << 3));
					lows += value & 0xffffffff;
					highs += value >> 32;
				}
			}
			if (!addHalves(state, lows, highs, scale, valid, scratch)) return 1;
		}
		positions += <usize>count << 1;
	}
	return 0;
}
