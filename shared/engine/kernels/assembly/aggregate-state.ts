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

/** The 128-bit number at `at` x 10. @returns false when it leaves 128 bits */
function timesTen(at: usize): bool {
	let low = load<u64>(at);
	let high = load<u64>(at, 8);
	const negative = <i64>high < 0;
	if (negative) {
		high = ~high + u64(low == 0);
		low = 0 - low;
	}
	if (high > 0x0ccccccccccccccb) return false;
	const part = (low & 0xffffffff) * 10;
	const upper = (low >> 32) * 10 + (part >> 32);
	low = (part & 0xffffffff) | (upper << 32);
	high = high * 10 + (upper >> 32);
	store<u64>(at, negative ? 0 - low : low);
	store<u64>(at, negative ? ~high + u64(low == 0) : high, 8);
	return true;
}

/** State of wide sums: i128 sum, i32 scale at 16, u32 present at 20, i64 count at 24. */
// @ts-ignore: decorator
@inline
export function addWide(state: usize, low: u64, high: i64, weight: i64): bool {
	store<u32>(state, 1, 20);
	store<i64>(state, load<i64>(state, 24) + weight, 24);
	return addInt128(state, low, high);
}

/** Adds a number of any scale: the state takes the larger of both. `scratch`: 16 bytes. @returns false when the sum leaves 128 bits */
// @ts-ignore: decorator
@inline
export function addScaled(state: usize, low: u64, high: i64, scale: i32, weight: i64, scratch: usize): bool {
	const own = load<i32>(state, 16);
	if (own == scale) return addWide(state, low, high, weight);
	return addRescaled(state, low, high, scale, weight, scratch);
}

function addRescaled(state: usize, low: u64, high: i64, scale: i32, weight: i64, scratch: usize): bool {
	for (let own = load<i32>(state, 16); own < scale; own++) if (!timesTen(state)) return false;
	store<u64>(scratch, low);
	store<i64>(scratch, high, 8);
	for (; scale < load<i32>(state, 16); scale++) if (!timesTen(scratch)) return false;
	store<i32>(state, scale, 16);
	return addWide(state, load<u64>(scratch), load<i64>(scratch, 8), weight);
}

/** As addScaled, of highs x 2^32 + lows, `lows` not below 0. */
// @ts-ignore: decorator
@inline
export function addHalves(state: usize, lows: i64, highs: i64, scale: i32, weight: i64, scratch: usize): bool {
	const shifted = <u64>highs << 32;
	const low = shifted + <u64>lows;
	return addScaled(state, low, (highs >> 32) + i64(low < shifted), scale, weight, scratch);
}
