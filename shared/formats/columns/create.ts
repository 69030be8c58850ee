/** The writer for a column's type. */
import { unreachable } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { BytesColumn } from "./bytes-column.ts";
import type { ColumnWriter, ColumnWriterOptions } from "./column-writer.ts";
import { DecimalColumn, FloatColumn, Int32Column, Int64Column } from "./number-columns.ts";
import { BooleanColumn, FreeNumericColumn, IntervalColumn, UuidColumn } from "./other-columns.ts";
import { DateColumn, TimeColumn } from "./time-columns.ts";

export function createColumnWriter(type: DataType, options: ColumnWriterOptions): ColumnWriter {
	switch (type.kind) {
		case "boolean":
			return new BooleanColumn(type, options);
		case "smallint":
		case "integer":
			return new Int32Column(type, options);
		case "bigint":
			return new Int64Column(type, options);
		case "numeric":
			if (type.precision === undefined) return new FreeNumericColumn(type, options);
			return new DecimalColumn({ ...type, precision: type.precision }, options);
		case "real":
		case "double":
			return new FloatColumn(type, options);
		case "date":
			return new DateColumn(type, options);
		case "time":
		case "timestamp":
		case "timestamptz":
			return new TimeColumn(type, options);
		case "text":
		case "varchar":
		case "char":
		case "bytea":
		case "jsonb":
		case "array":
			return new BytesColumn(type, options);
		case "uuid":
			return new UuidColumn(type, options);
		case "interval":
			return new IntervalColumn(type, options);
		default:
			return unreachable(type);
	}
}
