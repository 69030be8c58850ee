// Parquet's RLE / bit-packing hybrid, as a resumable decoder: https://parquet.apache.org/docs/file-format/data-pages/encodings/
// State, 32 bytes: u32 position, end, bitWidth, remaining (values of the current run), packed (0 or 1), value (of an RLE run), data (of a packed run),
// bit (position in the packed run). Buffers have 16 readable bytes after `end`: what is loaded there is masked away.
import { alignment, byteShuffle, firstBits, UNPACK_BIT_WIDTH_MAX, unpackFour } from "./parquet-unpack";

// @ts-ignore: decorator
@inline
const POSITION: usize = 0;
// @ts-ignore: decorator
@inline
const END: usize = 4;
// @ts-ignore: decorator
@inline
const BIT_WIDTH: usize = 8;
// @ts-ignore: decorator
@inline
const REMAINING: usize = 12;
// @ts-ignore: decorator
@inline
const PACKED: usize = 16;
// @ts-ignore: decorator
@inline
const VALUE: usize = 20;
// @ts-ignore: decorator
@inline
const DATA: usize = 24;
// @ts-ignore: decorator
@inline
const BIT: usize = 28;

/** Starts a decoder of values of `bitWidth` (0 to 32) bits over [position, end). */
export function hybrid_open(state: usize, position: usize, end: usize, bitWidth: i32): void {
	memory.fill(state, 0, 32);
	store<u32>(state + POSITION, <u32>position);
	store<u32>(state + END, <u32>end);
	store<i32>(state + BIT_WIDTH, bitWidth);
}

/** Reads the next run's header. @returns false at the end or when the run does not fit */
function nextRun(state: usize): bool {
	let position: usize = load<u32>(state + POSITION);
	const end: usize = load<u32>(state + END);
	const bitWidth: u32 = load<u32>(state + BIT_WIDTH);
	let header: u32 = 0;
	let shift: u32 = 0;
	while (true) {
		if (position >= end || shift > 28) return false;
		const byte: u32 = load<u8>(position++);
		header |= (byte & 0x7f) << shift;
		if (byte < 0x80) break;
		shift += 7;
	}
	const available: u64 = <u64>(end - position);
	if ((header & 1) != 0) {
		const groupCount: u64 = header >> 1;
		let valueCount: u64 = groupCount * 8;
		let byteCount: u64 = groupCount * bitWidth;
		// Some writers leave out the padding of the last group.
		if (byteCount > available) {
			byteCount = available;
			valueCount = (available * 8) / bitWidth;
		}
		store<u32>(state + PACKED, 1);
		store<u32>(state + DATA, <u32>position);
		store<u32>(state + BIT, 0);
		store<u32>(state + REMAINING, <u32>min<u64>(valueCount, 0x40000000));
		position += <usize>byteCount;
	} else {
		const byteCount: u32 = (bitWidth + 7) >> 3;
		if (<u64>byteCount > available) return false;
		let value: u32 = 0;
		for (let index: u32 = 0; index < byteCount; index++) value |= <u32>load<u8>(position + index) << (index << 3);
		store<u32>(state + PACKED, 0);
		store<u32>(state + VALUE, value);
		store<u32>(state + REMAINING, header >> 1);
		position += byteCount;
	}
	store<u32>(state + POSITION, <u32>position);
	return true;
}

/**
 * Unpacks groups of eight values of 1 to UNPACK_BIT_WIDTH_MAX bits, which begin at a byte. Reads 16 bytes from the start of each half of a group.
 * @returns the largest value
 */
function unpackGroups(data: usize, bitWidth: u32, groupCount: i32, out: usize): u32 {
	const half: usize = (bitWidth * 4) >> 3;
	const lanes: v128 = firstBits(bitWidth);
	const mask: v128 = i32x4.splat((1 << bitWidth) - 1);
	// The second half begins within a byte where the width is odd.
	const bits: v128 = i32x4.add(lanes, i32x4.splat((bitWidth * 4) & 7));
	const shuffleLow: v128 = byteShuffle(lanes);
	const shuffleHigh: v128 = byteShuffle(bits);
	const scaleLow: v128 = alignment(lanes);
	const scaleHigh: v128 = alignment(bits);
	let largest: v128 = i32x4.splat(0);
	for (let group: i32 = 0; group < groupCount; group++) {
		const low: v128 = unpackFour(data, shuffleLow, scaleLow, mask);
		const high: v128 = unpackFour(data + half, shuffleHigh, scaleHigh, mask);
		v128.store(out, low);
		v128.store(out, high, 16);
		largest = i32x4.max_u(largest, i32x4.max_u(low, high));
		data += <usize>bitWidth;
		out += 32;
	}
	return max(
		max(<u32>i32x4.extract_lane(largest, 0), <u32>i32x4.extract_lane(largest, 1)),
		max(<u32>i32x4.extract_lane(largest, 2), <u32>i32x4.extract_lane(largest, 3)),
	);
}

/** `count` values of a packed run from bit `bit` on. @returns the largest */
function unpack<T>(data: usize, bit: u32, bitWidth: u32, count: i32, out: usize): u32 {
	const mask: u64 = (<u64>1 << bitWidth) - 1;
	let largest: u32 = 0;
	let index: i32 = 0;
	while (index < count) {
		if (sizeof<T>() == 4 && (bit & 7) == 0 && count - index >= 8 && bitWidth > 0 && bitWidth <= UNPACK_BIT_WIDTH_MAX) {
			const groupCount: i32 = (count - index) >> 3;
			largest = max(largest, unpackGroups(data + (bit >> 3), bitWidth, groupCount, out + (<usize>index << 2)));
			index += groupCount << 3;
			bit += <u32>(groupCount << 3) * bitWidth;
			continue;
		}
		const value: u32 = <u32>((load<u64>(data + (bit >> 3)) >> (bit & 7)) & mask);
		largest = max(largest, value);
		store<T>(out + <usize>index * sizeof<T>(), <T>value);
		bit += bitWidth;
		index++;
	}
	return largest;
}

