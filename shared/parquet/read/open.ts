/** Opens a Parquet file: reads its footer, in one read where it is small, and validates it. */
import { PARQUET_FOOTER_BYTES_MAX } from "#shared/base/limits.ts";
import { type ByteSource, readCoalesced } from "./byte-source.ts";
import { ParquetFile } from "./footer.ts";
import { MAGIC, TRAILER_BYTES } from "../format.ts";
import { malformed } from "./malformed.ts";

/** Most footers are smaller: one read instead of two. */
const FOOTER_GUESS_BYTES = 64 * 1024;

/**
 * @returns the file's description, validated in full; reads of column data can still fail
 * @throws malformed_body for anything that is not a whole Parquet file, and for a footer above PARQUET_FOOTER_BYTES_MAX
 */
export async function openParquet(source: ByteSource): Promise<ParquetFile> {
	if (source.byteCount < TRAILER_BYTES + 4) throw malformed("the file is too short");
	const guess = Math.min(source.byteCount, FOOTER_GUESS_BYTES);
	const tail = await readEnd(source, guess);
	const trailer = new DataView(tail.buffer, tail.byteOffset + tail.length - TRAILER_BYTES, TRAILER_BYTES);
	if (trailer.getUint32(4, true) !== MAGIC) throw malformed("the file does not end with PAR1");
	const footerByteCount = trailer.getUint32(0, true);
	if (footerByteCount > source.byteCount - TRAILER_BYTES - 4) throw malformed("the footer is longer than the file");
	if (footerByteCount > PARQUET_FOOTER_BYTES_MAX) throw malformed(`the footer is larger than ${PARQUET_FOOTER_BYTES_MAX} bytes`);
	const wanted = footerByteCount + TRAILER_BYTES;
	const end = wanted <= tail.length ? tail.subarray(tail.length - wanted) : await readEnd(source, wanted);
	// A copy: the rest of what was read is not kept.
	return new ParquetFile(end.slice(0, footerByteCount), source.byteCount);
}

async function readEnd(source: ByteSource, byteCount: number): Promise<Uint8Array> {
	const [bytes] = await readCoalesced(source, [{ offset: source.byteCount - byteCount, byteCount }], 0);
	return bytes as Uint8Array;
}
