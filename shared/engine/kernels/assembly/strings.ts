// UTF-8 text. Lengths and positions count code points: a byte that is not a continuation (10xxxxxx) starts one.
import { lane, rowAt } from "./rows";

// @ts-ignore: decorator
@inline
function isStart(byte: u8): bool {
	return (byte & 0xc0) != 0x80;
}

/** Code points in a run of bytes. */
function codePoints(values: usize, byteCount: i32): i32 {
	let count: i32 = 0;
	let index: i32 = 0;
	for (; index + 16 <= byteCount; index += 16) {
		// Continuations are -128 to -65 as signed bytes.
		const starts = i8x16.gt_s(v128.load(values + <usize>index), i8x16.splat(-65));
		count += popcnt<i32>(i8x16.bitmask(starts));
	}
	for (; index < byteCount; index++) count += i32(isStart(load<u8>(values + <usize>index)));
	return count;
}

/** True where so many of the rows between the first and the last live one are live that their bytes are looked through as one run. */
// @ts-ignore: decorator
@inline
function isOneRun(count: i32, selection: usize): bool {
	return count > 0 && (selection == 0 || count * 2 > rowAt(selection, count - 1) - rowAt(selection, 0));
}

/** Whether [from, end) has no byte above 0x7f. */
function isAscii(from: usize, end: usize): bool {
	for (; from + 64 <= end; from += 64) {
		const low = v128.or(v128.load(from), v128.load(from, 16));
		const high = v128.or(v128.load(from, 32), v128.load(from, 48));
		if (i8x16.bitmask(v128.or(low, high)) != 0) return false;
	}
	for (; from < end; from++) if (load<u8>(from) >= 0x80) return false;
	return true;
}

/** `unit`: 0 code points, 1 bytes, 8 bits. Of rows without a byte above 0x7f together, code points are bytes. */
export function length_bytes(unit: i32, count: i32, selection: usize, values: usize, offsets: usize, out: usize): void {
	if (unit == 0 && isOneRun(count, selection)) {
		const first = offsets + (<usize>rowAt(selection, 0) << 2);
		const last = offsets + (<usize>rowAt(selection, count - 1) << 2);
		if (isAscii(values + <usize>load<i32>(first), values + <usize>load<i32>(last, 4))) unit = 1;
	}
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (<usize>row << 2);
		const start = load<i32>(at);
		const byteCount = load<i32>(at, 4) - start;
		store<i32>(out + (<usize>row << 2), unit == 0 ? codePoints(values + <usize>start, byteCount) : byteCount * unit);
	}
}

/** Bytes of the first `points` code points of a run. */
function prefixBytes(values: usize, byteCount: i32, points: i64): i32 {
	if (points >= <i64>byteCount) return byteCount;
	let index: i32 = 0;
	let left = points;
	while (index < byteCount) {
		if (isStart(load<u8>(values + <usize>index))) {
			if (left == 0) return index;
			left--;
		}
		index++;
	}
	return byteCount;
}

/**
 * Where each row's substring lies: start (from `values`) and length, i32 each at the row's position. `from` counts from 1 and may be below; `size` 0 (no
 * pointer) means to the end. `bytewise` for bytea. @returns 1 when a size is negative, else 0
 */
export function substring_bytes(bytewise: i32, count: i32, selection: usize, values: usize, offsets: usize, constant: i32, from: usize, fromConstant: i32, size: usize, sizeConstant: i32, outStarts: usize, outLengths: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (lane(constant, row) << 2);
		const start = load<i32>(at);
		const byteCount = load<i32>(at, 4) - start;
		const first: i64 = load<i32>(from + (lane(fromConstant, row) << 2));
		let end: i64 = i64.MAX_VALUE;
		if (size != 0) {
			const wanted: i64 = load<i32>(size + (lane(sizeConstant, row) << 2));
			if (wanted < 0) return 1;
			end = first + wanted;
		}
		const skipped: i64 = max(first - 1, 0);
		const points: i64 = size == 0 ? i64.MAX_VALUE : max(end - 1 - skipped, 0);
		const text = values + <usize>start;
		const head: i32 = bytewise != 0 ? <i32>min(skipped, <i64>byteCount) : prefixBytes(text, byteCount, skipped);
		const rest = byteCount - head;
		const length: i32 = bytewise != 0 ? <i32>min(points, <i64>rest) : prefixBytes(text + <usize>head, rest, points);
		store<i32>(outStarts + (<usize>row << 2), start + head);
		store<i32>(outLengths + (<usize>row << 2), length);
	}
	return 0;
}

