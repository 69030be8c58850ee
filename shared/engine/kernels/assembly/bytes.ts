// Building bytes vectors out of parts, in two passes: lengths by row, then copies.
import { isValid } from "./validity";
import { lane, rowAt } from "./rows";

/** Lengths of rows, at their positions of `out`, which starts zeroed; 0 under NULL. Adds to what stands there. */
export function add_lengths(count: i32, selection: usize, offsets: usize, validity: usize, constant: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (lane(constant, row) << 2);
		if (!isValid(validity, constant != 0 ? 0 : row)) continue;
		const to = out + (<usize>row << 2);
		store<i32>(to, load<i32>(to) + load<i32>(at, 4) - load<i32>(at));
	}
}

/**
 * Turns rowCount lengths into rowCount + 1 offsets, in place.
 * @returns the total, or -1 when it passes 2^31 - 1
 */
export function offsets_in_place(rowCount: i32, lengths: usize): i32 {
	let total: i64 = 0;
	for (let row: i32 = 0; row < rowCount; row++) {
		const at = lengths + (<usize>row << 2);
		const length = load<i32>(at);
		store<i32>(at, <i32>total);
		total += length;
		if (total > 0x7fffffff) return -1;
	}
	store<i32>(lengths + (<usize>rowCount << 2), <i32>total);
	return <i32>total;
}

/** Copies each row's bytes to `skip` (i32 a row, or 0 for none) past the row's own offset. */
export function copy_bytes(count: i32, selection: usize, values: usize, offsets: usize, validity: usize, constant: i32, out: usize, outOffsets: usize, skip: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		if (!isValid(validity, constant != 0 ? 0 : row)) continue;
		const at = offsets + (lane(constant, row) << 2);
		const start = load<i32>(at);
		const byteCount = load<i32>(at, 4) - start;
		let to = load<i32>(outOffsets + (<usize>row << 2));
		if (skip != 0) {
			const counter = skip + (<usize>row << 2);
			const skipped = load<i32>(counter);
			to += skipped;
			store<i32>(counter, skipped + byteCount);
		}
		memory.copy(out + <usize>to, values + <usize>start, <usize>byteCount);
	}
}

/** Validity of rows looked up by code: valid where the row is, and its entry too. */
export function lookup_validity(rowCount: i32, codes: usize, validity: usize, entryValidity: usize, out: usize): void {
	memory.fill(out, 0, <usize>((rowCount + 7) >> 3));
	for (let row: i32 = 0; row < rowCount; row++) {
		if (!isValid(validity, row) || !isValid(entryValidity, load<i32>(codes + (<usize>row << 2)))) continue;
		const at = out + <usize>(row >> 3);
		store<u8>(at, load<u8>(at) | (<u8>1 << <u8>(row & 7)));
	}
}
