/** The schema message of a stream from outside: what we can read of Arrow's types, and names for the rest. */
import { ARROW_NESTING_MAX, TABLE_COLUMN_COUNT_MAX } from "#shared/base/limits.ts";
import { malformedArrow, type TableReader } from "./flatbuffer-reader.ts";
import { DateUnit, IntervalUnit, Precision, TimeUnit, TypeId } from "./format.ts";

/** `width` is bytes of a value; `wide` offsets are i64. */
export type ArrowType =
	| { kind: "null" }
	| { kind: "bool" }
	| { kind: "int"; width: number; signed: boolean }
	| { kind: "float"; width: number }
	| { kind: "decimal"; width: number; precision: number; scale: number }
	| { kind: "date"; width: number }
	/** Units in a second. */
	| { kind: "time"; width: number; unitsPerSecond: number }
	| { kind: "timestamp"; width: number; unitsPerSecond: number; zone: string | null }
	| { kind: "interval"; width: number }
	| { kind: "utf8"; wide: boolean }
	| { kind: "binary"; wide: boolean }
	| { kind: "fixed"; width: number }
	| { kind: "list"; wide: boolean; element: ArrowField }
	| { kind: "unsupported"; name: string };

export interface ArrowField {
	name: string;
	type: ArrowType;
	/** Values are codes of this width into the dictionary of that id. */
	dictionary: { id: bigint; width: number; signed: boolean } | null;
}

const UNSUPPORTED_NAMES: Record<number, string> = {
	13: "struct",
	14: "union",
	16: "fixed-size list",
	17: "map",
	18: "duration",
	22: "run-end encoded",
	23: "binary view",
	24: "utf8 view",
	25: "list view",
	26: "large list view",
};
const UNITS_PER_SECOND = [1, 1e3, 1e6, 1e9];

export function readSchema(schema: TableReader): ArrowField[] {
	if (schema.i16(0) !== 0) throw malformedArrow("it is big-endian");
	return schema.tables(1, TABLE_COLUMN_COUNT_MAX).map((field) => readField(field, 0));
}

function readField(field: TableReader, depth: number): ArrowField {
	if (depth > ARROW_NESTING_MAX) throw malformedArrow("its types are nested too deep");
	const dictionary = field.table(4);
	const index = dictionary?.table(1) ?? null;
	return {
		name: field.string(0) ?? "",
		type: readType(field, depth),
		dictionary:
			dictionary === null
				? null
				: { id: dictionary.id(0), width: index === null ? 4 : integerWidth(index.i32(0)), signed: index === null || index.u8(1) !== 0 },
	};
}

function readType(field: TableReader, depth: number): ArrowType {
	const id = field.u8(2);
	const type = field.table(3);
	if (type === null) throw malformedArrow("a field has no type");
	switch (id) {
		case TypeId.null:
			return { kind: "null" };
		case TypeId.bool:
			return { kind: "bool" };
		case TypeId.int:
			return { kind: "int", width: integerWidth(type.i32(0)), signed: type.u8(1) !== 0 };
		case TypeId.floatingPoint: {
			const precision = type.i16(0);
			if (precision === Precision.half) return { kind: "unsupported", name: "half-precision float" };
			return { kind: "float", width: precision === Precision.single ? 4 : 8 };
		}
		case TypeId.decimal:
			return readDecimal(type);
		case TypeId.date:
			return { kind: "date", width: type.i16(0, DateUnit.millisecond) === DateUnit.day ? 4 : 8 };
		case TypeId.time:
			return { kind: "time", width: integerWidth(type.i32(1, 32)), unitsPerSecond: unit(type.i16(0, TimeUnit.millisecond)) };
		case TypeId.timestamp:
			return { kind: "timestamp", width: 8, unitsPerSecond: unit(type.i16(0)), zone: type.string(1) };
		case TypeId.interval:
			if (type.i16(0) !== IntervalUnit.monthDayNano) return { kind: "unsupported", name: "interval of two fields" };
			return { kind: "interval", width: 16 };
		case TypeId.utf8:
		case TypeId.largeUtf8:
			return { kind: "utf8", wide: id === TypeId.largeUtf8 };
		case TypeId.binary:
		case TypeId.largeBinary:
			return { kind: "binary", wide: id === TypeId.largeBinary };
		case TypeId.fixedSizeBinary: {
			const width = type.i32(0);
			if (width < 1 || width > 65_536) throw malformedArrow("a fixed-size binary has no sensible size");
			return { kind: "fixed", width };
		}
		case TypeId.list:
		case TypeId.largeList: {
			const [element] = field.tables(5, 1);
			if (element === undefined) throw malformedArrow("a list has no element");
			return { kind: "list", wide: id === TypeId.largeList, element: readField(element, depth + 1) };
		}
		default:
			return { kind: "unsupported", name: UNSUPPORTED_NAMES[id] ?? `type ${id}` };
	}
}

function readDecimal(type: TableReader): ArrowType {
	const bits = type.i32(2, 128);
	const precision = type.i32(0);
	const scale = type.i32(1);
	if (bits !== 32 && bits !== 64 && bits !== 128) return { kind: "unsupported", name: `decimal of ${bits} bits` };
	if (scale < 0 || scale > 38) return { kind: "unsupported", name: `decimal of scale ${scale}` };
	return { kind: "decimal", width: bits / 8, precision, scale };
}

function integerWidth(bits: number): number {
	if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64) throw malformedArrow(`an integer has ${bits} bits`);
	return bits / 8;
}

function unit(id: number): number {
	const units = UNITS_PER_SECOND[id];
	if (units === undefined) throw malformedArrow("a time has no known unit");
	return units;
}
