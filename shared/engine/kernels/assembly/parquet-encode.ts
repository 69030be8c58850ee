// What the Parquet writer does to columns: NULLs left out, PLAIN and hybrid encodings, extremes of a page.
import { putVarint } from "./parquet-varint";
import { isValid } from "./validity";

function compact<T>(start: i32, end: i32, validity: usize, values: usize, out: usize): i32 {
	if (validity == 0) {
		memory.copy(out, values + <usize>start * sizeof<T>(), <usize>(end - start) * sizeof<T>());
		return end - start;
	}
	let count: i32 = 0;
	for (let row: i32 = start; row < end; row++) {
		store<T>(out + <usize>count * sizeof<T>(), load<T>(values + <usize>row * sizeof<T>()));
		count += <i32>isValid(validity, row);
	}
	return count;
}

/** Values of valid rows [start, end) side by side; writes up to one value past them. @returns how many */
export function compact_bool(start: i32, end: i32, validity: usize, values: usize, out: usize): i32 {
	return compact<u8>(start, end, validity, values, out);
}
export function compact_i32(start: i32, end: i32, validity: usize, values: usize, out: usize): i32 {
	return compact<u32>(start, end, validity, values, out);
}
export function compact_i64(start: i32, end: i32, validity: usize, values: usize, out: usize): i32 {
	return compact<u64>(start, end, validity, values, out);
}
export function compact_i128(start: i32, end: i32, validity: usize, values: usize, out: usize): i32 {
	let count: i32 = 0;
	for (let row: i32 = start; row < end; row++) {
		v128.store(out + (<usize>count << 4), v128.load(values + (<usize>row << 4)));
		count += <i32>isValid(validity, row);
	}
	return count;
}
/**
 * Ends of the valid values of rows [start, end), counted from `base` (what the page holds already) instead of offsets[start]. NULLs are empty, so the
 * bytes themselves are one piece.
 */
export function compact_offsets(start: i32, end: i32, validity: usize, offsets: usize, base: i32, out: usize): i32 {
	const shift: i32 = base - load<i32>(offsets + (<usize>start << 2));
	let count: i32 = 0;
	for (let row: i32 = start; row < end; row++) {
		store<i32>(out + (<usize>count << 2), load<i32>(offsets + (<usize>(row + 1) << 2)) + shift);
		count += <i32>isValid(validity, row);
	}
	return count;
}

/** Definition levels of rows [start, end): u8 0 or 1. */
export function levels_of_validity(start: i32, end: i32, validity: usize, out: usize): void {
	for (let row: i32 = start; row < end; row++) store<u8>(out + <usize>(row - start), <u8>isValid(validity, row));
}

/** PLAIN byte arrays; `out` has room for 4 * count more bytes than the values. @returns bytes written */
export function plain_bytes_encode(count: i32, offsets: usize, bytes: usize, out: usize): i32 {
	let at: usize = out;
	for (let index: i32 = 0; index < count; index++) {
		const start: usize = load<u32>(offsets + (<usize>index << 2));
		const length: usize = load<u32>(offsets + (<usize>(index + 1) << 2)) - start;
		store<u32>(at, <u32>length);
		memory.copy(at + 4, bytes + start, length);
		at += 4 + length;
	}
	return <i32>(at - out);
}

/** PLAIN booleans: a bit each. */
export function pack_bits(count: i32, values: usize, out: usize): void {
	memory.fill(out, 0, (count + 7) >> 3);
	for (let index: i32 = 0; index < count; index++) {
		const at: usize = out + <usize>(index >> 3);
		store<u8>(at, load<u8>(at) | (u8(load<u8>(values + <usize>index) != 0) << <u8>(index & 7)));
	}
}

/** i64 to i32 where the type promises that it fits (decimals of up to nine digits). */
export function truncate_i64(count: i32, values: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) store<i32>(out + (<usize>index << 2), <i32>load<i64>(values + (<usize>index << 3)));
}

/** i128 lanes, low half first, to 16 big-endian bytes. */
export function i128_to_big_endian(count: i32, values: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const at: usize = <usize>index << 4;
		const low: u64 = load<u64>(values + at);
		const high: u64 = load<u64>(values + at + 8);
		store<u64>(out + at, bswap<u64>(high));
		store<u64>(out + at + 8, bswap<u64>(low));
	}
}

/** Equal values from `index` on, counted no further than `limit`. */
// @ts-ignore: decorator
@inline
function runLength<T>(values: usize, index: i32, limit: i32): i32 {
	const first: T = load<T>(values + <usize>index * sizeof<T>());
	let end: i32 = index + 1;
	while (end < limit && load<T>(values + <usize>end * sizeof<T>()) == first) end++;
	return end - index;
}

function hybridEncode<T>(count: i32, values: usize, bitWidth: i32, out: usize): i32 {
	const start: usize = out;
	const valueBytes: i32 = (bitWidth + 7) >> 3;
	let index: i32 = 0;
	while (index < count) {
		const run: i32 = runLength<T>(values, index, count);
		if (run >= 8) {
			out = putVarint(out, <u32>run << 1);
			const value: u32 = <u32>load<T>(values + <usize>index * sizeof<T>());
			for (let byte: i32 = 0; byte < valueBytes; byte++) store<u8>(out++, <u8>(value >> (byte << 3)));
			index += run;
			continue;
		}
		// Groups of eight until a run begins at a group's start.
		const first: i32 = index;
		do index += 8;
		while (index < count && runLength<T>(values, index, min(index + 8, count)) < 8);
		out = putVarint(out, (<u32>((index - first) >> 3) << 1) | 1);
		let bits: u64 = 0;
		let bitCount: i32 = 0;
		for (let at: i32 = first; at < index; at++) {
			const value: u64 = at < count ? <u64>load<T>(values + <usize>at * sizeof<T>()) : 0;
			bits |= value << bitCount;
			bitCount += bitWidth;
			while (bitCount >= 8) {
				store<u8>(out++, <u8>bits);
				bits >>= 8;
				bitCount -= 8;
			}
		}
	}
	return <i32>(out - start);
}

