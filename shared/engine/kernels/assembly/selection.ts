// Selections: ascending u16 positions. A kernel has a dense form (selection 0: rows 0 to count) and a selected form, no third.
import { rowAt } from "./rows";
import { isValid } from "./validity";

/**
 * Keeps the positions whose boolean is true (not false, not NULL). Dense input has `selection` 0 and `count` rows.
 * @returns positions written to `out`, u16 each; `out` may be `selection`
 */
export function select_true(count: i32, selection: usize, values: usize, validity: usize, out: usize): i32 {
	let kept: i32 = 0;
	let index: i32 = 0;
	if (selection == 0 && validity == 0) {
		// Sixteen rows at a time: a filter that keeps few skips most of them.
		for (; index + 16 <= count; index += 16) {
			let bits = i8x16.bitmask(i8x16.ne(v128.load(values + index), i8x16.splat(0)));
			for (; bits != 0; bits &= bits - 1) {
				store<u16>(out + (<usize>kept << 1), <u16>(index + ctz(bits)));
				kept++;
			}
		}
	}
	for (; index < count; index++) {
		const row = rowAt(selection, index);
		store<u16>(out + (kept << 1), <u16>row);
		kept += i32(load<u8>(values + row) != 0 && isValid(validity, row));
	}
	return kept;
}

/** As {@link select_true}, of a dictionary's codes: `table` has a boolean per entry, 0 or 1. */
export function select_codes(count: i32, selection: usize, codes: usize, validity: usize, table: usize, out: usize): i32 {
	let kept: i32 = 0;
	let index: i32 = 0;
	if (selection == 0 && validity == 0) {
		// Eight rows at a time: a branch for each row that is kept, and none for the others.
		for (; index + 8 <= count; index += 8) {
			const from = codes + (<usize>index << 2);
			const low = entry(table, from, 0) | (entry(table, from, 4) << 1) | (entry(table, from, 8) << 2) | (entry(table, from, 12) << 3);
			const high = entry(table, from, 16) | (entry(table, from, 20) << 1) | (entry(table, from, 24) << 2) | (entry(table, from, 28) << 3);
			let bits: u32 = low | (high << 4);
			if (bits == 0xff) {
				v128.store(out + (<usize>kept << 1), i16x8.add(i16x8.splat(<i16>index), i16x8(0, 1, 2, 3, 4, 5, 6, 7)));
				kept += 8;
				continue;
			}
			for (; bits != 0; bits &= bits - 1) {
				store<u16>(out + (<usize>kept << 1), <u16>(index + ctz(bits)));
				kept++;
			}
		}
	}
	for (; index < count; index++) {
		const row = rowAt(selection, index);
		store<u16>(out + (<usize>kept << 1), <u16>row);
		kept += i32(load<u8>(table + load<u32>(codes + (<usize>row << 2))) != 0 && isValid(validity, row));
	}
	return kept;
}

/** The boolean of the code that stands `offset` bytes behind `codes`. */
// @ts-ignore: decorator
@inline
function entry(table: usize, codes: usize, offset: usize): u32 {
	return load<u8>(table + load<u32>(codes + offset));
}

/** Codes with `nullCode` in the place of those of NULL rows. */
export function codes_with_null(count: i32, codes: usize, validity: usize, nullCode: i32, out: usize): void {
	for (let row: i32 = 0; row < count; row++) {
		store<i32>(out + (<usize>row << 2), isValid(validity, row) ? load<i32>(codes + (<usize>row << 2)) : nullCode);
	}
}
