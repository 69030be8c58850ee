/** From what CREATE TABLE asks for to the schema that is stored: ids are assigned here and nowhere else. */
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import type { TableId } from "#shared/base/ids.ts";
import { TABLE_COLUMN_COUNT_MAX } from "#shared/base/limits.ts";
import type { ColumnSchema, TableDefinition, TableSchema } from "#shared/contracts/table.ts";

/**
 * Field ids count from 1 in column order. A column of the primary key is NOT NULL, as in PostgreSQL; uniqueness is recorded, not enforced.
 *
 * @throws LittoralError too_many_columns, duplicate_column with PostgreSQL's messages
 */
export function defineTable(definition: TableDefinition, tableId: TableId): TableSchema {
	if (definition.columns.length > TABLE_COLUMN_COUNT_MAX) {
		throw new LittoralError("too_many_columns", `tables can have at most ${TABLE_COLUMN_COUNT_MAX} columns`);
	}
	const names = new Set<string>();
	for (const { name } of definition.columns) {
		if (names.has(name)) throw new LittoralError("duplicate_column", `column "${name}" specified more than once`);
		names.add(name);
	}
	const keyPositions = new Set(definition.primaryKey);
	const columns = definition.columns.map((column, position): ColumnSchema => {
		const { name, type, nullable } = column;
		return { fieldId: position + 1, name, type, nullable: nullable && !keyPositions.has(position), default: column.default };
	});
	const fieldId = (position: number): number => {
		assert(position >= 0 && position < columns.length, "a key names a column by its position");
		return position + 1;
	};
	return {
		tableId,
		name: definition.name,
		schemaVersion: 1,
		columns,
		primaryKey: definition.primaryKey === null ? null : { fieldIds: definition.primaryKey.map(fieldId), enforced: false },
		sortKey: definition.sortKey.map(({ column, descending, nullsFirst }) => ({ fieldId: fieldId(column), descending, nullsFirst })),
	};
}
