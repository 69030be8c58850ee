// What a decoder must know of bytes it did not write before any other kernel follows them.
import { isValid } from "./validity";

/** 1 when offsets[0..count] never fall and stay within [0, limit]. */
export function check_offsets(count: i32, offsets: usize, limit: i32): i32 {
	let previous = load<i32>(offsets);
	if (previous < 0) return 0;
	for (let index: i32 = 1; index <= count; index++) {
		const end = load<i32>(offsets + (index << 2));
		if (end < previous) return 0;
		previous = end;
	}
	return i32(previous <= limit);
}

/** 1 when every valid row's value is in [minimum, maximum] and every NULL row's is 0. */
export function check_range_i32(count: i32, values: usize, validity: usize, minimum: i32, maximum: i32): i32 {
	for (let row: i32 = 0; row < count; row++) {
		const value = load<i32>(values + (row << 2));
		if (isValid(validity, row) ? value < minimum || value > maximum : value != 0) return 0;
	}
	return 1;
}

/** 1 when every byte is 0 or 1. */
export function check_bool(count: i32, values: usize): i32 {
	let all: u8 = 0;
	for (let row: i32 = 0; row < count; row++) all |= load<u8>(values + row);
	return i32(all <= 1);
}
