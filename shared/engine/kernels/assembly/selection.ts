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

/**
 * Whether one stretch of a dictionary's codes has all the entries that are true (of `table`, a boolean per entry, 0 or 1), or all that are false: `a = x` and `a <> x` always have.
 * @param entryCount at least 1
 * @param range 8 bytes: the first code of the stretch, and how many codes of it stand behind that; as they were where the result is 0
 * @returns 1 for the true ones, 2 for the false ones, 0 where there is no such stretch
 */
export function truths_range(entryCount: i32, table: usize, range: usize): i32 {
	let changes: i32 = 0;
	let from: i32 = 0;
	let to: i32 = entryCount;
	const first = load<u8>(table);
	for (let code: i32 = 1; code < entryCount; code++) {
		if (load<u8>(table + code) == load<u8>(table + code - 1)) continue;
		if (changes == 0) from = code;
		else to = code;
		if (++changes > 2) return 0;
	}
	// Two changes: what is in the middle. Else what is behind the only one, or everything.
	store<i32>(range, from);
	store<i32>(range, to - from - 1, 4);
	return (first != 0) == (changes == 0) ? 1 : 2;
}

/** As {@link select_codes} over all rows, none of them NULL: those whose code is one of `first` and the `more` behind it, or, `negated`, is not. */
export function select_code_range(count: i32, codes: usize, first: i32, more: i32, negated: i32, out: usize): i32 {
	const from = i32x4.splat(first);
	const last = i32x4.splat(more);
	const flip: i32 = negated != 0 ? 0xffff : 0;
	let kept: i32 = 0;
	let index: i32 = 0;
	for (; index + 16 <= count; index += 16) {
		const at = codes + (<usize>index << 2);
		const a = i32x4.le_u(i32x4.sub(v128.load(at), from), last);
		const b = i32x4.le_u(i32x4.sub(v128.load(at, 16), from), last);
		const c = i32x4.le_u(i32x4.sub(v128.load(at, 32), from), last);
		const d = i32x4.le_u(i32x4.sub(v128.load(at, 48), from), last);
		let bits = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d))) ^ flip;
		if (bits == 0xffff) {
			const position = i16x8.splat(<i16>index);
			v128.store(out + (<usize>kept << 1), i16x8.add(position, i16x8(0, 1, 2, 3, 4, 5, 6, 7)));
			v128.store(out + (<usize>kept << 1), i16x8.add(position, i16x8(8, 9, 10, 11, 12, 13, 14, 15)), 16);
			kept += 16;
			continue;
		}
		for (; bits != 0; bits &= bits - 1) {
			store<u16>(out + (<usize>kept << 1), <u16>(index + ctz(bits)));
			kept++;
		}
	}
	for (; index < count; index++) {
		store<u16>(out + (<usize>kept << 1), <u16>index);
		const isWithin = <u32>(load<i32>(codes + (<usize>index << 2)) - first) <= <u32>more;
		kept += i32(isWithin != (negated != 0));
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
