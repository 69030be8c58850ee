/**
 * The native batch format, version 1: what tails, spill blocks and exchanges store. Its golden files are in `golden/`; a change is a new version.
 *
 *   header (32 bytes)   magic "LITB", u32 CRC-32C of all that follows it, u16 format version, u16 0, u32 schema version, u32 rows, u32 columns, u32 bytes of the whole, u32 0
 *   descriptors         per column: u32 field id, type, encoding; see `descriptor.ts`
 *   sections            64-byte aligned from the start: validity, values and offsets of each column as they lie in the arena, in the descriptors' order
 *
 * Little-endian. Sections carry no offsets of their own: both sides compute them from the counts, so
 * there is less that can lie. `validity` stands only where a row is NULL.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { crc32c } from "#shared/base/hash.ts";
import { BATCH_ROW_COUNT_MAX, TABLE_COLUMN_COUNT_MAX } from "#shared/base/limits.ts";

export const MAGIC = 0x4254494c; // "LITB"
export const FORMAT_VERSION = 1;
export const HEADER_BYTES = 32;
export const CRC_OFFSET = 4;
const CRC_START = 8;
const SECTION_ALIGNMENT_BYTES = 64;

export const ENCODING = { plain: 0, constant: 1, dictionary: 2 } as const;

/** What the header says. `byteCount` is the length of this encoded batch: batches may stand one after the other. */
export interface BatchHeader {
	rowCount: number;
	columnCount: number;
	schemaVersion: number;
	byteCount: number;
}

export function align(offset: number): number {
	return Math.ceil(offset / SECTION_ALIGNMENT_BYTES) * SECTION_ALIGNMENT_BYTES;
}

export function viewOf(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Stored bytes that are not what an encoder wrote. */
export function damaged(what: string): LittoralError {
	return new LittoralError("internal_error", `stored batch is damaged: ${what}`);
}

/** CRC-32C of an encoded batch behind the field that holds it. */
export function checksum(bytes: Uint8Array): number {
	return crc32c(bytes, CRC_START);
}

export function parseHeader(bytes: Uint8Array): BatchHeader {
	if (bytes.length < HEADER_BYTES) throw damaged("shorter than its header");
	const view = viewOf(bytes);
	if (view.getUint32(0, true) !== MAGIC) throw damaged("no magic number");
	const version = view.getUint16(8, true);
	if (version !== FORMAT_VERSION) throw damaged(`format version ${version} is unknown`);
	const header = {
		schemaVersion: view.getUint32(12, true),
		rowCount: view.getUint32(16, true),
		columnCount: view.getUint32(20, true),
		byteCount: view.getUint32(24, true),
	};
	if (header.rowCount > BATCH_ROW_COUNT_MAX) throw damaged("too many rows");
	if (header.columnCount > TABLE_COLUMN_COUNT_MAX) throw damaged("too many columns");
	if (header.byteCount < HEADER_BYTES || header.byteCount > bytes.length) throw damaged("cut short");
	return header;
}
