/** `GET /v1/tables` and `GET /v1/tables/{table}`: what there is, and what it looks like. */
import { z } from "@hono/zod-openapi";
import { assert } from "#shared/base/assert.ts";
import { typeName } from "#shared/contracts/data-type.ts";
import type { TableAnswer } from "#shared/contracts/rpc.ts";
import type { ColumnSchema } from "#shared/contracts/table.ts";
import { page } from "../request/page.ts";
import { type App, callContext, json, jsonAnswer, serve } from "./define.ts";
import { PageQuery } from "./page-query.ts";
import { asTableNotFound, tableName } from "./table-path.ts";

const TableSummarySchema = z
	.object({
		name: z.string(),
		columns: z.array(
			z.object({
				name: z.string(),
				type: z.string().openapi({ example: "numeric(18,4)" }),
				nullable: z.boolean(),
				default: z.string().nullable().openapi({ description: "SQL text." }),
			}),
		),
		primary_key: z
			.object({ columns: z.array(z.string()), enforced: z.boolean() })
			.optional()
			.openapi({ description: "Recorded; `enforced` says whether duplicates are refused." }),
		options: z.object({ sort_key: z.string().optional().openapi({ example: "a, b DESC" }) }),
		schema_version: z.int(),
		row_count: z.int().openapi({ description: "Rows acknowledged, in data files and in the tail." }),
		bytes: z.int().openapi({ description: "Bytes of data files." }),
		file_count: z.int(),
		tail_rows: z.int().openapi({ description: "Of these, rows that are not in a data file yet." }),
	})
	.openapi("TableSummary");

const TableSchema = TableSummarySchema.extend({
	snapshots: z.array(z.object({ version: z.int(), created_at: z.iso.datetime(), row_count: z.int(), file_count: z.int() })),
}).openapi("Table");

const TableListSchema = z.object({ tables: z.array(TableSummarySchema), next_cursor: z.string().nullable() }).openapi("TableList");

/** Words that need no quotes as they stand: PostgreSQL folds to lower case. */
const PLAIN_IDENTIFIER = /^[a-z_][a-z0-9_$]*$/;

function quoted(name: string): string {
	return PLAIN_IDENTIFIER.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The `sort_key` option as CREATE TABLE would take it: PostgreSQL's defaults (NULLS LAST, with DESC FIRST) are left out. */
function sortKeyText({ sortKey, columns }: TableAnswer["schema"]): string {
	return sortKey
		.map(({ fieldId, descending, nullsFirst }) => {
			const nulls = nullsFirst === descending ? "" : nullsFirst ? " NULLS FIRST" : " NULLS LAST";
			return `${quoted(columnOf(columns, fieldId).name)}${descending ? " DESC" : ""}${nulls}`;
		})
		.join(", ");
}

function columnOf(columns: ColumnSchema[], fieldId: number): ColumnSchema {
	const column = columns.find((candidate) => candidate.fieldId === fieldId);
	assert(column !== undefined, `field ${fieldId} of a key exists`);
	return column;
}

function summary({ schema, rowCount, byteCount, fileCount, tailRows }: TableAnswer): z.infer<typeof TableSummarySchema> {
	const { primaryKey, sortKey, columns } = schema;
	return {
		name: schema.name,
		columns: columns.map((column) => ({
			name: column.name,
			type: typeName(column.type),
			nullable: column.nullable,
			default: column.default?.sql ?? null,
		})),
		...(primaryKey === null
			? {}
			: { primary_key: { columns: primaryKey.fieldIds.map((fieldId) => columnOf(columns, fieldId).name), enforced: primaryKey.enforced } }),
		options: sortKey.length === 0 ? {} : { sort_key: sortKeyText(schema) },
		schema_version: schema.schemaVersion,
		row_count: rowCount + tailRows,
		bytes: byteCount,
		file_count: fileCount,
		tail_rows: tailRows,
	};
}

function table(answer: TableAnswer): z.infer<typeof TableSchema> {
	const snapshots = answer.snapshots.map((snapshot) => ({
		version: snapshot.version,
		created_at: snapshot.createdAt,
		row_count: snapshot.rowCount,
		file_count: snapshot.fileCount,
	}));
	return { ...summary(answer), snapshots };
}

export function tableRoutes(app: App): void {
	serve(
		app,
		{
			method: "get",
			path: "/v1/tables",
			access: "list_tables",
			tag: "Tables",
			summary: "List tables",
			request: { query: PageQuery },
			answers: { 200: jsonAnswer("A page of tables.", TableListSchema) },
			errors: ["malformed_request"],
		},
		async (context) => {
			const { tables, nextCursor } = await context.env.TENANT.listTables(callContext(context), page(context.req.url));
			const answer: z.infer<typeof TableListSchema> = { tables: tables.map(summary), next_cursor: nextCursor };
			return json(answer);
		},
	);
	serve(
		app,
		{
			method: "get",
			path: "/v1/tables/{table}",
			access: "list_tables",
			tag: "Tables",
			summary: "Describe a table",
			request: {
				params: z.object({ table: z.string().openapi({ description: "The stored name, percent-encoded.", example: "flights" }) }),
			},
			answers: { 200: jsonAnswer("The table.", TableSchema) },
			errors: ["malformed_request", "table_not_found"],
		},
		async (context) => {
			const name = tableName(context.req.url);
			try {
				return json(table(await context.env.TENANT.describeTable(callContext(context), name)));
			} catch (error) {
				throw asTableNotFound(error);
			}
		},
	);
}
