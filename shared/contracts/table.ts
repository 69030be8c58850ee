/** A table or view as the catalog keeps it and every other Worker sees it. */
import type { TableId } from "#shared/base/ids.ts";
import { z } from "zod";
import { DataType } from "./data-type.ts";
import { SqlValue } from "./value.ts";

export const ColumnSchema = z.object({
	/** Stable, never reused within the table; also the Parquet field id. From 1. */
	fieldId: z.int().min(1),
	name: z.string(),
	type: DataType,
	nullable: z.boolean(),
	/** The DEFAULT: `sql` as written (deparsed) for display, `value` where it is a constant of the column's type, else evaluated by name at ingest. */
	default: z
		.object({
			sql: z.string(),
			value: z.union([z.object({ kind: z.literal("constant"), value: SqlValue }), z.object({ kind: z.literal("now") })]),
		})
		.nullable(),
});
export type ColumnSchema = z.infer<typeof ColumnSchema>;

const SortKeyColumn = z.object({ fieldId: z.int(), descending: z.boolean(), nullsFirst: z.boolean() });
export type SortKeyColumn = z.infer<typeof SortKeyColumn>;

const TableIdText = z.string().transform((text) => text as TableId);

/** What a view is read as. */
export const ViewSource = z.object({
	/** The query as it was written. */
	sql: z.string(),
	/** The tables and views that it names, with their columns at that time: `*` stands for these, whatever is added later. */
	uses: z.array(z.object({ tableId: TableIdText, fieldIds: z.array(z.int()) })),
});
export type ViewSource = z.infer<typeof ViewSource>;

/** Of a table, or of a view: then `view` is there, its columns are what the query gives, and it has no rows of its own. */
export const TableSchema = z.object({
	tableId: TableIdText,
	name: z.string(),
	/** Counts changes of this table's schema, from 1. */
	schemaVersion: z.int().min(1),
	columns: z.array(ColumnSchema),
	primaryKey: z.object({ fieldIds: z.array(z.int()), enforced: z.boolean() }).nullable(),
	sortKey: z.array(SortKeyColumn),
	view: ViewSource.optional(),
});
export type TableSchema = z.infer<typeof TableSchema>;

/** What CREATE TABLE asks for; the catalog assigns the ids. Columns of keys are named by position in `columns`. */
export const TableDefinition = z.object({
	name: z.string(),
	ifNotExists: z.boolean(),
	columns: z.array(ColumnSchema.omit({ fieldId: true })),
	primaryKey: z.array(z.int()).nullable(),
	sortKey: z.array(z.object({ column: z.int(), descending: z.boolean(), nullsFirst: z.boolean() })),
});
export type TableDefinition = z.infer<typeof TableDefinition>;

/** What CREATE VIEW asks for. */
export interface ViewDefinition {
	name: string;
	/** OR REPLACE: of a view that is there, columns may be added at the end. */
	replace: boolean;
	columns: { name: string; type: DataType }[];
	source: ViewSource;
}
