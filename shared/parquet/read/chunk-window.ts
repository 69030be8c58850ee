/** The part of a column chunk that lies on the heap: a view of fetched bytes that moves forward through the chunk. */
import type { ByteRange } from "./byte-source.ts";

export class ChunkWindow {
	/** File offset of the next byte to be consumed. */
	position: number;
	/** File offset after the chunk. */
	readonly end: number;
	#bytes: Uint8Array = new Uint8Array(0);
	/** File offset of #bytes[0]. */
	#offset: number;
	/** Bytes from `position` that were asked for and are not here. */
	#wanted = 0;

	constructor(range: ByteRange) {
		this.position = range.offset;
		this.end = range.offset + range.byteCount;
		this.#offset = range.offset;
	}

	/** Bytes of the chunk that are not consumed. */
	get remaining(): number {
		return this.end - this.position;
	}

	/** Bytes from `position` that are here. */
	get available(): number {
		return this.#offset + this.#bytes.length - this.position;
	}

	/** @returns the next `byteCount` bytes without consuming them, or null: they must be fetched first */
	peek(byteCount: number): Uint8Array | null {
		if (this.available < byteCount) {
			this.#wanted = byteCount;
			return null;
		}
		const from = this.position - this.#offset;
		return this.#bytes.subarray(from, from + byteCount);
	}

	/** Everything that is here. */
	peekAvailable(): Uint8Array {
		return this.#bytes.subarray(this.position - this.#offset);
	}

	/** True when {@link peek} was refused since the last fetch. */
	get isWanting(): boolean {
		return this.#wanted > 0;
	}

	/** The range to fetch behind what is here: what was asked for, and at least `byteCountMin` in all. */
	nextRange(byteCountMin: number): ByteRange {
		const end = Math.min(this.end, this.position + Math.max(this.#wanted, byteCountMin));
		return { offset: this.position + this.available, byteCount: end - this.position - this.available };
	}

	/** @param bytes of {@link nextRange}; a view of more keeps all of it alive, unless something is here already */
	fill(bytes: Uint8Array): void {
		const rest = this.peekAvailable();
		if (rest.length === 0) this.#bytes = bytes;
		else {
			this.#bytes = new Uint8Array(rest.length + bytes.length);
			this.#bytes.set(rest);
			this.#bytes.set(bytes, rest.length);
		}
		this.#offset = this.position;
		this.#wanted = 0;
	}
}
