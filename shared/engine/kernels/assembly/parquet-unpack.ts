// Four packed values at a time: their bytes are shuffled so that a lane has its value's, multiplied so that every value ends at the same bit, shifted, and masked.

/** Widest values that fit the multiplication: bitWidth + 7 bits of a lane. */
// @ts-ignore: decorator
@inline
export const UNPACK_BIT_WIDTH_MAX: u32 = 24;

/** The bits at which four values begin that lie side by side. */
// @ts-ignore: decorator
@inline
export function firstBits(bitWidth: u32): v128 {
	return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(0), 1, bitWidth), 2, bitWidth * 2), 3, bitWidth * 3);
}

/** Takes the four bytes in which each value begins to its lane. */
// @ts-ignore: decorator
@inline
export function byteShuffle(bits: v128): v128 {
	return i32x4.add(i32x4.mul(i32x4.shr_u(bits, 3), i32x4.splat(0x01010101)), i32x4.splat(0x03020100));
}

/** 2^(7 - bit mod 8) in each lane. */
// @ts-ignore: decorator
@inline
export function alignment(bits: v128): v128 {
	let scale: v128 = i32x4.splat(1 << (7 - (i32x4.extract_lane(bits, 0) & 7)));
	scale = i32x4.replace_lane(scale, 1, 1 << (7 - (i32x4.extract_lane(bits, 1) & 7)));
	scale = i32x4.replace_lane(scale, 2, 1 << (7 - (i32x4.extract_lane(bits, 2) & 7)));
	return i32x4.replace_lane(scale, 3, 1 << (7 - (i32x4.extract_lane(bits, 3) & 7)));
}

/** The four values from `data` on; reads 16 bytes. */
// @ts-ignore: decorator
@inline
export function unpackFour(data: usize, shuffle: v128, scale: v128, mask: v128): v128 {
	return v128.and(i32x4.shr_u(i32x4.mul(i8x16.swizzle(v128.load(data), shuffle), scale), 7), mask);
}
