/**
 * Rows from a Parquet file. Columns meet by name; the file's types are widened exactly or refused by name, and a value that does not fit its column is a row
 * error. Types that Parquet does not have (JSONB, INTERVAL, CHAR, a UUID written as text) are read from text; arrays from lists, or from
 * text in PostgreSQL's form.
 */
import { hasCode, type LittoralError } from "#shared/base/errors.ts";
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ColumnSchema } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { constantVector } from "#shared/engine/vector/builder.ts";
import { readValue } from "#shared/engine/vector/read.ts";
import type { Vector } from "#shared/engine/vector/vector.ts";
import type { ByteSource } from "#shared/parquet/read/byte-source.ts";
import { conversionFor } from "#shared/parquet/read/conversion.ts";
import type { ParquetFile } from "#shared/parquet/read/footer.ts";
import { openParquet } from "#shared/parquet/read/open.ts";
import { ParquetReader, type RequestedColumn } from "#shared/parquet/read/reader.ts";
import type { ColumnWriter } from "./columns/column-writer.ts";
import { createColumnWriter } from "./columns/create.ts";
import type { DecodeOptions } from "./decode.ts";
import { RowErrors } from "./row-errors.ts";
import { defaultValue } from "./row-writer.ts";
import { forEachNull } from "./vector-checks.ts";

/** Where a schema column's values come from. */
type Origin =
	| { kind: "file"; position: number }
	| { kind: "text"; position: number; writer: ColumnWriter }
	| { kind: "default"; value: SqlValue };

const encoder = new TextEncoder();
const TEXT: DataType = { kind: "text" };
const TEXTS: DataType = { kind: "array", element: TEXT };

/**
 * As `decodeRows`, from a file that can be read at any offset (a stored upload).
 * @throws malformed_body, invalid_rows, the source's own error
 */
export async function* decodeParquetRows(options: DecodeOptions & { source: ByteSource }): AsyncGenerator<Batch, void, undefined> {
	const { schema, engine, lease, source, signal } = options;
	const errors = new RowErrors();
	const file = await openParquet(source);
	const region = lease.region();
	const requested: RequestedColumn[] = [];
	const origins = schema.columns.map((column): Origin => {
		const origin = originOf(file, column, errors);
		if (origin === null) return { kind: "default", value: defaultValue(column, options.nowMicroseconds) };
		requested.push({ name: column.name, type: origin });
		if (origin === column.type) return { kind: "file", position: requested.length - 1 };
		return { kind: "text", position: requested.length - 1, writer: createColumnWriter(column.type, { lease, region }) };
	});
	checkNames(file, options, errors);
	errors.throwIfAny();

	let waiting: Promise<unknown> = Promise.resolve();
	let rowsBefore = 0;
	const batchRegion = lease.region();
	const reader = new ParquetReader({
		file,
		source,
		columns: requested,
		engine,
		lease,
		blockOn: (promise) => {
			waiting = promise;
		},
		...(signal === undefined ? {} : { signal }),
		onRowError: (error) => {
			errors.add(error);
			errors.commit();
		},
	});
	try {
		for (;;) {
			signal?.throwIfAborted();
			const read = reader.next();
			if (read === "blocked") {
				await waiting;
				continue;
			}
			if (read === null) break;
			batchRegion.reset();
			const columns = origins.map((origin, index) => {
				const column = schema.columns[index] as ColumnSchema;
				const vector = columnOf(origin, read, { engine, region: batchRegion, column, errors, rowsBefore });
				if (!column.nullable) checkNotNull(vector, read.rowCount, { engine, column, errors, rowsBefore, relation: schema.name });
				return vector;
			});
			rowsBefore += read.rowCount;
			if (errors.count === 0) yield { ...read, columns };
		}
		errors.throwIfAny();
	} finally {
		reader.close();
		batchRegion.free();
		region.free();
	}
}

