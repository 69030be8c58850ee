/** BOOLEAN, UUID, INTERVAL and free NUMERIC. */
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
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
