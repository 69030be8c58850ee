// Columns out of stored rows (row-store.ts), which are named by their addresses.
import { isNullAt } from "./row-store";
import { copyShort } from "./short-copy";
import { isValid } from "./validity";
import { KIND_NUMERIC, laneBytes } from "./value";

/** Addresses of `count` neighbouring rows. */
export function rows_sequence(count: i32, first: usize, rowBytes: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) store<u32>(out + (<usize>index << 2), <u32>(first + <usize>(index * rowBytes)));
}

/**
 * Validity of a column of the rows at `rows` (u32 addresses; 0 is a row of NULLs). `bit`: its NULL bit; where that is -1 the value is present where the u32 at `present`
 * of the row is not 0; with both below 0 it always is. @returns how many are NULL
 */
export function rows_gather_validity(count: i32, rows: usize, bit: i32, present: i32, out: usize): i32 {
	let validCount: i32 = 0;
	for (let start: i32 = 0; start < count; start += 8) {
		let bits: u32 = 0;
		const end = min(count, start + 8);
		for (let index = start; index < end; index++) {
			const row = <usize>load<u32>(rows + (<usize>index << 2));
			let isNull: bool = row == 0;
			if (!isNull) isNull = bit != -1 ? isNullAt(row, bit) : present >= 0 && load<u32>(row + present) == 0;
			bits |= u32(!isNull) << (index - start);
		}
		store<u8>(out + (start >> 3), <u8>bits);
		validCount += popcnt<i32>(bits);
	}
	return count - validCount;
}

/** Lanes of rows without NULL. */
// @ts-ignore: decorator
@inline
function gatherValid<T>(count: i32, rows: usize, offset: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		store<T>(out + <usize>index * sizeof<T>(), load<T>(<usize>load<u32>(rows + (<usize>index << 2)) + offset));
	}
}

/** Fixed lanes of a column of the rows at `rows`, packed; NULL lanes are zero. NUMERIC's scales go to `outScales`. */
export function rows_gather(kind: i32, count: i32, rows: usize, offset: i32, validity: usize, out: usize, outScales: usize): void {
	const width = laneBytes(kind);
	if (validity == 0 && width == 4) return gatherValid<u32>(count, rows, offset, out);
	if (validity == 0 && width == 8) return gatherValid<u64>(count, rows, offset, out);
	for (let index: i32 = 0; index < count; index++) {
		const slot = <usize>load<u32>(rows + (<usize>index << 2)) + offset;
		const valid = isValid(validity, index);
		if (width == 4) store<u32>(out + (<usize>index << 2), valid ? load<u32>(slot) : 0);
		else if (width == 8) store<u64>(out + (<usize>index << 3), valid ? load<u64>(slot) : 0);
		else if (width == 1) store<u8>(out + <usize>index, valid ? load<u8>(slot) : 0);
		else {
			store<u64>(out + (<usize>index << 4), valid ? load<u64>(slot) : 0);
			store<u64>(out + (<usize>index << 4), valid ? load<u64>(slot, 8) : 0, 8);
			if (kind == KIND_NUMERIC) store<i32>(outScales + (<usize>index << 2), valid ? load<i32>(slot, 16) : 0);
		}
	}
}

/** First half of gathering strings: running ends at `out`. @returns the total length, -1 beyond 2^31 */
export function rows_gather_offsets(count: i32, rows: usize, offset: i32, validity: usize, out: usize): i32 {
	let end: i64 = 0;
	store<i32>(out, 0);
	for (let index: i32 = 0; index < count; index++) {
		if (isValid(validity, index)) end += load<i32>(<usize>load<u32>(rows + (<usize>index << 2)) + offset, 4);
		if (end > i32.MAX_VALUE) return -1;
		store<i32>(out + (<usize>index << 2), <i32>end, 4);
	}
	return <i32>end;
}

/** Second half: the bytes. */
export function rows_gather_bytes(count: i32, rows: usize, offset: i32, offsets: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const start = load<i32>(offsets + (<usize>index << 2));
		const byteCount = load<i32>(offsets + (<usize>index << 2), 4) - start;
		if (byteCount == 0) continue;
		copyShort(out + start, <usize>load<u32>(<usize>load<u32>(rows + (<usize>index << 2)) + offset), byteCount);
	}
}
