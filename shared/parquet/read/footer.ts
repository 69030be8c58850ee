/**
 * The footer of a Parquet file, validated as a whole before anything is read by it: every offset lies within the file, every count agrees.
 *
 * Chunks stay as bytes, whose places are remembered, and are parsed again when asked for: a footer of 8 MB never becomes a million objects, and a query of two columns
 * parses nothing of a hundred others.
 */
import { assert } from "#shared/base/assert.ts";
import { Thrift } from "../format.ts";
import { malformed } from "./malformed.ts";
import { ThriftReader } from "./thrift-reader.ts";
import { type ParquetColumn, type Leaf, type SchemaElement, readSchemaElement, readIntervalLeaves, readSchema } from "./footer-schema.ts";

/** Raw statistics of a chunk as the file has them (PLAIN encoded); null where absent. */
export interface RawStatistics {
	minimum: Uint8Array | null;
	maximum: Uint8Array | null;
	nullCount: number | null;
}

export interface ColumnChunk {
	codec: number;
	valueCount: number;
	/** Where its pages lie: the dictionary page first, if any. */
	offset: number;
	byteCount: number;
	/** Bytes of its pages once decompressed, as the writer says; 0 where it does not. */
	uncompressedByteCount: number;
	hasDictionary: boolean;
	statistics: RawStatistics;
	/** Byte ranges of the page indexes; null where the file has none. */
	columnIndex: { offset: number; byteCount: number } | null;
	offsetIndex: { offset: number; byteCount: number } | null;
}

export interface RowGroup {
	rowCount: number;
	/** Rows of the groups before it. */
	firstRow: number;
	/** Compressed bytes of all its chunks. */
	byteCount: number;
}

/** An opened file. Immutable: it may be cached and shared. */
export class ParquetFile {
	readonly byteCount: number;
	readonly rowCount: number;
	readonly createdBy: string;
	readonly columns: readonly ParquetColumn[];
	readonly rowGroups: readonly RowGroup[];
	/** Heap bytes that it holds, about. */
	readonly footerByteCount: number;
	readonly #footer: Uint8Array;
	/** Where in the footer each chunk begins: row group by row group, by leaf. */
	readonly #chunkOffsets: readonly number[];
	readonly #leaves: readonly Leaf[];
	readonly #dataEnd: number;

