/**
 * Arrow columns whose lanes, or whose texts, are those of a table's column as they are: copied many rows at a time, and checked by kernels. What does not fit as it is, is
 * converted row by row, which says what is wrong with it.
 */
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { DATE_DAYS_MAX, DATE_DAYS_MIN, MICROSECONDS_PER_DAY } from "#shared/contracts/values/calendar.ts";
import type { Kernels } from "#shared/engine/kernels/kernels.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import { BytesColumn } from "../columns/bytes-column.ts";
import type { ColumnWriter } from "../columns/column-writer.ts";
import { type ArrowValues, isValidAt } from "./record-batch.ts";
import type { ArrowField } from "./schema.ts";

/** Rows [from, from + count) of an Arrow column, for the rows from `row` on of a table's. */
export interface CopiedRows {
	values: ArrowValues;
	from: number;
	count: number;
	writer: ColumnWriter;
	row: number;
	kernels: Kernels;
}

/** @returns false where some value does not fit as it is: then what was written is written again */
export type ColumnCopy = (rows: CopiedRows) => boolean;

/** @returns null where values have to be converted one by one */
export function columnCopy({ type: from, dictionary }: ArrowField, type: DataType): ColumnCopy | null {
	if (dictionary !== null) return null;
	switch (from.kind) {
		case "int":
			if (from.width === 8 && from.signed && type.kind === "bigint") return copyLanes(8);
			return from.width === 4 && from.signed && type.kind === "integer" ? copyLanes(4) : null;
		case "date":
			return from.width === 4 && type.kind === "date" ? copyDates : null;
		case "timestamp":
			return from.unitsPerSecond === 1e6 && (type.kind === "timestamp" || type.kind === "timestamptz") ? copyTimestamps : null;
		case "decimal":
			if (type.kind !== "numeric" || type.precision === undefined || type.precision > NARROW_PRECISION_MAX) return null;
			return from.width === 16 && from.scale === (type.scale ?? 0) ? copyDecimals(type.precision) : null;
		case "utf8":
			return type.kind === "text" || type.kind === "varchar" ? copyTexts(type.kind === "varchar" ? type.length : undefined) : null;
		default:
			return null;
	}
}

/** Digits of a coefficient of 64 bits. */
const NARROW_PRECISION_MAX = 18;
const TIMESTAMP_MIN = BigInt(DATE_DAYS_MIN) * MICROSECONDS_PER_DAY;

/** @returns where the lanes lie in the arena */
function putLanes(rows: CopiedRows, width: number): Pointer {
	const { data } = rows.values;
	const pointer = rows.writer.putLanes(rows.row, new Uint8Array(data.buffer, data.byteOffset + rows.from * width, rows.count * width));
	putNulls(rows);
	return pointer;
}

/** What lies under NULL is made zero. */
function putNulls({ values, from, count, writer, row }: CopiedRows): void {
	if (values.validity === null) return;
	for (let index = 0; index < count; index++) if (!isValidAt(values, from + index)) writer.putNull(row + index);
}

function copyLanes(width: number): ColumnCopy {
	return (rows) => {
		putLanes(rows, width);
		return true;
	};
}

const copyDates: ColumnCopy = (rows) => rows.kernels.count_outside_i32(rows.count, putLanes(rows, 4), DATE_DAYS_MIN, DATE_DAYS_MAX) === 0;

const copyTimestamps: ColumnCopy = (rows) => rows.kernels.count_below_i64(rows.count, putLanes(rows, 8), TIMESTAMP_MIN) === 0;

/**
 * Coefficients of 128 bits as 64, if each is below 10^precision. Compared as doubles, which hold the power exactly and round a larger coefficient to no less: one a little
 * below may be taken for too large, and is then converted by itself.
 */
function copyDecimals(precision: number): ColumnCopy {
	const limit = Number(`1e${precision}`);
	return (rows) => {
		const { values, from, count } = rows;
		const { data } = values;
		const lanes = new Int32Array(count * 2);
		for (let index = 0; index < count; index++) {
			const at = (from + index) * 16;
			const low = data.getInt32(at, true);
			const high = data.getInt32(at + 4, true);
			const sign = high >> 31;
			const isFit = data.getInt32(at + 8, true) === sign && data.getInt32(at + 12, true) === sign;
			if (!(isFit && Math.abs(high * 2 ** 32 + (low >>> 0)) < limit) && isValidAt(values, from + index)) return false;
			lanes[index * 2] = low;
			lanes[index * 2 + 1] = high;
		}
		rows.writer.putLanes(rows.row, new Uint8Array(lanes.buffer));
		putNulls(rows);
		return true;
	};
}

function copyTexts(length: number | undefined): ColumnCopy {
	const byteCountMax = Math.min(length ?? VALUE_BYTES_MAX, VALUE_BYTES_MAX);
	return (rows) => {
		const { values, from, count, writer } = rows;
		const { offsets, data } = values;
		if (!(writer instanceof BytesColumn) || offsets === null) return false;
		for (let index = from; index < from + count; index++) {
			const byteCount = (offsets[index + 1] as number) - (offsets[index] as number);
			// Characters are no more than bytes; what lies under NULL is nobody's.
			if (byteCount > byteCountMax || (byteCount > 0 && !isValidAt(values, index))) return false;
		}
		const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
		if (!writer.putSlices(rows.row, { bytes, offsets, from, count }, rows.kernels)) return false;
		putNulls(rows);
		return true;
	};
}
