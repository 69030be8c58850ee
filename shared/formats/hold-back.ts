/** Holds back the beginning of a result, so that a query which fails early is answered with a status instead of a broken body. */
import { RESULT_HOLD_BACK_BYTES } from "#shared/base/limits.ts";

/**
 * Reads `stream` until it has given RESULT_HOLD_BACK_BYTES or ended.
 *
 * @returns the whole stream again, first what was held back
 * @throws what the stream fails with before that
 */
export async function holdBack(stream: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
	const reader = stream.getReader();
	const held: Uint8Array[] = [];
	let byteCount = 0;
	let ended = false;
	while (byteCount < RESULT_HOLD_BACK_BYTES && !ended) {
		const { done, value } = await reader.read();
		if (done) ended = true;
		else {
			held.push(value);
			byteCount += value.length;
		}
	}
	return new ReadableStream({
		type: "bytes",
		async pull(controller: ReadableByteStreamController) {
			const first = held.shift();
			if (first !== undefined) {
				controller.enqueue(first as Uint8Array<ArrayBuffer>);
				return;
			}
			const { done, value } = ended ? { done: true, value: undefined } : await reader.read();
			if (value !== undefined) controller.enqueue(value as Uint8Array<ArrayBuffer>);
			if (!done) return;
			controller.close();
			controller.byobRequest?.respond(0);
		},
		cancel: (reason) => reader.cancel(reason),
	});
}