/** The first (`right` 0) or last code points; a negative count leaves off so many at the other end. Output as substring_bytes. */
export function left_right_bytes(right: i32, count: i32, selection: usize, values: usize, offsets: usize, constant: i32, sizes: usize, sizesConstant: i32, outStarts: usize, outLengths: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (lane(constant, row) << 2);
		const start = load<i32>(at);
		const byteCount = load<i32>(at, 4) - start;
		const text = values + <usize>start;
		let points: i64 = load<i32>(sizes + (lane(sizesConstant, row) << 2));
		if (points < 0 || right != 0) {
			const all: i64 = codePoints(text, byteCount);
			if (points < 0) points = max(all + points, 0);
			if (right != 0) points = all - min(points, all);
		}
		const head = prefixBytes(text, byteCount, points);
		store<i32>(outStarts + (<usize>row << 2), right != 0 ? start + head : start);
		store<i32>(outLengths + (<usize>row << 2), right != 0 ? byteCount - head : head);
	}
}

/** Blanks off the start (`sides` bit 0) and the end (bit 1). Output as substring_bytes. */
export function trim_blanks(sides: i32, count: i32, selection: usize, values: usize, offsets: usize, outStarts: usize, outLengths: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (<usize>row << 2);
		let start = load<i32>(at);
		let end = load<i32>(at, 4);
		if ((sides & 1) != 0) while (start < end && load<u8>(values + <usize>start) == 0x20) start++;
		if ((sides & 2) != 0) while (end > start && load<u8>(values + <usize>end - 1) == 0x20) end--;
		store<i32>(outStarts + (<usize>row << 2), start);
		store<i32>(outLengths + (<usize>row << 2), end - start);
	}
}

/** Copies slices (as substring_bytes gives them; their lengths now turned into `outOffsets`) behind each other. */
export function copy_slices(count: i32, selection: usize, values: usize, starts: usize, out: usize, outOffsets: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const to = outOffsets + (<usize>row << 2);
		const start = load<i32>(to);
		memory.copy(out + <usize>start, values + <usize>load<i32>(starts + (<usize>row << 2)), <usize>(load<i32>(to, 4) - start));
	}
}

// @ts-ignore: decorator
@inline
function equalBytes(left: usize, right: usize, byteCount: i32): bool {
	let index: i32 = 0;
	for (; index + 8 <= byteCount; index += 8) if (load<u64>(left + <usize>index) != load<u64>(right + <usize>index)) return false;
	for (; index < byteCount; index++) if (load<u8>(left + <usize>index) != load<u8>(right + <usize>index)) return false;
	return true;
}

/** Byte position of the needle, or -1. The first byte is searched sixteen at a time. */
export function findBytes(values: usize, byteCount: i32, needle: usize, needleBytes: i32): i32 {
	if (needleBytes == 0) return 0;
	const last = byteCount - needleBytes;
	const first = load<u8>(needle);
	const pattern = i8x16.splat(<i8>first);
	let index: i32 = 0;
	while (index <= last) {
		if (index + 16 <= byteCount) {
			let matches = i8x16.bitmask(i8x16.eq(v128.load(values + <usize>index), pattern));
			while (matches != 0) {
				const at = index + <i32>ctz<u32>(<u32>matches);
				if (at > last) return -1;
				if (equalBytes(values + <usize>at, needle, needleBytes)) return at;
				matches &= matches - 1;
			}
			index += 16;
			continue;
		}
		if (load<u8>(values + <usize>index) == first && equalBytes(values + <usize>index, needle, needleBytes)) return index;
		index++;
	}
	return -1;
}

