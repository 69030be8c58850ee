/**
 * A data file's column statistics as one compact value in its inline row: base64 (it travels through JSON both ways) of
 * version u8, varint column count, then per column varint field id, flags u8 (those of a file page), varint null count, and for each bound
 * that is present varint length and bytes. Golden text in the tests: version 1 never changes.
 */
import { assert } from "#shared/base/assert.ts";
import { FILE_HAS_MAXIMUM, FILE_HAS_MINIMUM, FILE_HAS_NAN } from "#shared/contracts/file-page.ts";
import type { ColumnStatistics } from "#shared/contracts/snapshot.ts";

const VERSION = 1;

export function encodeStatistics(columns: readonly ColumnStatistics[]): string {
	const bytes: number[] = [VERSION];
	writeVarint(bytes, columns.length);
	for (const column of columns) {
		writeVarint(bytes, column.fieldId);
		bytes.push(
			(column.minimum === null ? 0 : FILE_HAS_MINIMUM) |
				(column.maximum === null ? 0 : FILE_HAS_MAXIMUM) |
				(column.hasNaN ? FILE_HAS_NAN : 0),
		);
		writeVarint(bytes, column.nullCount);
		for (const bound of [column.minimum, column.maximum]) {
			if (bound === null) continue;
			writeVarint(bytes, bound.length);
			for (const byte of bound) bytes.push(byte);
		}
	}
	let binary = "";
	for (const byte of bytes) binary += String.fromCharCode(byte);
	return btoa(binary);
}

/** LEB128 of a number up to 2^53, without 32-bit operators. */
function writeVarint(bytes: number[], value: number): void {
	assert(Number.isSafeInteger(value) && value >= 0, "a count is a safe integer");
	let rest = value;
	while (rest >= 0x80) {
		bytes.push((rest % 0x80) + 0x80);
		rest = Math.floor(rest / 0x80);
	}
	bytes.push(rest);
}

/** @throws Error on text that {@link encodeStatistics} did not write */
export function decodeStatistics(text: string): ColumnStatistics[] {
	const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
	const reader = new StatisticsReader(bytes);
	assert(reader.byte() === VERSION, "statistics have version 1");
	const columns = Array.from({ length: reader.varint() }, (): ColumnStatistics => {
		const fieldId = reader.varint();
		const flags = reader.byte();
		const nullCount = reader.varint();
		const minimum = flags & FILE_HAS_MINIMUM ? reader.bytes(reader.varint()) : null;
		const maximum = flags & FILE_HAS_MAXIMUM ? reader.bytes(reader.varint()) : null;
		return { fieldId, nullCount, minimum, maximum, hasNaN: (flags & FILE_HAS_NAN) !== 0 };
	});
	assert(reader.done, "statistics end with their last column");
	return columns;
}

class StatisticsReader {
	readonly #bytes: Uint8Array;
	#offset = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	get done(): boolean {
		return this.#offset === this.#bytes.length;
	}

	byte(): number {
		const value = this.#bytes[this.#offset++];
		assert(value !== undefined, "statistics are whole");
		return value;
	}

	varint(): number {
		let value = 0;
		for (let factor = 1; ; factor *= 0x80) {
			const byte = this.byte();
			value += (byte % 0x80) * factor;
			if (byte < 0x80) return value;
		}
	}

	bytes(count: number): Uint8Array {
		const end = this.#offset + count;
		assert(end <= this.#bytes.length, "statistics are whole");
		const copy = this.#bytes.slice(this.#offset, end);
		this.#offset = end;
		return copy;
	}
}
