/**
 * The bytes of a manifest in R2: one {@link FilePage}, columnar, little-endian. Golden bytes in the tests: version 1 never changes.
 *
 * | offset | content |
 * | --- | --- |
 * | 0 | magic `LMAN` |
 * | 4 | u16 version, u16 column count |
 * | 8 | u32 file count, u32 byte count of the whole manifest |
 * | 16 | byte strings of paths; f64 row counts; f64 byte counts; u32 schema versions |
 * | | per column: u32 field id; f64 null counts; u8 flags; byte strings of minimums; byte strings of maximums |
 * | end - 4 | CRC-32C of everything before it |
 *
 * Byte strings are u32 offsets[file count + 1] and their bytes. Every array begins at a multiple of 8; the gaps are zero.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { crc32c } from "#shared/base/hash.ts";
import { FILE_HAS_MAXIMUM, FILE_HAS_MINIMUM, FILE_HAS_NAN, FILE_LACKS_COLUMN } from "./file-page.ts";
import type { FilePage } from "./snapshot.ts";

const MAGIC = 0x4e414d4c; // "LMAN", little-endian
const VERSION = 1;
const HEADER_BYTES = 16;
const CHECKSUM_BYTES = 4;
const ALIGNMENT = 8;
const FLAGS_ALL = FILE_HAS_MINIMUM | FILE_HAS_MAXIMUM | FILE_HAS_NAN | FILE_LACKS_COLUMN;

type ByteStrings = FilePage["paths"];

const aligned = (byteCount: number) => Math.ceil(byteCount / ALIGNMENT) * ALIGNMENT;

export function encodeFilePage(page: FilePage): Uint8Array {
	const arrays = pageArrays(page);
	const byteCount = arrays.reduce((sum, array) => sum + aligned(array.byteLength), HEADER_BYTES) + CHECKSUM_BYTES;
	const bytes = new Uint8Array(byteCount);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, MAGIC, true);
	view.setUint16(4, VERSION, true);
	view.setUint16(6, page.columns.length, true);
	view.setUint32(8, page.fileCount, true);
	view.setUint32(12, byteCount, true);
	let offset = HEADER_BYTES;
	for (const array of arrays) {
		bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
		offset += aligned(array.byteLength);
	}
	view.setUint32(offset, crc32c(bytes, 0, offset), true);
	return bytes;
}

/** The arrays in the order in which they are stored. */
function pageArrays(page: FilePage): (Uint8Array | Uint32Array | Float64Array)[] {
	const strings = (values: ByteStrings) => [values.offsets, values.bytes];
	return [
		...strings(page.paths),
		page.rowCounts,
		page.byteCounts,
		page.schemaVersions,
		...page.columns.flatMap((column) => [
			Uint32Array.of(column.fieldId),
			column.nullCounts,
			column.flags,
			...strings(column.minimums),
			...strings(column.maximums),
		]),
	];
}

/**
 * Reads a manifest's bytes; every array of the answer owns its buffer.
 *
 * @throws LittoralError internal_error on bytes that {@link encodeFilePage} did not write
 */
export function decodeFilePage(bytes: Uint8Array): FilePage {
	if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) throw corrupt("it is too short");
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (view.getUint32(0, true) !== MAGIC) throw corrupt("it does not begin with LMAN");
	const version = view.getUint16(4, true);
	if (version !== VERSION) throw corrupt(`its version is ${version}, not ${VERSION}`);
	if (view.getUint32(12, true) !== bytes.length) throw corrupt("it was cut or lengthened");
	const end = bytes.length - CHECKSUM_BYTES;
	if (view.getUint32(end, true) !== crc32c(bytes, 0, end)) throw corrupt("its checksum is wrong");
	return new PageDecoder(bytes.subarray(0, end), view.getUint32(8, true), view.getUint16(6, true)).page();
}

function corrupt(reason: string): LittoralError {
	return new LittoralError("internal_error", `a manifest cannot be read: ${reason}`);
}

class PageDecoder {
	readonly #bytes: Uint8Array;
	readonly #fileCount: number;
	readonly #columnCount: number;
	#offset = HEADER_BYTES;

	constructor(bytes: Uint8Array, fileCount: number, columnCount: number) {
		this.#bytes = bytes;
		this.#fileCount = fileCount;
		this.#columnCount = columnCount;
	}

	page(): FilePage {
		const count = this.#fileCount;
		const page: FilePage = {
			fileCount: count,
			paths: this.#byteStrings(),
			rowCounts: new Float64Array(this.#take(count * 8).buffer),
			byteCounts: new Float64Array(this.#take(count * 8).buffer),
			schemaVersions: new Uint32Array(this.#take(count * 4).buffer),
			columns: [],
		};
		for (let index = 0; index < this.#columnCount; index++) {
			page.columns.push({
				fieldId: new Uint32Array(this.#take(4).buffer)[0] as number,
				nullCounts: new Float64Array(this.#take(count * 8).buffer),
				flags: this.#flags(),
				minimums: this.#byteStrings(),
				maximums: this.#byteStrings(),
			});
		}
		if (this.#offset !== this.#bytes.length) throw corrupt("bytes are left over");
		return page;
	}

	/** A copy, so that a page never keeps a whole manifest alive and typed arrays are aligned. */
	#take(byteCount: number): Uint8Array<ArrayBuffer> {
		const end = this.#offset + byteCount;
		if (end > this.#bytes.length) throw corrupt("an array runs past its end");
		const copy = new Uint8Array(byteCount);
		copy.set(this.#bytes.subarray(this.#offset, end));
		this.#offset += aligned(byteCount);
		return copy;
	}

	#flags(): Uint8Array {
		const flags = this.#take(this.#fileCount);
		for (let index = 0; index < flags.length; index++) {
			if ((flags[index] as number) > FLAGS_ALL) throw corrupt("a flag is unknown");
		}
		return flags;
	}

	#byteStrings(): ByteStrings {
		const offsets = new Uint32Array(this.#take((this.#fileCount + 1) * 4).buffer);
		if (offsets[0] !== 0) throw corrupt("offsets do not begin at 0");
		for (let index = 1; index < offsets.length; index++) {
			if ((offsets[index] as number) < (offsets[index - 1] as number)) throw corrupt("offsets decrease");
		}
		return { offsets, bytes: this.#take(offsets[this.#fileCount] as number) };
	}
}
