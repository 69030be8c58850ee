/** Collects the rows of one page of one column: dense values beside definition levels, in growing buffers that later pages use again. */
import type { PhysicalType } from "#shared/contracts/data-type.ts";
import { PHYSICAL_BYTES } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import type { BufferPool } from "../buffer-pool.ts";
import type { DenseValues } from "./dictionary-writer.ts";
import { SLACK_BYTES } from "../raw-values.ts";

/** A buffer that doubles. */
class GrowingBuffer {
	readonly #memory: { engine: Engine; pool: BufferPool };
	pointer: Pointer = 0;
	#byteCount = 0;

	constructor(memory: { engine: Engine; pool: BufferPool }) {
		this.#memory = memory;
	}

	/** Makes room for `byteCount` bytes and what kernels may write past them; the first `used` are kept. */
	reserve(byteCount: number, used: number): Pointer {
		if (byteCount + SLACK_BYTES > this.#byteCount) {
			const { engine, pool } = this.#memory;
			const size = Math.max(byteCount + SLACK_BYTES, this.#byteCount * 2, 1024);
			const pointer = pool.allocate(size);
			engine.arena.views.u8.copyWithin(pointer, this.pointer, this.pointer + used);
			pool.release(this.pointer);
			this.pointer = pointer;
			this.#byteCount = size;
		}
		return this.pointer;
	}

	close(): void {
		this.#memory.pool.release(this.pointer);
		this.pointer = 0;
		this.#byteCount = 0;
	}
}

export class PageBuilder {
	readonly #engine: Engine;
	readonly #physical: PhysicalType;
	/** Bytes of a value in memory; 0 for byte values. */
	readonly #width: number;
	readonly #values: GrowingBuffer;
	readonly #offsets: GrowingBuffer;
	readonly #levels: GrowingBuffer;
	rowCount = 0;
	#count = 0;
	#byteCount = 0;

	constructor(physical: PhysicalType, memory: { engine: Engine; pool: BufferPool }) {
		this.#engine = memory.engine;
		this.#physical = physical;
		this.#width = physical === "bytes" ? 0 : PHYSICAL_BYTES[physical];
		this.#values = new GrowingBuffer(memory);
		this.#offsets = new GrowingBuffer(memory);
		this.#levels = new GrowingBuffer(memory);
	}

	get nullCount(): number {
		return this.rowCount - this.#count;
	}

	/** Bytes of the values, about as PLAIN writes them. */
	get plainByteCount(): number {
		return this.#width === 0 ? this.#byteCount + this.#count * 4 : this.#count * this.#width;
	}

	get dense(): DenseValues {
		return { count: this.#count, values: this.#values.pointer, offsets: this.#offsets.pointer, width: this.#width };
	}

	/** u8[rowCount]: 1 = valid. */
	get levels(): Pointer {
		return this.#levels.pointer;
	}

	/** Adds rows [start, end) of a flat vector. */
	append(vector: FlatVector, start: number, end: number): void {
		const { kernels, arena } = this.#engine;
		const rowCount = end - start;
		const levels = this.#levels.reserve(this.rowCount + rowCount, this.rowCount);
		kernels.levels_of_validity(start, end, vector.validity, levels + this.rowCount);
		if (this.#width === 0) {
			const { i32, u8 } = arena.views;
			const from = i32[(vector.offsets >> 2) + start] as number;
			const to = i32[(vector.offsets >> 2) + end] as number;
			const values = this.#values.reserve(this.#byteCount + to - from, this.#byteCount);
			u8.copyWithin(values + this.#byteCount, vector.values + from, vector.values + to);
			const offsets = this.#offsets.reserve((this.#count + rowCount + 1) * 4, (this.#count + 1) * 4);
			if (this.#count === 0) i32[offsets >> 2] = 0;
			const at = offsets + (this.#count + 1) * 4;
			this.#count += kernels.compact_offsets(start, end, vector.validity, vector.offsets, this.#byteCount, at);
			this.#byteCount += to - from;
		} else {
			const values = this.#values.reserve((this.#count + rowCount) * this.#width, this.#count * this.#width);
			this.#count += this.#compact(vector, { start, end, out: values + this.#count * this.#width });
		}
		this.rowCount += rowCount;
	}

	#compact(vector: FlatVector, { start, end, out }: { start: number; end: number; out: Pointer }): number {
		const { kernels } = this.#engine;
		switch (this.#physical) {
			case "bool":
				return kernels.compact_bool(start, end, vector.validity, vector.values, out);
			case "i32":
			case "f32":
				return kernels.compact_i32(start, end, vector.validity, vector.values, out);
			case "i64":
			case "f64":
				return kernels.compact_i64(start, end, vector.validity, vector.values, out);
			default:
				return kernels.compact_i128(start, end, vector.validity, vector.values, out);
		}
	}

	/** Forgets the rows, keeps the buffers. */
	reset(): void {
		this.rowCount = 0;
		this.#count = 0;
		this.#byteCount = 0;
	}

	close(): void {
		this.#values.close();
		this.#offsets.close();
		this.#levels.close();
	}
}
