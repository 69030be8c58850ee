// What the updates of aggregates share: where a group's state lies, and sums of 128 bits in it.

// @ts-ignore: decorator
@inline
export function stateOf(groups: usize, row: i32, offset: i32): usize {
	return <usize>load<u32>(groups + (<usize>row << 2)) + offset;
}

/** Adds a signed 128-bit number to the one at `state`. @returns false when the sum leaves 128 bits */
// @ts-ignore: decorator
@inline
export function addInt128(state: usize, low: u64, high: i64): bool {
	const oldHigh = load<i64>(state, 8);
	const newLow = load<u64>(state) + low;
	const newHigh = oldHigh + high + i64(newLow < low);
	store<u64>(state, newLow);
	store<i64>(state, newHigh, 8);
	return ((oldHigh ^ newHigh) & (high ^ newHigh)) >= 0;
}
