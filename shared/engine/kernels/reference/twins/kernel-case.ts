/** Rows for one call of a kernel, laid out in memory of a test's own: lanes at any multiple of their size, outputs between bytes that nobody may change. */
import type { ArenaViews } from "../../../memory/arena.ts";
import type { Lane } from "./twin.ts";

export interface CaseRows {
	count: number;
	valid: readonly boolean[];
	/** Ascending; null for all. */
	selection: readonly number[] | null;
	seed: number;
}

interface Output {
	at: number;
	byteCount: number;
	/** May be written as well, with anything. */
	slackBytes: number;
	/** Only so many bytes for each that the kernel's result counts are compared; the others may be anything. 0: all. */
	bytesPerResult: number;
}

const GAP_BYTES = 16;

export class KernelCase {
	readonly rows: CaseRows;
	readonly memory: ArenaViews;
	readonly outputs: Output[] = [];
	#at: number;
	#state: number;

	/** @param start of enough memory for every array of the rows */
	constructor(memory: ArenaViews, start: number, rows: CaseRows) {
		this.memory = memory;
		this.rows = rows;
		this.#at = start;
		this.#state = rows.seed | 1;
	}

	/** Of the memory that was laid out so far. */
	get end(): number {
		return this.#at;
	}

	get rowCount(): number {
		return this.rows.count;
	}

	/** Live rows. */
	get count(): number {
		return this.rows.selection?.length ?? this.rows.count;
	}

	get selection(): number {
		return this.rows.selection === null ? 0 : this.#u16s(this.rows.selection);
	}

	/** 0 where every row is valid. */
	get validity(): number {
		return this.rows.valid.every(Boolean) ? 0 : this.bitmap;
	}

	/** One bit a row, also where every row is valid. */
	get bitmap(): number {
		const at = this.allocate(Math.max(1, (this.rowCount + 7) >> 3), 1);
		for (const [row, bit] of this.rows.valid.entries()) {
			if (bit) this.memory.u8[at + (row >> 3)] = (this.memory.u8[at + (row >> 3)] as number) | (1 << (row & 7));
		}
		return at;
	}

	/** 0 or 1. */
	get flag(): number {
		return this.number() & 1;
	}

	/** The next of a cheap stream of 32-bit numbers. */
	number(): number {
		this.#state = (Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
		return this.#state;
	}

	below(limit: number): number {
		return (this.number() >>> 0) % limit;
	}

	pick<Value>(values: readonly Value[]): Value {
		return values[this.below(values.length)] as Value;
	}

	/** @param value of a row; the first and one more than there are rows are always there */
	lanes<Value>(lane: Lane<Value>, value: () => Value, count = this.rowCount + 1): number {
		const at = this.allocate(count * lane.byteCount, lane.byteCount);
		for (let row = 0; row < count; row++) lane.write(this.memory, at + row * lane.byteCount, value());
		return at;
	}

	/** Positions of live rows in ascending or any order, each below `limit`. */
	positions(limit: number): number {
		return this.#u16s(Array.from({ length: this.count }, () => this.below(limit)));
	}

	/** Byte values, and where each begins. @param values of the rows */
	texts(values: readonly Uint8Array[]): { values: number; offsets: number; byteCount: number } {
		const ends = [0];
		for (const value of values) ends.push((ends.at(-1) as number) + value.length);
		const offsets = this.allocate(ends.length * 4, 4);
		this.memory.i32.set(ends, offsets >> 2);
		const byteCount = ends.at(-1) as number;
		// Kernels load whole vectors: sixteen bytes past the end can be read.
		const at = this.allocate(byteCount + 16, 1);
		let to = at;
		for (const value of values) {
			this.memory.u8.set(value, to);
			to += value.length;
		}
		return { values: at, offsets, byteCount };
	}

	/** Zeroed, and the kernel's to write. */
	out(byteCount: number, { slackBytes = 0, alignment = 16, bytesPerResult = 0 } = {}): number {
		const at = this.allocate(byteCount + slackBytes, alignment);
		this.outputs.push({ at, byteCount, slackBytes, bytesPerResult });
		return at;
	}

	/** Zeroed memory between bytes of other values; not at a multiple of more than `alignment`. */
	allocate(byteCount: number, alignment: number): number {
		const { u8 } = this.memory;
		const from = this.#at;
		let at = Math.ceil((from + GAP_BYTES) / alignment) * alignment;
		if (at % (alignment * 2) === 0) at += alignment;
		u8.fill(0xc3, from, at);
		u8.fill(0, at, at + byteCount);
		this.#at = at + byteCount + GAP_BYTES;
		u8.fill(0xc3, at + byteCount, this.#at);
		return at;
	}

	#u16s(values: readonly number[]): number {
		const at = this.allocate(values.length * 2, 2);
		this.memory.u16.set(values, at >> 1);
		return at;
	}
}
