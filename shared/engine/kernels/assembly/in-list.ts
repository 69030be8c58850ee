// Membership in a sorted list of constants, by binary search; one byte a row.
import { compareBytes } from "./comparison";
import { rowAt } from "./rows";

// @ts-ignore: decorator
@inline
function search<T>(count: i32, selection: usize, values: usize, list: usize, listCount: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value = load<T>(values + <usize>row * sizeof<T>());
		let low: i32 = 0;
		let high: i32 = listCount;
		while (low < high) {
			const middle: i32 = (low + high) >>> 1;
			if (load<T>(list + <usize>middle * sizeof<T>()) < value) low = middle + 1;
			else high = middle;
		}
		store<u8>(out + <usize>row, <u8>(low < listCount && load<T>(list + <usize>low * sizeof<T>()) == value));
	}
}
export function in_sorted_i32(count: i32, selection: usize, values: usize, list: usize, listCount: i32, out: usize): void {
	search<i32>(count, selection, values, list, listCount, out);
}
export function in_sorted_i64(count: i32, selection: usize, values: usize, list: usize, listCount: i32, out: usize): void {
	search<i64>(count, selection, values, list, listCount, out);
}

export function in_sorted_bytes(count: i32, selection: usize, values: usize, offsets: usize, list: usize, listOffsets: usize, listCount: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = offsets + (<usize>row << 2);
		const start = load<i32>(at);
		const byteCount = load<i32>(at, 4) - start;
		let low: i32 = 0;
		let high: i32 = listCount - 1;
		let found: bool = false;
		while (low <= high) {
			const middle: i32 = (low + high) >>> 1;
			const entry = listOffsets + (<usize>middle << 2);
			const entryStart = load<i32>(entry);
			const order = compareBytes(list + <usize>entryStart, load<i32>(entry, 4) - entryStart, values + <usize>start, byteCount);
			if (order == 0) {
				found = true;
				break;
			}
			if (order < 0) low = middle + 1;
			else high = middle - 1;
		}
		store<u8>(out + <usize>row, <u8>found);
	}
}
