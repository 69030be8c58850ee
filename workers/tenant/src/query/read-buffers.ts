/**
 * Memory that the reads of one query fill again and again. What a read allocates lies outside V8's heap, and V8 answers every few tens of megabytes of it with a collection
 * of the whole heap, which takes as long as the scan itself; so a scan reads into what it has read before. Of one query, so that no tenant's bytes come near another's.
 */

/** Sizes are whole pieces of this, so that a buffer serves row groups of about one size. */
const PIECE_BYTES = 64 * 1024;

export class ReadBuffers {
	readonly #byteCountMax: () => number;
	/** From the smallest to the largest. */
	#free: ArrayBuffer[] = [];

	/** @param byteCountMax of the buffers that lie ready, asked when one is given back */
	constructor(byteCountMax: () => number) {
		this.#byteCountMax = byteCountMax;
	}

	/** At least `byteCount` bytes, contents undefined. */
	take(byteCount: number): ArrayBuffer {
		const index = this.#free.findIndex((buffer) => buffer.byteLength >= byteCount);
		const [found] = index < 0 ? [] : this.#free.splice(index, 1);
		return found ?? new ArrayBuffer(Math.ceil(byteCount / PIECE_BYTES) * PIECE_BYTES);
	}

	/** @param buffer whose bytes nobody looks at any more: it is filled anew */
	giveBack(buffer: ArrayBuffer): void {
		const larger = this.#free.findIndex(({ byteLength }) => byteLength > buffer.byteLength);
		this.#free.splice(larger < 0 ? this.#free.length : larger, 0, buffer);
		let held = this.#free.reduce((sum, { byteLength }) => sum + byteLength, 0);
		while (held > this.#byteCountMax()) held -= this.#free.shift()?.byteLength ?? held;
	}
}
