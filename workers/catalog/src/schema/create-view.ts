/** CREATE [OR REPLACE] VIEW: a table without rows whose schema says what it is read as. One batch, once per commit id. */
import { LittoralError } from "#shared/base/errors.ts";
import { newTableId, randomHex, type TableId, type TenantId } from "#shared/base/ids.ts";
import { sameType, typeName } from "#shared/contracts/data-type.ts";
import type { DroppedRelation } from "#shared/contracts/rpc.ts";
import type { ColumnSchema, TableSchema, ViewDefinition } from "#shared/contracts/table.ts";
import { sql } from "drizzle-orm";
import { checkpoint } from "../backup/checkpoint.ts";
import { settled } from "../database/attempts.ts";
import { statement, textOf } from "../database/statement.ts";
import { noteActivity } from "../garbage/collection-row.ts";
import type { CatalogDatabase, CatalogPorts, Statement } from "../ports.ts";
import { createStatements } from "./create-table.ts";
import { defineTable } from "./define-table.ts";
import { lastDropped, lastDroppedId } from "./last-dropped.ts";
import { decodeSchema, encodeSchema } from "./schema-json.ts";

export interface CreateViewRequest {
	commitId: string;
	definition: ViewDefinition;
	/** The relation that `replaced` must be, else nothing is created. */
	raised: TableId | null;
}

export interface CreateViewAnswer {
	/** Null where nothing was created, as another relation of the name was dropped last. */
	schema: TableSchema | null;
	/** The last relation of this name that was dropped. */
	replaced: DroppedRelation | null;
}

/** @throws LittoralError duplicate_table, wrong_object_type, invalid_table_definition, schema_changed (what it uses is gone), program_limit_exceeded, unavailable */
export async function createView(
	ports: CatalogPorts,
	database: CatalogDatabase,
	tenantId: TenantId,
	request: CreateViewRequest,
): Promise<CreateViewAnswer> {
	const { commitId, definition } = request;
	const { schema } = await settled<{ schema: TableSchema | null }>(
		ports,
		async () => {
			const found = await readNamesake(database, tenantId, request);
			if (found.own !== null) return { schema: found.own };
			const { namesake } = found;
			if (namesake === null && found.lastDropped !== request.raised) return { schema: null };
			const made = namesake === null ? newView(definition) : replacedView(namesake, definition);
			const nowMs = ports.nowMs();
			const statements =
				namesake === null ? createStatements(tenantId, request, made, nowMs) : replaceStatements(tenantId, commitId, made, nowMs);
			await database.batch("create_view", [...statements, ...dependencyStatements(tenantId, commitId, made)]);
			return { schema: made };
		},
		async () => {
			const { own } = await readNamesake(database, tenantId, request);
			return own && { schema: own };
		},
	);
	if (schema !== null) await checkpoint(ports, database, { tenantId, tableId: schema.tableId });
	return { schema, replaced: await lastDropped(ports, database, tenantId, definition.name) };
}

/** @throws too_many_columns, duplicate_column */
function newView({ name, columns, source }: ViewDefinition): TableSchema {
	const outputs = columns.map((column) => ({ ...column, nullable: true, default: null }));
	return { ...defineTable({ name, ifNotExists: false, columns: outputs, primaryKey: null, sortKey: [] }, newTableId()), view: source };
}

/**
 * The same relation at its next version: its columns stay, others may follow.
 *
 * @throws LittoralError duplicate_table, wrong_object_type, invalid_table_definition in PostgreSQL's words
 */
export function replacedView(before: TableSchema, definition: ViewDefinition): TableSchema {
	const { name, replace, columns, source } = definition;
	if (!replace) throw new LittoralError("duplicate_table", `relation "${name}" already exists`);
	if (before.view === undefined) throw new LittoralError("wrong_object_type", `"${name}" is not a view`);
	if (columns.length < before.columns.length) throw new LittoralError("invalid_table_definition", "cannot drop columns from view");
	for (const [index, column] of before.columns.entries()) {
		const next = columns[index] as ViewDefinition["columns"][number];
		if (next.name !== column.name) {
			throw new LittoralError("invalid_table_definition", `cannot change name of view column "${column.name}" to "${next.name}"`);
		}
		if (!sameType(next.type, column.type)) {
			const types = `from ${typeName(column.type)} to ${typeName(next.type)}`;
			throw new LittoralError("invalid_table_definition", `cannot change data type of view column "${column.name}" ${types}`);
		}
	}
	const made = newView(definition);
	const fields = made.columns.map((column, index): ColumnSchema => ({ ...column, fieldId: index + 1 }));
	return { ...made, tableId: before.tableId, schemaVersion: before.schemaVersion + 1, columns: fields, view: source };
}

interface Namesake {
	/** What this commit id made already. */
	own: TableSchema | null;
	namesake: TableSchema | null;
	lastDropped: string | null;
}

