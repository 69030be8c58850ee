/** BOOLEAN, UUID, INTERVAL, free NUMERIC and arrays. */
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import { APPEND_BATCH_BYTES, BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { IntervalValue, NumericValue, SqlValue } from "#shared/contracts/value.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import { ColumnWriter, type ColumnWriterOptions } from "./column-writer.ts";
import { storeInt128 } from "./number-columns.ts";

export class BooleanColumn extends ColumnWriter {
	override putBoolean(row: number, value: boolean): void {
		this.views.u8[this.values + row] = value ? 1 : 0;
	}

	override putValue(row: number, value: SqlValue): void {
		this.views.u8[this.values + row] = value ? 1 : 0;
	}

	protected override putZero(row: number): void {
		this.views.u8[this.values + row] = 0;
	}
}

/** Sixteen bytes, most significant first in the text: stored as one i128, low half first. */
export class UuidColumn extends ColumnWriter {
	override putValue(row: number, value: SqlValue): void {
		const at = (this.values + row * 16) >> 3;
		const digits = (value as string).replaceAll("-", "");
		this.views.u64[at + 1] = BigInt(`0x${digits.slice(0, 16)}`);
		this.views.u64[at] = BigInt(`0x${digits.slice(16)}`);
	}

	protected override putZero(row: number): void {
		this.views.u64.fill(0n, (this.values + row * 16) >> 3, (this.values + row * 16 + 16) >> 3);
	}
}

export class IntervalColumn extends ColumnWriter {
	override putValue(row: number, value: SqlValue): void {
		const { months, days, microseconds } = value as IntervalValue;
		const at = this.values + row * 16;
		this.views.i32[at >> 2] = months;
		this.views.i32[(at >> 2) + 1] = days;
		this.views.i64[(at >> 3) + 1] = microseconds;
	}

	protected override putZero(row: number): void {
		this.putValue(row, { months: 0, days: 0, microseconds: 0n });
	}
}

/** Coefficients beside a display scale per value. Tables have no such column; arrays and results do. */
export class FreeNumericColumn extends ColumnWriter {
	readonly #scales: Pointer;

	constructor(type: DataType, options: ColumnWriterOptions) {
		super(type, options);
		this.#scales = options.region.allocate((options.capacity ?? BATCH_ROW_COUNT_MAX) * 4);
	}

	override putNumber(row: number, bytes: Uint8Array, start: number, end: number): void {
		this.putText(row, bytes, start, end);
	}

	override putValue(row: number, value: SqlValue): void {
		const { coefficient, scale } = value as NumericValue;
		storeInt128(this.views, this.values + row * 16, coefficient);
		this.views.i32[(this.#scales >> 2) + row] = scale;
	}

	protected override putZero(row: number): void {
		this.putValue(row, { coefficient: 0n, scale: 0 });
	}

	protected override parts(_rowCount: number): Partial<FlatVector> {
		return { offsets: this.#scales };
	}
}

/** Elements of one array. */
const ELEMENT_COUNT_MAX = 16_384;
/** What an element counts towards the bytes of a batch: a batch ends before its lists run out of room for one more array. */
const ELEMENT_BYTES = APPEND_BATCH_BYTES / ELEMENT_COUNT_MAX;

export class ListColumn extends ColumnWriter {
	readonly #offsets: Pointer;
	readonly #child: ColumnWriter;

	constructor(type: DataType, child: ColumnWriter, options: ColumnWriterOptions) {
		super(type, options);
		this.#child = child;
		this.#offsets = options.region.allocate(((options.capacity ?? BATCH_ROW_COUNT_MAX) + 1) * 4);
		this.views.i32[this.#offsets >> 2] = 0;
	}

	/** Room for the child: a batch that is not full yet, and one more array. */
	static readonly elementCountMax = 2 * ELEMENT_COUNT_MAX;

	override putValue(row: number, value: SqlValue): void {
		const elements = value as SqlValue[];
		const { i32 } = this.views;
		const from = i32[(this.#offsets >> 2) + row] as number;
		if (elements.length > ELEMENT_COUNT_MAX) {
			throw new LittoralError("program_limit_exceeded", `an array has more than ${ELEMENT_COUNT_MAX} elements`);
		}
		assert(from + elements.length <= ListColumn.elementCountMax, "a batch ends before its lists are full");
		elements.forEach((element, index) => {
			if (element === null) this.#child.putNull(from + index);
			else this.#child.putValue(from + index, element);
		});
		i32[(this.#offsets >> 2) + row + 1] = from + elements.length;
		this.byteCount = (from + elements.length) * ELEMENT_BYTES + this.#child.byteCount;
	}

	protected override putZero(row: number): void {
		const { i32 } = this.views;
		const index = (this.#offsets >> 2) + row;
		i32[index + 1] = i32[index] as number;
	}

	protected override parts(rowCount: number): Partial<FlatVector> {
		const elementCount = this.views.i32[(this.#offsets >> 2) + rowCount] as number;
		return { offsets: this.#offsets, child: this.#child.finish(elementCount) };
	}

	override reset(): void {
		super.reset();
		this.#child.reset();
	}
}
