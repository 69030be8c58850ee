/** SHA-256 of a body as it is read; with the media type it says whether two appends under one key are the same. */
import type { RowsFormat } from "#shared/contracts/rpc.ts";
import { hex } from "./statement-hash.ts";

export interface HashedBody {
	body: ReadableStream<Uint8Array>;
	/** Once `body` was read to its end. */
	hash: () => Promise<string>;
}

export function hashedBody(body: ReadableStream<Uint8Array>, format: RowsFormat): HashedBody {
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
	return { body: hashed, hash: async () => `${format}:${hex(await digest.digest)}` };
}
