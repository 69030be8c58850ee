// Validity bitmaps: least significant bit first, 1 = valid, pointer 0 = all valid.

/** Bit `row` of `validity`, or true without a bitmap. */
// @ts-ignore: decorator
@inline
export function isValid(validity: usize, row: i32): bool {
	return validity == 0 || ((load<u8>(validity + (row >> 3)) >> (row & 7)) & 1) != 0;
}

/** out = left AND right, over ceil(rowCount / 8) bytes; either may be 0, not both. */
export function validity_and(rowCount: i32, left: usize, right: usize, out: usize): void {
	const byteCount: i32 = (rowCount + 7) >> 3;
	if (left == 0 || right == 0) {
		memory.copy(out, left == 0 ? right : left, byteCount);
		return;
	}
	let index: i32 = 0;
	for (; index + 16 <= byteCount; index += 16) v128.store(out + index, v128.and(v128.load(left + index), v128.load(right + index)));
	for (; index < byteCount; index++) store<u8>(out + index, load<u8>(left + index) & load<u8>(right + index));
}

/** Valid rows among the first `rowCount`. */
export function validity_count(rowCount: i32, validity: usize): i32 {
	if (validity == 0) return rowCount;
	let count: i32 = 0;
	const whole: i32 = rowCount >> 3;
	for (let index: i32 = 0; index < whole; index++) count += popcnt<i32>(load<u8>(validity + index));
	const rest: i32 = rowCount & 7;
	if (rest != 0) count += popcnt<i32>((load<u8>(validity + whole) as i32) & ((1 << rest) - 1));
	return count;
}
