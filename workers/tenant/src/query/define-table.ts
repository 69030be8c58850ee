/** CREATE TABLE and DROP TABLE: commit in the catalog, raise the minimums in the directory and every shard, then acknowledge (design, section 6). */
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import { randomHex, type TableId, type TenantId } from "#shared/base/ids.ts";
import { DROPPED_TABLE_MEMORY_MS } from "#shared/base/limits.ts";
import type { PlannedStatement } from "#shared/contracts/rpc.ts";
import { raiseSchemaMinimum } from "../directory/minimums.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";

export async function createTable(
	ports: Ports,
	tenantId: TenantId,
	{ definition }: Extract<PlannedStatement, { kind: "create_table" }>,
): Promise<void> {
	const commitId = `create-${randomHex(12)}`;
	const { schema, replaced } = await untilKnown(() => ports.catalog.createTable(tenantId, { commitId, definition }));
	// Who dropped the table before may have gone between commit and raise: rows for it would be acknowledged, and lost, under the new one's name.
	if (replaced) await refuseRows(ports, tenantId, replaced);
	await raiseSchemaMinimum(ports, tenantId, { tableId: schema.tableId, schemaVersion: schema.schemaVersion, snapshotVersion: 0 });
}

/** @throws undefined_table (42P01), before anything is dropped, unless IF EXISTS */
export async function dropTables(
	ports: Ports,
	tenantId: TenantId,
	{ names, ifExists }: Extract<PlannedStatement, { kind: "drop_table" }>,
): Promise<void> {
	const requests = names.map((name) => ({ table: { name }, fresh: true }));
	const snapshots = await untilKnown(() => ports.catalog.readSnapshots(tenantId, requests));
	const missing = names.find((_, index) => !snapshots[index]);
	if (missing !== undefined && !ifExists) throw unknownTable(missing);
	for (const name of names) await dropTable(ports, tenantId, name);
}

async function dropTable(ports: Ports, tenantId: TenantId, name: string): Promise<void> {
	const commitId = `drop-${randomHex(12)}`;
	const dropped = await untilKnown(() => ports.catalog.dropTable(tenantId, { commitId, name })).catch((error: unknown) => {
		if (hasCode(error, "undefined_table")) return null;
		throw error;
	});
	if (dropped !== null) await refuseRows(ports, tenantId, dropped);
}

/** Rows for a dropped table, as long as some cache may take it for live. */
async function refuseRows(ports: Ports, tenantId: TenantId, dropped: { tableId: TableId; schemaVersion: number }): Promise<void> {
	await raiseSchemaMinimum(ports, tenantId, { ...dropped, snapshotVersion: 0, forgetAtMs: ports.now() + DROPPED_TABLE_MEMORY_MS });
}

function unknownTable(name: string): LittoralError {
	return new LittoralError("undefined_table", `table "${name}" does not exist`);
}
