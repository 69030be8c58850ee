// Selections: ascending u16 positions. A kernel has a dense form (selection 0: rows 0 to count) and a selected form, no third.
import { isValid } from "./validity";

/**
 * Keeps the positions whose boolean is true (not false, not NULL). Dense input has `selection` 0 and `count` rows.
 * @returns positions written to `out`, u16 each; `out` may be `selection`
 */
export function select_true(count: i32, selection: usize, values: usize, validity: usize, out: usize): i32 {
	let kept: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row: i32 = selection == 0 ? index : <i32>load<u16>(selection + (index << 1));
		store<u16>(out + (kept << 1), <u16>row);
		kept += i32(load<u8>(values + row) != 0 && isValid(validity, row));
	}
	return kept;
}
