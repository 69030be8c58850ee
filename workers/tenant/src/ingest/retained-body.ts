/** A body as it is kept so that its rows can be validated anew: whole where it is small, else as long as what was read of it is. */
import { concatBytes } from "#shared/base/bytes.ts";
import { RETAINED_BODY_BYTES_MAX, WHOLE_BODY_BYTES_MAX } from "#shared/base/limits.ts";

/** Whole, or as it comes. */
export type Body = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

export interface RetainedBody {
	body: Body;
	/** @returns the whole body once more, or null when it is not all here */
	again(): Body | null;
}

/** Reads a small body to its end, and of another as much as it takes to know that. @throws what the body fails with */
export async function retainBody(source: Body): Promise<RetainedBody> {
	if (source instanceof Uint8Array) return { body: source, again: () => source };
	const reader = source.getReader();
	const chunks: Uint8Array[] = [];
	let byteCount = 0;
	while (byteCount <= WHOLE_BODY_BYTES_MAX) {
		const { done, value } = await reader.read();
		if (done) {
			const body = concatBytes(chunks);
			return { body, again: () => body };
		}
		chunks.push(value);
		byteCount += value.byteLength;
	}
	return new RetainedStream(reader, chunks);
}

export function streamOf(body: Body): ReadableStream<Uint8Array> {
	if (!(body instanceof Uint8Array)) return body;
	return new ReadableStream<Uint8Array>({
		start(controller) {
			controller.enqueue(body);
			controller.close();
		},
	});
}

class RetainedStream implements RetainedBody {
	readonly body: ReadableStream<Uint8Array>;
	#chunks: Uint8Array[] | null = [];
	#byteCount = 0;
	#ended = false;

	/** @param head what was read of it already */
	constructor(reader: ReadableStreamDefaultReader<Uint8Array>, head: Uint8Array[]) {
		const pending = head.values();
		this.body = new ReadableStream<Uint8Array>(
			{
				pull: async (controller) => {
					const kept = pending.next();
					const { done, value } = kept.done === true ? await reader.read() : { done: false as const, value: kept.value };
					if (done) {
						this.#ended = true;
						controller.close();
						return;
					}
					this.#keep(value);
					controller.enqueue(value);
				},
				cancel: (reason) => reader.cancel(reason),
			},
			{ highWaterMark: 0 },
		);
	}

	#keep(chunk: Uint8Array): void {
		this.#byteCount += chunk.byteLength;
		if (this.#byteCount > RETAINED_BODY_BYTES_MAX) this.#chunks = null;
		else this.#chunks?.push(chunk.slice());
	}

	again(): Body | null {
		return this.#ended && this.#chunks !== null ? concatBytes(this.#chunks) : null;
	}
}
