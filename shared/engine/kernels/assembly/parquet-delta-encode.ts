// DELTA_BINARY_PACKED as the Parquet writer makes it: blocks of 2,048 values with eight miniblocks, so that eight packed values begin at a byte throughout.
import { putVarint } from "./parquet-varint";

// @ts-ignore: decorator
@inline
const BLOCK_COUNT: i32 = 2048;
// @ts-ignore: decorator
@inline
const MINI_COUNT: i32 = 8;
// @ts-ignore: decorator
@inline
const PER_MINI: i32 = 256;

// @ts-ignore: decorator
@inline
function zigzag(value: i64): u64 {
	return <u64>((value << 1) ^ (value >> 63));
}

/** The difference of value `index` from the one before it; it wraps. */
// @ts-ignore: decorator
@inline
function deltaAt<T>(values: usize, index: i32): T {
	const at: usize = values + <usize>index * sizeof<T>();
	return <T>(load<T>(at) - load<T>(at - sizeof<T>()));
}

function leastDelta<T>(values: usize, start: i32, end: i32): T {
	let least: T = deltaAt<T>(values, start);
	for (let index: i32 = start + 1; index < end; index++) least = min<T>(least, deltaAt<T>(values, index));
	return least;
}

/** Bits that the largest of deltas [start, end) takes above `least`. */
function bitWidthOf<T>(values: usize, start: i32, end: i32, least: T): u32 {
	let all: T = 0;
	for (let index: i32 = start; index < end; index++) all |= <T>(deltaAt<T>(values, index) - least);
	return sizeof<T>() == 4 ? 32 - <u32>clz<u32>(<u32>all) : 64 - <u32>clz<u64>(<u64>all);
}

/** Packs deltas [start, end) above `least`, zeros after them up to a whole miniblock. */
function packMini<T>(values: usize, start: i32, end: i32, least: T, bitWidth: u32, out: usize): usize {
	const last: usize = out + <usize>((PER_MINI * bitWidth) >> 3);
	let bits: u64 = 0;
	let bitCount: u64 = 0;
	for (let index: i32 = start; index < end; index++) {
		const delta: T = <T>(deltaAt<T>(values, index) - least);
		const value: u64 = sizeof<T>() == 4 ? <u64><u32>delta : <u64>delta;
		bits |= value << bitCount;
		store<u64>(out, bits);
		const total: u64 = bitCount + <u64>bitWidth;
		if (total < 64) {
			const whole: u64 = total >> 3;
			out += <usize>whole;
			bits >>= whole << 3;
			bitCount = total & 7;
			continue;
		}
		// What did not fit the word is its rest; a shift by 64 is one by 0.
		out += 8;
		bits = bitCount == 0 ? 0 : value >> (64 - bitCount);
		bitCount = total - 64;
	}
	if (bitCount > 0) {
		store<u64>(out, bits);
		out += <usize>((bitCount + 7) >> 3);
	}
	memory.fill(out, 0, last - out);
	return last;
}

/** @param out where the sequence is written; 0: it is only measured */
function encodeDeltas<T>(count: i32, values: usize, out: usize): i32 {
	const writes: bool = out != 0;
	let byteCount: i32 = 0;
	const first: i64 = count > 0 ? <i64>load<T>(values) : 0;
	if (writes) {
		const start: usize = out;
		out = putVarint(putVarint(putVarint(putVarint(out, BLOCK_COUNT), MINI_COUNT), <u64>count), zigzag(first));
		byteCount = <i32>(out - start);
	} else byteCount = 3 + varintLength(<u64>count) + varintLength(zigzag(first));
	for (let block: i32 = 1; block < count; block += BLOCK_COUNT) {
		const blockEnd: i32 = min<i32>(count, block + BLOCK_COUNT);
		const least: T = leastDelta<T>(values, block, blockEnd);
		byteCount += varintLength(zigzag(<i64>least)) + MINI_COUNT;
		let widths: usize = 0;
		if (writes) {
			widths = putVarint(out, zigzag(<i64>least));
			out = widths + MINI_COUNT;
			store<u64>(widths, 0);
		}
		for (let start: i32 = block; start < blockEnd; start += PER_MINI) {
			const end: i32 = min<i32>(blockEnd, start + PER_MINI);
			const bitWidth: u32 = bitWidthOf<T>(values, start, end, least);
			byteCount += (PER_MINI * bitWidth) >> 3;
			if (!writes) continue;
			store<u8>(widths++, <u8>bitWidth);
			out = packMini<T>(values, start, end, least, bitWidth, out);
		}
	}
	return byteCount;
}

function varintLength(value: u64): i32 {
	let length: i32 = 1;
	while (value >= 0x80) {
		value >>= 7;
		length++;
	}
	return length;
}

/** Writes i32[count] as DELTA_BINARY_PACKED; arithmetic wraps. `out` has 16 writable bytes after what {@link delta_measure_i32} says. @returns bytes written */
export function delta_encode_i32(count: i32, values: usize, out: usize): i32 {
	return encodeDeltas<i32>(count, values, out);
}
/** The same of i64[count]. */
export function delta_encode_i64(count: i32, values: usize, out: usize): i32 {
	return encodeDeltas<i64>(count, values, out);
}

/** Bytes that {@link delta_encode_i32} writes. */
export function delta_measure_i32(count: i32, values: usize): i32 {
	return encodeDeltas<i32>(count, values, 0);
}
/** The same of i64[count]. */
export function delta_measure_i64(count: i32, values: usize): i32 {
	return encodeDeltas<i64>(count, values, 0);
}

/** Lengths of byte values: out: i32[count]. */
export function offsets_to_lengths(count: i32, offsets: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const at: usize = offsets + (<usize>index << 2);
		store<i32>(out + (<usize>index << 2), load<i32>(at, 4) - load<i32>(at));
	}
}
