// DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY. Inputs have 16 readable bytes after their end.

/** Where {@link readVarint} goes on; u32 in scratch. */
// @ts-ignore: decorator
@inline
function fits(position: usize, end: usize): bool {
	return position < end;
}

/** A varint of at most 10 bytes at *cursor, which moves on; a cursor past `end` afterwards means that it did not fit. */
function readVarint(cursor: usize, end: usize): u64 {
	let position: usize = load<u32>(cursor);
	let value: u64 = 0;
	let shift: u64 = 0;
	while (true) {
		if (!fits(position, end) || shift > 63) {
			store<u32>(cursor, <u32>(end + 1));
			return 0;
		}
		const byte: u64 = load<u8>(position++);
		value |= (byte & 0x7f) << shift;
		if (byte < 0x80) break;
		shift += 7;
	}
	store<u32>(cursor, <u32>position);
	return value;
}

// @ts-ignore: decorator
@inline
function zigzag(value: u64): i64 {
	return <i64>(value >> 1) ^ -(<i64>(value & 1));
}

/** Values that the DELTA_BINARY_PACKED block sequence at *cursor declares, or -1; the cursor stays. */
export function delta_count(cursor: usize, end: usize): i32 {
	const start: u32 = load<u32>(cursor);
	readVarint(cursor, end);
	readVarint(cursor, end);
	const count: u64 = readVarint(cursor, end);
	const failed: bool = load<u32>(cursor) > <u32>end;
	store<u32>(cursor, start);
	return failed || count > 0x3fffffff ? -1 : <i32>count;
}

function readDeltas<T>(cursor: usize, end: usize, count: i32, out: usize): i32 {
	const blockSize: u64 = readVarint(cursor, end);
	const miniCount: u64 = readVarint(cursor, end);
	const declared: u64 = readVarint(cursor, end);
	let value: i64 = zigzag(readVarint(cursor, end));
	if (load<u32>(cursor) > <u32>end || declared != <u64>count) return -1;
	if (blockSize == 0 || blockSize > 0x1000000 || miniCount == 0 || miniCount > 4096 || blockSize % miniCount != 0) return -1;
	const perMini: u64 = blockSize / miniCount;
	if (perMini % 8 != 0) return -1;
	if (count == 0) return 0;
	store<T>(out, <T>value);
	let done: i32 = 1;
	while (done < count) {
		const minimum: i64 = zigzag(readVarint(cursor, end));
		let position: usize = load<u32>(cursor);
		if (position > end || <u64>(end - position) < miniCount) return -1;
		const widths: usize = position;
		position += <usize>miniCount;
		for (let mini: u64 = 0; mini < miniCount && done < count; mini++) {
			const bitWidth: u64 = load<u8>(widths + <usize>mini);
			if (bitWidth > 64) return -1;
			const taken: i32 = <i32>min<u64>(perMini, <u64>(count - done));
			const available: u64 = <u64>(end - position);
			if ((<u64>taken * bitWidth + 7) / 8 > available) return -1;
			const mask: u64 = bitWidth == 64 ? ~(<u64>0) : (<u64>1 << bitWidth) - 1;
			let bit: u64 = 0;
			for (let index: i32 = 0; index < taken; index++) {
				const at: usize = position + <usize>(bit >> 3);
				const shift: u64 = bit & 7;
				let delta: u64 = load<u64>(at) >> shift;
				if (shift + bitWidth > 64) delta |= <u64>load<u8>(at + 8) << (64 - shift);
				value += minimum + <i64>(delta & mask);
				store<T>(out + <usize>done * sizeof<T>(), <T>value);
				done++;
				bit += bitWidth;
			}
			position += <usize>min<u64>((perMini * bitWidth) / 8, available);
		}
		store<u32>(cursor, <u32>position);
	}
	return 0;
}

/** Decodes the `count` values that {@link delta_count} gave into out: i32[count]; arithmetic wraps. The u32 cursor moves on. @returns 0, or -1 */
export function delta_read_i32(cursor: usize, end: usize, count: i32, out: usize): i32 {
	return readDeltas<i32>(cursor, end, count, out);
}

/** The same into i64[count]. */
export function delta_read_i64(cursor: usize, end: usize, count: i32, out: usize): i32 {
	return readDeltas<i64>(cursor, end, count, out);
}

/** offsets[0] = 0, offsets[i + 1] = offsets[i] + lengths[i]. @returns the sum, or -1 when a length is negative or the sum above `byteCountMax` */
export function lengths_to_offsets(count: i32, lengths: usize, offsets: usize, byteCountMax: i32): i32 {
	let total: i64 = 0;
	store<i32>(offsets, 0);
	for (let index: i32 = 0; index < count; index++) {
		const length: i32 = load<i32>(lengths + (<usize>index << 2));
		total += <i64>length;
		if (length < 0 || total > <i64>byteCountMax) return -1;
		store<i32>(offsets + (<usize>(index + 1) << 2), <i32>total);
	}
	return <i32>total;
}

/** Bytes that front-coded values take, or -1 when a prefix is longer than the value before it or the sum is above `byteCountMax`. */
export function front_coded_measure(count: i32, prefixes: usize, suffixes: usize, byteCountMax: i32): i32 {
	let total: i64 = 0;
	let previous: i64 = 0;
	for (let index: i32 = 0; index < count; index++) {
		const prefix: i64 = <i64>load<i32>(prefixes + (<usize>index << 2));
		const suffix: i64 = <i64>load<i32>(suffixes + (<usize>index << 2));
		if (prefix < 0 || suffix < 0 || prefix > previous) return -1;
		previous = prefix + suffix;
		total += previous;
		if (total > <i64>byteCountMax) return -1;
	}
	return <i32>total;
}

/** Writes values that {@link front_coded_measure} has checked: offsets i32[count + 1] and bytes; `tails` holds the suffixes side by side. */
export function front_coded_copy(count: i32, prefixes: usize, suffixes: usize, tails: usize, offsets: usize, bytes: usize): void {
	let total: usize = 0;
	let previous: usize = bytes;
	store<i32>(offsets, 0);
	for (let index: i32 = 0; index < count; index++) {
		const prefix: usize = load<u32>(prefixes + (<usize>index << 2));
		const suffix: usize = load<u32>(suffixes + (<usize>index << 2));
		const at: usize = bytes + total;
		memory.copy(at, previous, prefix);
		memory.copy(at + prefix, tails, suffix);
		tails += suffix;
		previous = at;
		total += prefix + suffix;
		store<i32>(offsets + (<usize>(index + 1) << 2), <i32>total);
	}
}