/** Position of the second text in the first in code points from 1, or 0; with `prefix`, one byte: whether the first begins with the second. */
export function position_bytes(prefix: i32, count: i32, selection: usize, values: usize, offsets: usize, constant: i32, needles: usize, needleOffsets: usize, needlesConstant: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (lane(constant, row) << 2);
		const text = values + <usize>load<i32>(at);
		const byteCount = load<i32>(at, 4) - load<i32>(at);
		const needleAt = needleOffsets + (lane(needlesConstant, row) << 2);
		const needle = needles + <usize>load<i32>(needleAt);
		const needleBytes = load<i32>(needleAt, 4) - load<i32>(needleAt);
		if (prefix != 0) {
			store<u8>(out + <usize>row, <u8>(needleBytes <= byteCount && equalBytes(text, needle, needleBytes)));
			continue;
		}
		const found = findBytes(text, byteCount, needle, needleBytes);
		store<i32>(out + (<usize>row << 2), found < 0 ? 0 : codePoints(text, found) + 1);
	}
}

// LIKE. A program: i32 segments, i32 anchored (bit 0 at the start, bit 1 at the end), then per segment i32 bytes, i32 wildcards, i32 start (from the
// program), and all segments' bytes. Byte 0xFF, never in UTF-8, stands for one code point of any kind.

// @ts-ignore: decorator
@inline
function pointEnd(values: usize, index: i32, byteCount: i32): i32 {
	index++;
	while (index < byteCount && !isStart(load<u8>(values + <usize>index))) index++;
	return index;
}

/** Bytes that the segment takes at `values`, or -1. */
function matchSegment(values: usize, byteCount: i32, segment: usize, segmentBytes: i32, wildcards: i32): i32 {
	if (wildcards == 0) return segmentBytes <= byteCount && equalBytes(values, segment, segmentBytes) ? segmentBytes : -1;
	let index: i32 = 0;
	for (let part: i32 = 0; part < segmentBytes; part++) {
		if (index >= byteCount) return -1;
		const expected = load<u8>(segment + <usize>part);
		if (expected == 0xff) index = pointEnd(values, index, byteCount);
		else if (load<u8>(values + <usize>index) == expected) index++;
		else return -1;
	}
	return index;
}

function matches(values: usize, byteCount: i32, program: usize): bool {
	const segments = load<i32>(program);
	const anchors = load<i32>(program, 4);
	let position: i32 = 0;
	for (let number: i32 = 0; number < segments; number++) {
		const header = program + 8 + <usize>number * 12;
		const segmentBytes = load<i32>(header);
		const wildcards = load<i32>(header, 4);
		const segment = program + <usize>load<i32>(header, 8);
		const last = number == segments - 1;
		if (number == 0 && (anchors & 1) != 0) {
			const taken = matchSegment(values, byteCount, segment, segmentBytes, wildcards);
			if (taken < 0) return false;
			position = taken;
			if (last && (anchors & 2) != 0) return position == byteCount;
			continue;
		}
		if (last && (anchors & 2) != 0) {
			let start = byteCount - segmentBytes;
			if (wildcards != 0) {
				// Walk back over as many code points as the segment has bytes that start one.
				let points = codePointsOfSegment(segment, segmentBytes);
				start = byteCount;
				while (points > 0 && start > position) {
					start--;
					if (isStart(load<u8>(values + <usize>start))) points--;
				}
				if (points > 0) return false;
			}
			if (start < position) return false;
			return matchSegment(values + <usize>start, byteCount - start, segment, segmentBytes, wildcards) == byteCount - start;
		}
		if (wildcards == 0) {
			const found = findBytes(values + <usize>position, byteCount - position, segment, segmentBytes);
			if (found < 0) return false;
			position += found + segmentBytes;
			continue;
		}
		let taken: i32 = -1;
		while (position <= byteCount) {
			taken = matchSegment(values + <usize>position, byteCount - position, segment, segmentBytes, wildcards);
			if (taken >= 0) break;
			if (position == byteCount) return false;
			position = pointEnd(values, position, byteCount);
		}
		if (taken < 0) return false;
		position += taken;
	}
	return true;
}

