/** Reads of tables without their files: lists, descriptions, names, a shard's watermarks. */
import { LittoralError } from "#shared/base/errors.ts";
import type { TableId, TenantId } from "#shared/base/ids.ts";
import { LIST_LIMIT_MAX } from "#shared/base/limits.ts";
import type { TableDescription, TablePage } from "#shared/contracts/rpc.ts";
import { sql } from "drizzle-orm";
import { repeated } from "../database/attempts.ts";
import { numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts } from "../ports.ts";
import { decodeSchema } from "./schema-json.ts";

/**
 * Live tables, with `views` views among them, by name in byte order.
 *
 * @param page `cursor` is the last name of the page before
 */
export async function listTables(
	ports: CatalogPorts,
	database: CatalogDatabase,
	tenantId: TenantId,
	page: { limit: number; cursor: string | null; views?: boolean },
): Promise<TablePage> {
	const limit = Math.max(1, Math.min(page.limit, LIST_LIMIT_MAX));
	const [rows = []] = await repeated(ports, () =>
		database.batch("read_tables", [
			statement(sql`
				SELECT t.name, s."schema" FROM tables t JOIN table_schema s
					ON s.tenant_id = t.tenant_id AND s.table_id = t.table_id AND s.schema_version = t.schema_version
				WHERE t.tenant_id = ${tenantId} AND t.dropped_at_ms IS NULL AND t.name > ${page.cursor ?? ""}
					AND (t.kind = 'table' OR ${page.views === true ? 1 : 0})
				ORDER BY t.name LIMIT ${limit + 1}`),
		]),
	);
	const shown = rows.slice(0, limit);
	const last = shown.at(-1);
	return {
		tables: shown.map((row) => decodeSchema(textOf(row, "schema"))),
		nextCursor: rows.length > limit && last !== undefined ? textOf(last, "name") : null,
	};
}

/** @throws LittoralError undefined_table with PostgreSQL's message */
export async function describeTable(
	ports: CatalogPorts,
	database: CatalogDatabase,
	tenantId: TenantId,
	name: string,
): Promise<TableDescription> {
	const target = sql`(SELECT table_id FROM tables WHERE tenant_id = ${tenantId} AND name = ${name} AND kind = 'table' AND dropped_at_ms IS NULL)`;
	const [tables, snapshots = []] = await repeated(ports, () =>
		database.batch("read_tables", [
			statement(sql`
				SELECT s."schema" FROM tables t JOIN table_schema s
					ON s.tenant_id = t.tenant_id AND s.table_id = t.table_id AND s.schema_version = t.schema_version
				WHERE t.tenant_id = ${tenantId} AND t.table_id = ${target}`),
			statement(sql`
				SELECT version, created_at_ms, row_count, byte_count, file_count FROM snapshot
				WHERE tenant_id = ${tenantId} AND table_id = ${target} ORDER BY version DESC`),
		]),
	);
	const table = tables?.[0];
	const newest = snapshots[0];
	if (table === undefined || newest === undefined) throw undefinedTable(name);
	return {
		schema: decodeSchema(textOf(table, "schema")),
		rowCount: numberOf(newest, "row_count"),
		byteCount: numberOf(newest, "byte_count"),
		fileCount: numberOf(newest, "file_count"),
		snapshotVersion: numberOf(newest, "version"),
		snapshots: snapshots.map((row) => ({
			version: numberOf(row, "version"),
			createdAt: new Date(numberOf(row, "created_at_ms")).toISOString(),
			rowCount: numberOf(row, "row_count"),
			fileCount: numberOf(row, "file_count"),
		})),
	};
}

export function undefinedTable(name: string): LittoralError {
	return new LittoralError("undefined_table", `relation "${name}" does not exist`);
}

/** The catalog has no row of a table that somebody knows: it has lost it, and a rebuild may bring it back. Nobody may take that for a dropped table. */
export function unknownTable(tableId: TableId): LittoralError {
	return new LittoralError("unavailable", `the catalog does not know table ${tableId}`, { retryAfterSeconds: 60 });
}

export async function tableState(
	ports: CatalogPorts,
	database: CatalogDatabase,
	{ tenantId, tableId }: { tenantId: TenantId; tableId: TableId },
): Promise<"live" | "dropped" | "unknown"> {
	const [rows] = await repeated(ports, () =>
		database.batch("read_tables", [
			statement(sql`SELECT dropped_at_ms FROM tables WHERE tenant_id = ${tenantId} AND table_id = ${tableId}`),
		]),
	);
	const row = rows?.[0];
	if (row === undefined) return "unknown";
	return row["dropped_at_ms"] === null ? "live" : "dropped";
}

export async function tableNames(ports: CatalogPorts, database: CatalogDatabase, tenantId: TenantId): Promise<string[]> {
	const [rows = []] = await repeated(ports, () =>
		database.batch("read_tables", [
			statement(sql`SELECT name FROM tables WHERE tenant_id = ${tenantId} AND dropped_at_ms IS NULL ORDER BY name`),
		]),
	);
	return rows.map((row) => textOf(row, "name"));
}

export interface ShardWatermark {
	tableId: TableId;
	watermark: number;
	/** The newest version of the table: its watermark covers the shard as far as `watermark` says. */
	snapshotVersion: number;
	dropped: boolean;
}

/** A shard's watermarks in all tables, dropped ones included. */
export async function shardWatermarks(
	ports: CatalogPorts,
	database: CatalogDatabase,
	tenantId: TenantId,
	shard: number,
): Promise<ShardWatermark[]> {
	const [rows = []] = await repeated(ports, () =>
		database.batch("read_tables", [
			statement(sql`
				SELECT w.table_id, w.sequence_number, t.version, t.dropped_at_ms IS NOT NULL AS dropped
				FROM watermark w JOIN tables t ON t.tenant_id = w.tenant_id AND t.table_id = w.table_id
				WHERE w.tenant_id = ${tenantId} AND w.shard = ${shard} ORDER BY w.table_id`),
		]),
	);
	return rows.map((row) => ({
		tableId: textOf(row, "table_id") as TableId,
		watermark: numberOf(row, "sequence_number"),
		snapshotVersion: numberOf(row, "version"),
		dropped: numberOf(row, "dropped") === 1,
	}));
}
