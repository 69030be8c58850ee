// Snappy, raw format (no framing): https://github.com/google/snappy/blob/main/format_description.txt
// Every read and write is bounded by the ends given; nothing is written past `outEnd`.

/** Above what a literal and a copy read (65 and 3 bytes) and write (60 and 64, and 15 more in moves of 16). */
// @ts-ignore: decorator
@inline
const NEAR_BYTES: usize = 144;

/** Copies `length` (1 to 64) bytes from `offset` before `out`; up to 15 bytes after them are overwritten. */
// @ts-ignore: decorator
@inline
function copyNear(out: usize, offset: usize, length: usize): void {
	if (offset >= 16) {
		v128.store(out, v128.load(out - offset));
		for (let at: usize = 16; at < length; at += 16) v128.store(out + at, v128.load(out + at - offset));
	} else if (offset >= 8) {
		store<u64>(out, load<u64>(out - offset));
		store<u64>(out, load<u64>(out + 8 - offset), 8);
		for (let at: usize = 16; at < length; at += 8) store<u64>(out + at, load<u64>(out + at - offset));
	} else if (offset == 1) {
		const value = i8x16.splat(load<i8>(out - 1));
		for (let at: usize = 0; at < length; at += 16) v128.store(out + at, value);
	} else if (offset == 4) {
		const value = i32x4.splat(load<i32>(out - 4));
		for (let at: usize = 0; at < length; at += 16) v128.store(out + at, value);
	} else {
		for (let at: usize = 0; at < length; at++) store<u8>(out + at, load<u8>(out + at - offset));
	}
}

/**
 * Decompresses the elements after the length preamble.
 * @returns 0 when the input gave exactly outEnd - out bytes, else -1
 */
export function snappy_decompress(input: usize, inputEnd: usize, out: usize, outEnd: usize): i32 {
	const outStart: usize = out;
	// As long as no element can read or write past an end: moves of 16 bytes at a time, whatever the length.
	const inputNear: usize = max(inputEnd, NEAR_BYTES) - NEAR_BYTES;
	const outNear: usize = max(outEnd, NEAR_BYTES) - NEAR_BYTES;
	while (input < inputEnd) {
		while (input < inputNear && out < outNear) {
			let tag: u32 = load<u8>(input);
			if ((tag & 3) == 0) {
				if (tag >= 60 << 2) break;
				const length: usize = (tag >> 2) + 1;
				v128.store(out, v128.load(input, 1));
				if (length > 16) {
					v128.store(out, v128.load(input, 17), 16);
					v128.store(out, v128.load(input, 33), 32);
					v128.store(out, v128.load(input, 49), 48);
				}
				input += length + 1;
				out += length;
				// What follows is a copy nearly always: in a place of its own, that is foreseen.
				tag = load<u8>(input);
				if ((tag & 3) == 0) continue;
			}
			if ((tag & 3) == 3) break;
			const isShort: bool = (tag & 3) == 1;
			const bytes: u32 = load<u16>(input, 1);
			const length: usize = isShort ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
			const offset: usize = isShort ? ((tag >> 5) << 8) | (bytes & 0xff) : bytes;
			input += isShort ? 2 : 3;
			if (offset - 1 >= out - outStart) return -1;
			copyNear(out, offset, length);
			out += length;
		}
		if (input >= inputEnd) break;
		const tag: u32 = load<u8>(input++);
		if ((tag & 3) == 0) {
			let length: usize = (tag >> 2) + 1;
			if (length > 60) {
				const byteCount: usize = length - 60;
				if (inputEnd - input < byteCount) return -1;
				let value: u32 = 0;
				for (let index: usize = 0; index < byteCount; index++) value |= <u32>load<u8>(input + index) << (<u32>index << 3);
				input += byteCount;
				if (value >= 0x7fffffff) return -1;
				length = <usize>value + 1;
			}
			if (length > inputEnd - input || length > outEnd - out) return -1;
			if (length <= 16 && outEnd - out >= 16 && inputEnd - input >= 16) v128.store(out, v128.load(input));
			else memory.copy(out, input, length);
			input += length;
			out += length;
			continue;
		}
		let length: usize = 0;
		let offset: usize = 0;
		if ((tag & 3) == 1) {
			if (input >= inputEnd) return -1;
			length = ((tag >> 2) & 7) + 4;
			offset = ((tag >> 5) << 8) | load<u8>(input);
			input += 1;
		} else if ((tag & 3) == 2) {
			if (inputEnd - input < 2) return -1;
			length = (tag >> 2) + 1;
			offset = load<u16>(input);
			input += 2;
		} else {
			if (inputEnd - input < 4) return -1;
			length = (tag >> 2) + 1;
			offset = load<u32>(input);
			input += 4;
		}
		if (offset == 0 || offset > out - outStart || length > outEnd - out) return -1;
		const end: usize = out + length;
		if (offset >= 16 && outEnd - end >= 16) {
			for (let at: usize = out; at < end; at += 16) v128.store(at, v128.load(at - offset));
		} else if (offset >= 8 && outEnd - end >= 8) {
			for (let at: usize = out; at < end; at += 8) store<u64>(at, load<u64>(at - offset));
		} else {
			for (let at: usize = out; at < end; at++) store<u8>(at, load<u8>(at - offset));
		}
		out = end;
	}
	return out == outEnd ? 0 : -1;
}