/** Code points that a segment matches: bytes that start one, a wildcard (0xFF) included. */
function codePointsOfSegment(segment: usize, segmentBytes: i32): i32 {
	let points: i32 = 0;
	for (let index: i32 = 0; index < segmentBytes; index++) points += i32(isStart(load<u8>(segment + <usize>index)));
	return points;
}

/**
 * Rows whose text has the needle somewhere: searched for in the bytes of all rows as one run, by its first and its last byte sixteen places at a time; what is found belongs to
 * the live row that it lies in whole.
 */
function containing(negated: i32, count: i32, selection: usize, values: usize, offsets: usize, needle: usize, needleBytes: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) store<u8>(out + <usize>rowAt(selection, index), <u8>negated);
	const first = i8x16.splat(load<i8>(needle));
	const toLast: usize = <usize>needleBytes - 1;
	const last = i8x16.splat(load<i8>(needle + toLast));
	let index: i32 = 0;
	let row = rowAt(selection, 0);
	let position: usize = values + <usize>load<i32>(offsets + (<usize>row << 2));
	const end: usize = values + <usize>load<i32>(offsets + (<usize>rowAt(selection, count - 1) << 2), 4);
	while (position + toLast < end) {
		let at: usize = 0;
		if (position + toLast + 16 <= end) {
			let places = i8x16.bitmask(v128.and(i8x16.eq(v128.load(position), first), i8x16.eq(v128.load(position + toLast), last)));
			while (places != 0) {
				const place: usize = position + <usize>ctz<u32>(<u32>places);
				if (equalBytes(place, needle, needleBytes)) {
					at = place;
					break;
				}
				places &= places - 1;
			}
			if (at == 0) {
				position += 16;
				continue;
			}
		} else if (equalBytes(position, needle, needleBytes)) {
			at = position;
		} else {
			position++;
			continue;
		}
		while (values + <usize>load<i32>(offsets + (<usize>row << 2), 4) <= at) row = rowAt(selection, ++index);
		const start: usize = values + <usize>load<i32>(offsets + (<usize>row << 2));
		const rowEnd: usize = values + <usize>load<i32>(offsets + (<usize>row << 2), 4);
		if (at < start) {
			position = start;
		} else if (at + toLast >= rowEnd) {
			position = at + 1;
		} else {
			store<u8>(out + <usize>row, <u8>(negated ^ 1));
			position = rowEnd;
		}
	}
}

/** One byte a row: whether the text matches the program; with `negated`, whether it does not. */
export function like_bytes(negated: i32, count: i32, selection: usize, values: usize, offsets: usize, program: usize, out: usize): void {
	// %needle%
	if (load<i32>(program) == 1 && load<i32>(program, 4) == 0 && load<i32>(program, 12) == 0 && load<i32>(program, 8) > 0 && isOneRun(count, selection)) {
		containing(negated, count, selection, values, offsets, program + <usize>load<i32>(program, 16), load<i32>(program, 8), out);
		return;
	}
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (<usize>row << 2);
		const start = load<i32>(at);
		store<u8>(out + <usize>row, <u8>(i32(matches(values + <usize>start, load<i32>(at, 4) - start, program)) ^ negated));
	}
}

/** ASCII letters to upper or lower case, each row to its own offset of `out`. @returns 1; 0 as soon as a byte is not ASCII */
export function ascii_case(upper: i32, count: i32, selection: usize, values: usize, offsets: usize, out: usize, outOffsets: usize): i32 {
	const first: i32 = upper != 0 ? 0x61 : 0x41;
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (<usize>row << 2);
		const start = load<i32>(at);
		const byteCount = load<i32>(at, 4) - start;
		const to = out + <usize>load<i32>(outOffsets + (<usize>row << 2));
		for (let part: i32 = 0; part < byteCount; part++) {
			const byte: i32 = load<u8>(values + <usize>(start + part));
			if (byte >= 0x80) return 0;
			const letter = byte - first;
			store<u8>(to + <usize>part, <u8>(letter >= 0 && letter < 26 ? byte ^ 0x20 : byte));
		}
	}
	return 1;
}