	/**
	 * @param footer the thrift bytes; kept
	 * @param byteCount of the file
	 * @throws malformed_body
	 */
	constructor(footer: Uint8Array, byteCount: number) {
		this.#footer = footer;
		this.footerByteCount = footer.length;
		this.byteCount = byteCount;
		this.#dataEnd = byteCount - footer.length - 8;
		const reader = new ThriftReader(footer);
		let elements: SchemaElement[] | null = null;
		let rowCount = -1;
		let createdBy = "";
		let rowGroupsAt = -1;
		let intervalLeaves = "";
		// Writers put the schema first, so that row groups need not be skipped now and read later.
		let walked: WalkedGroups | null = null;
		const walk = (by: SchemaElement[], at: number): WalkedGroups => {
			reader.offset = at;
			const schema = readSchema(by, "");
			walked = { by, at, schema, groups: readRowGroups(reader, schema.leaves, this.#dataEnd) };
			return walked;
		};
		reader.struct((fieldId, type) => {
			if (fieldId === 2) elements = reader.structs(type, () => readSchemaElement(reader));
			else if (fieldId === 3) rowCount = reader.count(type);
			else if (fieldId === 4) {
				rowGroupsAt = reader.offset;
				if (elements === null) reader.skip(type);
				else walk(elements, rowGroupsAt);
			} else if (fieldId === 5) reader.structs(type, () => (intervalLeaves = readIntervalLeaves(reader) ?? intervalLeaves));
			else if (fieldId === 6) createdBy = reader.text(type);
			else if (fieldId === 8) throw malformed("the file is encrypted");
			else reader.skip(type);
		});
		if (elements === null || rowCount < 0 || rowGroupsAt < 0) throw malformed("the footer lacks its schema, rows or row groups");
		const known = walked as WalkedGroups | null;
		const { schema, groups } = known?.by === elements && known.at === rowGroupsAt ? known : walk(elements, rowGroupsAt);
		const { columns, leaves } = intervalLeaves === "" ? schema : readSchema(elements, intervalLeaves);
		this.rowCount = rowCount;
		this.createdBy = createdBy;
		this.columns = columns;
		this.#leaves = leaves;
		if (groups.rowCount !== rowCount) throw malformed("the row groups do not add up to the file's rows");
		this.rowGroups = groups.rowGroups;
		this.#chunkOffsets = groups.chunkOffsets;
	}

	/** @throws malformed_body for a row group that the file does not have */
	chunk(rowGroup: number, leaf: number): ColumnChunk {
		if (this.rowGroups[rowGroup] === undefined) throw malformed(`there is no row group ${rowGroup}`);
		const offset = this.#chunkOffsets[rowGroup * this.#leaves.length + leaf];
		const description = this.#leaves[leaf];
		assert(offset !== undefined && description !== undefined, "a column names a leaf of its file");
		return readChunk(new ThriftReader(this.#footer, offset), description, this.#dataEnd);
	}
}

/** By which schema and from where row groups were read. */
interface WalkedGroups {
	by: SchemaElement[];
	at: number;
	schema: ReturnType<typeof readSchema>;
	groups: RowGroups;
}

interface RowGroups {
	rowGroups: RowGroup[];
	rowCount: number;
	/** Row group by row group, by leaf. */
	chunkOffsets: number[];
}

/** The list of row groups that the reader stands before. */
function readRowGroups(reader: ThriftReader, leaves: readonly Leaf[], dataEnd: number): RowGroups {
	const chunkOffsets: number[] = [];
	const rowGroups: RowGroup[] = [];
	let firstRow = 0;
	reader.list(Thrift.list, Thrift.struct, () => {
		const { rowCount, byteCount } = readRowGroup(reader, { leaves, dataEnd, chunkOffsets });
		rowGroups.push({ rowCount, firstRow, byteCount });
		firstRow += rowCount;
	});
	return { rowGroups, rowCount: firstRow, chunkOffsets };
}

/** @param file.chunkOffsets takes where each chunk begins */
function readRowGroup(
	reader: ThriftReader,
	{ leaves, dataEnd, chunkOffsets }: { leaves: readonly Leaf[]; dataEnd: number; chunkOffsets: number[] },
): { rowCount: number; byteCount: number } {
	const valueCounts: number[] = [];
	let rowCount = -1;
	let byteCount = 0;
	reader.struct((fieldId, type) => {
		if (fieldId === 1) {
			reader.list(type, Thrift.struct, (index) => {
				const leaf = leaves[index];
				if (leaf === undefined) throw malformed("a row group has more columns than the schema");
				chunkOffsets.push(reader.offset);
				const chunk = readChunk(reader, leaf, dataEnd);
				byteCount += chunk.byteCount;
				valueCounts.push(chunk.valueCount);
			});
		} else if (fieldId === 3) rowCount = reader.count(type);
		else reader.skip(type);
	});
	if (rowCount < 0 || valueCounts.length !== leaves.length) throw malformed("a row group lacks rows or columns");
	valueCounts.forEach((valueCount, index) => {
		if (leaves[index]?.flat && valueCount !== rowCount) throw malformed("a column chunk has not as many values as its row group has rows");
	});
	return { rowCount, byteCount };
}

function readChunk(reader: ThriftReader, leaf: Leaf, dataEnd: number): ColumnChunk {
	const statistics: RawStatistics = { minimum: null, maximum: null, nullCount: null };
	const chunk: ColumnChunk = {
		codec: -1,
		valueCount: -1,
		offset: -1,
		byteCount: -1,
		uncompressedByteCount: 0,
		hasDictionary: false,
		statistics,
		columnIndex: null,
		offsetIndex: null,
	};
	const index = { columnOffset: -1, columnBytes: 0, offsetOffset: -1, offsetBytes: 0 };
	reader.struct((fieldId, type) => {
		if (fieldId === 1) throw malformed("a column chunk lies in another file");
		else if (fieldId === 3) readChunkMetadata(reader, type, leaf, chunk);
		else if (fieldId === 4) index.offsetOffset = reader.count(type);
		else if (fieldId === 5) index.offsetBytes = reader.count(type);
		else if (fieldId === 6) index.columnOffset = reader.count(type);
		else if (fieldId === 7) index.columnBytes = reader.count(type);
		else if (fieldId === 8 || fieldId === 9) throw malformed("a column chunk is encrypted");
		else reader.skip(type);
	});
	if (chunk.codec < 0 || chunk.valueCount < 0 || chunk.byteCount < 0) throw malformed("a column chunk lacks its metadata");
	const within = (offset: number, byteCount: number): boolean => offset >= 4 && offset + byteCount <= dataEnd;
	if (chunk.valueCount > 0 && !within(chunk.offset, chunk.byteCount)) throw malformed("a column chunk lies outside the file");
	if (index.columnBytes > 0 && within(index.columnOffset, index.columnBytes)) {
		chunk.columnIndex = { offset: index.columnOffset, byteCount: index.columnBytes };
	}
	if (index.offsetBytes > 0 && within(index.offsetOffset, index.offsetBytes)) {
		chunk.offsetIndex = { offset: index.offsetOffset, byteCount: index.offsetBytes };
	}
	return chunk;
}

function readChunkMetadata(reader: ThriftReader, structType: number, leaf: Leaf, chunk: ColumnChunk): void {
	let dataOffset = -1;
	let dictionaryOffset = 0;
	reader.structField(structType, (fieldId, type) => {
		if (fieldId === 1) {
			if (reader.count(type) !== leaf.physical) throw malformed("a column chunk has another type than the schema");
		} else if (fieldId === 4) chunk.codec = reader.count(type);
		else if (fieldId === 5) chunk.valueCount = reader.count(type);
		else if (fieldId === 6) chunk.uncompressedByteCount = reader.count(type);
		else if (fieldId === 7) chunk.byteCount = reader.count(type);
		else if (fieldId === 9) dataOffset = reader.count(type);
		else if (fieldId === 11) dictionaryOffset = reader.count(type);
		else if (fieldId === 12) readStatistics(reader, type, chunk.statistics);
		else reader.skip(type);
	});
	// Old writers give 0 where there is no dictionary.
	chunk.hasDictionary = dictionaryOffset >= 4 && dictionaryOffset < dataOffset;
	chunk.offset = chunk.hasDictionary ? dictionaryOffset : dataOffset;
}

function readStatistics(reader: ThriftReader, structType: number, statistics: RawStatistics): void {
	reader.structField(structType, (fieldId, type) => {
		if (fieldId === 3) statistics.nullCount = reader.count(type);
		else if (fieldId === 5) statistics.maximum = reader.binary(type);
		else if (fieldId === 6) statistics.minimum = reader.binary(type);
		else reader.skip(type);
	});
}
