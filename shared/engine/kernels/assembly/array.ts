// Arrays as they lie in a lane: the encoding of `vector/array-value.ts`. Kinds of elements are those of `value.ts`; an array's own kind is its element's plus
// KIND_ARRAY.
import { isValid } from "./validity";
import { lane, rowAt } from "./rows";

export const HAS_NULLS: u32 = 0x80000000;

// @ts-ignore: decorator
@inline
export function elementCount(at: usize, byteCount: i32): i32 {
	return byteCount == 0 ? 0 : <i32>(load<u32>(at) & ~HAS_NULLS);
}

/** The bitmap of a non-empty array's elements, or 0. */
// @ts-ignore: decorator
@inline
export function elementValidity(at: usize): usize {
	return (load<u32>(at) & HAS_NULLS) != 0 ? at + 4 : 0;
}

/** The lanes of a non-empty array. */
// @ts-ignore: decorator
@inline
export function elementLanes(at: usize, count: i32): usize {
	return at + 4 + ((load<u32>(at) & HAS_NULLS) != 0 ? <usize>((count + 7) >> 3) : 0);
}

const SCALE_MAX: u32 = 16383;

function areScales(at: usize, count: i64): bool {
	for (let index: i64 = 0; index < count; index++) if (load<u32>(at + <usize>(index << 2)) > SCALE_MAX) return false;
	return true;
}

/**
 * Is this run of bytes an array of elements `width` bytes wide (0: bytes, 20: free NUMERIC)? Nothing else may be followed: what is decoded is checked first.
 */
function isArray(width: i32, at: usize, byteCount: i32): bool {
	if (byteCount == 0) return true;
	if (byteCount < 4) return false;
	const count: i64 = <i64>(load<u32>(at) & ~HAS_NULLS);
	if (count == 0) return false;
	const lanesOffset: i64 = 4 + ((load<u32>(at) & HAS_NULLS) != 0 ? (count + 7) >> 3 : 0);
	const lanesBytes: i64 = count * (width == 0 ? 4 : width);
	if (lanesOffset + lanesBytes > byteCount) return false;
	if (width != 0) return lanesOffset + lanesBytes == byteCount && (width != 20 || areScales(at + <usize>(lanesOffset + count * 16), count));
	const room: i64 = <i64>byteCount - lanesOffset - lanesBytes;
	let previous: i64 = 0;
	for (let index: i64 = 0; index < count; index++) {
		const end: i64 = load<u32>(at + <usize>(lanesOffset + index * 4));
		if (end < previous) return false;
		previous = end;
	}
	return previous == room;
}

/** 1 when every row's bytes are an array. */
export function check_arrays(width: i32, count: i32, values: usize, offsets: usize): i32 {
	for (let row: i32 = 0; row < count; row++) {
		const at = offsets + (<usize>row << 2);
		if (!isArray(width, values + <usize>load<i32>(at), load<i32>(at, 4) - load<i32>(at))) return 0;
	}
	return 1;
}

/** Elements of each live row's array, at its position. NULL rows have none. @returns all of them */
export function array_counts(count: i32, selection: usize, values: usize, offsets: usize, validity: usize, constant: i32, out: usize): i32 {
	let total: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (lane(constant, row) << 2);
		const valid = isValid(validity, constant != 0 ? 0 : row);
		const elements = valid ? elementCount(values + <usize>load<i32>(at), load<i32>(at, 4) - load<i32>(at)) : 0;
		store<i32>(out + (<usize>row << 2), elements);
		total += elements;
	}
	return total;
}

/** The row and the validity of an array's elements, behind `first` others. @returns how many are NULL */
function markElements(elements: i32, bitmap: usize, row: i32, first: i32, rows: usize, validity: usize): i32 {
	let nulls: i32 = 0;
	for (let element: i32 = 0; element < elements; element++) {
		const at = first + element;
		store<u32>(rows + (<usize>at << 2), row);
		if (isValid(bitmap, element)) {
			const bit = validity + <usize>(at >> 3);
			store<u8>(bit, load<u8>(bit) | (<u8>1 << <u8>(at & 7)));
		} else nulls++;
	}
	return nulls;
}

/**
 * Takes the arrays of live rows apart, one behind the other: `rows` u32 gets each element's row, lanes of `width` bytes go to `out` (scales of free NUMERIC, 16 bytes
 * wide with `scales` not 0, there), `validity` is zeroed before.
 * @returns how many are NULL
 */
export function array_explode(width: i32, count: i32, selection: usize, values: usize, offsets: usize, rowValidity: usize, constant: i32, rows: usize, out: usize, scales: usize, validity: usize): i32 {
	let next: i32 = 0;
	let nulls: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const lanesRow = lane(constant, row) << 2;
		if (!isValid(rowValidity, constant != 0 ? 0 : row)) continue;
		const at = values + <usize>load<i32>(offsets + lanesRow);
		const elements = elementCount(at, load<i32>(offsets + lanesRow, 4) - load<i32>(offsets + lanesRow));
		if (elements == 0) continue;
		const bitmap = elementValidity(at);
		const lanes = elementLanes(at, elements);
		memory.copy(out + <usize>next * width, lanes, <usize>elements * width);
		if (scales != 0) memory.copy(scales + (<usize>next << 2), lanes + <usize>elements * width, <usize>elements << 2);
		nulls += markElements(elements, bitmap, row, next, rows, validity);
		next += elements;
	}
	return nulls;
}