/** The RLE / bit-packing hybrid of unsigned values below 2^bitWidth; `out` has room for 4 * count + 64 bytes. @returns bytes written */
export function hybrid_encode_u8(count: i32, values: usize, bitWidth: i32, out: usize): i32 {
	return hybridEncode<u8>(count, values, bitWidth, out);
}
export function hybrid_encode_i32(count: i32, values: usize, bitWidth: i32, out: usize): i32 {
	return hybridEncode<u32>(count, values, bitWidth, out);
}

/** Positions of the least and the largest value as i32 at `out` and `out + 4`; -1 when there is none that is not NaN. @returns how many are NaN */
function extremes<T>(count: i32, values: usize, out: usize): i32 {
	let least: i32 = -1;
	let largest: i32 = -1;
	let low: T = <T>0;
	let high: T = <T>0;
	let nan: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const value: T = load<T>(values + <usize>index * sizeof<T>());
		if (isFloat<T>() && value != value) {
			nan++;
			continue;
		}
		if (least < 0 || value < low) {
			low = value;
			least = index;
		}
		if (largest < 0 || value > high) {
			high = value;
			largest = index;
		}
	}
	store<i32>(out, least);
	store<i32>(out + 4, largest);
	return nan;
}

export function extremes_bool(count: i32, values: usize, out: usize): i32 {
	return extremes<u8>(count, values, out);
}
export function extremes_i32(count: i32, values: usize, out: usize): i32 {
	return extremes<i32>(count, values, out);
}
export function extremes_i64(count: i32, values: usize, out: usize): i32 {
	return extremes<i64>(count, values, out);
}
export function extremes_f32(count: i32, values: usize, out: usize): i32 {
	return extremes<f32>(count, values, out);
}
export function extremes_f64(count: i32, values: usize, out: usize): i32 {
	return extremes<f64>(count, values, out);
}

/** i128 lanes, signed (decimals) or unsigned (uuids). */
export function extremes_i128(count: i32, values: usize, signed: bool, out: usize): i32 {
	const flip: u64 = signed ? (<u64>1 << 63) : 0;
	let least: i32 = count > 0 ? 0 : -1;
	let largest: i32 = least;
	for (let index: i32 = 1; index < count; index++) {
		const at: usize = values + (<usize>index << 4);
		const high: u64 = load<u64>(at + 8) ^ flip;
		const low: u64 = load<u64>(at);
		const leastAt: usize = values + (<usize>least << 4);
		const leastHigh: u64 = load<u64>(leastAt + 8) ^ flip;
		if (high < leastHigh || (high == leastHigh && low < load<u64>(leastAt))) least = index;
		const largestAt: usize = values + (<usize>largest << 4);
		const largestHigh: u64 = load<u64>(largestAt + 8) ^ flip;
		if (high > largestHigh || (high == largestHigh && low > load<u64>(largestAt))) largest = index;
	}
	store<i32>(out, least);
	store<i32>(out + 4, largest);
	return 0;
}

/** Unsigned byte order; a prefix is less than what it begins. */
function compareBytes(left: usize, leftLength: usize, right: usize, rightLength: usize): i32 {
	const length: usize = min(leftLength, rightLength);
	let at: usize = 0;
	while (at + 8 <= length) {
		const leftBytes: u64 = load<u64>(left + at);
		const rightBytes: u64 = load<u64>(right + at);
		if (leftBytes != rightBytes) return bswap<u64>(leftBytes) < bswap<u64>(rightBytes) ? -1 : 1;
		at += 8;
	}
	while (at < length) {
		const difference: i32 = <i32>load<u8>(left + at) - <i32>load<u8>(right + at);
		if (difference != 0) return difference;
		at++;
	}
	return <i32>leftLength - <i32>rightLength;
}

export function extremes_bytes(count: i32, offsets: usize, bytes: usize, out: usize): i32 {
	let least: i32 = count > 0 ? 0 : -1;
	let largest: i32 = least;
	for (let index: i32 = 1; index < count; index++) {
		const start: usize = load<u32>(offsets + (<usize>index << 2));
		const length: usize = load<u32>(offsets + (<usize>(index + 1) << 2)) - start;
		const leastStart: usize = load<u32>(offsets + (<usize>least << 2));
		const leastLength: usize = load<u32>(offsets + (<usize>(least + 1) << 2)) - leastStart;
		if (compareBytes(bytes + start, length, bytes + leastStart, leastLength) < 0) least = index;
		const largestStart: usize = load<u32>(offsets + (<usize>largest << 2));
		const largestLength: usize = load<u32>(offsets + (<usize>(largest + 1) << 2)) - largestStart;
		if (compareBytes(bytes + start, length, bytes + largestStart, largestLength) > 0) largest = index;
	}
	store<i32>(out, least);
	store<i32>(out + 4, largest);
	return 0;
}
