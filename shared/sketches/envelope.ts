/**
 * What every stored sketch is wrapped in. A changed payload is a new version; golden bytes in the tests keep old ones readable.
 *
 *   u8 kind, u8 version, u16 0, u32 CRC-32C of all that follows it, payload
 *
 * Little-endian.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { crc32c } from "#shared/base/hash.ts";

export const SKETCH_KIND = { hyperLogLog: 1, kll: 2, misraGries: 3, table: 4 } as const;
type SketchKind = (typeof SKETCH_KIND)[keyof typeof SKETCH_KIND];

const VERSION = 1;
const CRC_OFFSET = 4;
export const ENVELOPE_BYTES = 8;

/** Stored bytes that are not what an encoder wrote. */
export function damaged(what: string): LittoralError {
	return new LittoralError("internal_error", `stored sketch is damaged: ${what}`);
}

/** @param write fills the payload, whose offsets count from 0 */
export function wrap(kind: SketchKind, payloadBytes: number, write: (view: DataView, bytes: Uint8Array) => void): Uint8Array {
	const bytes = new Uint8Array(ENVELOPE_BYTES + payloadBytes);
	bytes[0] = kind;
	bytes[1] = VERSION;
	write(new DataView(bytes.buffer, ENVELOPE_BYTES), bytes.subarray(ENVELOPE_BYTES));
	new DataView(bytes.buffer).setUint32(CRC_OFFSET, crc32c(bytes, ENVELOPE_BYTES), true);
	return bytes;
}

/**
 * @returns the payload, over the same buffer
 * @throws internal_error for bytes of another kind or version, or of another checksum than they carry
 */
export function unwrap(kind: SketchKind, bytes: Uint8Array): DataView {
	if (bytes.length < ENVELOPE_BYTES) throw damaged("shorter than its header");
	if (bytes[0] !== kind) throw damaged(`kind ${bytes[0]} instead of ${kind}`);
	if (bytes[1] !== VERSION) throw damaged(`version ${bytes[1]} is unknown`);
	if (bytes[2] !== 0 || bytes[3] !== 0) throw damaged("reserved bytes are set");
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (view.getUint32(CRC_OFFSET, true) !== crc32c(bytes, ENVELOPE_BYTES)) throw damaged("its checksum differs");
	return new DataView(bytes.buffer, bytes.byteOffset + ENVELOPE_BYTES, bytes.byteLength - ENVELOPE_BYTES);
}
