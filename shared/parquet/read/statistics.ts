/** Statistics of row groups as memcomparable bounds, for pruning. Pure: reads only the footer. They may only err towards "may match". */
import { encodeBound } from "#shared/contracts/bound.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ColumnStatistics } from "#shared/contracts/snapshot.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { cutLower, cutUpper } from "../bounds.ts";
import type { ParquetFile, RawStatistics } from "./footer.ts";
import type { ParquetColumn } from "./footer-schema.ts";
import { PhysicalKind } from "../format.ts";

/**
 * @param column by field id, with the type it is read as
 * @returns bounds in that type's encoding; a column that the file lacks is all NULL. Null where the file says too little: then nothing may be pruned
 * @throws malformed_body for a row group that the file does not have
 */
export function rowGroupStatistics(
	file: ParquetFile,
	rowGroup: number,
	column: { fieldId: number; type: DataType },
): ColumnStatistics | null {
	const found = file.columns.find((candidate) => candidate.fieldId === column.fieldId);
	if (found === undefined) {
		const nullCount = file.rowGroups[rowGroup]?.rowCount ?? 0;
		return { fieldId: column.fieldId, nullCount, minimum: null, maximum: null, hasNaN: false };
	}
	const { statistics } = file.chunk(rowGroup, found.leaf);
	return statisticsOf(file, { column: found, fieldId: column.fieldId, type: column.type }, statistics);
}

/** Statistics of a chunk or a page as bounds of `type`; null where the file does not count its NULLs. */
export function statisticsOf(
	file: ParquetFile,
	{ column, fieldId, type }: { column: ParquetColumn; fieldId: number; type: DataType },
	raw: RawStatistics,
): ColumnStatistics | null {
	const nullCount = raw.nullCount ?? (column.nullable ? null : 0);
	if (nullCount === null) return null;
	let minimum = raw.minimum === null ? null : boundOf(column, type, raw.minimum);
	let maximum = raw.maximum === null ? null : boundOf(column, type, raw.maximum);
	if (minimum !== null) minimum = cutLower(type, minimum);
	if (maximum !== null) maximum = cutUpper(type, maximum);
	const isFloat = column.physical === PhysicalKind.float || column.physical === PhysicalKind.double;
	// Our writer gives no bounds where there is NaN; what others do is not known.
	const hasNaN = isFloat && !(file.createdBy === "littoral" && raw.minimum !== null);
	return { fieldId, nullCount, minimum, maximum, hasNaN };
}

/** A PLAIN value of the file as an exact bound of `type`; null where the two do not correspond. */
function boundOf(column: ParquetColumn, type: DataType, raw: Uint8Array): Uint8Array | null {
	if (column.type.kind === "text" || (column.type.kind === "binary" && column.physical === PhysicalKind.byteArray)) {
		const isBytes = type.kind === "text" || type.kind === "varchar" || type.kind === "char" || type.kind === "bytea";
		return isBytes ? raw.slice() : null;
	}
	if (column.type.kind === "uuid") return type.kind === "uuid" && raw.length === 16 ? raw.slice() : null;
	const value = plainValue(column, type, raw);
	return value === null ? null : encodeBound(type, value);
}

/** The value as `type` has it; null where the types do not correspond exactly. */
function plainValue(column: ParquetColumn, type: DataType, raw: Uint8Array): SqlValue {
	const { type: file } = column;
	switch (type.kind) {
		case "boolean":
			return file.kind === "boolean" && raw.length === 1 ? raw[0] !== 0 : null;
		case "real":
		case "double": {
			const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
			if (file.kind === "float" && raw.length === 4) return view.getFloat32(0, true);
			return file.kind === "double" && type.kind === "double" && raw.length === 8 ? view.getFloat64(0, true) : null;
		}
		case "smallint":
		case "integer":
		case "date": {
			const matches = type.kind === "date" ? file.kind === "date" : file.kind === "integer" && file.signed && file.bitWidth <= 32;
			return matches ? numberOrNull(plainInteger(column, raw)) : null;
		}
		case "bigint":
			return file.kind === "integer" && file.signed ? plainInteger(column, raw) : null;
		case "time":
			return file.kind === "time" && file.unit === "micros" ? plainInteger(column, raw) : null;
		case "timestamp":
		case "timestamptz":
			return file.kind === "timestamp" && file.unit === "micros" ? plainInteger(column, raw) : null;
		case "numeric": {
			if (file.kind !== "decimal") return null;
			const coefficient = plainInteger(column, raw);
			return coefficient === null ? null : { coefficient, scale: file.scale };
		}
		default:
			return null;
	}
}

const numberOrNull = (value: bigint | null): number | null => (value === null ? null : Number(value));

/** Little-endian for INT32 and INT64, big-endian for decimals of bytes. */
function plainInteger(column: ParquetColumn, raw: Uint8Array): bigint | null {
	const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
	if (column.physical === PhysicalKind.int32) return raw.length === 4 ? BigInt(view.getInt32(0, true)) : null;
	if (column.physical === PhysicalKind.int64) return raw.length === 8 ? view.getBigInt64(0, true) : null;
	if (raw.length === 0 || raw.length > 16) return null;
	let value = 0n;
	for (const byte of raw) value = (value << 8n) | BigInt(byte);
	return BigInt.asIntN(raw.length * 8, value);
}
