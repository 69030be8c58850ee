/** Values on one axis of numbers, for interpolation only. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";

/** First bytes of a text that decide its place; 2^48 fits a double exactly. */
const TEXT_PREFIX_BYTES = 6;

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
		case "char": {
			const bytes = new TextEncoder().encode(value as string);
			let place = 0;
			for (let index = 0; index < TEXT_PREFIX_BYTES; index++) place = place * 256 + (bytes[index] ?? 0);
			return place;
		}
		default:
			return null;
	}
}
