/** Arrow IPC stream messages: a schema, record batches, the end. */
import { unreachable } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { child, type FlatField, type FlatTable, scalar, table, writeFlatBuffer } from "./flatbuffer-writer.ts";
import { DateUnit, METADATA_V5, MessageHeader, Precision, TimeUnit, TypeId } from "./format.ts";
import type { ArrowColumn } from "./gather.ts";

const BUFFER_ALIGNMENT_BYTES = 8;

const string = (text: string): FlatField => child({ kind: "string", text });

function arrowType(type: DataType): { id: number; table: FlatTable; element?: DataType } {
	switch (type.kind) {
		case "boolean":
			return { id: TypeId.bool, table: table() };
		case "smallint":
			return { id: TypeId.int, table: table(scalar(4, 16), scalar(1, 1)) };
		case "integer":
			return { id: TypeId.int, table: table(scalar(4, 32), scalar(1, 1)) };
		case "bigint":
			return { id: TypeId.int, table: table(scalar(4, 64), scalar(1, 1)) };
		case "real":
			return { id: TypeId.floatingPoint, table: table(scalar(2, Precision.single)) };
		case "double":
			return { id: TypeId.floatingPoint, table: table(scalar(2, Precision.double)) };
		case "numeric":
			if (type.precision === undefined) return { id: TypeId.utf8, table: table() };
			return { id: TypeId.decimal, table: table(scalar(4, type.precision), scalar(4, type.scale ?? 0), scalar(4, 128)) };
		case "bytea":
			return { id: TypeId.binary, table: table() };
		case "date":
			return { id: TypeId.date, table: table(scalar(2, DateUnit.day)) };
		case "time":
			return { id: TypeId.time, table: table(scalar(2, TimeUnit.microsecond), scalar(4, 64)) };
		case "timestamp":
			return { id: TypeId.timestamp, table: table(scalar(2, TimeUnit.microsecond)) };
		case "timestamptz":
			return { id: TypeId.timestamp, table: table(scalar(2, TimeUnit.microsecond), string("UTC")) };
		case "array":
			return { id: TypeId.list, table: table(), element: type.element };
		case "text":
		case "varchar":
		case "char":
		case "jsonb":
		case "uuid":
		case "interval":
			return { id: TypeId.utf8, table: table() };
		default:
			return unreachable(type);
	}
}

export interface ArrowField {
	name: string;
	type: DataType;
	nullable: boolean;
}

function fieldTable(field: ArrowField): FlatTable {
	const { id, table: type, element } = arrowType(field.type);
	const children = element === undefined ? [] : [fieldTable({ name: "item", type: element, nullable: true })];
	return table(
		string(field.name),
		scalar(1, field.nullable ? 1 : 0),
		scalar(1, id),
		child(type),
		null,
		child({ kind: "vector", items: children }),
	);
}

/** The length-prefixed metadata of a message whose body follows. */
function message(header: number, content: FlatTable, bodyByteCount: number): Uint8Array {
	const metadata = writeFlatBuffer(table(scalar(2, METADATA_V5), scalar(1, header), child(content), scalar(8, bodyByteCount)));
	const bytes = new Uint8Array(8 + metadata.length);
	bytes.set(messagePrefix(metadata.length));
	bytes.set(metadata, 8);
	return bytes;
}

/** What stands before a message's metadata. */
export function messagePrefix(metadataByteCount: number): Uint8Array {
	const bytes = new Uint8Array(8);
	const view = new DataView(bytes.buffer);
	view.setInt32(0, -1, true);
	view.setInt32(4, metadataByteCount, true);
	return bytes;
}

export function schemaMessage(fields: ArrowField[]): Uint8Array {
	return message(MessageHeader.schema, table(null, child({ kind: "vector", items: fields.map(fieldTable) })), 0);
}

/** @returns the message's metadata and then its body, piece by piece, padded */
export function recordBatchMessage(rowCount: number, columns: ArrowColumn[]): Uint8Array[] {
	const nodes: [number, number][] = [];
	const buffers: [number, number][] = [];
	const body: Uint8Array[] = [];
	let byteCount = 0;
	const add = (column: ArrowColumn): void => {
		nodes.push([column.rowCount, column.nullCount]);
		for (const buffer of column.buffers) {
			buffers.push([byteCount, buffer.length]);
			const padding = -buffer.length & (BUFFER_ALIGNMENT_BYTES - 1);
			body.push(buffer, new Uint8Array(padding));
			byteCount += buffer.length + padding;
		}
		for (const nested of column.children) add(nested);
	};
	for (const column of columns) add(column);
	const content = table(scalar(8, rowCount), child({ kind: "structs", pairs: nodes }), child({ kind: "structs", pairs: buffers }));
	return [message(MessageHeader.recordBatch, content, byteCount), ...body];
}

export const END_OF_STREAM = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);
