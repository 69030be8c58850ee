/** The metadata after the last row group: column and offset indexes, then the footer. */
import { concatBytes } from "#shared/base/bytes.ts";
import { compareBytes } from "#shared/contracts/bound.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { boundToPlain } from "../bounds.ts";
import type { WrittenColumn } from "./column-writer.ts";
import type { Extremes } from "./page-extremes.ts";
import { Converted, INTERVAL_METADATA_KEY, Logical, Repetition } from "../format.ts";
import { ThriftWriter } from "./thrift-writer.ts";
import type { WrittenType } from "./written-type.ts";

export interface FooterColumn {
	column: WrittenColumn;
	written: WrittenType;
}

/** Where a chunk lies and what is known of it. */
export interface FooterChunk {
	dictionaryOffset: number | null;
	dataOffset: number;
	byteCount: number;
	uncompressedByteCount: number;
	entryCount: number;
	codec: number;
	encodings: number[];
	extremes: Extremes;
	pages: { offset: number; byteCount: number; firstRow: number; extremes: Extremes }[];
}

export interface FooterRowGroup {
	rowCount: number;
	chunks: FooterChunk[];
}

interface IndexPlace {
	columnIndex: { offset: number; byteCount: number } | null;
	offsetIndex: { offset: number; byteCount: number };
}

/** @param offset of the bytes in the file @returns everything up to the end of the file */
export function encodeFooter(columns: FooterColumn[], rowGroups: FooterRowGroup[], offset: number): Uint8Array {
	const parts: Uint8Array[] = [];
	let position = offset;
	const append = (bytes: Uint8Array): { offset: number; byteCount: number } => {
		parts.push(bytes);
		position += bytes.length;
		return { offset: position - bytes.length, byteCount: bytes.length };
	};
	// As the format advises: all column indexes, then all offset indexes.
	const columnIndexes = rowGroups.map((group) =>
		group.chunks.map((chunk, index) => {
			const bytes = encodeColumnIndex(columns[index] as FooterColumn, chunk);
			return bytes === null ? null : append(bytes);
		}),
	);
	const places = rowGroups.map((group, groupIndex) =>
		group.chunks.map(
			(chunk, index): IndexPlace => ({
				columnIndex: columnIndexes[groupIndex]?.[index] ?? null,
				offsetIndex: append(encodeOffsetIndex(chunk)),
			}),
		),
	);
	const footer = encodeMetadata(columns, rowGroups, places);
	append(footer);
	const trailer = new Uint8Array(8);
	new DataView(trailer.buffer).setUint32(0, footer.length, true);
	trailer.set([0x50, 0x41, 0x52, 0x31], 4);
	append(trailer);
	return concatBytes(parts);
}

function encodeOffsetIndex(chunk: FooterChunk): Uint8Array {
	const writer = new ThriftWriter();
	writer.root(() =>
		writer.structs(1, chunk.pages, (page) => {
			writer.i64(1, page.offset);
			writer.i32(2, page.byteCount);
			writer.i64(3, page.firstRow);
		}),
	);
	return writer.bytes;
}

/** @returns null where a page with values has no bounds, or NaN: the format then wants no index */
function encodeColumnIndex({ column, written }: FooterColumn, chunk: FooterChunk): Uint8Array | null {
	if (column.type.kind === "array") return null;
	const { pages } = chunk;
	const unbounded = pages.some(
		({ extremes }) => extremes.hasNaN || (extremes.valueCount > 0 && (extremes.minimum === null || extremes.maximum === null)),
	);
	if (unbounded) return null;
	const empty = new Uint8Array(0);
	const plain = (bound: Uint8Array | null): Uint8Array => (bound === null ? empty : boundToPlain(column.type, bound, written.plainWidth));
	const writer = new ThriftWriter();
	writer.root(() => {
		writer.booleans(
			1,
			pages.map((page) => page.extremes.valueCount === 0),
		);
		writer.binaries(
			2,
			pages.map((page) => plain(page.extremes.minimum)),
		);
		writer.binaries(
			3,
			pages.map((page) => plain(page.extremes.maximum)),
		);
		writer.i32(4, boundaryOrder(pages.map((page) => page.extremes)));
		writer.i64s(
			5,
			pages.map((page) => page.extremes.nullCount),
		);
	});
	return writer.bytes;
}

/** 0 unordered, 1 ascending, 2 descending; pages of NULLs only do not count. */
function boundaryOrder(pages: Extremes[]): number {
	const bounded = pages.filter((page) => page.minimum !== null && page.maximum !== null) as (Extremes & {
		minimum: Uint8Array;
		maximum: Uint8Array;
	})[];
	let ascending = true;
	let descending = true;
	for (let index = 1; index < bounded.length; index++) {
		const [left, right] = [bounded[index - 1], bounded[index]] as [(typeof bounded)[0], (typeof bounded)[0]];
		const minimum = compareBytes(left.minimum, right.minimum);
		const maximum = compareBytes(left.maximum, right.maximum);
		if (minimum > 0 || maximum > 0) ascending = false;
		if (minimum < 0 || maximum < 0) descending = false;
	}
	return ascending ? 1 : descending ? 2 : 0;
}

