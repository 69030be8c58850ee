/** What a name meant before: whoever answers that it is gone, or new, has raised that relation's minimum first. */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import type { DroppedRelation } from "#shared/contracts/rpc.ts";
import { type SQL, sql } from "drizzle-orm";
import { checkpoint } from "../backup/checkpoint.ts";
import { repeated } from "../database/attempts.ts";
import { numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts } from "../ports.ts";

/** A subquery, NULL if there never was one. Times of one name's drops rise, whatever the clocks say. */
export function lastDroppedId(tenantId: TenantId, name: string): SQL {
	return sql`(SELECT table_id FROM tables WHERE tenant_id = ${tenantId} AND name = ${name} AND dropped_at_ms IS NOT NULL ORDER BY dropped_at_ms DESC LIMIT 1)`;
}

/** The last table or view of a name that was dropped, null if there never was one. The caller of the drop may have gone before it did; the backup has learnt of it, too. */
export async function lastDropped(
	ports: CatalogPorts,
	database: CatalogDatabase,
	tenantId: TenantId,
	name: string,
): Promise<DroppedRelation | null> {
	const [rows] = await repeated(ports, () =>
		database.batch("read_tables", [
			statement(sql`
				SELECT table_id, schema_version, (SELECT count(*) FROM commit_log l WHERE l.tenant_id = t.tenant_id AND l.table_id = t.table_id AND l.pending = 1) AS pending
				FROM tables t WHERE tenant_id = ${tenantId} AND table_id = ${lastDroppedId(tenantId, name)}`),
		]),
	);
	const row = rows?.[0];
	if (row === undefined) return null;
	const tableId = textOf(row, "table_id") as TableId;
	if (numberOf(row, "pending") > 0) await checkpoint(ports, database, { tenantId, tableId });
	return { tableId, schemaVersion: numberOf(row, "schema_version") };
}
