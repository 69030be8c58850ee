/**
 * The footer of a Parquet file, validated as a whole before anything is read by it: every offset lies within the file, every count agrees.
 *
 * Row groups stay as bytes and are parsed again when asked for, so that a footer of 8 MB never becomes a million objects.
 */
import { type Annotation, annotationOfConverted, type FileType, fileType, type TimeUnit } from "./file-type.ts";
import { Converted, INTERVAL_METADATA_KEY, Logical, PhysicalKind, Repetition, Thrift } from "./format.ts";
import type { ListShape } from "./list-levels.ts";
import { malformed } from "./malformed.ts";
import { ThriftReader } from "./thrift-reader.ts";

/** One top-level field of the file. */
export interface ParquetColumn {
	name: string;
	fieldId: number | null;
	/** Position among the leaves, which is that of its chunk in every row group; of a group: of its first leaf. */
	leaf: number;
	nullable: boolean;
	physical: number;
	/** Bytes of a FIXED_LEN_BYTE_ARRAY, else 0. */
	typeLength: number;
	type: FileType;
	/** Of a list of values, which `physical`, `typeLength` and `type` then describe; else null. */
	list: ListShape | null;
}

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

interface Leaf {
	physical: number;
	/** Chunks of leaves inside groups may hold more values than rows. */
	flat: boolean;
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
	/** Offset of each row group in the footer. */
	readonly #rowGroupOffsets: readonly number[];
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
		reader.struct((fieldId, type) => {
			if (fieldId === 2) elements = reader.structs(type, () => readSchemaElement(reader));
			else if (fieldId === 3) rowCount = reader.count(type);
			else if (fieldId === 4) {
				rowGroupsAt = reader.offset;
				reader.skip(type);
			} else if (fieldId === 5) reader.structs(type, () => (intervalLeaves = readIntervalLeaves(reader) ?? intervalLeaves));
			else if (fieldId === 6) createdBy = reader.text(type);
			else if (fieldId === 8) throw malformed("the file is encrypted");
			else reader.skip(type);
		});
		if (elements === null || rowCount < 0 || rowGroupsAt < 0) throw malformed("the footer lacks its schema, rows or row groups");
		const { columns, leaves } = readSchema(elements, intervalLeaves);
		this.rowCount = rowCount;
		this.createdBy = createdBy;
		this.columns = columns;
		this.#leaves = leaves;
		const offsets: number[] = [];
		const rowGroups: RowGroup[] = [];
		let firstRow = 0;
		reader.offset = rowGroupsAt;
		reader.list(Thrift.list, Thrift.struct, () => {
			offsets.push(reader.offset);
			const group = this.#readRowGroup(reader, false);
			rowGroups.push({ rowCount: group.rowCount, firstRow, byteCount: group.byteCount });
			firstRow += group.rowCount;
		});
		if (firstRow !== rowCount) throw malformed("the row groups do not add up to the file's rows");
		this.rowGroups = rowGroups;
		this.#rowGroupOffsets = offsets;
	}

	/** The chunks of a row group, by leaf. */
	chunks(rowGroup: number): ColumnChunk[] {
		const offset = this.#rowGroupOffsets[rowGroup];
		if (offset === undefined) throw malformed(`there is no row group ${rowGroup}`);
		return this.#readRowGroup(new ThriftReader(this.#footer, offset), true).chunks;
	}

	#readRowGroup(reader: ThriftReader, keep: boolean): { rowCount: number; byteCount: number; chunks: ColumnChunk[] } {
		const chunks: ColumnChunk[] = [];
		const valueCounts: number[] = [];
		let rowCount = -1;
		let byteCount = 0;
		reader.struct((fieldId, type) => {
			if (fieldId === 1) {
				reader.list(type, Thrift.struct, (index) => {
					const leaf = this.#leaves[index];
					if (leaf === undefined) throw malformed("a row group has more columns than the schema");
					const chunk = readChunk(reader, leaf, this.#dataEnd);
					byteCount += chunk.byteCount;
					valueCounts.push(chunk.valueCount);
					if (keep) chunks.push(chunk);
				});
			} else if (fieldId === 3) rowCount = reader.count(type);
			else reader.skip(type);
		});
		if (rowCount < 0 || valueCounts.length !== this.#leaves.length) throw malformed("a row group lacks rows or columns");
		valueCounts.forEach((valueCount, index) => {
			if (this.#leaves[index]?.flat && valueCount !== rowCount)
				throw malformed("a column chunk has not as many values as its row group has rows");
		});
		return { rowCount, byteCount, chunks };
	}
}

interface SchemaElement {
	physical: number;
	typeLength: number;
	repetition: number;
	name: string;
	childCount: number;
	converted: number;
	scale: number;
	precision: number;
	fieldId: number | null;
	annotation: Annotation | null;
}

function readSchemaElement(reader: ThriftReader): SchemaElement {
	const element: SchemaElement = {
		physical: -1,
		typeLength: 0,
		repetition: Repetition.required,
		name: "",
		childCount: 0,
		converted: -1,
		scale: 0,
		precision: 0,
		fieldId: null,
		annotation: null,
	};
	reader.struct((fieldId, type) => {
		if (fieldId === 1) element.physical = reader.count(type);
		else if (fieldId === 2) element.typeLength = reader.count(type);
		else if (fieldId === 3) element.repetition = reader.count(type);
		else if (fieldId === 4) element.name = reader.text(type);
		else if (fieldId === 5) element.childCount = reader.count(type);
		else if (fieldId === 6) element.converted = reader.count(type);
		else if (fieldId === 7) element.scale = reader.integer(type);
		else if (fieldId === 8) element.precision = reader.integer(type);
		else if (fieldId === 9) element.fieldId = reader.integer(type);
		else if (fieldId === 10) element.annotation = readLogicalType(reader, type);
		else reader.skip(type);
	});
	return element;
}

function readLogicalType(reader: ThriftReader, type: number): Annotation {
	let annotation: Annotation = { kind: "other", name: "unknown annotation" };
	reader.structField(type, (fieldId, inner) => {
		let precision = 0;
		let scale = 0;
		let utc = false;
		let signed = true;
		let bitWidth = 0;
		let unit: TimeUnit = "micros";
		const readUnit = (unitType: number): void =>
			reader.structField(unitType, (unitField, emptyType) => {
				unit = unitField === 1 ? "millis" : unitField === 2 ? "micros" : "nanos";
				reader.skip(emptyType);
			});
		reader.structField(inner, (parameter, parameterType) => {
			if (fieldId === Logical.decimal && parameter === 1) scale = reader.integer(parameterType);
			else if (fieldId === Logical.decimal && parameter === 2) precision = reader.integer(parameterType);
			else if ((fieldId === Logical.time || fieldId === Logical.timestamp) && parameter === 1) utc = reader.boolean(parameterType);
			else if ((fieldId === Logical.time || fieldId === Logical.timestamp) && parameter === 2) readUnit(parameterType);
			else if (fieldId === Logical.integer && parameter === 1) bitWidth = reader.integer(parameterType);
			else if (fieldId === Logical.integer && parameter === 2) signed = reader.boolean(parameterType);
			else reader.skip(parameterType);
		});
		annotation = logicalAnnotation(fieldId, { precision, scale, utc, unit, bitWidth, signed });
	});
	return annotation;
}

function logicalAnnotation(
	fieldId: number,
	parameters: { precision: number; scale: number; utc: boolean; unit: TimeUnit; bitWidth: number; signed: boolean },
): Annotation {
	const { precision, scale, utc, unit, bitWidth, signed } = parameters;
	switch (fieldId) {
		case Logical.string:
			return { kind: "string" };
		case Logical.enum:
			return { kind: "enum" };
		case Logical.list:
			return { kind: "list" };
		case Logical.decimal:
			return { kind: "decimal", precision, scale };
		case Logical.date:
			return { kind: "date" };
		case Logical.time:
			return { kind: "time", unit };
		case Logical.timestamp:
			return { kind: "timestamp", unit, utc };
		case Logical.integer:
			return { kind: "integer", bitWidth, signed };
		case Logical.json:
			return { kind: "json" };
		case Logical.uuid:
			return { kind: "uuid" };
		case Logical.float16:
			return { kind: "float16" };
		case Logical.unknown:
			return { kind: "other", name: "null" };
		case Logical.bson:
			return { kind: "other", name: "BSON" };
		default:
			return { kind: "other", name: `logical type ${fieldId}` };
	}
}

function readIntervalLeaves(reader: ThriftReader): string | null {
	let key = "";
	let value = "";
	reader.struct((fieldId, type) => {
		if (fieldId === 1) key = reader.text(type);
		else if (fieldId === 2) value = reader.text(type);
		else reader.skip(type);
	});
	return key === INTERVAL_METADATA_KEY ? value : null;
}

/** Walks the depth-first schema: top-level leaves become columns, groups columns that are refused when asked for. */
function readSchema(elements: SchemaElement[], intervalLeaves: string): { columns: ParquetColumn[]; leaves: Leaf[] } {
	const intervals = new Set(
		intervalLeaves
			.split(",")
			.filter((text) => text !== "")
			.map(Number),
	);
	const root = elements[0];
	if (root === undefined) throw malformed("the schema is empty");
	const columns: ParquetColumn[] = [];
	const leaves: Leaf[] = [];
	let position = 1;
	while (position < elements.length) {
		const element = elements[position] as SchemaElement;
		const firstLeaf = leaves.length;
		const flat = element.childCount === 0 && element.repetition !== Repetition.repeated;
		const list = flat ? null : readList(elements, position);
		// Elements still owed by the groups that are open.
		for (let owed = 1; owed > 0; owed--) {
			const inner = elements[position++];
			if (inner === undefined) throw malformed("the schema ends inside a group");
			owed += inner.childCount;
			if (owed > elements.length) throw malformed("a group of the schema has more fields than there are");
			if (inner.childCount === 0) {
				if (inner.physical < 0 || inner.physical > PhysicalKind.fixed) throw malformed("a column of the schema has no physical type");
				leaves.push({ physical: inner.physical, flat });
			}
		}
		columns.push({
			name: element.name,
			fieldId: element.fieldId,
			leaf: firstLeaf,
			nullable: element.repetition === Repetition.optional,
			...valuesOf(list?.leaf ?? element, flat || list !== null, intervals.has(firstLeaf)),
			list: list?.shape ?? null,
		});
	}
	if (columns.length !== root.childCount) throw malformed("the schema has not as many fields as its root says");
	return { columns, leaves };
}

function valuesOf(leaf: SchemaElement, isKnown: boolean, interval: boolean): Pick<ParquetColumn, "physical" | "typeLength" | "type"> {
	return {
		physical: leaf.physical,
		typeLength: leaf.physical === PhysicalKind.fixed ? leaf.typeLength : 0,
		type: isKnown ? leafType(leaf, interval) : { kind: "unsupported", name: "a nested or repeated type" },
	};
}

/**
 * A list of values at `position` of the schema: a group LIST of one repeated field, which is a group of one value, or, from older writers, the value itself.
 * @returns null for any other group
 */
function readList(elements: SchemaElement[], position: number): { shape: ListShape; leaf: SchemaElement } | null {
	const [group, repeated, element] = elements.slice(position, position + 3);
	if (group === undefined || repeated === undefined || group.childCount !== 1 || group.repetition === Repetition.repeated) return null;
	const isList = group.annotation === null ? group.converted === Converted.list : group.annotation.kind === "list";
	if (!isList || repeated.repetition !== Repetition.repeated) return null;
	const optional = group.repetition === Repetition.optional;
	if (repeated.childCount === 0) return { shape: { optional, elementOptional: false }, leaf: repeated };
	if (repeated.childCount !== 1 || element === undefined || element.childCount !== 0) return null;
	// A repeated group of these names is an element of one field, and no list's wrapper.
	if (repeated.name === "array" || repeated.name === `${group.name}_tuple` || element.repetition === Repetition.repeated) return null;
	return { shape: { optional, elementOptional: element.repetition === Repetition.optional }, leaf: element };
}

function leafType(element: SchemaElement, interval: boolean): FileType {
	if (element.physical === PhysicalKind.fixed && (element.typeLength < 1 || element.typeLength > 65_536)) {
		return { kind: "unsupported", name: `fixed-length bytes of length ${element.typeLength}` };
	}
	if (interval && element.physical === PhysicalKind.fixed && element.typeLength === 16) return { kind: "interval", byteCount: 16 };
	const { precision, scale } = element;
	const annotation =
		element.annotation ??
		(element.converted < 0 ? { kind: "none" as const } : annotationOfConverted(element.converted, { precision, scale }));
	return fileType(element.physical, element.typeLength, annotation);
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
