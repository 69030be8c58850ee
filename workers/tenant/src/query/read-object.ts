import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { ByteRange } from "#shared/parquet/byte-source.ts";
import type { ObjectPort } from "../ports.ts";

/** Bytes of a data file. @param into memory that the read may fill: the caller's no more @throws unavailable, whatever the store's failure was */
export async function readObject(
	objects: ObjectPort,
	path: string,
	{ offset, byteCount }: ByteRange,
	into?: ArrayBuffer,
): Promise<Uint8Array> {
	try {
		return await objects.read(path, offset, byteCount, into);
	} catch (error) {
		if (isLittoralError(error)) throw error;
		const unavailable = new LittoralError("unavailable", "a data file cannot be read", { retryAfterSeconds: 1 });
		unavailable.cause = error;
		throw unavailable;
	}
}
