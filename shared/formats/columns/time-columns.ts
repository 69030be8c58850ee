/** DATE, TIME, TIMESTAMP and TIMESTAMPTZ: ISO forms from their bytes, all others through `parseValue`. */
import type { SqlValue } from "#shared/contracts/value.ts";
import { ColumnWriter } from "./column-writer.ts";
import { readDate, readTime, readTimestamp } from "./fast-text.ts";
import { storeInt64 } from "./number-columns.ts";
import type { TextFields } from "./text-fields.ts";

export class DateColumn extends ColumnWriter {
	override putText(row: number, bytes: Uint8Array, start: number, end: number): void {
		const days = end - start === 10 ? readDate(bytes, start, end) : Number.NaN;
		if (Number.isNaN(days)) super.putText(row, bytes, start, end);
		else this.views.i32[(this.values >> 2) + row] = days;
	}

	protected override putCommon(row: number, from: number, { kernels, rowCount, pointer, stride }: TextFields): number {
		return kernels.text_to_date(from, rowCount, pointer, stride, this.values + row * 4);
	}

	override putValue(row: number, value: SqlValue): void {
		this.views.i32[(this.values >> 2) + row] = value as number;
	}

	protected override putZero(row: number): void {
		this.views.i32[(this.values >> 2) + row] = 0;
	}
}

export class TimeColumn extends ColumnWriter {
	override putText(row: number, bytes: Uint8Array, start: number, end: number): void {
		const { kind } = this.type;
		const micros = kind === "time" ? readTime(bytes, start, end) : readTimestamp(bytes, start, end, kind === "timestamptz");
		if (Number.isNaN(micros)) super.putText(row, bytes, start, end);
		else storeInt64(this.views, this.values + row * 8, micros);
	}

	override putValue(row: number, value: SqlValue): void {
		this.views.i64[(this.values >> 3) + row] = value as bigint;
	}

	protected override putZero(row: number): void {
		this.views.i64[(this.values >> 3) + row] = 0n;
	}
}
