/** TEXT, VARCHAR(n), CHAR(n), BYTEA, JSONB and arrays: offsets and one growing run of bytes. */
import { LittoralError } from "#shared/base/errors.ts";
import { ARENA_PAGE_BYTES, BATCH_ROW_COUNT_MAX, VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { parseBase64, parseBytea } from "#shared/contracts/values/binary-text.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import type { Kernels } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Lease } from "#shared/engine/memory/lease.ts";
import { encodeArray } from "#shared/engine/vector/array-value.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import { decodeUtf8 } from "../utf8.ts";
import { ColumnWriter, type ColumnWriterOptions } from "./column-writer.ts";
import type { TextFields } from "./text-fields.ts";

const encoder = new TextEncoder();
/** Small appends are many and short: pages of their own are taken only for what does not fit here. */
const FIRST_BYTES = 4 * 1024;
/** Below this a loop copies faster than `set` with a view of its own. */
const LOOP_COPY_BYTES = 24;
/** Kernels copy in moves of 16 bytes. */
const SLACK_BYTES = 16;
const TEXT_BYTES_MAX = 2 ** 31 - 1;

export class BytesColumn extends ColumnWriter {
	readonly #lease: Lease;
	/** i32[capacity + 1] */
	readonly #offsets: Pointer;
	#bytes: Pointer;
	#capacity = FIRST_BYTES;
	/** Whether `#bytes` are pages of this column alone. */
	#ownsPages = false;

	constructor(type: DataType, options: ColumnWriterOptions) {
		super(type, options);
		this.#lease = options.lease;
		this.#offsets = options.region.allocate(((options.capacity ?? BATCH_ROW_COUNT_MAX) + 1) * 4);
		this.views.i32[this.#offsets >> 2] = 0;
		this.#bytes = options.region.allocate(FIRST_BYTES);
	}

	override putText(row: number, bytes: Uint8Array, start: number, end: number): void {
		const { type } = this;
		if (type.kind === "text" || (type.kind === "varchar" && end - start <= (type.length ?? Number.POSITIVE_INFINITY))) {
			this.putBytes(row, bytes, start, end);
		} else if (type.kind === "bytea") {
			const text = decodeUtf8(bytes, start, end);
			this.putValue(row, text.startsWith("\\x") ? parseBytea(text) : parseBase64(text));
		} else {
			this.putValue(row, parseValue(type, decodeUtf8(bytes, start, end), { refuseOffset: true }));
		}
	}

	protected override putCommon(row: number, from: number, texts: TextFields): number {
		const { type } = this;
		if (type.kind !== "text" && type.kind !== "varchar") return from;
		const { kernels, rowCount, pointer, stride, byteCount } = texts;
		const { i32 } = this.views;
		const used = i32[(this.#offsets >> 2) + row + from] as number;
		if (used + byteCount + SLACK_BYTES > this.#capacity) this.#grow(used, used + byteCount + SLACK_BYTES);
		const limit = (type.kind === "varchar" ? type.length : undefined) ?? TEXT_BYTES_MAX;
		const stopped = kernels.text_copy(from, rowCount, pointer, stride, limit, this.#offsets + row * 4, this.#bytes);
		this.byteCount = i32[(this.#offsets >> 2) + row + stopped] as number;
		return stopped;
	}

	/**
	 * Texts of rows from `row` on: the one of `from` is bytes[offsets[from], offsets[from + 1]), and so on.
	 * @returns false where one is no UTF-8 or holds a zero byte
	 */
	putSlices(
		row: number,
		{ bytes, offsets, from, count }: { bytes: Uint8Array; offsets: Float64Array; from: number; count: number },
		kernels: Kernels,
	): boolean {
		const { i32, u8 } = this.views;
		const first = (this.#offsets >> 2) + row;
		const used = i32[first] as number;
		const start = offsets[from] as number;
		const end = used + (offsets[from + count] as number) - start;
		if (end > this.#capacity) this.#grow(used, end);
		u8.set(bytes.subarray(start, start + end - used), this.#bytes + used);
		for (let index = 1; index <= count; index++) i32[first + index] = used + (offsets[from + index] as number) - start;
		this.byteCount = end;
		return kernels.utf8_check(row, row + count, this.#offsets, this.#bytes) < 0;
	}

	override putValue(row: number, value: SqlValue): void {
		const bytes = this.#bytesOf(value);
		this.putBytes(row, bytes, 0, bytes.length);
	}

	#bytesOf(value: SqlValue): Uint8Array {
		if (this.type.kind === "array") return encodeArray(this.type.element, value as SqlValue[]);
		return value instanceof Uint8Array ? value : encoder.encode(value as string);
	}

	/** Copies bytes[start, end) as they are. @throws program_limit_exceeded (54000) above VALUE_BYTES_MAX */
	putBytes(row: number, bytes: Uint8Array, start: number, end: number): void {
		const { i32, u8 } = this.views;
		const from = i32[(this.#offsets >> 2) + row] as number;
		const length = end - start;
		if (length > VALUE_BYTES_MAX) throw new LittoralError("program_limit_exceeded", `a value takes more than ${VALUE_BYTES_MAX} bytes`);
		if (from + length > this.#capacity) this.#grow(from, from + length);
		const to = this.#bytes + from;
		if (length <= LOOP_COPY_BYTES) for (let index = 0; index < length; index++) u8[to + index] = bytes[start + index] as number;
		else u8.set(bytes.subarray(start, end), to);
		i32[(this.#offsets >> 2) + row + 1] = from + length;
		this.byteCount = from + length;
	}

	protected override putZero(row: number): void {
		const { i32 } = this.views;
		const index = (this.#offsets >> 2) + row;
		i32[index + 1] = i32[index] as number;
	}

	protected override parts(_rowCount: number): Partial<FlatVector> {
		return { values: this.#bytes, offsets: this.#offsets };
	}

	#grow(usedByteCount: number, neededByteCount: number): void {
		const capacity = Math.max(this.#capacity * 2, neededByteCount, ARENA_PAGE_BYTES);
		const bytes = this.#lease.allocatePages(capacity);
		this.views.u8.copyWithin(bytes, this.#bytes, this.#bytes + usedByteCount);
		if (this.#ownsPages) this.#lease.freePages(this.#bytes);
		this.#ownsPages = true;
		this.#bytes = bytes;
		this.#capacity = capacity;
	}
}