/** The type that a column is read as: its own, a text or a list of texts to be parsed, or null where the file has none. A type that does neither is counted as an error. */
function originOf(file: ParquetFile, column: ColumnSchema, errors: RowErrors): DataType | null {
	const held = file.columns.find((candidate) => candidate.name === column.name);
	if (held === undefined) return null;
	const isList = held.list !== null && column.type.kind === "array";
	const { kind } = column.type.kind === "array" && isList ? column.type.element : column.type;
	// CHAR is padded, JSONB normalised: neither is taken as it lies in the file.
	const parsed =
		kind === "jsonb" || kind === "interval" || kind === "char" || kind === "array" || (kind === "uuid" && held.type.kind === "text");
	const origin = !parsed ? column.type : isList ? TEXTS : TEXT;
	try {
		conversionFor(held, origin, true);
	} catch (error) {
		if (!hasCode(error, "feature_not_supported")) throw error;
		errors.add({ row: 1, column: column.name, code: "datatype_mismatch", detail: (error as LittoralError).message });
		errors.commit();
	}
	return origin;
}

/** A column of the file that the table does not have, or one that stands twice. */
function checkNames(file: ParquetFile, options: DecodeOptions, errors: RowErrors): void {
	const known = new Set(options.schema.columns.map((column) => column.name));
	const met = new Set<string>();
	for (const { name } of file.columns) {
		if (!known.has(name)) {
			const detail = `column "${name}" of relation "${options.schema.name}" does not exist`;
			errors.add({ row: 1, column: name, code: "unknown_column", detail });
		} else if (met.has(name)) {
			errors.add({ row: 1, column: name, code: "duplicate_column", detail: `column "${name}" appears more than once` });
		}
		met.add(name);
	}
	errors.commit();
}

interface ColumnContext {
	engine: Engine;
	column: ColumnSchema;
	errors: RowErrors;
	rowsBefore: number;
}

function columnOf(origin: Origin, batch: Batch, context: ColumnContext & { region: Region }): Vector {
	const { engine, column, errors } = context;
	if (origin.kind === "default") return constantVector(engine, context.region, column.type, origin.value);
	const vector = batch.columns[origin.position] as Vector;
	if (origin.kind === "file") {
		if (column.type.kind === "array") checkSizes(vector, batch.rowCount, context);
		return vector;
	}
	const { writer } = origin;
	writer.reset();
	for (let row = 0; row < batch.rowCount; row++) {
		const text = readValue(engine, vector, row) as string | (string | null)[] | null;
		if (text === null) {
			writer.putNull(row);
			continue;
		}
		try {
			if (typeof text === "string") {
				const bytes = encoder.encode(text);
				writer.putText(row, bytes, 0, bytes.length);
			} else
				writer.putValue(
					row,
					text.map((element) => parseElement(column.type, element)),
				);
		} catch (error) {
			errors.addFrom(error, { row: context.rowsBefore + row + 1, column: column.name });
			errors.commit();
			writer.putNull(row);
		}
	}
	return writer.finish(batch.rowCount);
}

function parseElement(type: DataType, text: string | null): SqlValue {
	return text === null || type.kind !== "array" ? null : parseValue(type.element, text, { refuseOffset: true });
}

/** An array of more than VALUE_BYTES_MAX bytes is a row error, as a text is. */
function checkSizes(vector: Vector, rowCount: number, { engine, column, errors, rowsBefore }: ColumnContext): void {
	if (vector.kind !== "flat") return;
	const { i32 } = engine.arena.views;
	const offsets = vector.offsets / 4;
	for (let row = 0; row < rowCount; row++) {
		if ((i32[offsets + row + 1] as number) - (i32[offsets + row] as number) <= VALUE_BYTES_MAX) continue;
		const detail = `a value takes more than ${VALUE_BYTES_MAX} bytes`;
		errors.add({ row: rowsBefore + row + 1, column: column.name, code: "program_limit_exceeded", detail });
	}
	errors.commit();
}

function checkNotNull(vector: Vector, rowCount: number, context: ColumnContext & { relation: string }): void {
	const { column, errors } = context;
	forEachNull(context.engine, vector, rowCount, (row) => {
		const detail = `null value in column "${column.name}" of relation "${context.relation}" violates not-null constraint`;
		errors.add({ row: context.rowsBefore + row + 1, column: column.name, code: "not_null_violation", detail });
	});
	errors.commit();
}
