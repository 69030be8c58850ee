/** Dense values as the bytes of a page: PLAIN, DELTA_BINARY_PACKED of whole numbers, DELTA_LENGTH_BYTE_ARRAY of byte values. */
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { DenseValues } from "./dictionary-writer.ts";
import { PhysicalKind } from "../format.ts";
import { type Memory, SLACK_BYTES } from "../raw-values.ts";
import type { WrittenType } from "./written-type.ts";

/** Bytes of the snappy kernel's hash table. */
const SNAPPY_TABLE_BYTES = 32_768;

export class ValueEncoder {
	readonly #written: WrittenType;
	readonly #memory: Memory;

	constructor(written: WrittenType, memory: Memory) {
		this.#written = written;
		this.#memory = memory;
	}

	/** True of whole numbers, what is stored as such, and byte values, whose lengths are numbers. */
	get hasDeltas(): boolean {
		const { physical } = this.#written;
		return physical === PhysicalKind.int32 || physical === PhysicalKind.int64 || this.isBytes;
	}

	get isBytes(): boolean {
		return this.#written.form === "bytes";
	}

	/** Bytes that {@link plain} writes. */
	plainByteCount({ count, offsets }: DenseValues): number {
		const { form, plainWidth } = this.#written;
		if (form === "bits") return (count + 7) >> 3;
		if (form !== "bytes") return count * plainWidth;
		return count * 4 + (this.#memory.engine.arena.views.i32[(offsets >> 2) + count] as number);
	}

	/** @returns the end of the PLAIN values written at `out` */
	plain({ count, values, offsets, width }: DenseValues, out: Pointer): Pointer {
		const { kernels, arena } = this.#memory.engine;
		switch (this.#written.form) {
			case "bits":
				kernels.pack_bits(count, values, out);
				return out + ((count + 7) >> 3);
			case "copy":
				arena.views.u8.copyWithin(out, values, values + count * width);
				return out + count * width;
			case "truncate":
				kernels.truncate_i64(count, values, out);
				return out + count * 4;
			case "bigEndian":
				kernels.i128_to_big_endian(count, values, out);
				return out + count * 16;
			case "bytes":
				return out + kernels.plain_bytes_encode(count, offsets, values, out);
			default:
				throw new Error(`no form ${String(this.#written.form)}`);
		}
	}

	/** Bytes that {@link delta} writes. */
	deltaByteCount(dense: DenseValues): number {
		const { kernels } = this.#memory.engine;
		const numbers = this.#withNumbers(dense, (values, width) =>
			width === 4 ? kernels.delta_measure_i32(dense.count, values) : kernels.delta_measure_i64(dense.count, values),
		);
		return numbers + (this.isBytes ? this.plainByteCount(dense) - dense.count * 4 : 0);
	}

	/** Whole numbers as deltas; byte values as deltas of their lengths, and their bytes. @returns the end of what is written at `out`, which has SLACK_BYTES more than it takes */
	delta(dense: DenseValues, out: Pointer): Pointer {
		const { kernels, arena } = this.#memory.engine;
		const end = this.#withNumbers(
			dense,
			(values, width) =>
				out + (width === 4 ? kernels.delta_encode_i32(dense.count, values, out) : kernels.delta_encode_i64(dense.count, values, out)),
		);
		if (!this.isBytes) return end;
		const byteCount = arena.views.i32[(dense.offsets >> 2) + dense.count] as number;
		arena.views.u8.copyWithin(end, dense.values, dense.values + byteCount);
		return end + byteCount;
	}

	/** Runs `body` over the numbers in the width of the file: lanes as they are, decimals of few digits, or lengths. */
	#withNumbers(dense: DenseValues, body: (values: Pointer, width: 4 | 8) => number): number {
		const { engine, pool } = this.#memory;
		if (this.#written.form === "copy") return body(dense.values, this.#written.plainWidth as 4 | 8);
		const numbers = pool.allocate(dense.count * 4 + SLACK_BYTES);
		if (this.isBytes) engine.kernels.offsets_to_lengths(dense.count, dense.offsets, numbers);
		else engine.kernels.truncate_i64(dense.count, dense.values, numbers);
		const result = body(numbers, 4);
		pool.release(numbers);
		return result;
	}

	/** Snappy of `byteCount` bytes, in a buffer of the pool that the caller releases. */
	compress(body: Pointer, byteCount: number): { buffer: Pointer; byteCount: number } {
		const { engine, pool } = this.#memory;
		const table = pool.allocate(SNAPPY_TABLE_BYTES);
		const buffer = pool.allocate(32 + byteCount + Math.ceil(byteCount / 6) + SLACK_BYTES);
		const compressedByteCount = engine.kernels.snappy_compress(body, byteCount, buffer, table);
		pool.release(table);
		return { buffer, byteCount: compressedByteCount };
	}
}
