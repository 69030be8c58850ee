/**
 * DROP TABLE: one batch that frees the name and raises the schema version. Watermarks and object rows stay: a shard may still ask, and garbage
 * collection finds the files by them.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { randomHex, type TableId, type TenantId } from "#shared/base/ids.ts";
import { GRACE_PERIOD_MS } from "#shared/base/limits.ts";
import { type SQL, sql } from "drizzle-orm";
import { checkpoint } from "../backup/checkpoint.ts";
import { repeated, settled } from "../database/attempts.ts";
import { numberOf, statement, textOf } from "../database/statement.ts";
import { noteActivity } from "../garbage/collection-row.ts";
import type { CatalogDatabase, CatalogPorts, Row } from "../ports.ts";

export interface DroppedTable {
	tableId: TableId;
	/** Higher than the schema version of any snapshot of the table. */
	schemaVersion: number;
}

/** A subquery, NULL if there never was one. Times of one name's drops rise, whatever the clocks say. */
export function lastDroppedId(tenantId: TenantId, name: string): SQL {
	return sql`(SELECT table_id FROM tables WHERE tenant_id = ${tenantId} AND name = ${name} AND dropped_at_ms IS NOT NULL ORDER BY dropped_at_ms DESC LIMIT 1)`;
}

/**
 * The last table of a name that was dropped, null if there never was one. Whoever answers that a name is gone, or new, has raised that table's minimum first: the
 * caller of the drop may have gone before it did. The backup has learnt of the drop, too.
 */
export async function lastDropped(
	ports: CatalogPorts,
	database: CatalogDatabase,
	tenantId: TenantId,
	name: string,
): Promise<DroppedTable | null> {
	const [rows] = await repeated(ports, () =>
		database.batch("read_tables", [
			statement(sql`
				SELECT table_id, schema_version, (SELECT count(*) FROM commit_log l WHERE l.tenant_id = t.tenant_id AND l.table_id = t.table_id AND l.pending = 1) AS pending
				FROM tables t WHERE tenant_id = ${tenantId} AND table_id = ${lastDroppedId(tenantId, name)}`),
		]),
	);
	const row = rows?.[0];
	if (row !== undefined && numberOf(row, "pending") > 0)
		await checkpoint(ports, database, { tenantId, tableId: textOf(row, "table_id") as TableId });
	return row === undefined ? null : { tableId: textOf(row, "table_id") as TableId, schemaVersion: numberOf(row, "schema_version") };
}

/** @returns where no table has the name now, the last one that had; null where there never was one */
export async function dropTable(
	ports: CatalogPorts,
	database: CatalogDatabase,
	tenantId: TenantId,
	request: { commitId: string; name: string },
): Promise<DroppedTable | null> {
	const { commitId, name } = request;
	const ownTable = sql`(SELECT table_id FROM commit_log WHERE tenant_id = ${tenantId} AND commit_id = ${commitId})`;
	const readDropped = statement(sql`
		SELECT l.kind, t.table_id, t.schema_version FROM commit_log l LEFT JOIN tables t ON t.tenant_id = l.tenant_id AND t.table_id = l.table_id
		WHERE l.tenant_id = ${tenantId} AND l.commit_id = ${commitId}`);
	const answer = await settled<{ dropped: DroppedTable | null }>(
		ports,
		async () => {
			const nowMs = ports.nowMs();
			const results = await database.batch("drop_table", [
				// NULLs, and so a failed batch, where no live table has the name.
				statement(sql`
					INSERT INTO commit_log (tenant_id, commit_id, kind, table_id, version, input_count, paths, token, created_at_ms, pending)
					VALUES (${tenantId}, ${commitId}, 'drop_table',
						(SELECT table_id FROM tables WHERE tenant_id = ${tenantId} AND name = ${name} AND dropped_at_ms IS NULL),
						(SELECT version FROM tables WHERE tenant_id = ${tenantId} AND name = ${name} AND dropped_at_ms IS NULL),
						0, '[]', ${randomHex(8)}, ${nowMs}, 1)`),
				statement(sql`
					UPDATE tables SET schema_version = schema_version + 1,
						dropped_at_ms = max(${nowMs}, 1 + coalesce((SELECT max(dropped_at_ms) FROM tables WHERE tenant_id = ${tenantId} AND name = ${name}), 0))
					WHERE tenant_id = ${tenantId} AND table_id = ${ownTable}`),
				noteActivity({ tenantId, tableId: ownTable }, { nowMs, dueAtMs: sql`${nowMs + GRACE_PERIOD_MS}` }),
				readDropped,
			]);
			return { dropped: droppedTable(results[3]?.[0]) };
		},
		async () => {
			const [done, live] = await database.batch("drop_table_outcome", [
				readDropped,
				statement(sql`SELECT table_id FROM tables WHERE tenant_id = ${tenantId} AND name = ${name} AND dropped_at_ms IS NULL`),
			]);
			if (done?.[0] !== undefined) return { dropped: droppedTable(done[0]) };
			return live?.[0] === undefined ? { dropped: null } : null;
		},
	);
	if (answer.dropped !== null) await checkpoint(ports, database, { tenantId, tableId: answer.dropped.tableId });
	return answer.dropped ?? (await lastDropped(ports, database, tenantId, name));
}

function droppedTable(row: Row | undefined): DroppedTable {
	if (row?.["kind"] !== "drop_table") throw new LittoralError("conflict", "the commit id belongs to another change");
	return { tableId: textOf(row, "table_id") as TableId, schemaVersion: numberOf(row, "schema_version") };
}
