/**
 * A sliding view of a body: contiguous bytes that a parser consumes from the front while chunks arrive at the back. Two zero bytes stand behind the
 * last one, so that a parser's inner loop needs no bounds check: no text format has a raw zero.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { ROW_BYTES_MAX } from "#shared/base/limits.ts";

const SENTINEL_BYTES = 2;
const FIRST_BYTES = 256 * 1024;

export class ByteWindow {
	bytes: Uint8Array<ArrayBuffer>;
	/** Unread bytes are bytes[start, end). */
	start = 0;
	end = 0;
	/** The body has no more bytes than these. */
	final = false;
	readonly #reader: ReadableStreamDefaultReader<Uint8Array> | null;
	readonly #signal: AbortSignal | undefined;

	/** @param body a stream, or the whole of it */
	constructor(body: ReadableStream<Uint8Array> | Uint8Array, signal?: AbortSignal) {
		this.#signal = signal;
		const isWhole = body instanceof Uint8Array;
		this.bytes = new Uint8Array(isWhole ? body.length + SENTINEL_BYTES : FIRST_BYTES);
		this.#reader = isWhole ? null : body.getReader();
		if (!isWhole) return;
		this.bytes.set(body);
		this.end = body.length;
		this.final = true;
	}

	/**
	 * Reads on until there are twice as many unread bytes as before, or the body ends: a row that is read again for want of bytes costs no more than
	 * twice its size.
	 * @throws body_too_large when one row exceeds ROW_BYTES_MAX; whatever the body fails with; the signal's reason
	 */
	async refill(): Promise<void> {
		const unread = this.end - this.start;
		if (unread > ROW_BYTES_MAX) throw new LittoralError("body_too_large", `a row takes more than ${ROW_BYTES_MAX} bytes`);
		const wanted = Math.max(1, unread * 2);
		while (!this.final && this.end - this.start < wanted) {
			await this.#readChunk();
		}
	}

	/** Reads on until `byteCount` bytes are unread. The window grows with what arrives, never with what is only announced. @returns false when the body ends before */
	async require(byteCount: number): Promise<boolean> {
		while (this.end - this.start < byteCount) {
			if (this.final) return false;
			await this.#readChunk();
		}
		return true;
	}

	async #readChunk(): Promise<void> {
		this.#signal?.throwIfAborted();
		const next = await this.#reader?.read();
		if (next === undefined || next.done) this.final = true;
		else this.#append(next.value);
	}

	/** Lets the body go, whether it was read to its end or not. */
	async close(): Promise<void> {
		await this.#reader?.cancel().catch(() => {});
	}

	#append(chunk: Uint8Array): void {
		const unread = this.end - this.start;
		const needed = unread + chunk.length + SENTINEL_BYTES;
		if (this.end + chunk.length + SENTINEL_BYTES > this.bytes.length) {
			if (needed > this.bytes.length) {
				const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
				grown.set(this.bytes.subarray(this.start, this.end));
				this.bytes = grown;
			} else {
				this.bytes.copyWithin(0, this.start, this.end);
			}
			this.start = 0;
			this.end = unread;
		}
		this.bytes.set(chunk, this.end);
		this.end += chunk.length;
		this.bytes.fill(0, this.end, this.end + SENTINEL_BYTES);
	}
}