function encodeMetadata(columns: FooterColumn[], rowGroups: FooterRowGroup[], places: IndexPlace[][]): Uint8Array {
	const writer = new ThriftWriter();
	const intervals = columns.flatMap(({ column }, index) => (leafOf(column.type).kind === "interval" ? [index] : []));
	writer.root(() => {
		writer.i32(1, 2);
		writer.structs(2, [null, ...columns.flatMap(schemaElements)], (column) => {
			if (column === null) {
				writer.text(4, "schema");
				writer.i32(5, columns.length);
			} else column(writer);
		});
		writer.i64(
			3,
			rowGroups.reduce((total, group) => total + group.rowCount, 0),
		);
		writer.structs(4, rowGroups, (group, groupIndex) => {
			writer.structs(1, group.chunks, (chunk, index) => {
				writeChunk(writer, {
					...(columns[index] as FooterColumn),
					chunk,
					place: (places[groupIndex] as IndexPlace[])[index] as IndexPlace,
				});
			});
			writer.i64(
				2,
				group.chunks.reduce((total, chunk) => total + chunk.uncompressedByteCount, 0),
			);
			writer.i64(3, group.rowCount);
			const first = group.chunks[0];
			if (first !== undefined) writer.i64(5, first.dictionaryOffset ?? first.dataOffset);
			writer.i64(
				6,
				group.chunks.reduce((total, chunk) => total + chunk.byteCount, 0),
			);
		});
		if (intervals.length > 0) {
			writer.structs(5, [intervals.join(",")], (value) => {
				writer.text(1, INTERVAL_METADATA_KEY);
				writer.text(2, value);
			});
		}
		writer.text(6, "littoral");
		// TypeDefinedOrder for every column, without which readers ignore minimum and maximum.
		writer.structs(7, columns, () => writer.struct(1, () => {}));
	});
	return writer.bytes;
}

/** The type of the column's values in the file: of an array, its elements'. */
const leafOf = (type: DataType): DataType => (type.kind === "array" ? type.element : type);

const LIST_PATH = ["list", "element"];

/** A column's elements of the schema: one, or the three of a list. */
function schemaElements(footerColumn: FooterColumn): ((writer: ThriftWriter) => void)[] {
	const { column } = footerColumn;
	const repetition = column.nullable ? Repetition.optional : Repetition.required;
	if (column.type.kind !== "array") {
		return [(writer) => writeLeaf(writer, footerColumn, { name: column.name, repetition, fieldId: column.fieldId })];
	}
	const group = (writer: ThriftWriter): void => {
		writer.i32(3, repetition);
		writer.text(4, column.name);
		writer.i32(5, 1);
		writer.i32(6, Converted.list);
		writer.i32(9, column.fieldId);
		writer.struct(10, () => writer.struct(Logical.list, () => {}));
	};
	const repeated = (writer: ThriftWriter): void => {
		writer.i32(3, Repetition.repeated);
		writer.text(4, LIST_PATH[0] as string);
		writer.i32(5, 1);
	};
	const leaf = { name: LIST_PATH[1] as string, repetition: Repetition.optional, fieldId: null };
	return [group, repeated, (writer) => writeLeaf(writer, footerColumn, leaf)];
}

function writeLeaf(
	writer: ThriftWriter,
	{ written }: FooterColumn,
	{ name, repetition, fieldId }: { name: string; repetition: number; fieldId: number | null },
): void {
	writer.i32(1, written.physical);
	if (written.typeLength > 0) writer.i32(2, written.typeLength);
	writer.i32(3, repetition);
	writer.text(4, name);
	if (written.converted !== null) writer.i32(6, written.converted);
	if (written.decimal !== null) {
		writer.i32(7, written.decimal.scale);
		writer.i32(8, written.decimal.precision);
	}
	if (fieldId !== null) writer.i32(9, fieldId);
	const { logical } = written;
	if (logical !== null) writer.struct(10, () => logical(writer));
}

function writeChunk(
	writer: ThriftWriter,
	{ column, written, chunk, place }: FooterColumn & { chunk: FooterChunk; place: IndexPlace },
): void {
	writer.i64(2, 0);
	writer.struct(3, () => {
		writer.i32(1, written.physical);
		writer.i32s(2, chunk.encodings);
		const path = column.type.kind === "array" ? [column.name, ...LIST_PATH] : [column.name];
		writer.binaries(
			3,
			path.map((name) => new TextEncoder().encode(name)),
		);
		writer.i32(4, chunk.codec);
		writer.i64(5, chunk.entryCount);
		writer.i64(6, chunk.uncompressedByteCount);
		writer.i64(7, chunk.byteCount);
		writer.i64(9, chunk.dataOffset);
		if (chunk.dictionaryOffset !== null) writer.i64(11, chunk.dictionaryOffset);
		const { extremes } = chunk;
		// What is known of arrays is of rows, not of the leaf's values.
		if (column.type.kind === "array") return;
		writer.struct(12, () => {
			writer.i64(3, extremes.nullCount);
			// With NaN among the values readers disagree on what the bounds mean: none then.
			if (extremes.hasNaN || extremes.minimum === null || extremes.maximum === null) return;
			writer.binary(5, boundToPlain(column.type, extremes.maximum, written.plainWidth));
			writer.binary(6, boundToPlain(column.type, extremes.minimum, written.plainWidth));
			writer.boolean(7, extremes.maximumExact);
			writer.boolean(8, extremes.minimumExact);
		});
	});
	writer.i64(4, place.offsetIndex.offset);
	writer.i32(5, place.offsetIndex.byteCount);
	if (place.columnIndex !== null) {
		writer.i64(6, place.columnIndex.offset);
		writer.i32(7, place.columnIndex.byteCount);
	}
}
