/** CREATE TABLE: one batch, once per commit id. A name is unique among a tenant's live tables by an index. */
import { LittoralError } from "#shared/base/errors.ts";
import { newTableId, randomHex, type TableId, type TenantId } from "#shared/base/ids.ts";
import { TABLE_COUNT_MAX } from "#shared/base/limits.ts";
import type { DroppedRelation } from "#shared/contracts/rpc.ts";
import type { TableDefinition, TableSchema } from "#shared/contracts/table.ts";
import { sql } from "drizzle-orm";
import { checkpoint } from "../backup/checkpoint.ts";
import { settled } from "../database/attempts.ts";
import { numberOf, statement, textOf } from "../database/statement.ts";
import { noteActivity } from "../garbage/collection-row.ts";
import type { CatalogDatabase, CatalogPorts, Statement } from "../ports.ts";
import { defineTable } from "./define-table.ts";
import { lastDropped, lastDroppedId } from "./last-dropped.ts";
import { decodeSchema, encodeSchema } from "./schema-json.ts";

export interface CreateTableRequest {
	commitId: string;
	definition: TableDefinition;
	/** The table that `replaced` must be, else nothing is created; undefined of older callers, who do not care. */
	raised?: TableId | null;
}

export interface CreateTableAnswer {
	/** Null where nothing was created, as another table of the name was dropped last. */
	schema: TableSchema | null;
	created: boolean;
	/** The last table of this name that was dropped. */
	replaced: DroppedRelation | null;
}

/** @throws LittoralError duplicate_table, program_limit_exceeded, unavailable */
export async function createTable(
	ports: CatalogPorts,
	database: CatalogDatabase,
	tenantId: TenantId,
	request: CreateTableRequest,
): Promise<CreateTableAnswer> {
	const schema = defineTable(request.definition, newTableId());
	const created = await settled<Omit<CreateTableAnswer, "replaced">>(
		ports,
		async () => {
			await database.batch("create_table", createStatements(tenantId, request, schema, ports.nowMs()));
			return { schema, created: true };
		},
		() => lookUp(database, tenantId, request),
	);
	if (created.created) await checkpoint(ports, database, { tenantId, tableId: schema.tableId });
	return { ...created, replaced: await lastDropped(ports, database, tenantId, schema.name) };
}

/** Of a table or a view. */
export function createStatements(
	tenantId: TenantId,
	{ commitId, raised }: Pick<CreateTableRequest, "commitId" | "raised">,
	schema: TableSchema,
	nowMs: number,
): Statement[] {
	const { tableId, name } = schema;
	const kind = schema.view === undefined ? "table" : "view";
	const mayFollow = raised === undefined ? sql`TRUE` : sql`${lastDroppedId(tenantId, name)} IS ${raised}`;
	return [
		// A NULL version, and so a failed batch, where the tenant has all the tables it may have, or rows for the name's last table are not refused yet.
		statement(sql`
			INSERT INTO commit_log (tenant_id, commit_id, kind, table_id, version, input_count, paths, token, created_at_ms)
			VALUES (${tenantId}, ${commitId}, ${`create_${kind}`}, ${tableId},
				(SELECT CASE WHEN count(*) < ${TABLE_COUNT_MAX} AND ${mayFollow} THEN 0 END FROM tables WHERE tenant_id = ${tenantId} AND dropped_at_ms IS NULL),
				0, '[]', ${randomHex(8)}, ${nowMs})`),
		statement(sql`
			INSERT INTO tables (tenant_id, table_id, name, kind, schema_version, version, next_field_id, created_at_ms)
			VALUES (${tenantId}, ${tableId}, ${name}, ${kind}, 1, 0, ${schema.columns.length + 1}, ${nowMs})`),
		statement(sql`
			INSERT INTO table_schema (tenant_id, table_id, schema_version, "schema")
			VALUES (${tenantId}, ${tableId}, 1, ${encodeSchema(schema)})`),
		statement(sql`
			INSERT INTO snapshot (tenant_id, table_id, version, schema_version, row_count, byte_count, file_count, watermarks, created_at_ms)
			VALUES (${tenantId}, ${tableId}, 0, 1, 0, 0, 0, '{}', ${nowMs})`),
		noteActivity({ tenantId, tableId }, { nowMs }),
	];
}

/** What the first call of this commit id made; else why it cannot be made; else null. */
async function lookUp(
	database: CatalogDatabase,
	tenantId: TenantId,
	request: CreateTableRequest,
): Promise<Omit<CreateTableAnswer, "replaced"> | null> {
	const { name, ifNotExists } = request.definition;
	const [done, namesake, count, before] = await database.batch("create_table_outcome", [
		statement(sql`
			SELECT s."schema", l.kind FROM commit_log l LEFT JOIN table_schema s
				ON s.tenant_id = l.tenant_id AND s.table_id = l.table_id AND s.schema_version = 1
			WHERE l.tenant_id = ${tenantId} AND l.commit_id = ${request.commitId}`),
		statement(sql`
			SELECT s."schema" FROM tables t JOIN table_schema s
				ON s.tenant_id = t.tenant_id AND s.table_id = t.table_id AND s.schema_version = t.schema_version
			WHERE t.tenant_id = ${tenantId} AND t.name = ${name} AND t.dropped_at_ms IS NULL`),
		statement(sql`SELECT count(*) AS count FROM tables WHERE tenant_id = ${tenantId} AND dropped_at_ms IS NULL`),
		statement(sql`SELECT ${lastDroppedId(tenantId, name)} AS table_id`),
	]);
	const own = done?.[0];
	if (own !== undefined) {
		if (own["kind"] !== "create_table") throw new LittoralError("conflict", "the commit id belongs to another change");
		return { schema: decodeSchema(textOf(own, "schema")), created: true };
	}
	const existing = namesake?.[0];
	if (existing !== undefined) {
		if (!ifNotExists) throw new LittoralError("duplicate_table", `relation "${name}" already exists`);
		return { schema: decodeSchema(textOf(existing, "schema")), created: false };
	}
	if (count?.[0] !== undefined && numberOf(count[0], "count") >= TABLE_COUNT_MAX) {
		throw new LittoralError("program_limit_exceeded", `a tenant can have at most ${TABLE_COUNT_MAX} tables`);
	}
	if (request.raised !== undefined && before?.[0]?.["table_id"] !== request.raised) return { schema: null, created: false };
	return null;
}
