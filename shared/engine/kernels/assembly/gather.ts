// Moving values between positions. `take` packs the rows at u16 positions (any order, repeats allowed) densely; `lookup` replaces dictionary codes by
// their entries at the row's own position; `fill` repeats one value. 8, 32, 64 and 128 are the bits of a value.
import { copyShort } from "./short-copy";
import { isValid } from "./validity";

// @ts-ignore: decorator
@inline
function take<T>(count: i32, positions: usize, source: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row: i32 = <i32>load<u16>(positions + (index << 1));
		store<T>(out + <usize>index * sizeof<T>(), load<T>(source + <usize>row * sizeof<T>()));
	}
}
export function take_8(count: i32, positions: usize, source: usize, out: usize): void { take<u8>(count, positions, source, out); }
export function take_32(count: i32, positions: usize, source: usize, out: usize): void { take<u32>(count, positions, source, out); }
export function take_64(count: i32, positions: usize, source: usize, out: usize): void { take<u64>(count, positions, source, out); }
export function take_128(count: i32, positions: usize, source: usize, out: usize): void { take<v128>(count, positions, source, out); }

/** Packs the validity bits at `positions`; `validity` is not 0. @returns how many are NULL */
export function take_validity(count: i32, positions: usize, validity: usize, out: usize): i32 {
	let nulls: i32 = 0;
	let byte: u32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const valid = u32(isValid(validity, <i32>load<u16>(positions + (index << 1))));
		nulls += 1 - <i32>valid;
		byte |= valid << (index & 7);
		if ((index & 7) == 7) {
			store<u8>(out + (index >> 3), <u8>byte);
			byte = 0;
		}
	}
	if ((count & 7) != 0) store<u8>(out + (count >> 3), <u8>byte);
	return nulls;
}

/** First half of packing bytes or lists: out[0] = 0, then running ends. @returns the total length, -1 beyond 2^31 */
export function take_offsets(count: i32, positions: usize, offsets: usize, out: usize): i32 {
	let end: i64 = 0;
	store<i32>(out, 0);
	for (let index: i32 = 0; index < count; index++) {
		const at = offsets + (<usize>load<u16>(positions + (index << 1)) << 2);
		end += load<i32>(at, 4) - load<i32>(at);
		if (end > i32.MAX_VALUE) return -1;
		store<i32>(out + (index << 2), <i32>end, 4);
	}
	return <i32>end;
}

/** Second half: copies the strings at `positions` to where `outOffsets` say. */
export function take_bytes(count: i32, positions: usize, offsets: usize, values: usize, outOffsets: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const at = offsets + (<usize>load<u16>(positions + (index << 1)) << 2);
		const start = load<i32>(at);
		copyShort(out + load<i32>(outOffsets + (index << 2)), values + start, load<i32>(at, 4) - start);
	}
}

// @ts-ignore: decorator
@inline
function lookup<T>(count: i32, codes: usize, validity: usize, source: usize, out: usize): void {
	if (validity == 0) {
		// Two codes with a load, four rows with a jump.
		const wholeEnd = codes + <usize>(count & ~3) * 4;
		const end = codes + <usize>count * 4;
		for (; codes < wholeEnd; codes += 16) {
			const low = load<u64>(codes);
			const high = load<u64>(codes, 8);
			store<T>(out, load<T>(source + <usize>(low & 0xffffffff) * sizeof<T>()));
			store<T>(out, load<T>(source + <usize>(low >> 32) * sizeof<T>()), sizeof<T>());
			store<T>(out, load<T>(source + <usize>(high & 0xffffffff) * sizeof<T>()), 2 * sizeof<T>());
			store<T>(out, load<T>(source + <usize>(high >> 32) * sizeof<T>()), 3 * sizeof<T>());
			out += 4 * sizeof<T>();
		}
		for (; codes < end; codes += 4) {
			store<T>(out, load<T>(source + <usize>load<u32>(codes) * sizeof<T>()));
			out += sizeof<T>();
		}
		return;
	}
	memory.fill(out, 0, <usize>count * sizeof<T>());
	for (let row: i32 = 0; row < count; row++) {
		if (!isValid(validity, row)) continue;
		store<T>(out + <usize>row * sizeof<T>(), load<T>(source + <usize>load<i32>(codes + (row << 2)) * sizeof<T>()));
	}
}
export function lookup_8(count: i32, codes: usize, validity: usize, source: usize, out: usize): void { lookup<u8>(count, codes, validity, source, out); }
export function lookup_32(count: i32, codes: usize, validity: usize, source: usize, out: usize): void { lookup<u32>(count, codes, validity, source, out); }
export function lookup_64(count: i32, codes: usize, validity: usize, source: usize, out: usize): void { lookup<u64>(count, codes, validity, source, out); }
export function lookup_128(count: i32, codes: usize, validity: usize, source: usize, out: usize): void { lookup<v128>(count, codes, validity, source, out); }

