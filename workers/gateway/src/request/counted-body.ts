/** An append's body on its way to the tenant: a small one whole, another never held, and never more than its bound. */
import { LittoralError } from "#shared/base/errors.ts";
import { BODY_COMPRESSED_BYTES_MAX, WHOLE_BODY_BYTES_MAX } from "#shared/base/limits.ts";

interface CountedBody {
	body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
	/** True once the bound was crossed: whatever the receiver made of the broken stream, the answer is body_too_large. */
	tooLarge(): boolean;
}

export function bodyTooLarge(): LittoralError {
	return new LittoralError("body_too_large", `the body is above ${BODY_COMPRESSED_BYTES_MAX} bytes`);
}

/**
 * Passes a body on. One with a Content-Length was measured by the platform already: it goes through untouched, or whole where it is small, since a stream between Workers
 * costs more than all else that a small append does. A chunked one is counted.
 * @param byteCountMax compressed bytes
 * @throws body_too_large before anything is read, where Content-Length says so; malformed_body where a small one breaks off
 */
export async function countedBody(request: Request, byteCountMax = BODY_COMPRESSED_BYTES_MAX): Promise<CountedBody> {
	const declared = request.headers.get("Content-Length");
	if (declared !== null && Number(declared) > byteCountMax) throw bodyTooLarge();
	const body: ReadableStream<Uint8Array> = request.body ?? (new Response(new Uint8Array()).body as ReadableStream<Uint8Array>);
	if (declared !== null && Number(declared) <= WHOLE_BODY_BYTES_MAX) return { body: await whole(request), tooLarge: () => false };
	if (declared !== null || request.body === null) return { body, tooLarge: () => false };

	const reader = body.getReader();
	let byteCount = 0;
	let exceeded = false;
	const stream = new ReadableStream({
		type: "bytes",
		async pull(controller) {
			const { done, value } = await reader.read();
			if (done) {
				controller.close();
				controller.byobRequest?.respond(0);
				return;
			}
			byteCount += value.byteLength;
			if (byteCount <= byteCountMax) {
				controller.enqueue(value);
				return;
			}
			exceeded = true;
			controller.error(bodyTooLarge());
			await reader.cancel();
		},
		cancel: (reason) => reader.cancel(reason),
	});
	return { body: stream, tooLarge: () => exceeded };
}

async function whole(request: Request): Promise<Uint8Array<ArrayBuffer>> {
	try {
		return new Uint8Array(await request.arrayBuffer());
	} catch {
		throw new LittoralError("malformed_body", "the body ended before its Content-Length");
	}
}
