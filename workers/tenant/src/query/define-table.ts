/** CREATE TABLE and DROP TABLE: commit in the catalog, raise the minimums in the directory and every shard, then acknowledge (design, section 6). */
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import { randomHex, type TableId, type TenantId } from "#shared/base/ids.ts";
import { DROPPED_TABLE_MEMORY_MS, RPC_ATTEMPT_COUNT_MAX } from "#shared/base/limits.ts";
import type { PlannedStatement } from "#shared/contracts/rpc.ts";
import type { TableDefinition, TableSchema } from "#shared/contracts/table.ts";
import { raiseSchemaMinimum } from "../directory/minimums.ts";
import type { CatalogPort, Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";

export async function createTable(
	ports: Ports,
	tenantId: TenantId,
	{ definition }: Extract<PlannedStatement, { kind: "create_table" }>,
): Promise<void> {
	const schema = await commitTable(ports, tenantId, definition);
	await raiseSchemaMinimum(ports, tenantId, { tableId: schema.tableId, schemaVersion: schema.schemaVersion, snapshotVersion: 0 });
}

/**
 * Who dropped the last table of the name may have gone between commit and raise: rows for it would be acknowledged, and lost, under the new one's name. So
 * that table is raised first, and the commit stands only where it is still the last one: of all tables of a name, the last that was dropped may be unraised.
 *
 * @throws conflict when others create and drop tables of that name all the time
 */
async function commitTable(ports: Ports, tenantId: TenantId, definition: TableDefinition): Promise<TableSchema> {
	const commitId = `create-${randomHex(12)}`;
	let raised: TableId | null = null;
	for (let attempt = 0; attempt < RPC_ATTEMPT_COUNT_MAX; attempt++) {
		const request: Parameters<CatalogPort["createTable"]>[1] = { commitId, definition, raised };
		const { schema, replaced } = await untilKnown(() => ports.catalog.createTable(tenantId, request));
		if (replaced && replaced.tableId !== raised) await refuseRows(ports, tenantId, replaced);
		if (schema !== null) return schema;
		raised = replaced?.tableId ?? null;
	}
	throw new LittoralError("conflict", `others create and drop tables of the name "${definition.name}"; try again`);
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
