// PLAIN byte arrays and booleans, BYTE_STREAM_SPLIT, big-endian decimals, UTF-8. Inputs have 16 readable bytes after their end.

/**
 * Checks the next `count` length-prefixed values of [input, end) and adds their lengths up.
 * @param positionOut receives the u32 position after the last value
 * @returns bytes of the values without their prefixes, or -1 when they do not fit
 */
export function plain_bytes_measure(count: i32, input: usize, end: usize, positionOut: usize): i32 {
	let total: u32 = 0;
	for (let index: i32 = 0; index < count; index++) {
		if (end - input < 4 || input > end) return -1;
		const length: u32 = load<u32>(input);
		input += 4;
		if (length > <u32>(end - input)) return -1;
		input += length;
		total += length;
	}
	store<u32>(positionOut, <u32>input);
	return <i32>total;
}

/** Copies values that {@link plain_bytes_measure} has checked: offsets i32[count + 1], bytes with 16 writable bytes after their end. */
export function plain_bytes_copy(count: i32, input: usize, offsets: usize, bytes: usize): void {
	let total: usize = 0;
	store<i32>(offsets, 0);
	for (let index: i32 = 0; index < count; index++) {
		const length: usize = load<u32>(input);
		input += 4;
		if (length <= 16) v128.store(bytes + total, v128.load(input));
		else memory.copy(bytes + total, input, length);
		input += length;
		total += length;
		store<i32>(offsets + (<usize>(index + 1) << 2), <i32>total);
	}
}

/** Booleans of `count` bits from bit `start` of `input`, a byte each. */
export function unpack_bits(count: i32, input: usize, start: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const bit: i32 = start + index;
		store<u8>(out + index, (<u32>load<u8>(input + <usize>(bit >> 3)) >> (bit & 7)) & 1);
	}
}

/** BYTE_STREAM_SPLIT: values [start, start + count) of `valueCount`, `width` bytes each. */
export function stream_split_read(count: i32, input: usize, valueCount: i32, start: i32, width: i32, out: usize): void {
	for (let byte: i32 = 0; byte < width; byte++) {
		const stream: usize = input + <usize>byte * <usize>valueCount + <usize>start;
		let at: usize = out + <usize>byte;
		for (let index: i32 = 0; index < count; index++) {
			store<u8>(at, load<u8>(stream + <usize>index));
			at += <usize>width;
		}
	}
}

/** One big-endian two's complement number of `width` bytes as i128, low half first. @returns false when it needs more than 16 bytes */
function bigEndianToI128(input: usize, width: usize, out: usize): bool {
	if (width == 0) return false;
	const sign: u8 = (load<u8>(input) & 0x80) != 0 ? 0xff : 0;
	while (width > 16) {
		if (load<u8>(input) != sign) return false;
		input++;
		width--;
	}
	const fill: u64 = sign == 0 ? 0 : ~(<u64>0);
	let low: u64 = fill;
	let high: u64 = fill;
	for (let index: usize = 0; index < width; index++) {
		high = (high << 8) | (low >> 56);
		low = (low << 8) | load<u8>(input + index);
	}
	store<u64>(out, low);
	store<u64>(out + 8, high);
	return sign == <u8>(<i64>high < 0 ? 0xff : 0);
}

/** Big-endian numbers of `width` bytes to i128. @returns the first index that does not fit, or -1 */
export function big_endian_to_i128(count: i32, input: usize, width: i32, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		if (!bigEndianToI128(input + <usize>index * <usize>width, width, out + (<usize>index << 4))) return index;
	}
	return -1;
}

/** The same for byte arrays. */
export function big_endian_bytes_to_i128(count: i32, offsets: usize, bytes: usize, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const start: usize = load<u32>(offsets + (<usize>index << 2));
		const end: usize = load<u32>(offsets + (<usize>(index + 1) << 2));
		if (!bigEndianToI128(bytes + start, end - start, out + (<usize>index << 4))) return index;
	}
	return -1;
}

export function isUtf8(at: usize, end: usize): bool {
	while (at < end) {
		const first: u32 = load<u8>(at);
		if (first < 0x80) {
			if (first == 0) return false;
			at++;
			continue;
		}
		let more: usize = 0;
		let value: u32 = 0;
		let least: u32 = 0;
		if ((first & 0xe0) == 0xc0) {
			more = 1;
			value = first & 0x1f;
			least = 0x80;
		} else if ((first & 0xf0) == 0xe0) {
			more = 2;
			value = first & 0x0f;
			least = 0x800;
		} else if ((first & 0xf8) == 0xf0) {
			more = 3;
			value = first & 0x07;
			least = 0x10000;
		} else return false;
		if (end - at <= more) return false;
		for (let index: usize = 1; index <= more; index++) {
			const byte: u32 = load<u8>(at + index);
			if ((byte & 0xc0) != 0x80) return false;
			value = (value << 6) | (byte & 0x3f);
		}
		if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return false;
		at += more + 1;
	}
	return true;
}

/** First of values [start, count) that is not well-formed UTF-8 or holds a zero byte (PostgreSQL's text cannot), or -1. */
export function utf8_check(start: i32, count: i32, offsets: usize, bytes: usize): i32 {
	const zero: v128 = i8x16.splat(0);
	for (let index: i32 = start; index < count; index++) {
		let at: usize = bytes + load<u32>(offsets + (<usize>index << 2));
		const end: usize = bytes + load<u32>(offsets + (<usize>(index + 1) << 2));
		// ASCII without zero: every byte is above 0 as a signed one.
		while (at + 16 <= end && i8x16.all_true(i8x16.gt_s(v128.load(at), zero))) at += 16;
		if (!isUtf8(at, end)) return index;
	}
	return -1;
}
