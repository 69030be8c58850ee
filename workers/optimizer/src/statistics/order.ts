/** Values on one axis of numbers, for interpolation only. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { textPlace } from "#shared/sketches/column-place.ts";

const encoder = new TextEncoder();

/** @returns null for NULL, and for types that have no such axis */
export function orderOf(type: DataType, value: SqlValue): number | null {
	if (value === null) return null;
	switch (type.kind) {
		case "boolean":
			return value === true ? 1 : 0;
		case "smallint":
		case "integer":
		case "bigint":
		case "real":
		case "double":
		case "date":
		case "time":
		case "timestamp":
		case "timestamptz":
			return Number(value);
		case "numeric": {
			const { coefficient, scale } = value as NumericValue;
			return Number(coefficient) / 10 ** scale;
		}
		case "text":
		case "varchar":
		case "char":
			return textPlace(encoder.encode(value as string));
		default:
			return null;
	}
}
