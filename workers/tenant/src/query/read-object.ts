import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { ByteRange } from "#shared/parquet/read/byte-source.ts";
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
		throw unreadable(error);
	}
}

/**
 * One read of neighbouring pieces of a data file, the first at `offset`.
 *
 * @returns each piece by itself, there as soon as it has come; who waits for it hears that the read failed @throws unavailable
 */
export function readPieces(objects: ObjectPort, path: string, offset: number, byteCounts: number[]): Promise<Uint8Array>[] {
	const pieces = byteCounts.map(() => Promise.withResolvers<Uint8Array>());
	const reading = objects.readPieces(path, offset, byteCounts, (index, bytes) => pieces[index]?.resolve(bytes));
	reading.catch((error: unknown) => {
		// Those that are here already stay.
		for (const { reject } of pieces) reject(unreadable(error));
	});
	return pieces.map(({ promise }) => promise);
}

function unreadable(error: unknown): LittoralError {
	if (isLittoralError(error)) return error;
	const unavailable = new LittoralError("unavailable", "a data file cannot be read", { retryAfterSeconds: 1 });
	unavailable.cause = error;
	return unavailable;
}
