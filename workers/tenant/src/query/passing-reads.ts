/** Reads of one file that the cache of blocks does not keep: only what is asked for, near ranges in one request, and what is expected next begun meanwhile. */
import { READ_SCAN_GAP_BYTES } from "#shared/base/limits.ts";
import { type ByteRange, coalesce } from "#shared/parquet/read/byte-source.ts";
import type { ObjectPort } from "../ports.ts";
import type { ReadBuffers } from "./read-buffers.ts";
import { readObject } from "./read-object.ts";

interface Piece extends ByteRange {
	bytes: Promise<Uint8Array>;
	/** Of the ranges that it was read for, bytes that nobody has asked for yet. */
	leftByteCount: number;
}

export class PassingReads {
	readonly #objects: ObjectPort;
	readonly #path: string;
	readonly #buffers: ReadBuffers;
	/** Read ahead, or read and not yet asked for whole. */
	#pieces: Piece[] = [];
	/** Memory whose every byte has been asked for and handed out. */
	#lent: ArrayBuffer[] = [];

	constructor(objects: ObjectPort, path: string, buffers: ReadBuffers) {
		this.#objects = objects;
		this.#path = path;
		this.#buffers = buffers;
	}

	/** What was handed out so far is no longer looked at: later reads fill its memory anew. */
	release(): void {
		for (const buffer of this.#lent.splice(0)) this.#buffers.giveBack(buffer);
	}

	/** @param ahead what is expected next, and how many bytes of it may be held */
	async read(ranges: readonly ByteRange[], ahead: { expected: readonly ByteRange[]; byteCount: number }): Promise<Uint8Array[]> {
		this.#start(ranges, Number.POSITIVE_INFINITY);
		const taken = ranges.map((range) => ({ range, piece: this.#pieceOf(range) }));
		for (const { range, piece } of taken) if (piece !== undefined) piece.leftByteCount -= range.byteCount;
		const used = this.#pieces.filter(({ leftByteCount }) => leftByteCount <= 0);
		this.#pieces = this.#pieces.filter(({ leftByteCount }) => leftByteCount > 0);
		this.#start(ahead.expected, ahead.byteCount);
		const parts = await Promise.all(
			taken.map(async ({ range: { offset, byteCount }, piece }) => {
				if (piece === undefined) return new Uint8Array(0);
				return (await piece.bytes).subarray(offset - piece.offset, offset - piece.offset + byteCount);
			}),
		);
		for (const { bytes } of used) this.#lent.push((await bytes).buffer as ArrayBuffer);
		return parts;
	}

	#pieceOf({ offset, byteCount }: ByteRange): Piece | undefined {
		return this.#pieces.find((piece) => offset >= piece.offset && offset + byteCount <= piece.offset + piece.byteCount);
	}

	/** Begins to read those of the ranges that are not here, as far as all pieces stay within `byteCountMax`. */
	#start(ranges: readonly ByteRange[], byteCountMax: number): void {
		const missing = ranges.filter((range) => range.byteCount > 0 && this.#pieceOf(range) === undefined);
		let held = this.#pieces.reduce((sum, { byteCount }) => sum + byteCount, 0);
		for (const joined of coalesce(missing, READ_SCAN_GAP_BYTES)) {
			held += joined.byteCount;
			if (held > byteCountMax) return;
			const end = joined.offset + joined.byteCount;
			const within = missing.filter(({ offset }) => offset >= joined.offset && offset < end);
			const leftByteCount = within.reduce((sum, { byteCount }) => sum + byteCount, 0);
			const bytes = readObject(this.#objects, this.#path, joined, this.#buffers.take(joined.byteCount));
			const piece: Piece = { ...joined, bytes, leftByteCount };
			this.#pieces.push(piece);
			// Whoever waits for it hears of a failure; what was read ahead is read again when it is needed.
			bytes.catch(() => void (this.#pieces = this.#pieces.filter((other) => other !== piece)));
		}
	}
}
