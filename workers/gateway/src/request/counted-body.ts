/** An append's body on its way to the tenant: never held, and never more than its bound. */
import { LittoralError } from "#shared/base/errors.ts";
import { BODY_COMPRESSED_BYTES_MAX } from "#shared/base/limits.ts";

interface CountedBody {
	stream: ReadableStream<Uint8Array>;
	/** True once the bound was crossed: whatever the receiver made of the broken stream, the answer is body_too_large. */
	tooLarge(): boolean;
}

export function bodyTooLarge(): LittoralError {
	return new LittoralError("body_too_large", `the body is above ${BODY_COMPRESSED_BYTES_MAX} bytes`);
}

/**
 * Passes a body on. One with a Content-Length was measured by the platform already and goes through untouched; a chunked one is counted.
 * @param byteCountMax compressed bytes
 * @throws body_too_large before anything is read, where Content-Length says so
 */
export function countedBody(request: Request, byteCountMax = BODY_COMPRESSED_BYTES_MAX): CountedBody {
	const declared = request.headers.get("Content-Length");
	if (declared !== null && Number(declared) > byteCountMax) throw bodyTooLarge();
	const body: ReadableStream<Uint8Array> = request.body ?? (new Response(new Uint8Array()).body as ReadableStream<Uint8Array>);
	if (declared !== null || request.body === null) return { stream: body, tooLarge: () => false };

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
	return { stream, tooLarge: () => exceeded };
}
