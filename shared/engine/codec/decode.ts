/**
 * Reads the native format into arena pages: the sections are copied as one piece and then checked where they lie, before anything else
 * follows them. Any bytes that an encoder did not write raise; none is read past its end.
 */
import { PHYSICAL_BYTES, type DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";
import { elementType, elementWidth, implodeArrays } from "../vector/arrays.ts";
import { DescriptorReader, type StoredPhysicalType } from "./descriptor.ts";
import { align, checksum, CRC_OFFSET, damaged, ENCODING, HEADER_BYTES, parseHeader, viewOf } from "./layout.ts";

export interface DecodedBatch {
	batch: Batch;
	schemaVersion: number;
	/** One per column. */
	fieldIds: number[];
}

/** Scales a stored NUMERIC may have: PostgreSQL's display scales reach 16,383, ours the digits of a coefficient and those of a division. */
const SCALE_MAX = 16_383;

/**
 * @param bytes one encoded batch, exactly
 * @returns a dense batch in `region`, dictionaries and constants as they were written
 * @throws internal_error for bytes that are not an encoded batch; as `Region.allocate`
 */
export function decodeBatch(engine: Engine, bytes: Uint8Array, region: Region): DecodedBatch {
	const header = parseHeader(bytes);
	if (header.byteCount !== bytes.length) throw damaged("bytes after its end");
	if (viewOf(bytes).getUint32(CRC_OFFSET, true) !== checksum(bytes)) throw damaged("checksum does not match");

	const plan = readPlan(bytes, header.columnCount, header.rowCount);
	const dataStart = align(plan.descriptorsEnd);
	const cursor = new SectionCursor(dataStart, bytes.length);
	const base = region.allocate(bytes.length - dataStart) - dataStart;
	engine.arena.views.u8.set(bytes.subarray(dataStart), base + dataStart);
	const sections = (byteCount: number): Pointer => base + cursor.take(byteCount);
	const columns = plan.columns.map((column) => decodeColumn(engine, column, header.rowCount, { sections, region }));
	if (cursor.offset !== bytes.length) throw damaged("bytes after its sections");
	return {
		batch: { rowCount: header.rowCount, columns, selection: 0, selectedCount: header.rowCount },
		schemaVersion: header.schemaVersion,
		fieldIds: plan.columns.map((column) => column.fieldId),
	};
}

/** The header and field ids of an encoded batch, whose checksum is not checked; more bytes may follow it. `byteCount` is its length. */
export function readHeader(bytes: Uint8Array): { rowCount: number; schemaVersion: number; fieldIds: number[]; byteCount: number } {
	const { rowCount, schemaVersion, columnCount, byteCount } = parseHeader(bytes);
	const plan = readPlan(bytes.subarray(0, byteCount), columnCount, rowCount);
	return { rowCount, schemaVersion, fieldIds: plan.columns.map((column) => column.fieldId), byteCount };
}

interface FlatPlan {
	type: DataType;
	physical: StoredPhysicalType;
	rowCount: number;
	hasValidity: boolean;
	length: number;
	/** Of a list. */
	elements: FlatPlan | null;
}

interface ColumnPlan {
	fieldId: number;
	type: DataType;
	encoding: number;
	hasValidity: boolean;
	flat: FlatPlan;
}

function readPlan(bytes: Uint8Array, columnCount: number, rowCount: number): { columns: ColumnPlan[]; descriptorsEnd: number } {
	const reader = new DescriptorReader(viewOf(bytes), HEADER_BYTES);
	const columns: ColumnPlan[] = [];
	for (let index = 0; index < columnCount; index++) {
		const fieldId = reader.u32();
		const type = reader.type();
		const encoding = reader.u8();
		const hasValidity = reader.flag();
		let flatRowCount: number;
		if (encoding === ENCODING.plain) flatRowCount = rowCount;
		else if (encoding === ENCODING.constant) flatRowCount = 1;
		else if (encoding === ENCODING.dictionary) flatRowCount = reader.u32();
		else throw damaged("unknown encoding");
		if (flatRowCount > rowCount && encoding === ENCODING.dictionary) throw damaged("a dictionary of more entries than rows");
		columns.push({ fieldId, type, encoding, hasValidity, flat: readFlatPlan(reader, type, flatRowCount) });
	}
	return { columns, descriptorsEnd: reader.offset };
}

function readFlatPlan(reader: DescriptorReader, type: DataType, rowCount: number): FlatPlan {
	const physical = reader.physical(type);
	const hasValidity = reader.flag();
	const length = reader.u32();
	const elements = physical === "list" ? readFlatPlan(reader, elementType(type), length) : null;
	return { type, physical, rowCount, hasValidity, length, elements };
}

/** Hands out sections one after the other, never past the end. */
class SectionCursor {
	offset: number;
	readonly #end: number;

	constructor(offset: number, end: number) {
		this.offset = offset;
		this.#end = end;
		if (offset > end) throw damaged("cut short");
	}

	take(byteCount: number): number {
		const at = this.offset;
		if (byteCount > this.#end - at) throw damaged("cut short");
		this.offset = at + align(byteCount);
		if (this.offset > this.#end) throw damaged("cut short");
		return at;
	}
}

interface Source {
	sections: (byteCount: number) => Pointer;
	/** For what is not used as it is stored. */
	region: Region;
}

function decodeColumn(engine: Engine, column: ColumnPlan, rowCount: number, source: Source): Vector {
	const { type, flat } = column;
	if (column.encoding === ENCODING.plain) return decodeFlat(engine, flat, source);
	if (column.encoding === ENCODING.constant) {
		const value = decodeFlat(engine, flat, source);
		return { kind: "constant", type, physical: value.physical, value };
	}
	const { sections } = source;
	const codes = sections(rowCount * 4);
	const validity = column.hasValidity ? sections((rowCount + 7) >> 3) : 0;
	if (flat.hasValidity || flat.physical === "list") throw damaged("impossible dictionary");
	if (engine.kernels.check_range_i32(rowCount, codes, validity, 0, flat.rowCount - 1) === 0) throw damaged("a code outside its dictionary");
	const values = decodeFlat(engine, flat, source);
	return { kind: "dictionary", type, physical: values.physical, codes, validity, dictionary: { values, entryCount: flat.rowCount } };
}

function decodeFlat(engine: Engine, flat: FlatPlan, source: Source): FlatVector {
	const { kernels } = engine;
	const { sections } = source;
	const { type, physical, rowCount, length } = flat;
	if (flat.elements !== null) return decodeList(engine, flat, flat.elements, source);
	if (physical === "list") throw damaged("a list without elements");
	const validity = flat.hasValidity ? sections((rowCount + 7) >> 3) : 0;
	let values: Pointer = 0;
	let offsets: Pointer = 0;
	if (physical === "bytes") values = sections(length);
	else values = sections(rowCount * PHYSICAL_BYTES[physical]);
	if (physical === "bytes") {
		offsets = sections((rowCount + 1) * 4);
		if (length > 0x7fffffff || kernels.check_offsets(rowCount, offsets, length) === 0) throw damaged("offsets out of order");
		if (type.kind === "array" && kernels.check_arrays(elementWidth(type.element), rowCount, values, offsets) === 0) {
			throw damaged("an array that is none");
		}
	} else if (physical === "numeric") {
		offsets = sections(rowCount * 4);
		if (kernels.check_range_i32(rowCount, offsets, validity, 0, SCALE_MAX) === 0) throw damaged("a scale out of range");
	} else if (physical === "bool" && kernels.check_bool(rowCount, values) === 0) {
		throw damaged("a boolean out of range");
	}
	return { kind: "flat", type, physical, values, validity, offsets };
}

/** Arrays as they were first written: offsets, then a vector of the elements. */
function decodeList(engine: Engine, flat: FlatPlan, elementPlan: FlatPlan, source: Source): FlatVector {
	const { type, rowCount, length } = flat;
	const validity = flat.hasValidity ? source.sections((rowCount + 7) >> 3) : 0;
	const ends = source.sections((rowCount + 1) * 4);
	if (length > 0x7fffffff || engine.kernels.check_offsets(rowCount, ends, length) === 0) throw damaged("offsets out of order");
	const elements = decodeFlat(engine, elementPlan, source);
	return implodeArrays(engine, { type, rowCount, ends, validity, elements }, source.region);
}
