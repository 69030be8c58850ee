/**
 * Twins of the Parquet kernels in plain TypeScript: slow, and obviously what the format says. For tests only.
 *
 * @see https://parquet.apache.org/docs/file-format/data-pages/encodings/
 */

/** Unsigned varint at `offset`; null where it does not end within `byteCountMax` bytes. */
function varint(bytes: Uint8Array, offset: number, byteCountMax = 10): { value: bigint; next: number } | null {
	let value = 0n;
	for (let index = 0; offset + index < bytes.length && index < byteCountMax; index++) {
		const byte = bytes[offset + index] as number;
		value |= BigInt(byte & 0x7f) << BigInt(7 * index);
		if (byte < 0x80) return { value, next: offset + index + 1 };
	}
	return null;
}

/** `count` numbers of `bitWidth` bits from bit 0 of `bytes`, least significant bit first. */
function unpack(bytes: Uint8Array, bitWidth: number, count: number): bigint[] {
	return Array.from({ length: count }, (_, index) => {
		let value = 0n;
		for (let bit = 0; bit < bitWidth; bit++) {
			const at = index * bitWidth + bit;
			value |= BigInt(((bytes[at >> 3] as number) >> (at & 7)) & 1) << BigInt(bit);
		}
		return value;
	});
}

/** RLE / bit-packing hybrid. @returns `count` values, or null where they end early */
export function hybridDecode(bytes: Uint8Array, bitWidth: number, count: number): number[] | null {
	const values: number[] = [];
	let offset = 0;
	while (values.length < count) {
		// Headers are 32-bit numbers.
		const header = varint(bytes, offset, 5);
		if (header === null) return null;
		offset = header.next;
		const length = Number(BigInt.asUintN(32, header.value) >> 1n);
		if ((header.value & 1n) === 1n) {
			const byteCount = Math.min(length * bitWidth, bytes.length - offset);
			const available = bitWidth === 0 ? length * 8 : Math.min(length * 8, Math.floor((byteCount * 8) / bitWidth));
			for (const value of unpack(bytes.subarray(offset), bitWidth, Math.min(available, count - values.length))) values.push(Number(value));
			offset += byteCount;
		} else {
			const byteCount = (bitWidth + 7) >> 3;
			if (offset + byteCount > bytes.length) return null;
			let value = 0;
			for (let index = 0; index < byteCount; index++) value += (bytes[offset + index] as number) * 256 ** index;
			for (let index = 0; index < length && values.length < count; index++) values.push(value);
			offset += byteCount;
		}
	}
	return values;
}

/** DELTA_BINARY_PACKED of whole blocks, wrapping at `bits`. @returns null where the input is damaged */
export function deltaDecode(bytes: Uint8Array, bits: 32 | 64): { values: bigint[]; next: number } | null {
	let offset = 0;
	const read = (): bigint => {
		const found = varint(bytes, offset);
		offset = found?.next ?? bytes.length + 1;
		return found?.value ?? 0n;
	};
	const zigzag = (value: bigint): bigint => (value & 1n ? -((value + 1n) >> 1n) : value >> 1n);
	const [blockSize, miniCount, count] = [Number(read()), Number(read()), Number(read())];
	let value = zigzag(read());
	if (offset > bytes.length) return null;
	const values = count > 0 ? [BigInt.asIntN(bits, value)] : [];
	while (values.length < count) {
		const minimum = zigzag(read());
		if (offset + miniCount > bytes.length) return null;
		const widths = bytes.subarray(offset, offset + miniCount);
		offset += miniCount;
		for (const width of widths) {
			if (values.length >= count) break;
			const taken = Math.min(blockSize / miniCount, count - values.length);
			if (offset + Math.ceil((taken * width) / 8) > bytes.length) return null;
			for (const delta of unpack(bytes.subarray(offset), width, taken)) {
				value += minimum + delta;
				values.push(BigInt.asIntN(bits, value));
			}
			offset = Math.min(bytes.length, offset + ((blockSize / miniCount) * width) / 8);
		}
	}
	return { values, next: offset };
}

/** Raw snappy. @returns null where the input is damaged */
export function snappyDecompress(bytes: Uint8Array): Uint8Array | null {
	const header = varint(bytes, 0);
	if (header === null) return null;
	const out: number[] = [];
	let offset = header.next;
	while (offset < bytes.length) {
		const tag = bytes[offset++] as number;
		const kind = tag & 3;
		const little = (byteCount: number): number => {
			let value = 0;
			for (let index = 0; index < byteCount; index++) value += (bytes[offset + index] ?? Number.NaN) * 256 ** index;
			offset += byteCount;
			return value;
		};
		if (kind === 0) {
			const short = (tag >> 2) + 1;
			const length = short > 60 ? little(short - 60) + 1 : short;
			if (!(offset + length <= bytes.length)) return null;
			for (let index = 0; index < length; index++) out.push(bytes[offset + index] as number);
			offset += length;
			continue;
		}
		const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
		const distance = kind === 1 ? (tag >> 5) * 256 + little(1) : little(kind === 2 ? 2 : 4);
		if (!(distance > 0 && distance <= out.length)) return null;
		for (let index = 0; index < length; index++) out.push(out[out.length - distance] as number);
	}
	return out.length === Number(header.value) ? Uint8Array.from(out) : null;
}

/** Length-prefixed byte arrays. @returns null where `count` of them do not fit */
export function plainBytesDecode(bytes: Uint8Array, count: number): Uint8Array[] | null {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const values: Uint8Array[] = [];
	let offset = 0;
	for (let index = 0; index < count; index++) {
		if (offset + 4 > bytes.length) return null;
		const length = view.getUint32(offset, true);
		if (offset + 4 + length > bytes.length) return null;
		values.push(bytes.subarray(offset + 4, offset + 4 + length));
		offset += 4 + length;
	}
	return values;
}

/** Value `index` of each stream's bytes, put together. */
export function streamSplitDecode(bytes: Uint8Array, width: number): Uint8Array {
	const count = bytes.length / width;
	return Uint8Array.from(bytes, (_, at) => bytes[(at % width) * count + Math.floor(at / width)] as number);
}

/** What {@link TextDecoder} takes, without zero bytes. */
export function isText(bytes: Uint8Array): boolean {
	try {
		new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
		return !bytes.includes(0);
	} catch {
		return false;
	}
}

/** A big-endian two's complement number. */
export function bigEndianDecode(bytes: Uint8Array): bigint {
	let value = 0n;
	for (const byte of bytes) value = (value << 8n) | BigInt(byte);
	return BigInt.asIntN(bytes.length * 8, value);
}