function fillRun<T>(value: u32, count: i32, out: usize): void {
	let index: i32 = 0;
	if (sizeof<T>() == 4) {
		const four: v128 = i32x4.splat(<i32>value);
		for (; index + 4 <= count; index += 4) v128.store(out + <usize>index * sizeof<T>(), four);
	}
	for (; index < count; index++) store<T>(out + <usize>index * sizeof<T>(), <T>value);
}

function readValues<T>(state: usize, count: i32, out: usize, limit: u32): i32 {
	const bitWidth: u32 = load<u32>(state + BIT_WIDTH);
	let done: i32 = 0;
	while (done < count) {
		const remaining: u32 = load<u32>(state + REMAINING);
		if (remaining == 0) {
			if (!nextRun(state)) return -1;
			continue;
		}
		const taken: i32 = <i32>min<u32>(remaining, <u32>(count - done));
		if (load<u32>(state + PACKED) == 0) {
			const value: u32 = load<u32>(state + VALUE);
			if (value >= limit) return -1;
			fillRun<T>(value, taken, out + <usize>done * sizeof<T>());
		} else {
			const bit: u32 = load<u32>(state + BIT);
			if (unpack<T>(load<u32>(state + DATA), bit, bitWidth, taken, out + <usize>done * sizeof<T>()) >= limit) return -1;
			store<u32>(state + BIT, bit + <u32>taken * bitWidth);
		}
		store<u32>(state + REMAINING, remaining - <u32>taken);
		done += taken;
	}
	return 0;
}

/** Passes over `count` values. @returns -1 when they end early, else 0 */
export function hybrid_skip(state: usize, count: i32): i32 {
	const bitWidth: u32 = load<u32>(state + BIT_WIDTH);
	while (count > 0) {
		const remaining: u32 = load<u32>(state + REMAINING);
		if (remaining == 0) {
			if (!nextRun(state)) return -1;
			continue;
		}
		const taken: u32 = min<u32>(remaining, <u32>count);
		if (load<u32>(state + PACKED) != 0) store<u32>(state + BIT, load<u32>(state + BIT) + taken * bitWidth);
		store<u32>(state + REMAINING, remaining - taken);
		count -= <i32>taken;
	}
	return 0;
}

/** Next `count` values into out: i32[count]. @returns -1 when they end early or one is not below `limit`, else 0 */
export function hybrid_read_i32(state: usize, count: i32, out: usize, limit: u32): i32 {
	return readValues<i32>(state, count, out, limit);
}

/** Next `count` values into out: u8[count]; else as {@link hybrid_read_i32}. */
export function hybrid_read_bool(state: usize, count: i32, out: usize): i32 {
	return readValues<u8>(state, count, out, 2);
}

/** ORs `count` (1 to 8) bits into the bitmap at `bit`; touches two bytes. */
// @ts-ignore: decorator
@inline
function orBits(bitmap: usize, bit: i32, bits: u32): void {
	const at: usize = bitmap + <usize>(bit >> 3);
	store<u16>(at, load<u16>(at) | <u16>(bits << (bit & 7)));
}

/**
 * Next `count` definition levels (bit width 1) as a validity bitmap; `out` has 2 writable bytes after ceil(count / 8).
 * @returns valid rows, or -1 when the levels end early or one is above 1
 */
export function hybrid_read_validity(state: usize, count: i32, out: usize): i32 {
	memory.fill(out, 0, ((count + 7) >> 3) + 2);
	let done: i32 = 0;
	let valid: i32 = 0;
	while (done < count) {
		const remaining: u32 = load<u32>(state + REMAINING);
		if (remaining == 0) {
			if (!nextRun(state)) return -1;
			continue;
		}
		const taken: i32 = <i32>min<u32>(remaining, <u32>(count - done));
		if (load<u32>(state + PACKED) == 0) {
			const value: u32 = load<u32>(state + VALUE);
			if (value > 1) return -1;
			if (value == 1) {
				valid += taken;
				let at: i32 = done;
				const end: i32 = done + taken;
				while (at < end && (at & 7) != 0) orBits(out, at++, 1);
				const wholeBytes: i32 = (end - at) >> 3;
				memory.fill(out + <usize>(at >> 3), 0xff, wholeBytes);
				at += wholeBytes << 3;
				if (at < end) orBits(out, at, (1 << (end - at)) - 1);
			}
		} else {
			const data: usize = load<u32>(state + DATA);
			const bit: u32 = load<u32>(state + BIT);
			for (let index: i32 = 0; index < taken; index += 8) {
				const from: u32 = bit + <u32>index;
				const width: i32 = min(8, taken - index);
				const bits: u32 = (<u32>load<u16>(data + (from >> 3)) >> (from & 7)) & ((1 << width) - 1);
				valid += popcnt<u32>(bits);
				orBits(out, done + index, bits);
			}
			store<u32>(state + BIT, bit + <u32>taken);
		}
		store<u32>(state + REMAINING, remaining - <u32>taken);
		done += taken;
	}
	return valid;
}
