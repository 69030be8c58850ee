/** Columns of a scan over rows that were written at different schema versions: by field id, NULL where the writer knew no such column. */
import { assert } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { constantVector } from "#shared/engine/vector/builder.ts";

export interface ScanColumn {
	fieldId: number;
	type: DataType;
}

/** @param fieldIds of columns of the schema */
export function scanColumns(schema: TableSchema, fieldIds: readonly number[]): ScanColumn[] {
	return fieldIds.map((fieldId) => {
		const column = schema.columns.find((other) => other.fieldId === fieldId);
		assert(column !== undefined, "a plan reads columns of the schema that it carries");
		return { fieldId, type: column.type };
	});
}

/** The batch with exactly `columns`, in their order. */
export function arrangeColumns(
	engine: Engine,
	decoded: { batch: Batch; fieldIds: readonly number[] },
	columns: readonly ScanColumn[],
	region: Region,
): Batch {
	const vectors = columns.map(({ fieldId, type }) => {
		const index = decoded.fieldIds.indexOf(fieldId);
		return index < 0
			? constantVector(engine, region, type, null)
			: (decoded.batch.columns[index] as (typeof decoded.batch.columns)[number]);
	});
	return { ...decoded.batch, columns: vectors };
}
