// Dictionaries that the Parquet writer builds: open addressing with linear probing; a slot holds an entry's code + 1, 0 is free.
// A call that stops because the dictionary is full may have added entries: calling again with more room gives the same codes.

// @ts-ignore: decorator
@inline
function mix(value: u64): u32 {
	value ^= value >> 32;
	value *= 0x9e3779b97f4a7c15;
	return <u32>(value >> 32);
}

/** @param width 4, 8 or 16 */
// @ts-ignore: decorator
@inline
function hashFixed(at: usize, width: i32): u32 {
	if (width == 4) return mix(<u64>load<u32>(at) * 0xff51afd7ed558ccd);
	if (width == 8) return mix(load<u64>(at) * 0xff51afd7ed558ccd);
	return mix((load<u64>(at) * 0xff51afd7ed558ccd) ^ load<u64>(at + 8));
}

// @ts-ignore: decorator
@inline
function sameFixed(left: usize, right: usize, width: i32): bool {
	if (width == 4) return load<u32>(left) == load<u32>(right);
	if (width == 8) return load<u64>(left) == load<u64>(right);
	return load<u64>(left) == load<u64>(right) && load<u64>(left + 8) == load<u64>(right + 8);
}

/**
 * Codes of `count` values of `width` (4, 8 or 16) bytes; new values are added to `entries`.
 * @param table u32[tableSize], a power of two above entryCountMax
 * @param codes i32[count]
 * @returns entries now, or -1 when there would be more than entryCountMax
 */
export function dictionary_encode_fixed(
	count: i32,
	values: usize,
	width: i32,
	table: usize,
	tableSize: i32,
	entries: usize,
	entryCount: i32,
	entryCountMax: i32,
	codes: usize,
): i32 {
	const mask: u32 = <u32>tableSize - 1;
	for (let index: i32 = 0; index < count; index++) {
		const at: usize = values + <usize>index * <usize>width;
		let slot: u32 = hashFixed(at, width) & mask;
		let code: i32 = 0;
		while (true) {
			code = load<i32>(table + (<usize>slot << 2)) - 1;
			if (code < 0) {
				if (entryCount >= entryCountMax) return -1;
				code = entryCount++;
				memory.copy(entries + <usize>code * <usize>width, at, width);
				store<i32>(table + (<usize>slot << 2), code + 1);
				break;
			}
			if (sameFixed(entries + <usize>code * <usize>width, at, width)) break;
			slot = (slot + 1) & mask;
		}
		store<i32>(codes + (<usize>index << 2), code);
	}
	return entryCount;
}

// @ts-ignore: decorator
@inline
function hashBytes(at: usize, length: usize): u32 {
	let hash: u64 = <u64>length * 0x9e3779b97f4a7c15;
	while (length >= 8) {
		hash = (hash ^ load<u64>(at)) * 0xff51afd7ed558ccd;
		hash ^= hash >> 29;
		at += 8;
		length -= 8;
	}
	let rest: u64 = 0;
	for (let index: usize = 0; index < length; index++) rest |= <u64>load<u8>(at + index) << (<u64>index << 3);
	return mix((hash ^ rest) * 0xff51afd7ed558ccd);
}

// @ts-ignore: decorator
@inline
function sameBytes(left: usize, right: usize, length: usize): bool {
	while (length >= 8) {
		if (load<u64>(left) != load<u64>(right)) return false;
		left += 8;
		right += 8;
		length -= 8;
	}
	for (let index: usize = 0; index < length; index++) if (load<u8>(left + index) != load<u8>(right + index)) return false;
	return true;
}

/**
 * The same for byte values. Entries: i32 offsets[entryCountMax + 1] (the first is 0) and at most entryBytesMax bytes.
 * @returns entries now, or -1 when there would be too many entries or bytes
 */
export function dictionary_encode_bytes(
	count: i32,
	offsets: usize,
	bytes: usize,
	table: usize,
	tableSize: i32,
	entryOffsets: usize,
	entryBytes: usize,
	entryCount: i32,
	entryCountMax: i32,
	entryBytesMax: i32,
	codes: usize,
): i32 {
	const mask: u32 = <u32>tableSize - 1;
	for (let index: i32 = 0; index < count; index++) {
		const start: usize = load<u32>(offsets + (<usize>index << 2));
		const length: usize = load<u32>(offsets + (<usize>(index + 1) << 2)) - start;
		const at: usize = bytes + start;
		let slot: u32 = hashBytes(at, length) & mask;
		let code: i32 = 0;
		while (true) {
			code = load<i32>(table + (<usize>slot << 2)) - 1;
			if (code < 0) {
				const used: usize = load<u32>(entryOffsets + (<usize>entryCount << 2));
				if (entryCount >= entryCountMax || used + length > <usize>entryBytesMax) return -1;
				code = entryCount++;
				memory.copy(entryBytes + used, at, length);
				store<u32>(entryOffsets + (<usize>entryCount << 2), <u32>(used + length));
				store<i32>(table + (<usize>slot << 2), code + 1);
				break;
			}
			const entryStart: usize = load<u32>(entryOffsets + (<usize>code << 2));
			const entryLength: usize = load<u32>(entryOffsets + (<usize>(code + 1) << 2)) - entryStart;
			if (entryLength == length && sameBytes(entryBytes + entryStart, at, length)) break;
			slot = (slot + 1) & mask;
		}
		store<i32>(codes + (<usize>index << 2), code);
	}
	return entryCount;
}
