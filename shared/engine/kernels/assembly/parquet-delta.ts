// DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY. Inputs have 16 readable bytes after their end.
import { alignment, byteShuffle, firstBits, UNPACK_BIT_WIDTH_MAX, unpackFour } from "./parquet-unpack";

/** A varint of at most 10 bytes at *cursor, which moves on; a cursor past `end` afterwards means that it did not fit. */
function readVarint(cursor: usize, end: usize): u64 {
	let position: usize = load<u32>(cursor);
	let value: u64 = 0;
	let shift: u64 = 0;
	while (true) {
		if (position >= end || shift > 63) {
			store<u32>(cursor, <u32>(end + 1));
			return 0;
		}
		const byte: u64 = load<u8>(position++);
		value |= (byte & 0x7f) << shift;
		if (byte < 0x80) break;
		shift += 7;
	}
	store<u32>(cursor, <u32>position);
	return value;
}

// @ts-ignore: decorator
@inline
function zigzag(value: u64): i64 {
	return <i64>(value >> 1) ^ -(<i64>(value & 1));
}

// State of a resumable decoder, 64 bytes: u32 position (of the next block, miniblock or what follows the sequence), end, left (values to come), values of a
// miniblock, miniblocks of a block, the next miniblock's number, address of the block's bit widths, values left in the open miniblock; i64 the block's least
// delta, the last value; u32 the open miniblock's data, position in it in bits, bit width; u32 1 while the first value is to come.

// @ts-ignore: decorator
@inline
const POSITION: usize = 0;
// @ts-ignore: decorator
@inline
const END: usize = 4;
// @ts-ignore: decorator
@inline
const LEFT: usize = 8;
// @ts-ignore: decorator
@inline
const PER_MINI: usize = 12;
// @ts-ignore: decorator
@inline
const MINI_COUNT: usize = 16;
// @ts-ignore: decorator
@inline
const MINI: usize = 20;
// @ts-ignore: decorator
@inline
const WIDTHS: usize = 24;
// @ts-ignore: decorator
@inline
const MINI_LEFT: usize = 28;
// @ts-ignore: decorator
@inline
const MINIMUM: usize = 32;
// @ts-ignore: decorator
@inline
const VALUE: usize = 40;
// @ts-ignore: decorator
@inline
const DATA: usize = 48;
// @ts-ignore: decorator
@inline
const BIT: usize = 52;
// @ts-ignore: decorator
@inline
const BIT_WIDTH: usize = 56;
// @ts-ignore: decorator
@inline
const IS_FIRST: usize = 60;

/** Opens the DELTA_BINARY_PACKED sequence that begins at `position`. @returns how many values it says it has, or -1 */
export function delta_open(state: usize, position: usize, end: usize): i32 {
	memory.fill(state, 0, 64);
	store<u32>(state + POSITION, <u32>position);
	store<u32>(state + END, <u32>end);
	const blockSize: u64 = readVarint(state, end);
	const miniCount: u64 = readVarint(state, end);
	const count: u64 = readVarint(state, end);
	const first: i64 = zigzag(readVarint(state, end));
	if (load<u32>(state + POSITION) > <u32>end || count > 0x3fffffff) return -1;
	if (blockSize == 0 || blockSize > 0x1000000 || miniCount == 0 || miniCount > 4096 || blockSize % miniCount != 0) return -1;
	const perMini: u64 = blockSize / miniCount;
	if (perMini % 8 != 0) return -1;
	store<u32>(state + LEFT, <u32>count);
	store<u32>(state + PER_MINI, <u32>perMini);
	store<u32>(state + MINI_COUNT, <u32>miniCount);
	store<u32>(state + MINI, <u32>miniCount);
	store<i64>(state + VALUE, first);
	store<u32>(state + IS_FIRST, 1);
	return <i32>count;
}

