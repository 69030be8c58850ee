/** A table whose rows are made while a statement is planned, from the catalog's list of tables. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";

export interface SystemColumn {
	name: string;
	type: DataType;
}

export interface SystemTable {
	columns: readonly SystemColumn[];
	rows: (tables: readonly TableSchema[]) => SqlValue[][];
}

/** The one database, as connections name it. */
export const DATABASE_NAME = "littoral";
/** The owner of everything, as clients want one. */
export const OWNER_NAME = "littoral";

const KINDS = {
	text: { kind: "text" },
	integer: { kind: "integer" },
	bigint: { kind: "bigint" },
	boolean: { kind: "boolean" },
	real: { kind: "real" },
} as const;

/** @param columns names and kinds, e.g. `{ relname: "text" }` */
export function systemTable<Name extends string>(
	columns: Record<Name, keyof typeof KINDS>,
	rows: (tables: readonly TableSchema[]) => Partial<Record<Name, SqlValue>>[],
): SystemTable {
	const names = Object.keys(columns) as Name[];
	return {
		columns: names.map((name) => ({ name, type: KINDS[columns[name]] })),
		rows: (tables) => rows(tables).map((row) => names.map((name) => row[name] ?? null)),
	};
}