/** @throws LittoralError conflict; schema_changed where the view uses what is dropped */
async function readNamesake(database: CatalogDatabase, tenantId: TenantId, { commitId, definition }: CreateViewRequest): Promise<Namesake> {
	const newest = sql`JOIN table_schema s ON s.tenant_id = t.tenant_id AND s.table_id = t.table_id AND s.schema_version = t.schema_version`;
	const [done, live, gone, before] = await database.batch("create_view_outcome", [
		statement(sql`
			SELECT l.kind, s."schema" FROM commit_log l JOIN tables t ON t.tenant_id = l.tenant_id AND t.table_id = l.table_id LEFT ${newest}
			WHERE l.tenant_id = ${tenantId} AND l.commit_id = ${commitId}`),
		statement(sql`
			SELECT s."schema" FROM tables t ${newest} WHERE t.tenant_id = ${tenantId} AND t.name = ${definition.name} AND t.dropped_at_ms IS NULL`),
		statement(sql`
			SELECT u.value FROM json_each(${JSON.stringify(usedIds(definition.source))}) u
			WHERE NOT EXISTS (SELECT 1 FROM tables WHERE tenant_id = ${tenantId} AND table_id = u.value AND dropped_at_ms IS NULL) LIMIT 1`),
		statement(sql`SELECT ${lastDroppedId(tenantId, definition.name)} AS table_id`),
	]);
	const own = done?.[0];
	if (own !== undefined) {
		if (own["kind"] !== "create_view") throw new LittoralError("conflict", "the commit id belongs to another change");
		// It was made, and somebody has dropped it since.
		if (own["schema"] === null) throw new LittoralError("undefined_table", `relation "${definition.name}" does not exist`);
		return { own: decodeSchema(textOf(own, "schema")), namesake: null, lastDropped: null };
	}
	if (gone?.[0] !== undefined) throw new LittoralError("schema_changed", `what view "${definition.name}" uses is gone`);
	const existing = live?.[0];
	const lastId = before?.[0]?.["table_id"];
	return {
		own: null,
		namesake: existing === undefined ? null : decodeSchema(textOf(existing, "schema")),
		lastDropped: typeof lastId === "string" ? lastId : null,
	};
}

const usedIds = (source: ViewDefinition["source"]): TableId[] => [...new Set(source.uses.map(({ tableId }) => tableId))];

/**
 * A new snapshot version, of no rows: what a checkpoint holds is ordered by it. Until that checkpoint is written the backup has not heard of the view as it is now, and who
 * reads it writes one.
 */
function replaceStatements(tenantId: TenantId, commitId: string, schema: TableSchema, nowMs: number): Statement[] {
	const { tableId, schemaVersion } = schema;
	const where = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	return [
		// A NULL version, and so a failed batch, where it is dropped or was replaced meanwhile.
		statement(sql`
			INSERT INTO commit_log (tenant_id, commit_id, kind, table_id, version, input_count, paths, token, created_at_ms)
			VALUES (${tenantId}, ${commitId}, 'create_view', ${tableId},
				(SELECT version + 1 FROM tables WHERE ${where} AND dropped_at_ms IS NULL AND schema_version = ${schemaVersion - 1}),
				0, '[]', ${randomHex(8)}, ${nowMs})`),
		statement(sql`
			UPDATE tables SET schema_version = ${schemaVersion}, version = version + 1, next_field_id = ${schema.columns.length + 1}, backed_up_at_ms = NULL
			WHERE ${where}`),
		statement(sql`
			INSERT INTO table_schema (tenant_id, table_id, schema_version, "schema")
			VALUES (${tenantId}, ${tableId}, ${schemaVersion}, ${encodeSchema(schema)})`),
		statement(sql`
			INSERT INTO snapshot (tenant_id, table_id, version, schema_version, row_count, byte_count, file_count, watermarks, created_at_ms)
			SELECT tenant_id, table_id, version, schema_version, 0, 0, 0, '{}', ${nowMs} FROM tables WHERE ${where}`),
		statement(sql`DELETE FROM dependency WHERE tenant_id = ${tenantId} AND view_id = ${tableId}`),
		noteActivity({ tenantId, tableId }, { nowMs }),
	];
}

/** The count of what it uses is NULL, and so the batch fails, where something of it is not live. */
function dependencyStatements(tenantId: TenantId, commitId: string, { tableId, view }: TableSchema): Statement[] {
	const used = view === undefined ? [] : usedIds(view);
	const ids = JSON.stringify(used);
	return [
		statement(sql`
			UPDATE commit_log SET input_count =
				(SELECT CASE WHEN count(*) = ${used.length} THEN count(*) END FROM tables
				WHERE tenant_id = ${tenantId} AND dropped_at_ms IS NULL AND table_id IN (SELECT value FROM json_each(${ids})))
			WHERE tenant_id = ${tenantId} AND commit_id = ${commitId}`),
		statement(sql`
			INSERT INTO dependency (tenant_id, view_id, used_id)
			SELECT ${tenantId}, ${tableId}, value FROM json_each(${ids})`),
	];
}
