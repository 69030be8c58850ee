// Hash join: chains of stored rows (row: u32 hash, u32 next) that hang from `heads`, u32 each, a power of two of them.
import { equalsStored, livePosition } from "./row-store";

/** Hangs `count` neighbouring rows into their chains. */
export function join_insert(count: i32, first: usize, rowBytes: i32, heads: usize, mask: u32): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = first + <usize>(index * rowBytes);
		const head = heads + (<usize>(load<u32>(row) & mask) << 2);
		store<u32>(row, load<u32>(head), 4);
		store<u32>(head, <u32>row);
	}
}

/**
 * Pairs of a probe row's position (u16) and a stored row (u32) whose keys are equal, at most `capacity`; probe rows have no NULL key. `state`, u32 each: 0 index of the
 * probe row, 4 the stored row to look at next (0: begin its chain), 8 stored rows that may be looked at, counted down: a long chain of other keys must not take one call.
 * The descriptors name the stored rows' key slots. @returns pairs; the end is reached when state[0] is `count`
 */
export function join_probe(count: i32, selection: usize, columnCount: i32, descriptors: usize, hashes: usize, heads: usize, mask: u32, state: usize, capacity: i32, outPositions: usize, outRows: usize): i32 {
	let index = load<i32>(state);
	let stored: usize = <usize>load<u32>(state, 4);
	let pairs: i32 = 0;
	let budget = load<i32>(state, 8);
	for (; index < count; index++) {
		const row = livePosition(selection, index);
		const hash = load<u32>(hashes + (<usize>row << 2));
		if (stored == 0) stored = <usize>load<u32>(heads + (<usize>(hash & mask) << 2));
		while (stored != 0) {
			if (--budget < 0) {
				store<i32>(state, index);
				store<u32>(state, <u32>stored, 4);
				store<i32>(state, 0, 8);
				return pairs;
			}
			if (load<u32>(stored) == hash && equalsStored(row, columnCount, descriptors, stored)) {
				if (pairs == capacity) {
					store<i32>(state, index);
					store<u32>(state, <u32>stored, 4);
					store<i32>(state, budget, 8);
					return pairs;
				}
				store<u16>(outPositions + (<usize>pairs << 1), <u16>row);
				store<u32>(outRows + (<usize>pairs << 2), <u32>stored);
				pairs++;
			}
			stored = <usize>load<u32>(stored, 4);
		}
	}
	store<i32>(state, index);
	store<u32>(state, 0, 4);
	store<i32>(state, budget, 8);
	return pairs;
}

/** Marks the positions of `count` pairs that are live: matched[position] = 1 (u8). */
export function join_mark(count: i32, selection: usize, positions: usize, matched: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		store<u8>(matched + <usize>load<u16>(positions + (<usize>livePosition(selection, index) << 1)), 1);
	}
}

/** Live rows that are not marked, as u16 positions at `out`. @returns how many */
export function join_unmarked(count: i32, selection: usize, matched: usize, out: usize): i32 {
	let kept: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = livePosition(selection, index);
		store<u16>(out + (<usize>kept << 1), <u16>row);
		kept += i32(load<u8>(matched + <usize>row) == 0);
	}
	return kept;
}