// @ts-ignore: decorator
@inline
const HASH_BITS: i32 = 14;
// @ts-ignore: decorator
@inline
const BLOCK_BYTES: usize = 65536;

// @ts-ignore: decorator
@inline
function hash4(bytes: u32): usize {
	return <usize>((bytes * 0x1e35a7bd) >> (32 - HASH_BITS));
}

function emitLiteral(out: usize, from: usize, length: usize): usize {
	const value: usize = length - 1;
	if (value < 60) {
		store<u8>(out++, <u8>(value << 2));
	} else if (value < 256) {
		store<u8>(out, 60 << 2);
		store<u8>(out + 1, <u8>value);
		out += 2;
	} else {
		store<u8>(out, 61 << 2);
		store<u16>(out + 1, <u16>value);
		out += 3;
	}
	memory.copy(out, from, length);
	return out + length;
}

function emitCopy(out: usize, offset: usize, length: usize): usize {
	while (length >= 68) {
		store<u8>(out, (63 << 2) | 2);
		store<u16>(out + 1, <u16>offset);
		out += 3;
		length -= 64;
	}
	if (length > 64) {
		store<u8>(out, (59 << 2) | 2);
		store<u16>(out + 1, <u16>offset);
		out += 3;
		length -= 60;
	}
	if (length >= 12 || offset >= 2048) {
		store<u8>(out, <u8>(((length - 1) << 2) | 2));
		store<u16>(out + 1, <u16>offset);
		return out + 3;
	}
	store<u8>(out, <u8>(((offset >> 8) << 5) | ((length - 4) << 2) | 1));
	store<u8>(out + 1, <u8>offset);
	return out + 2;
}

/**
 * Compresses input[0, byteCount) with the length preamble, in blocks of 64 KB, by greedy matching of four bytes.
 * @param table scratch of 32 KB: u16[16384]
 * @param out room for 32 + byteCount + byteCount / 6 bytes
 * @returns bytes written
 */
export function snappy_compress(input: usize, byteCount: i32, out: usize, table: usize): i32 {
	const outStart: usize = out;
	let rest: u32 = <u32>byteCount;
	while (rest >= 0x80) {
		store<u8>(out++, <u8>(rest | 0x80));
		rest >>= 7;
	}
	store<u8>(out++, <u8>rest);
	const inputEnd: usize = input + <usize>byteCount;
	for (let block: usize = input; block < inputEnd; block += BLOCK_BYTES) {
		const blockEnd: usize = min(block + BLOCK_BYTES, inputEnd);
		memory.fill(table, 0, 2 << HASH_BITS);
		let literal: usize = block;
		let at: usize = block + 1;
		// The last 15 bytes are always a literal, so that four-byte loads stay inside the block.
		if (blockEnd - block >= 16) {
			const limit: usize = blockEnd - 15;
			let misses: usize = 32;
			while (at < limit) {
				const bytes: u32 = load<u32>(at);
				const slot: usize = table + (hash4(bytes) << 1);
				const candidate: usize = block + load<u16>(slot);
				store<u16>(slot, <u16>(at - block));
				if (candidate >= at || load<u32>(candidate) != bytes) {
					at += misses >> 5;
					misses++;
					continue;
				}
				misses = 32;
				if (at > literal) out = emitLiteral(out, literal, at - literal);
				const start: usize = at;
				const offset: usize = at - candidate;
				at += 4;
				while (at + 8 <= blockEnd && load<u64>(at) == load<u64>(at - offset)) at += 8;
				while (at < blockEnd && load<u8>(at) == load<u8>(at - offset)) at++;
				out = emitCopy(out, offset, at - start);
				literal = at;
			}
		}
		if (blockEnd > literal) out = emitLiteral(out, literal, blockEnd - literal);
	}
	return <i32>(out - outStart);
}
