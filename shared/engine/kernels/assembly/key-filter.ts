// Which values a join's key has on the build side, so that scans of the probe side drop rows that match nothing: their range, and a bit for each value of it, or a blocked
// Bloom filter where the range is too wide for that (two bits of one 64-bit word a value).
//
//   filter  i64 least, i64 most, u32 bits, u32 words of the Bloom filter - 1, u32 mode (0 range only, 1 a bit a value, 2 Bloom), 4 unused
import { livePosition } from "./row-store";
import { isValid } from "./validity";
import { mixHash } from "./value";

const MODE_EXACT: u32 = 1;
const MODE_BLOOM: u32 = 2;

// @ts-ignore: decorator
@inline
function storedKey(row: usize, offset: i32, wide: i32): i64 {
	return wide != 0 ? load<i64>(row + offset) : <i64>load<i32>(row + offset);
}

/** Two bits of a word. */
// @ts-ignore: decorator
@inline
function bloomBits(hash: u64): u64 {
	return (<u64>1 << (hash & 63)) | (<u64>1 << ((hash >> 6) & 63));
}

// @ts-ignore: decorator
@inline
function bloomWord(hash: u64, bits: usize, mask: u32): usize {
	return bits + (<usize>(<u32>(hash >> 32) & mask) << 3);
}

/** Widens the filter's range by the keys of `count` neighbouring stored rows; `wide`: i64 slots, else i32. */
export function key_filter_range(count: i32, first: usize, rowBytes: i32, offset: i32, wide: i32, filter: usize): void {
	let least = load<i64>(filter);
	let most = load<i64>(filter, 8);
	for (let index: i32 = 0; index < count; index++) {
		const key = storedKey(first + <usize>(index * rowBytes), offset, wide);
		least = min(least, key);
		most = max(most, key);
	}
	store<i64>(filter, least);
	store<i64>(filter, most, 8);
}

/** Sets the bits of the keys of `count` neighbouring stored rows. */
export function key_filter_add(count: i32, first: usize, rowBytes: i32, offset: i32, wide: i32, filter: usize): void {
	const least = load<i64>(filter);
	const bits = <usize>load<u32>(filter, 16);
	const mask = load<u32>(filter, 20);
	const isExact = load<u32>(filter, 24) == MODE_EXACT;
	for (let index: i32 = 0; index < count; index++) {
		const key = storedKey(first + <usize>(index * rowBytes), offset, wide);
		if (isExact) {
			const bit = <u64>(key - least);
			const at = bits + <usize>(bit >> 3);
			store<u8>(at, load<u8>(at) | (<u8>1 << <u8>(bit & 7)));
		} else {
			const hash = mixHash(<u64>key);
			const at = bloomWord(hash, bits, mask);
			store<u64>(at, load<u64>(at) | bloomBits(hash));
		}
	}
}

/** 1 where the key has its bit. Without a branch: which keys have one nobody can foresee. */
// @ts-ignore: decorator
@inline
function exactBit<T>(key: usize, least: i64, span: u64, bits: usize): u32 {
	const bit = <u64>(<i64>load<T>(key) - least);
	const isInside = bit <= span;
	const at = select<u64>(bit, 0, isInside);
	return (<u32>load<u8>(bits + <usize>(at >> 3)) >> (<u32>at & 7)) & u32(isInside);
}

// @ts-ignore: decorator
@inline
function coded<T>(codes: usize, values: usize, row: i32): usize {
	return values + <usize>load<u32>(codes + (<usize>row << 2)) * sizeof<T>();
}

/** The first rows, eight at a time, none of them NULL, of a filter with a bit for each value. @returns how many it keeps */
function keepExact<T>(count: i32, codes: usize, values: usize, filter: usize, out: usize): i32 {
	const least = load<i64>(filter);
	const span = <u64>(load<i64>(filter, 8) - least);
	const bits = <usize>load<u32>(filter, 16);
	let kept: i32 = 0;
	for (let row: i32 = 0; row < count; row += 8) {
		let found: u32 = 0;
		if (codes == 0) {
			const at = values + <usize>row * sizeof<T>();
			for (let lane: u32 = 0; lane < 8; lane += 4) {
				const four = at + <usize>lane * sizeof<T>();
				found |= exactBit<T>(four, least, span, bits) << lane;
				found |= exactBit<T>(four + sizeof<T>(), least, span, bits) << (lane + 1);
				found |= exactBit<T>(four + 2 * sizeof<T>(), least, span, bits) << (lane + 2);
				found |= exactBit<T>(four + 3 * sizeof<T>(), least, span, bits) << (lane + 3);
			}
		} else {
			for (let lane: i32 = 0; lane < 8; lane += 4) {
				const first = row + lane;
				found |= exactBit<T>(coded<T>(codes, values, first), least, span, bits) << lane;
				found |= exactBit<T>(coded<T>(codes, values, first + 1), least, span, bits) << (lane + 1);
				found |= exactBit<T>(coded<T>(codes, values, first + 2), least, span, bits) << (lane + 2);
				found |= exactBit<T>(coded<T>(codes, values, first + 3), least, span, bits) << (lane + 3);
			}
		}
		for (; found != 0; found &= found - 1) {
			store<u16>(out + (<usize>kept << 1), <u16>(row + ctz(found)));
			kept++;
		}
	}
	return kept;
}

// @ts-ignore: decorator
@inline
function keep<T>(count: i32, selection: usize, codes: usize, validity: usize, values: usize, filter: usize, out: usize): i32 {
	const least = load<i64>(filter);
	const span = <u64>(load<i64>(filter, 8) - least);
	const bits = <usize>load<u32>(filter, 16);
	const mask = load<u32>(filter, 20);
	const mode = load<u32>(filter, 24);
	let kept: i32 = 0;
	let index: i32 = 0;
	if (mode == MODE_EXACT && selection == 0 && validity == 0) {
		index = count & ~7;
		kept = keepExact<T>(index, codes, values, filter, out);
	}
	for (; index < count; index++) {
		const row = livePosition(selection, index);
		store<u16>(out + (<usize>kept << 1), <u16>row);
		const at = codes == 0 ? row : load<i32>(codes + (<usize>row << 2));
		const key = <i64>load<T>(values + <usize>at * sizeof<T>());
		const bit = <u64>(key - least);
		if (bit > span) continue;
		if (mode == MODE_EXACT) {
			if (((load<u8>(bits + <usize>(bit >> 3)) >> <u8>(bit & 7)) & 1) == 0) continue;
		} else if (mode == MODE_BLOOM) {
			const hash = mixHash(<u64>key);
			const wanted = bloomBits(hash);
			if ((load<u64>(bloomWord(hash, bits, mask)) & wanted) != wanted) continue;
		}
		kept += i32(isValid(validity, row));
	}
	return kept;
}

/**
 * Live rows whose key the filter may have, as u16 positions at `out` (which may be `selection`); NULL is none of them. `codes` 0: values by position, else by code.
 * @returns how many
 */
export function key_filter_i32(count: i32, selection: usize, codes: usize, validity: usize, values: usize, filter: usize, out: usize): i32 {
	return keep<i32>(count, selection, codes, validity, values, filter, out);
}
export function key_filter_i64(count: i32, selection: usize, codes: usize, validity: usize, values: usize, filter: usize, out: usize): i32 {
	return keep<i64>(count, selection, codes, validity, values, filter, out);
}