/**
 * First half of replacing codes by strings: out[0..rowCount] are running ends; rows that are NULL or not selected are empty.
 * @returns the total length, -1 beyond 2^31
 */
export function lookup_offsets(rowCount: i32, count: i32, selection: usize, codes: usize, validity: usize, offsets: usize, out: usize): i32 {
	let end: i64 = 0;
	let index: i32 = 0;
	store<i32>(out, 0);
	for (let row: i32 = 0; row < rowCount; row++) {
		let live: bool = true;
		if (selection != 0) {
			live = index < count && <i32>load<u16>(selection + (index << 1)) == row;
			index += i32(live);
		}
		if (live && isValid(validity, row)) {
			const at = offsets + (<usize>load<i32>(codes + (row << 2)) << 2);
			end += load<i32>(at, 4) - load<i32>(at);
			if (end > i32.MAX_VALUE) return -1;
		}
		store<i32>(out + (row << 2), <i32>end, 4);
	}
	return <i32>end;
}

/** Second half: copies each non-empty row's entry. */
export function lookup_bytes(rowCount: i32, codes: usize, offsets: usize, values: usize, outOffsets: usize, out: usize): void {
	for (let row: i32 = 0; row < rowCount; row++) {
		const start = load<i32>(outOffsets + (row << 2));
		const byteCount = load<i32>(outOffsets + (row << 2), 4) - start;
		if (byteCount == 0) continue;
		copyShort(out + start, values + load<i32>(offsets + (load<i32>(codes + (row << 2)) << 2)), byteCount);
	}
}

// @ts-ignore: decorator
@inline
function fill<T>(count: i32, source: usize, out: usize): void {
	const value = load<T>(source);
	for (let row: i32 = 0; row < count; row++) store<T>(out + <usize>row * sizeof<T>(), value);
}
export function fill_8(count: i32, source: usize, out: usize): void { memory.fill(out, load<u8>(source), count); }
export function fill_32(count: i32, source: usize, out: usize): void { fill<u32>(count, source, out); }
export function fill_64(count: i32, source: usize, out: usize): void { fill<u64>(count, source, out); }
export function fill_128(count: i32, source: usize, out: usize): void { fill<v128>(count, source, out); }

/** Repeats one string of `byteCount` bytes; `outOffsets` i32[count + 1]. */
export function fill_bytes(count: i32, source: usize, byteCount: i32, outOffsets: usize, out: usize): void {
	for (let row: i32 = 0; row <= count; row++) store<i32>(outOffsets + (row << 2), row * byteCount);
	for (let row: i32 = 0; row < count; row++) memory.copy(out + <usize>(row * byteCount), source, byteCount);
}

/** i32 lanes to i64 lanes; `out` is not `source`. */
export function widen_i32_i64(count: i32, source: usize, out: usize): void {
	for (let row: i32 = 0; row < count; row++) store<i64>(out + (<usize>row << 3), <i64>load<i32>(source + (row << 2)));
}
/** i64 lanes to i128 lanes. */
export function widen_i64_i128(count: i32, source: usize, out: usize): void {
	for (let row: i32 = 0; row < count; row++) {
		const value = load<i64>(source + (<usize>row << 3));
		store<i64>(out + (<usize>row << 4), value);
		store<i64>(out + (<usize>row << 4), value >> 63, 8);
	}
}
/** out[row] = value where the row is valid, else 0. */
export function fill_valid_32(count: i32, validity: usize, value: u32, out: usize): void {
	for (let row: i32 = 0; row < count; row++) store<u32>(out + (<usize>row << 2), isValid(validity, row) ? value : 0);
}
/** f64 lanes to f32 lanes. */
export function narrow_f64_f32(count: i32, source: usize, out: usize): void {
	for (let row: i32 = 0; row < count; row++) store<f32>(out + (<usize>row << 2), <f32>load<f64>(source + (<usize>row << 3)));
}
