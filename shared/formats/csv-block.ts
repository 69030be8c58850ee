/**
 * Rows of CSV in their plain form, many at a time: a block of the body lies in the arena, a kernel finds the fields of its whole rows, and each column takes its own. What
 * is not plain, or wrong, is left to the parser, row by row, which says what is wrong with it.
 */
import { isLittoralError } from "#shared/base/errors.ts";
import { APPEND_BATCH_BYTES, BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Lease } from "#shared/engine/memory/lease.ts";
import type { Field, RowWriter } from "./row-writer.ts";

const BLOCK_BYTES = 16 * 1024;
/** With less the parser is done as soon; small appends take no memory for blocks. */
const BLOCK_BYTES_MIN = 4 * 1024;
/** Zero bytes behind a block, at which kernels stop. */
const SLACK_BYTES = 16;
/** Where its text begins and ends. */
const FIELD_BYTES = 8;

/** `rowCount` rows of `byteCount` bytes; taken: they are written, else they are the parser's. */
export interface PlainRows {
	taken: boolean;
	rowCount: number;
	byteCount: number;
}

export class CsvBlock {
	readonly #engine: Engine;
	readonly #text: Pointer;
	readonly #fields: Pointer;
	readonly #cursor: Pointer;

	constructor(engine: Engine, lease: Lease) {
		const region = lease.region();
		this.#engine = engine;
		this.#text = region.allocate(BLOCK_BYTES + SLACK_BYTES);
		this.#fields = region.allocate((BLOCK_BYTES + 1) * FIELD_BYTES);
		this.#cursor = region.allocate(4);
	}

	static isWorthwhile(byteCount: number): boolean {
		return byteCount >= BLOCK_BYTES_MIN;
	}

	/**
	 * Rows at the beginning of bytes[start, end), as far as the batch has room.
	 * @param header fields of a row, in its order @throws resource_exhausted
	 */
	take(bytes: Uint8Array, { start, end }: { start: number; end: number }, header: readonly Field[], writer: RowWriter): PlainRows {
		const { kernels, arena } = this.#engine;
		const { u8, u32 } = arena.views;
		const byteCount = Math.min(BLOCK_BYTES, end - start, APPEND_BATCH_BYTES - writer.byteCount);
		u8.set(bytes.subarray(start, start + byteCount), this.#text);
		u8.fill(0, this.#text + byteCount, this.#text + byteCount + SLACK_BYTES);
		const rowCountMax = BATCH_ROW_COUNT_MAX - writer.rowCount;
		const rowCount = kernels.csv_rows(this.#text, this.#text + byteCount, header.length, rowCountMax, this.#fields, this.#cursor);
		const taken = rowCount > 0 && this.#write(rowCount, byteCount, header, writer);
		return { taken, rowCount, byteCount: (u32[this.#cursor >> 2] as number) - this.#text };
	}

	/** @returns false where a value is wrong: rows that are not counted are written again */
	#write(rowCount: number, byteCount: number, header: readonly Field[], writer: RowWriter): boolean {
		const { kernels } = this.#engine;
		const stride = header.length * FIELD_BYTES;
		try {
			for (const [index, { writer: column, schema }] of header.entries()) {
				const texts = { kernels, rowCount, pointer: this.#fields + index * FIELD_BYTES, stride, byteCount };
				if (column.putTexts(writer.rowCount, texts) && !schema.nullable) return false;
			}
		} catch (error) {
			if (isLittoralError(error)) return false;
			throw error;
		}
		writer.endRows(rowCount, header);
		return true;
	}
}
