/**
 * How each SQL type lies in our files. Types that Parquet has are written as such, so that any reader sees them; two are not:
 * NUMERIC without a scale is its text, and INTERVAL is our own 16 bytes (months i32, days i32, microseconds i64, little-endian), because the standard's
 * INTERVAL holds milliseconds only; the file's key-value metadata lists those columns.
 */
import { unreachable } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { Converted, Logical, PhysicalKind } from "../format.ts";
import type { ThriftWriter } from "./thrift-writer.ts";

/** How values in memory become PLAIN bytes. */
type PlainForm = "bits" | "copy" | "truncate" | "bigEndian" | "bytes";

export interface WrittenType {
	physical: number;
	/** Bytes of a FIXED_LEN_BYTE_ARRAY, else 0. */
	typeLength: number;
	/** Bytes of a PLAIN value; 0 for byte arrays and booleans. */
	plainWidth: number;
	form: PlainForm;
	/** Converted type for older readers, or null. */
	converted: number | null;
	decimal: { precision: number; scale: number } | null;
	/** Writes the union's one field; null: no logical type. */
	logical: ((writer: ThriftWriter) => void) | null;
}

const DECIMAL_I32_PRECISION_MAX = 9;
const DECIMAL_I64_PRECISION_MAX = 18;

const plain = (physical: number, plainWidth: number, form: PlainForm): WrittenType => ({
	physical,
	typeLength: physical === PhysicalKind.fixed ? plainWidth : 0,
	plainWidth,
	form,
	converted: null,
	decimal: null,
	logical: null,
});

/** A logical type without parameters. */
const annotated = (base: WrittenType, logicalId: number, converted: number | null): WrittenType => ({
	...base,
	converted,
	logical: (writer) => writer.struct(logicalId, () => {}),
});

function microseconds(logicalId: number, utc: boolean, converted: number | null): WrittenType {
	return {
		...plain(PhysicalKind.int64, 8, "copy"),
		converted,
		logical: (writer) =>
			writer.struct(logicalId, () => {
				writer.boolean(1, utc);
				writer.struct(2, () => writer.struct(2, () => {}));
			}),
	};
}

function integer(bitWidth: number, converted: number, base: WrittenType): WrittenType {
	return {
		...base,
		converted,
		logical: (writer) =>
			writer.struct(Logical.integer, () => {
				writer.i8(1, bitWidth);
				writer.boolean(2, true);
			}),
	};
}

function decimal(precision: number, scale: number): WrittenType {
	const base =
		precision <= DECIMAL_I32_PRECISION_MAX
			? plain(PhysicalKind.int32, 4, "truncate")
			: precision <= DECIMAL_I64_PRECISION_MAX
				? plain(PhysicalKind.int64, 8, "copy")
				: plain(PhysicalKind.fixed, 16, "bigEndian");
	return {
		...base,
		converted: Converted.decimal,
		decimal: { precision, scale },
		logical: (writer) =>
			writer.struct(Logical.decimal, () => {
				writer.i32(1, scale);
				writer.i32(2, precision);
			}),
	};
}

const text = (): WrittenType => annotated(plain(PhysicalKind.byteArray, 0, "bytes"), Logical.string, Converted.utf8);

/** Of the column's leaf: an array is written as a list of what its elements are. */
export function writtenType(type: DataType): WrittenType {
	switch (type.kind) {
		case "boolean":
			return plain(PhysicalKind.boolean, 0, "bits");
		case "smallint":
			return integer(16, Converted.int16, plain(PhysicalKind.int32, 4, "copy"));
		case "integer":
			return integer(32, Converted.int32, plain(PhysicalKind.int32, 4, "copy"));
		case "bigint":
			return integer(64, Converted.int64, plain(PhysicalKind.int64, 8, "copy"));
		case "real":
			return plain(PhysicalKind.float, 4, "copy");
		case "double":
			return plain(PhysicalKind.double, 8, "copy");
		case "date":
			return annotated(plain(PhysicalKind.int32, 4, "copy"), Logical.date, Converted.date);
		case "time":
			return microseconds(Logical.time, false, null);
		case "timestamp":
			return microseconds(Logical.timestamp, false, null);
		case "timestamptz":
			return microseconds(Logical.timestamp, true, Converted.timestampMicros);
		case "uuid":
			return annotated(plain(PhysicalKind.fixed, 16, "bigEndian"), Logical.uuid, null);
		case "interval":
			return plain(PhysicalKind.fixed, 16, "copy");
		case "numeric":
			return type.precision === undefined ? text() : decimal(type.precision, type.scale ?? 0);
		case "text":
		case "varchar":
		case "char":
			return text();
		case "jsonb":
			return annotated(plain(PhysicalKind.byteArray, 0, "bytes"), Logical.json, Converted.json);
		case "bytea":
			return plain(PhysicalKind.byteArray, 0, "bytes");
		case "array":
			return writtenType(type.element);
		default:
			return unreachable(type);
	}
}
