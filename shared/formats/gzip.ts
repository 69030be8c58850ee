/** Bodies within their bounds, compressed or not. */
import { LittoralError } from "#shared/base/errors.ts";
import { BODY_COMPRESSED_BYTES_MAX, BODY_DECODED_BYTES_MAX } from "#shared/base/limits.ts";

/**
 * Compressed bytes given to the decompressor at a time. A runtime may inflate all of one write before it looks at backpressure; deflate grows at most
 * about 1,032 times, so that this many bytes of a bomb become no more than 4 MB.
 */
const SLICE_BYTES = 4 * 1024;

/**
 * Counts bytes as they pass.
 * @throws body_too_large (through the stream) above `byteCountMax`
 */
export function boundBytes(
	body: ReadableStream<Uint8Array>,
	options: { byteCountMax: number; what: "compressed" | "decoded" },
): ReadableStream<Uint8Array> {
	const reader = body.getReader();
	let byteCount = 0;
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				const { done, value } = await reader.read();
				if (done) {
					controller.close();
					return;
				}
				byteCount += value.length;
				if (byteCount > options.byteCountMax) {
					const error = new LittoralError("body_too_large", `the ${options.what} body takes more than ${options.byteCountMax} bytes`);
					await reader.cancel(error).catch(() => {});
					throw error;
				}
				controller.enqueue(value);
			},
			cancel: (reason) => reader.cancel(reason),
		},
		{ highWaterMark: 0 },
	);
}

/**
 * Inflates one gzip member as it is read: neither body is ever held whole.
 *
 * @returns the decoded bytes; the stream fails with body_too_large above either bound, with malformed_body when the gzip is corrupt, cut short or followed
 * by anything, and with the body's own error when that fails
 */
export function gunzip(
	body: ReadableStream<Uint8Array>,
	options: { compressedBytesMax?: number; decodedBytesMax?: number } = {},
): ReadableStream<Uint8Array> {
	const compressed = boundBytes(body, {
		byteCountMax: options.compressedBytesMax ?? BODY_COMPRESSED_BYTES_MAX,
		what: "compressed",
	}).getReader();
	let pending = new Uint8Array(0);
	let bodyError: unknown;
	const sliced = new ReadableStream<Uint8Array<ArrayBuffer>>(
		{
			async pull(controller) {
				try {
					while (pending.length === 0) {
						const { done, value } = await compressed.read();
						if (done) {
							controller.close();
							return;
						}
						pending = value as Uint8Array<ArrayBuffer>;
					}
				} catch (error) {
					bodyError = error;
					throw error;
				}
				controller.enqueue(pending.slice(0, SLICE_BYTES));
				pending = pending.subarray(SLICE_BYTES);
			},
			cancel: (reason) => compressed.cancel(reason),
		},
		{ highWaterMark: 0 },
	);
	const inflated = sliced.pipeThrough(new DecompressionStream("gzip")).getReader();
	const decoded = new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				let next: Awaited<ReturnType<typeof inflated.read>>;
				try {
					next = await inflated.read();
				} catch {
					throw bodyError ?? new LittoralError("malformed_body", "the body is not valid gzip, or is cut short");
				}
				if (next.done) controller.close();
				else controller.enqueue(next.value);
			},
			cancel: (reason) => inflated.cancel(reason),
		},
		{ highWaterMark: 0 },
	);
	return boundBytes(decoded, { byteCountMax: options.decodedBytesMax ?? BODY_DECODED_BYTES_MAX, what: "decoded" });
}