/** Goes to the next miniblock. @returns false when it does not fit */
function nextMini(state: usize): bool {
	const end: usize = load<u32>(state + END);
	const miniCount: u32 = load<u32>(state + MINI_COUNT);
	let mini: u32 = load<u32>(state + MINI);
	if (mini == miniCount) {
		store<i64>(state + MINIMUM, zigzag(readVarint(state, end)));
		const widths: usize = load<u32>(state + POSITION);
		if (widths > end || <u64>(end - widths) < <u64>miniCount) return false;
		store<u32>(state + WIDTHS, <u32>widths);
		store<u32>(state + POSITION, <u32>widths + miniCount);
		mini = 0;
	}
	const bitWidth: u64 = load<u8>(load<u32>(state + WIDTHS) + <usize>mini);
	const perMini: u64 = load<u32>(state + PER_MINI);
	const position: usize = load<u32>(state + POSITION);
	const available: u64 = <u64>(end - position);
	const taken: u64 = min<u64>(perMini, load<u32>(state + LEFT));
	if (bitWidth > 64 || (taken * bitWidth + 7) / 8 > available) return false;
	store<u32>(state + MINI, mini + 1);
	store<u32>(state + MINI_LEFT, <u32>taken);
	store<u32>(state + DATA, <u32>position);
	store<u32>(state + BIT, 0);
	store<u32>(state + BIT_WIDTH, <u32>bitWidth);
	// Some writers leave out the padding of the last miniblock.
	store<u32>(state + POSITION, <u32>position + <u32>min<u64>((perMini * bitWidth) / 8, available));
	return true;
}

/** 0 + 1, 1 + 2 and so on: the sums of lanes up to each. */
// @ts-ignore: decorator
@inline
function prefixSums(lanes: v128): v128 {
	const zero: v128 = i32x4.splat(0);
	const pairs: v128 = i32x4.add(lanes, v128.shuffle<i32>(zero, lanes, 0, 4, 5, 6));
	return i32x4.add(pairs, v128.shuffle<i32>(zero, pairs, 0, 1, 4, 5));
}

// @ts-ignore: decorator
@inline
function lastLane(lanes: v128): v128 {
	return v128.shuffle<i32>(lanes, lanes, 3, 3, 3, 3);
}

/** `groupCount` times eight deltas of 1 to UNPACK_BIT_WIDTH_MAX bits from a byte on, added up from `value` on. @returns the last value */
function sumGroups<T>(data: usize, bitWidth: u32, groupCount: i32, minimum: i64, value: i64, out: usize): i64 {
	const half: usize = (bitWidth * 4) >> 3;
	const lanes: v128 = firstBits(bitWidth);
	const bits: v128 = i32x4.add(lanes, i32x4.splat((bitWidth * 4) & 7));
	const mask: v128 = i32x4.splat((1 << bitWidth) - 1);
	const shuffleLow: v128 = byteShuffle(lanes);
	const shuffleHigh: v128 = byteShuffle(bits);
	const scaleLow: v128 = alignment(lanes);
	const scaleHigh: v128 = alignment(bits);
	if (sizeof<T>() == 4) {
		const least: v128 = i32x4.splat(<i32>minimum);
		let carry: v128 = i32x4.splat(<i32>value);
		for (let group: i32 = 0; group < groupCount; group++) {
			let low: v128 = unpackFour(data, shuffleLow, scaleLow, mask);
			let high: v128 = unpackFour(data + half, shuffleHigh, scaleHigh, mask);
			low = prefixSums(i32x4.add(low, least));
			high = i32x4.add(prefixSums(i32x4.add(high, least)), lastLane(low));
			v128.store(out, i32x4.add(low, carry));
			high = i32x4.add(high, carry);
			v128.store(out, high, 16);
			carry = lastLane(high);
			data += <usize>bitWidth;
			out += 32;
		}
		return <i64>i32x4.extract_lane(carry, 3);
	}
	// Eight deltas above the least add up to less than 2^32: only the sums are widened.
	const two: v128 = i64x2.splat(minimum + minimum);
	const four: v128 = i64x2.add(two, two);
	const first: v128 = i64x2.replace_lane(i64x2.splat(minimum), 1, minimum + minimum);
	let carry: v128 = i64x2.splat(value);
	for (let group: i32 = 0; group < groupCount; group++) {
		const low: v128 = prefixSums(unpackFour(data, shuffleLow, scaleLow, mask));
		const high: v128 = i32x4.add(prefixSums(unpackFour(data + half, shuffleHigh, scaleHigh, mask)), lastLane(low));
		const base: v128 = i64x2.add(carry, first);
		v128.store(out, i64x2.add(base, i64x2.extend_low_i32x4_u(low)));
		v128.store(out, i64x2.add(i64x2.add(base, two), i64x2.extend_high_i32x4_u(low)), 16);
		const later: v128 = i64x2.add(base, four);
		v128.store(out, i64x2.add(later, i64x2.extend_low_i32x4_u(high)), 32);
		const last: v128 = i64x2.add(i64x2.add(later, two), i64x2.extend_high_i32x4_u(high));
		v128.store(out, last, 48);
		carry = v128.shuffle<i64>(last, last, 1, 1);
		data += <usize>bitWidth;
		out += 64;
	}
	return i64x2.extract_lane(carry, 0);
}

