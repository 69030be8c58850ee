/**
 * Rows from an Arrow IPC stream: message by message, each held whole. Lengths and offsets are checked before they are followed, and memory is taken for
 * bytes that arrived, never for bytes announced. The stream has to end with Arrow's end mark: without it, it was cut short.
 */
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import { APPEND_BATCH_BYTES, ARROW_DICTIONARY_BYTES_MAX, ARROW_MESSAGE_BYTES_MAX, BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { Kernels } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { arrowTypeName, type Converter, converterFor } from "./arrow/convert.ts";
import { type ColumnCopy, columnCopy } from "./arrow/copy-columns.ts";
import { malformedArrow, TableReader } from "./arrow/flatbuffer-reader.ts";
import { CONTINUATION, MessageHeader } from "./arrow/format.ts";
import { type ArrowValues, type Dictionaries, isValidAt, readRecordBatch } from "./arrow/record-batch.ts";
import { type ArrowField, readSchema } from "./arrow/schema.ts";
import { ByteWindow } from "./byte-window.ts";
import { typeName } from "#shared/contracts/data-type.ts";
import type { DecodeOptions } from "./decode.ts";
import { RowErrors } from "./row-errors.ts";
import { type Field, RowWriter } from "./row-writer.ts";

interface Message {
	header: number;
	content: TableReader;
	body: Uint8Array;
}

/** A column of the stream and the table's column that takes it. */
interface Target {
	field: Field;
	convert: Converter;
	/** Many rows at a time, as they are. */
	copy: ColumnCopy | null;
}

/** As `decodeRows`. @throws malformed_body, body_too_large, invalid_rows */
export async function* decodeArrowRows(
	options: DecodeOptions & { body: ReadableStream<Uint8Array> | Uint8Array },
): AsyncGenerator<Batch, void, undefined> {
	const window = new ByteWindow(options.body, options.signal);
	const errors = new RowErrors();
	const writer = new RowWriter({ ...options, errors });
	const dictionaries: Dictionaries = new Map();
	let dictionaryBytes = 0;
	try {
		const first = await nextMessage(window);
		if (first === null || first.header !== MessageHeader.schema) throw malformedArrow("it does not begin with a schema");
		const fields = readSchema(first.content);
		const targets = matchColumns(fields, writer);
		errors.throwIfAny();
		for (;;) {
			const message = await nextMessage(window);
			if (message === null) break;
			if (message.header === MessageHeader.dictionaryBatch) {
				dictionaryBytes += message.body.length;
				if (dictionaryBytes > ARROW_DICTIONARY_BYTES_MAX) {
					throw new LittoralError("body_too_large", `dictionaries take more than ${ARROW_DICTIONARY_BYTES_MAX} bytes`);
				}
				readDictionary(message, fields, dictionaries);
			} else if (message.header === MessageHeader.recordBatch) {
				const { kernels } = options.engine;
				yield* rowsOf(readRecordBatch(message.content, message.body, { fields, dictionaries }), { targets, writer, kernels });
			} else throw malformedArrow("a message is neither a dictionary nor a record batch");
		}
		if (writer.rowCount > 0 && errors.count === 0) yield writer.finish();
		errors.throwIfAny();
	} finally {
		await window.close();
	}
}

/** @returns null at the end mark, behind which nothing may stand */
async function nextMessage(window: ByteWindow): Promise<Message | null> {
	if (!(await window.require(8))) throw malformedArrow("it is cut short");
	const view = new DataView(window.bytes.buffer, window.start, 8);
	if (view.getUint32(0, true) !== CONTINUATION) throw malformedArrow("a message does not begin as messages do");
	const metadataBytes = view.getInt32(4, true);
	if (metadataBytes === 0) {
		if (await window.require(9)) throw malformedArrow("something follows its end");
		return null;
	}
	checkSize(metadataBytes);
	if (!(await window.require(8 + metadataBytes))) throw malformedArrow("it is cut short");
	const metadata = TableReader.root(window.bytes.slice(window.start + 8, window.start + 8 + metadataBytes));
	const bodyBytes = metadata.count(3);
	checkSize(metadataBytes + bodyBytes);
	if (!(await window.require(8 + metadataBytes + bodyBytes))) throw malformedArrow("it is cut short");
	const bodyStart = window.start + 8 + metadataBytes;
	const body = window.bytes.slice(bodyStart, bodyStart + bodyBytes);
	window.start = bodyStart + bodyBytes;
	const content = metadata.table(2);
	if (content === null) throw malformedArrow("a message is empty");
	return { header: metadata.u8(1), content, body };
}

function checkSize(byteCount: number): void {
	if (byteCount < 0) throw malformedArrow("a message has a negative size");
	if (byteCount > ARROW_MESSAGE_BYTES_MAX) {
		throw new LittoralError("body_too_large", `a record batch takes more than ${ARROW_MESSAGE_BYTES_MAX} bytes: send smaller ones`);
	}
}

/** Counts an error for each column that the table does not have, has twice, or cannot take. */
function matchColumns(fields: ArrowField[], writer: RowWriter): Target[] {
	const byName = new Map(writer.fields.map((field) => [field.name, field]));
	const met = new Set<Field>();
	const targets: Target[] = [];
	for (const arrow of fields) {
		const field = byName.get(arrow.name);
		if (field === undefined) {
			writer.unknown(arrow.name);
			continue;
		}
		if (met.has(field)) {
			writer.repeated(field);
			continue;
		}
		met.add(field);
		const convert = converterFor(arrow, field.schema.type);
		if (convert !== null) {
			targets.push({ field, convert, copy: columnCopy(arrow, field.schema.type) });
			continue;
		}
		const detail = `column "${field.name}" holds ${arrowTypeName(arrow.type)}, which cannot be read as ${typeName(field.schema.type)} without loss`;
		writer.errors.add({ row: 1, column: field.name, code: "datatype_mismatch", detail });
	}
	writer.errors.commit();
	return targets;
}

function readDictionary(message: Message, fields: ArrowField[], dictionaries: Dictionaries): void {
	const id = message.content.id(0);
	const data = message.content.table(1);
	const field = findDictionary(fields, id);
	if (data === null || field === null) throw malformedArrow("a dictionary belongs to no column");
	if (message.content.u8(2) !== 0) throw malformedArrow("a dictionary grows, which is not supported");
	const { columns } = readRecordBatch(data, message.body, { fields: [{ ...field, dictionary: null }], dictionaries });
	dictionaries.set(id, columns[0] as ArrowValues);
}

function findDictionary(fields: ArrowField[], id: bigint): ArrowField | null {
	for (const field of fields) {
		if (field.dictionary?.id === id) return field;
		const found = field.type.kind === "list" ? findDictionary([field.type.element], id) : null;
		if (found !== null) return found;
	}
	return null;
}

function* rowsOf(
	{ rowCount, columns }: { rowCount: number; columns: ArrowValues[] },
	{ targets, writer, kernels }: { targets: Target[]; writer: RowWriter; kernels: Kernels },
): Generator<Batch, void, undefined> {
	for (let row = 0; row < rowCount; ) {
		if (writer.isFull) {
			if (writer.errors.count === 0) yield writer.finish();
			writer.reset();
		}
		const count = roomFor(rowCount - row, { row, columns, targets, writer });
		if (count === 1 || !copyRows({ row, count, columns }, targets, writer, kernels)) {
			for (let index = 0; index < count; index++) convertRow(row + index, columns, targets, writer);
		}
		row += count;
	}
}

/** Rows from `row` on that the batch has room for, 1 at least; only one where bytes are not known before they are converted. */
function roomFor(
	rowCount: number,
	{ row, columns, targets, writer }: { row: number; columns: ArrowValues[]; targets: Target[]; writer: RowWriter },
): number {
	if (targets.some(({ field, copy }) => copy === null && field.writer.physical === "bytes")) return 1;
	let count = Math.min(rowCount, BATCH_ROW_COUNT_MAX - writer.rowCount);
	const room = APPEND_BATCH_BYTES - writer.byteCount;
	const byteCount = (): number =>
		columns.reduce((sum, { offsets }) => sum + (offsets === null ? 0 : (offsets[row + count] as number) - (offsets[row] as number)), 0);
	while (count > 1 && byteCount() > room) count >>= 1;
	return count;
}

/** @returns false where a value is wrong: the rows, which are not counted, have to be written one by one then. @throws what is no value's error */
function copyRows(
	{ row, count, columns }: { row: number; count: number; columns: ArrowValues[] },
	targets: Target[],
	writer: RowWriter,
	kernels: Kernels,
): boolean {
	const met = targets.map(({ field }) => field);
	if (writer.fields.some((field) => !met.includes(field) && !writer.mayLeaveOut(field))) return false;
	try {
		for (const [index, { field, convert, copy }] of targets.entries()) {
			const values = columns[index] as ArrowValues;
			const isNull = (at: number): boolean => !isValidAt(values, at);
			if (!field.schema.nullable && values.validity !== null) {
				for (let at = row; at < row + count; at++) if (isNull(at)) return false;
			}
			if (copy !== null) {
				if (!copy({ values, from: row, count, writer: field.writer, row: writer.rowCount, kernels })) return false;
				continue;
			}
			for (let at = 0; at < count; at++) {
				const value = isNull(row + at) ? null : convert(values, row + at);
				if (value !== null) field.writer.putValue(writer.rowCount + at, value);
				else if (field.schema.nullable) field.writer.putNull(writer.rowCount + at);
				else return false;
			}
		}
	} catch (error) {
		if (isLittoralError(error) && error.details.sqlstate !== undefined && error.code !== "resource_exhausted") return false;
		throw error;
	}
	writer.endRows(count, met);
	return true;
}

function convertRow(row: number, columns: ArrowValues[], targets: Target[], writer: RowWriter): void {
	const number = writer.rowNumber;
	for (const [index, { field, convert }] of targets.entries()) {
		const values = columns[index] as ArrowValues;
		field.seenInRow = number;
		try {
			const value = isValidAt(values, row) ? convert(values, row) : null;
			if (value === null) writer.putNull(field);
			else field.writer.putValue(writer.rowCount, value);
		} catch (error) {
			writer.fail(field, error);
		}
	}
	writer.endRow();
}
