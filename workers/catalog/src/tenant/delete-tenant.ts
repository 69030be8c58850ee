/**
 * Removes everything of a tenant in bounded steps, each of which may be cut off and repeated. Tables are dropped first, so that no commit can
 * succeed any more; then objects go, then rows. The step that finds nothing left is the last.
 */
import type { TenantId } from "#shared/base/ids.ts";
import { DELETE_STEP_COUNT_MAX } from "#shared/base/limits.ts";
import { getTableName, sql } from "drizzle-orm";
import { repeated } from "../database/attempts.ts";
import { numberOf, statement } from "../database/statement.ts";
import {
	collection,
	commitLog,
	deadLetter,
	dependency,
	inlineFile,
	job,
	manifest,
	object,
	snapshot,
	tableSchema,
	tableSketches,
	tables,
	watermark,
} from "../database/tables.ts";
import type { CatalogDatabase, CatalogPorts } from "../ports.ts";

/** `tables` last: while a row of it is left, the tenant can be seen not to be gone. */
const TENANT_TABLES = [
	inlineFile,
	manifest,
	object,
	snapshot,
	tableSchema,
	tableSketches,
	watermark,
	commitLog,
	job,
	deadLetter,
	collection,
	dependency,
	tables,
].map((table) => getTableName(table));

/** @returns done: the step found no object and no row */
export async function deleteTenantStep(
	ports: CatalogPorts,
	database: CatalogDatabase | null,
	tenantId: TenantId,
): Promise<{ done: boolean }> {
	if (database !== null) {
		await repeated(ports, () =>
			database.batch("drop_tables_of_tenant", [
				statement(sql`UPDATE tables SET dropped_at_ms = ${ports.nowMs()} WHERE tenant_id = ${tenantId} AND dropped_at_ms IS NULL`),
			]),
		);
	}
	let objectCount = 0;
	for (const prefix of [`data/${tenantId}/`, `manifests/${tenantId}/`, `spill/${tenantId}/`, `backup/${tenantId}/`]) {
		const paths = await repeated(ports, () => ports.objects.list("list_objects", prefix, DELETE_STEP_COUNT_MAX));
		objectCount += paths.length;
		if (paths.length > 0) await repeated(ports, () => ports.objects.delete("delete_objects", paths));
	}
	if (objectCount > 0) return { done: false };
	if (database !== null && (await deleteRows(ports, database, tenantId)) > 0) return { done: false };
	await repeated(ports, async () => {
		const first = ports.databases[0];
		await first?.batch("delete_rows", [statement(sql`DELETE FROM tenant_assignment WHERE tenant_id = ${tenantId}`)]);
	});
	return { done: true };
}

/** Deletes a bounded number of rows of every table. @returns how many there were to delete */
async function deleteRows(ports: CatalogPorts, database: CatalogDatabase, tenantId: TenantId): Promise<number> {
	const results = await repeated(ports, () =>
		database.batch(
			"delete_rows",
			TENANT_TABLES.flatMap((name) => {
				const rows = sql`SELECT rowid FROM ${sql.identifier(name)} WHERE tenant_id = ${tenantId} LIMIT ${DELETE_STEP_COUNT_MAX}`;
				return [
					statement(sql`SELECT count(*) AS count FROM (${rows})`),
					statement(sql`DELETE FROM ${sql.identifier(name)} WHERE rowid IN (${rows})`),
				];
			}),
		),
	);
	return results.flat().reduce((sum, row) => sum + numberOf(row, "count"), 0);
}