/** The same for deltas of up to 56 bits, one by one. */
function sumWideGroups<T>(data: usize, bitWidth: u32, groupCount: i32, minimum: i64, value: i64, out: usize): i64 {
	const width: u64 = bitWidth;
	const mask: i64 = (<i64>1 << <i64>bitWidth) - 1;
	for (let group: i32 = 0; group < groupCount; group++) {
		value += minimum + (load<i64>(data) & mask);
		store<T>(out, <T>value);
		value += minimum + ((<i64>(load<u64>(data + <usize>(width >> 3)) >> (width & 7))) & mask);
		store<T>(out, <T>value, sizeof<T>());
		value += minimum + ((<i64>(load<u64>(data + <usize>((2 * width) >> 3)) >> ((2 * width) & 7))) & mask);
		store<T>(out, <T>value, 2 * sizeof<T>());
		value += minimum + ((<i64>(load<u64>(data + <usize>((3 * width) >> 3)) >> ((3 * width) & 7))) & mask);
		store<T>(out, <T>value, 3 * sizeof<T>());
		value += minimum + ((<i64>(load<u64>(data + <usize>((4 * width) >> 3)) >> ((4 * width) & 7))) & mask);
		store<T>(out, <T>value, 4 * sizeof<T>());
		value += minimum + ((<i64>(load<u64>(data + <usize>((5 * width) >> 3)) >> ((5 * width) & 7))) & mask);
		store<T>(out, <T>value, 5 * sizeof<T>());
		value += minimum + ((<i64>(load<u64>(data + <usize>((6 * width) >> 3)) >> ((6 * width) & 7))) & mask);
		store<T>(out, <T>value, 6 * sizeof<T>());
		value += minimum + ((<i64>(load<u64>(data + <usize>((7 * width) >> 3)) >> ((7 * width) & 7))) & mask);
		store<T>(out, <T>value, 7 * sizeof<T>());
		data += <usize>width;
		out += 8 * sizeof<T>();
	}
	return value;
}

/** `count` values of the open miniblock. @returns the last one */
function sumDeltas<T>(data: usize, bit: u64, bitWidth: u32, count: i32, minimum: i64, value: i64, out: usize): i64 {
	const width: u64 = bitWidth;
	const mask: u64 = width == 64 ? ~(<u64>0) : (<u64>1 << width) - 1;
	let index: i32 = 0;
	while (index < count) {
		const at: usize = data + <usize>(bit >> 3);
		if ((bit & 7) == 0 && count - index >= 8 && width <= 56) {
			const groupCount: i32 = (count - index) >> 3;
			const target: usize = out + <usize>index * sizeof<T>();
			value =
				width > 0 && bitWidth <= UNPACK_BIT_WIDTH_MAX
					? sumGroups<T>(at, bitWidth, groupCount, minimum, value, target)
					: sumWideGroups<T>(at, bitWidth, groupCount, minimum, value, target);
			index += groupCount << 3;
			bit += <u64>(groupCount << 3) * width;
			continue;
		}
		let delta: u64 = load<u64>(at) >> (bit & 7);
		if ((bit & 7) + width > 64) delta |= <u64>load<u8>(at + 8) << (64 - (bit & 7));
		value += minimum + <i64>(delta & mask);
		store<T>(out + <usize>index * sizeof<T>(), <T>value);
		bit += width;
		index++;
	}
	return value;
}

