// Three-valued logic, and the merging of what CASE, COALESCE, AND and OR compute on parts of a batch.
import { lane, rowAt } from "./rows";
import { isValid } from "./validity";

// @ts-ignore: decorator
@inline
export function clearBit(validity: usize, row: i32): void {
	const address = validity + <usize>(row >> 3);
	store<u8>(address, load<u8>(address) & ~(<u8>1 << <u8>(row & 7)));
}

// @ts-ignore: decorator
@inline
export function setBit(validity: usize, row: i32): void {
	const address = validity + <usize>(row >> 3);
	store<u8>(address, load<u8>(address) | (<u8>1 << <u8>(row & 7)));
}

/**
 * One argument of AND (`decisive` 0) or OR (`decisive` 1), over the rows that are still undecided: a row whose value is `decisive` is decided; a NULL makes
 * the row NULL unless a later argument decides it. `out` and `outValidity` start as the neutral value, valid; `clean` says that no argument had a NULL yet.
 * @returns rows still undecided, written to `rest` (may be `selection`)
 */
export function logic_step(decisive: i32, count: i32, selection: usize, values: usize, validity: usize, constant: i32, clean: i32, out: usize, outValidity: usize, rest: usize): i32 {
	let kept: i32 = 0;
	if (validity == 0 && constant == 0 && clean != 0) {
		for (let index: i32 = 0; index < count; index++) {
			const row = rowAt(selection, index);
			const value = i32(load<u8>(values + <usize>row) != 0);
			store<u8>(out + <usize>row, <u8>value);
			store<u16>(rest + (<usize>kept << 1), <u16>row);
			kept += i32(value != decisive);
		}
		return kept;
	}
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at: i32 = constant != 0 ? 0 : row;
		if (!isValid(validity, at)) {
			clearBit(outValidity, row);
			store<u8>(out + <usize>row, 0);
		} else if (i32(load<u8>(values + <usize>at) != 0) == decisive) {
			store<u8>(out + <usize>row, <u8>decisive);
			setBit(outValidity, row);
			continue;
		}
		store<u16>(rest + (<usize>kept << 1), <u16>row);
		kept++;
	}
	return kept;
}

export function not_bool(count: i32, selection: usize, values: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		store<u8>(out + <usize>row, <u8>(load<u8>(values + <usize>row) == 0));
	}
}

/** One byte a row: 1 where the row is NULL, or with `negated` where it is not. `validity` is not 0. */
export function is_null(negated: i32, count: i32, selection: usize, validity: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		store<u8>(out + <usize>row, <u8>(i32(!isValid(validity, row)) ^ negated));
	}
}

/** Splits rows into true and the rest (false, NULL). @returns rows that are true; the rest is `count` minus that */
export function partition_true(count: i32, selection: usize, values: usize, validity: usize, outTrue: usize, outRest: usize): i32 {
	let kept: i32 = 0;
	let rest: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		if (load<u8>(values + <usize>row) != 0 && isValid(validity, row)) {
			store<u16>(outTrue + (<usize>kept << 1), <u16>row);
			kept++;
		} else {
			store<u16>(outRest + (<usize>rest << 1), <u16>row);
			rest++;
		}
	}
	return kept;
}

/** Splits rows into valid and NULL. @returns rows that are valid */
export function partition_valid(count: i32, selection: usize, validity: usize, outValid: usize, outNull: usize): i32 {
	let kept: i32 = 0;
	let rest: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		if (isValid(validity, row)) {
			store<u16>(outValid + (<usize>kept << 1), <u16>row);
			kept++;
		} else {
			store<u16>(outNull + (<usize>rest << 1), <u16>row);
			rest++;
		}
	}
	return kept;
}

/** Rows of `selection` (or the first `count`) that are valid. `out` may be `selection`. @returns their number */
export function select_valid(count: i32, selection: usize, validity: usize, out: usize): i32 {
	let kept: i32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		store<u16>(out + (<usize>kept << 1), <u16>row);
		kept += i32(isValid(validity, row));
	}
	return kept;
}

/** Copies rows of `width` bytes to their own positions in a merged result. */
export function merge_fixed(width: i32, count: i32, selection: usize, values: usize, constant: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const from = values + lane(constant, row) * <usize>width;
		const to = out + <usize>row * <usize>width;
		if (width == 4) store<u32>(to, load<u32>(from));
		else if (width == 8) store<u64>(to, load<u64>(from));
		else if (width == 16) v128.store(to, v128.load(from));
		else store<u8>(to, load<u8>(from));
	}
}

/** Clears the bits of NULL rows in the validity of a merged result, which starts all valid. */
export function merge_validity(count: i32, selection: usize, validity: usize, constant: i32, outValidity: usize): void {
	if (validity == 0) return;
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		if (!isValid(validity, constant != 0 ? 0 : row)) clearBit(outValidity, row);
	}
}

/** Zeroes the lanes of `width` bytes under NULL. */
export function zero_nulls(width: i32, rowCount: i32, validity: usize, values: usize): void {
	for (let row: i32 = 0; row < rowCount; row++) {
		if (isValid(validity, row)) continue;
		const at = values + <usize>row * <usize>width;
		if (width == 4) store<u32>(at, 0);
		else if (width == 8) store<u64>(at, 0);
		else if (width == 1) store<u8>(at, 0);
		else {
			store<u64>(at, 0);
			store<u64>(at, 0, 8);
		}
	}
}
