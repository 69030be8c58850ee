/** NOT NULL of rows that a statement inserts; bodies are checked by their decoder. */
import { LittoralError } from "#shared/base/errors.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { isValid } from "#shared/engine/vector/read.ts";
import type { Vector } from "#shared/engine/vector/vector.ts";

/**
 * @param batch all columns of the schema, in order
 * @throws not_null_violation (23502), in PostgreSQL's words
 */
export function checkNotNull(engine: Engine, batch: Batch, schema: TableSchema): void {
	for (const [index, column] of schema.columns.entries()) {
		if (column.nullable || !hasNull(engine, batch, batch.columns[index] as Vector)) continue;
		throw new LittoralError(
			"not_null_violation",
			`null value in column "${column.name}" of relation "${schema.name}" violates not-null constraint`,
		);
	}
}

function hasNull(engine: Engine, batch: Batch, vector: Vector): boolean {
	const { views } = engine.arena;
	if (vector.kind === "constant") return batch.selectedCount > 0 && !isValid(views, vector.value.validity, 0);
	if (vector.validity === 0) return false;
	for (let index = 0; index < batch.selectedCount; index++) {
		const row = batch.selection === 0 ? index : (views.u16[(batch.selection >> 1) + index] as number);
		if (!isValid(views, vector.validity, row)) return true;
	}
	return false;
}
