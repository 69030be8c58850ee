/** SHA-256 of a body as it is read; with the media type it says whether two appends under one key are the same. */
import { createHash } from "node:crypto";
import { toHex } from "#shared/base/hash.ts";
import type { RowsFormat } from "#shared/contracts/rpc.ts";

export interface HashedBody<Body> {
	body: Body;
	/** Once `body` was read to its end. */
	hash: () => Promise<string>;
}

/** A body that is here as a whole. */
export function hashedBytes(body: Uint8Array<ArrayBuffer>, format: RowsFormat): HashedBody<Uint8Array<ArrayBuffer>> {
	return { body, hash: async () => `${format}:${createHash("sha256").update(body).digest("hex")}` };
}

export function hashedBody(body: ReadableStream<Uint8Array>, format: RowsFormat): HashedBody<ReadableStream<Uint8Array>> {
	const digest = new crypto.DigestStream("SHA-256");
	const writer = digest.getWriter();
	// A body that fails leaves the digest unfinished; nobody asks for it then.
	digest.digest.catch(() => {});
	const reader = body.getReader();
	const hashed = new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				const { done, value } = await reader.read();
				if (done) {
					await writer.close();
					controller.close();
					return;
				}
				await writer.write(value);
				controller.enqueue(value);
			},
			async cancel(reason) {
				await writer.abort(reason).catch(() => {});
				await reader.cancel(reason);
			},
		},
		{ highWaterMark: 0 },
	);
	return { body: hashed, hash: async () => `${format}:${toHex(new Uint8Array(await digest.digest))}` };
}