/** As {@link array_explode} for elements that are bytes. First with `out` 0: fills `ends` (one more than elements) and everything else; then with `out`, their bytes. */
export function array_explode_bytes(count: i32, selection: usize, values: usize, offsets: usize, rowValidity: usize, constant: i32, rows: usize, ends: usize, out: usize, validity: usize): i32 {
	let next: i32 = 0;
	let nulls: i32 = 0;
	let filled: i32 = 0;
	if (out == 0) store<i32>(ends, 0);
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const lanesRow = lane(constant, row) << 2;
		if (!isValid(rowValidity, constant != 0 ? 0 : row)) continue;
		const at = values + <usize>load<i32>(offsets + lanesRow);
		const elements = elementCount(at, load<i32>(offsets + lanesRow, 4) - load<i32>(offsets + lanesRow));
		if (elements == 0) continue;
		const bitmap = elementValidity(at);
		const lanes = elementLanes(at, elements);
		const textBytes = load<i32>(lanes + (<usize>(elements - 1) << 2));
		if (out != 0) {
			memory.copy(out + <usize>filled, lanes + (<usize>elements << 2), textBytes);
			filled += textBytes;
			continue;
		}
		for (let element: i32 = 0; element < elements; element++) {
			store<i32>(ends + (<usize>(next + element + 1) << 2), filled + load<i32>(lanes + (<usize>element << 2)));
		}
		nulls += markElements(elements, bitmap, row, next, rows, validity);
		next += elements;
		filled += textBytes;
	}
	return nulls;
}

// @ts-ignore: decorator
@inline
function hasNull(validity: usize, first: i32, count: i32): bool {
	if (validity == 0) return false;
	for (let element: i32 = 0; element < count; element++) if (!isValid(validity, first + element)) return true;
	return false;
}

/**
 * Puts arrays together: row i is the elements [ends[i], ends[i + 1]) of one vector. First the lengths of their encodings, i32 at `lengths` (0 for NULL rows); `width` as in
 * {@link check_arrays}, `textEnds` only of bytes.
 */
export function array_lengths(width: i32, rowCount: i32, ends: usize, rowValidity: usize, validity: usize, textEnds: usize, lengths: usize): void {
	for (let row: i32 = 0; row < rowCount; row++) {
		const first = load<i32>(ends + (<usize>row << 2));
		const elements = load<i32>(ends + (<usize>row << 2), 4) - first;
		let length: i32 = 0;
		if (elements > 0 && isValid(rowValidity, row)) {
			length = 4 + (hasNull(validity, first, elements) ? (elements + 7) >> 3 : 0) + elements * (width == 0 ? 4 : width);
			if (width == 0) length += load<i32>(textEnds + (<usize>(first + elements) << 2)) - load<i32>(textEnds + (<usize>first << 2));
		}
		store<i32>(lengths + (<usize>row << 2), length);
	}
}

/** Then the encodings, where `outOffsets` (the lengths before) put them. Lanes under NULL hold zero, bytes nothing. */
export function array_implode(width: i32, rowCount: i32, ends: usize, rowValidity: usize, values: usize, offsets: usize, validity: usize, out: usize, outOffsets: usize): void {
	for (let row: i32 = 0; row < rowCount; row++) {
		const first = load<i32>(ends + (<usize>row << 2));
		const elements = load<i32>(ends + (<usize>row << 2), 4) - first;
		if (elements <= 0 || !isValid(rowValidity, row)) continue;
		let at = out + <usize>load<i32>(outOffsets + (<usize>row << 2));
		const nulls = hasNull(validity, first, elements);
		store<u32>(at, <u32>elements | (nulls ? HAS_NULLS : 0));
		at += 4;
		if (nulls) {
			memory.fill(at, 0, (elements + 7) >> 3);
			for (let element: i32 = 0; element < elements; element++) {
				if (!isValid(validity, first + element)) continue;
				store<u8>(at + <usize>(element >> 3), load<u8>(at + <usize>(element >> 3)) | (<u8>1 << <u8>(element & 7)));
			}
			at += <usize>((elements + 7) >> 3);
		}
		if (width == 0) {
			const start = load<i32>(offsets + (<usize>first << 2));
			for (let element: i32 = 0; element < elements; element++) {
				store<i32>(at + (<usize>element << 2), load<i32>(offsets + (<usize>(first + element + 1) << 2)) - start);
			}
			memory.copy(at + (<usize>elements << 2), values + <usize>start, load<i32>(offsets + (<usize>(first + elements) << 2)) - start);
			continue;
		}
		const laneBytes: i32 = width == 20 ? 16 : width;
		memory.copy(at, values + <usize>first * laneBytes, <usize>elements * laneBytes);
		if (width == 20) memory.copy(at + <usize>elements * laneBytes, offsets + (<usize>first << 2), <usize>elements << 2);
	}
}
