/** The schema in a footer: flat elements to columns and their leaves. */
import { type Annotation, annotationOfConverted, type FileType, fileType, type TimeUnit } from "./file-type.ts";
import { Converted, INTERVAL_METADATA_KEY, Logical, PhysicalKind, Repetition } from "../format.ts";
import type { ListShape } from "../list-levels.ts";
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

export interface Leaf {
	physical: number;
	/** Chunks of leaves inside groups may hold more values than rows. */
	flat: boolean;
}

export interface SchemaElement {
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

export function readSchemaElement(reader: ThriftReader): SchemaElement {
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

export function readIntervalLeaves(reader: ThriftReader): string | null {
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
export function readSchema(elements: SchemaElement[], intervalLeaves: string): { columns: ParquetColumn[]; leaves: Leaf[] } {
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
