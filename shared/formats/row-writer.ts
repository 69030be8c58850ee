/**
 * Rows of a table being appended: one writer per column in schema order, absent columns filled with their DEFAULT, NOT NULL checked.
 * Fields may be written again for the same row until {@link RowWriter.endRow}: see `ColumnWriter`.
 */
import { APPEND_BATCH_BYTES, BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ColumnSchema, TableSchema } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { MICROSECONDS_PER_DAY } from "#shared/contracts/values/calendar.ts";
import type { Lease } from "#shared/engine/memory/lease.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import type { ColumnWriter } from "./columns/column-writer.ts";
import { createColumnWriter } from "./columns/create.ts";
import type { RowErrors } from "./row-errors.ts";

/** One column as a row's parser meets it. */
export interface Field {
	readonly index: number;
	readonly name: string;
	readonly schema: ColumnSchema;
	readonly writer: ColumnWriter;
	/** Number of the row in which this field was met last. */
	seenInRow: number;
}

export class RowWriter {
	readonly fields: Field[];
	readonly errors: RowErrors;
	readonly #schema: TableSchema;
	readonly #defaults: SqlValue[];
	/** Rows of the batch being written. */
	rowCount = 0;
	/** Rows of earlier batches. */
	#earlierRowCount = 0;

	constructor(options: { schema: TableSchema; lease: Lease; nowMicroseconds: bigint; errors: RowErrors }) {
		const { schema, lease } = options;
		const region = lease.region();
		this.#schema = schema;
		this.errors = options.errors;
		this.#defaults = schema.columns.map((column) => defaultValue(column, options.nowMicroseconds));
		this.fields = schema.columns.map((column, index) => ({
			index,
			name: column.name,
			schema: column,
			writer: createColumnWriter(column.type, { lease, region }),
			seenInRow: 0,
		}));
	}

	/** Number of the row being written, from 1 over the whole body. */
	get rowNumber(): number {
		return this.#earlierRowCount + this.rowCount + 1;
	}

	/** Rows written in all. */
	get totalRowCount(): number {
		return this.#earlierRowCount + this.rowCount;
	}

	get isFull(): boolean {
		return this.rowCount >= BATCH_ROW_COUNT_MAX || this.byteCount >= APPEND_BATCH_BYTES;
	}

	/** Marks a field as met. @returns false, and an error is counted, when the row has it already */
	meet(field: Field, line?: number): boolean {
		const row = this.rowNumber;
		if (field.seenInRow === row) {
			this.repeated(field, line);
			return false;
		}
		field.seenInRow = row;
		return true;
	}

	/** A key or header that stands twice. */
	repeated(field: Field, line?: number): void {
		const detail = `column "${field.name}" appears more than once`;
		this.errors.add(place({ row: this.rowNumber, line, column: field.name }, "duplicate_column", detail));
	}

	/** A key or header that names no column. */
	unknown(name: string, line?: number): void {
		const detail = `column "${name}" of relation "${this.#schema.name}" does not exist`;
		this.errors.add(place({ row: this.rowNumber, line, column: name }, "unknown_column", detail));
	}

	/** Counts what a writer threw as this field's error, and keeps the column whole. @throws what is no value's error */
	fail(field: Field, thrown: unknown, line?: number): void {
		this.errors.addFrom(thrown, place({ row: this.rowNumber, line, column: field.name }));
		field.writer.putNull(this.rowCount);
	}

	putNull(field: Field, line?: number): void {
		if (!field.schema.nullable) {
			const detail = `null value in column "${field.name}" of relation "${this.#schema.name}" violates not-null constraint`;
			this.errors.add(place({ row: this.rowNumber, line, column: field.name }, "not_null_violation", detail));
		}
		field.writer.putNull(this.rowCount);
	}

	/** Fills the fields not met, and goes on to the next row. */
	endRow(line?: number): void {
		const row = this.rowNumber;
		for (const field of this.fields) {
			if (field.seenInRow === row) continue;
			const value = this.#defaults[field.index] as SqlValue;
			if (value === null) this.putNull(field, line);
			else field.writer.putValue(this.rowCount, value);
		}
		this.errors.commit();
		this.rowCount++;
	}

	/** Whether rows may leave the field out. */
	mayLeaveOut(field: Field): boolean {
		return field.schema.nullable || this.#defaults[field.index] !== null;
	}

	/** As {@link endRow}, for `count` rows whose fields in `met` were written: those of all others may be left out. */
	endRows(count: number, met: readonly Field[]): void {
		for (const field of this.fields) {
			if (met.includes(field)) continue;
			const value = this.#defaults[field.index] as SqlValue;
			for (let row = this.rowCount; row < this.rowCount + count; row++) {
				if (value === null) field.writer.putNull(row);
				else field.writer.putValue(row, value);
			}
		}
		this.rowCount += count;
	}

	/** Bytes of variable length in the batch being written. */
	get byteCount(): number {
		return this.fields.reduce((sum, { writer }) => sum + writer.byteCount, 0);
	}

	/** Forgets the row being written: its bytes will come again. */
	restartRow(): void {
		const row = this.rowNumber;
		for (const field of this.fields) if (field.seenInRow === row) field.seenInRow = 0;
		this.errors.discard();
	}

	/** The rows since the last {@link reset}, valid until the next one. */
	finish(): Batch {
		return {
			rowCount: this.rowCount,
			columns: this.fields.map((field) => field.writer.finish(this.rowCount)),
			selection: 0,
			selectedCount: this.rowCount,
		};
	}

	reset(): void {
		this.#earlierRowCount += this.rowCount;
		this.rowCount = 0;
		for (const field of this.fields) field.writer.reset();
	}
}

function place<Rest extends [] | [code: string, detail: string]>(
	at: { row: number; line: number | undefined; column: string },
	...rest: Rest
): Rest extends []
	? { row: number; line?: number; column: string }
	: { row: number; line?: number; column: string; code: string; detail: string };
function place(at: { row: number; line: number | undefined; column: string }, code?: string, detail?: string): object {
	const { line, ...others } = at;
	return { ...others, ...(line === undefined ? {} : { line }), ...(code === undefined ? {} : { code, detail }) };
}

/** The DEFAULT as a value of the column's type; NULL without one. */
export function defaultValue(column: ColumnSchema, nowMicroseconds: bigint): SqlValue {
	if (column.default === null) return null;
	const { value } = column.default;
	return value.kind === "constant" ? value.value : nowAs(column.type, nowMicroseconds);
}

/** `now()` as a column's type takes it, in UTC. */
function nowAs(type: DataType, nowMicroseconds: bigint): SqlValue {
	const days = nowMicroseconds / MICROSECONDS_PER_DAY;
	if (type.kind === "date") return Number(days);
	return type.kind === "time" ? nowMicroseconds - days * MICROSECONDS_PER_DAY : nowMicroseconds;
}