function readDeltas<T>(state: usize, count: i32, out: usize): i32 {
	if (count <= 0) return 0;
	let left: u32 = load<u32>(state + LEFT);
	if (<u32>count > left) return -1;
	let done: i32 = 0;
	if (load<u32>(state + IS_FIRST) != 0) {
		store<u32>(state + IS_FIRST, 0);
		store<T>(out, <T>load<i64>(state + VALUE));
		store<u32>(state + LEFT, --left);
		done = 1;
	}
	while (done < count) {
		const miniLeft: u32 = load<u32>(state + MINI_LEFT);
		if (miniLeft == 0) {
			if (!nextMini(state)) return -1;
			continue;
		}
		const taken: i32 = <i32>min<u32>(miniLeft, <u32>(count - done));
		const bit: u32 = load<u32>(state + BIT);
		const bitWidth: u32 = load<u32>(state + BIT_WIDTH);
		const at: usize = out + <usize>done * sizeof<T>();
		store<i64>(state + VALUE, sumDeltas<T>(load<u32>(state + DATA), bit, bitWidth, taken, load<i64>(state + MINIMUM), load<i64>(state + VALUE), at));
		store<u32>(state + BIT, bit + <u32>taken * bitWidth);
		store<u32>(state + MINI_LEFT, miniLeft - <u32>taken);
		left -= <u32>taken;
		store<u32>(state + LEFT, left);
		done += taken;
	}
	return 0;
}

/** The next `count` values into out: i32[count]; arithmetic wraps. @returns 0, or -1 when they end early or a miniblock does not fit */
export function delta_read_i32(state: usize, count: i32, out: usize): i32 {
	return readDeltas<i32>(state, count, out);
}

/** The same into i64[count]. */
export function delta_read_i64(state: usize, count: i32, out: usize): i32 {
	return readDeltas<i64>(state, count, out);
}

/** Where the sequence that was opened last ends, without a value of it being read. @returns the address, or 0 when a miniblock does not fit */
export function delta_end(state: usize): usize {
	let left: u32 = load<u32>(state + LEFT);
	if (left > 0 && load<u32>(state + IS_FIRST) != 0) left--;
	left -= load<u32>(state + MINI_LEFT);
	while (left > 0) {
		store<u32>(state + LEFT, left);
		if (!nextMini(state)) return 0;
		left -= load<u32>(state + MINI_LEFT);
	}
	return load<u32>(state + POSITION);
}

/** offsets[0] = 0, offsets[i + 1] = offsets[i] + lengths[i]. @returns the sum, or -1 when a length is negative or the sum above `byteCountMax` */
export function lengths_to_offsets(count: i32, lengths: usize, offsets: usize, byteCountMax: i32): i32 {
	let total: i64 = 0;
	store<i32>(offsets, 0);
	for (let index: i32 = 0; index < count; index++) {
		const length: i32 = load<i32>(lengths + (<usize>index << 2));
		total += <i64>length;
		if (length < 0 || total > <i64>byteCountMax) return -1;
		store<i32>(offsets + (<usize>(index + 1) << 2), <i32>total);
	}
	return <i32>total;
}

/** Bytes that front-coded values take, or -1 when a prefix is longer than the value before it or the sum is above `byteCountMax`. */
export function front_coded_measure(count: i32, prefixes: usize, suffixes: usize, byteCountMax: i32): i32 {
	let total: i64 = 0;
	let previous: i64 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const prefix: i64 = <i64>load<i32>(prefixes + (<usize>index << 2));
		const suffix: i64 = <i64>load<i32>(suffixes + (<usize>index << 2));
		if (prefix < 0 || suffix < 0 || prefix > previous) return -1;
		previous = prefix + suffix;
		total += previous;
		if (total > <i64>byteCountMax) return -1;
	}
	return <i32>total;
}

/** Writes values that {@link front_coded_measure} has checked: offsets i32[count + 1] and bytes; `tails` holds the suffixes side by side. */
export function front_coded_copy(count: i32, prefixes: usize, suffixes: usize, tails: usize, offsets: usize, bytes: usize): void {
	let total: usize = 0;
	let previous: usize = bytes;
	store<i32>(offsets, 0);
	for (let index: i32 = 0; index < count; index++) {
		const prefix: usize = load<u32>(prefixes + (<usize>index << 2));
		const suffix: usize = load<u32>(suffixes + (<usize>index << 2));
		const at: usize = bytes + total;
		memory.copy(at, previous, prefix);
		memory.copy(at + prefix, tails, suffix);
		tails += suffix;
		previous = at;
		total += prefix + suffix;
		store<i32>(offsets + (<usize>(index + 1) << 2), <i32>total);
	}
}
