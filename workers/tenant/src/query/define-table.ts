/** CREATE and DROP of tables and views: commit in the catalog, raise the minimums in the directory and every shard, then acknowledge (design, section 6). */
import { LittoralError } from "#shared/base/errors.ts";
import { randomHex, type TableId, type TenantId } from "#shared/base/ids.ts";
import { DROPPED_TABLE_MEMORY_MS, RPC_ATTEMPT_COUNT_MAX } from "#shared/base/limits.ts";
import type { DroppedRelation, PlannedStatement } from "#shared/contracts/rpc.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { raiseSchemaMinimum } from "../directory/minimums.ts";
import { forgetSchema } from "../ingest/schema-cache.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";

/** @param committed called once the table is there, whatever fails after that */
export async function createTable(
	ports: Ports,
	tenantId: TenantId,
	{ definition }: Extract<PlannedStatement, { kind: "create_table" }>,
	committed: (schema: TableSchema) => void = () => {},
): Promise<{ schema: TableSchema; created: boolean }> {
	const commitId = `create-${randomHex(12)}`;
	let created = false;
	const schema = await commitRelation(ports, tenantId, definition.name, async (raised) => {
		const answer = await ports.catalog.createTable(tenantId, { commitId, definition, raised });
		({ created } = answer);
		if (created && answer.schema !== null) committed(answer.schema);
		return answer;
	});
	return { schema, created };
}

/** Takes back a table that was just made. Another one that has its name by now stays. */
export async function undoTable(ports: Ports, tenantId: TenantId, { name, tableId }: TableSchema): Promise<void> {
	const commitId = `undo-${randomHex(12)}`;
	const request = { commitId, kind: "table", names: [name], ifExists: true, cascade: true, onlyId: tableId } as const;
	const dropped = await untilKnown(() => ports.catalog.dropRelations(tenantId, { ...request, names: [name] }));
	for (const relation of dropped) await refuseRows(ports, tenantId, relation);
}

/** Is the name taken, by a table or a view? */
export async function relationExists(ports: Ports, tenantId: TenantId, name: string): Promise<boolean> {
	const [snapshot] = await untilKnown(() => ports.catalog.readSnapshots(tenantId, [{ table: { name }, fresh: true, views: true }]));
	return snapshot !== undefined && snapshot !== null;
}

/** @throws as the catalog's createView */
export async function createView(
	ports: Ports,
	tenantId: TenantId,
	{ definition }: Extract<PlannedStatement, { kind: "create_view" }>,
): Promise<void> {
	const commitId = `create-${randomHex(12)}`;
	await commitRelation(ports, tenantId, definition.name, (raised) => ports.catalog.createView(tenantId, { commitId, definition, raised }));
}

/**
 * Who dropped the last table of the name may have gone between commit and raise: rows for it would be acknowledged, and lost, under the new one's name. So
 * that table is raised first, and the commit stands only where it is still the last one: of all tables of a name, the last that was dropped may be unraised.
 * The new relation is raised too: a snapshot of the view that it replaced, cached anywhere, is too old from now on.
 *
 * @throws conflict when others create and drop relations of that name all the time
 */
async function commitRelation(
	ports: Ports,
	tenantId: TenantId,
	name: string,
	commit: (raised: TableId | null) => Promise<{ schema: TableSchema | null; replaced?: DroppedRelation | null }>,
): Promise<TableSchema> {
	let raised: TableId | null = null;
	for (let attempt = 0; attempt < RPC_ATTEMPT_COUNT_MAX; attempt++) {
		const { schema, replaced } = await untilKnown(() => commit(raised));
		if (replaced && replaced.tableId !== raised) await refuseRows(ports, tenantId, replaced);
		if (schema !== null) {
			forgetSchema(tenantId, name);
			await raiseSchemaMinimum(ports, tenantId, { tableId: schema.tableId, schemaVersion: schema.schemaVersion, snapshotVersion: 0 });
			return schema;
		}
		raised = replaced?.tableId ?? null;
	}
	throw new LittoralError("conflict", `others create and drop relations of the name "${name}"; try again`);
}

/** @throws undefined_table (42P01), wrong_object_type (42809), dependent_objects_still_exist (2BP01): then nothing was dropped */
export async function dropRelations(
	ports: Ports,
	tenantId: TenantId,
	{ kind, names, ifExists, cascade = false }: Extract<PlannedStatement, { kind: "drop_table" | "drop_view" }>,
): Promise<void> {
	const request = { commitId: `drop-${randomHex(12)}`, kind: kind === "drop_table" ? "table" : "view", names, ifExists, cascade } as const;
	const dropped = await untilKnown(() => ports.catalog.dropRelations(tenantId, request));
	for (const relation of dropped) await refuseRows(ports, tenantId, relation);
}

/** Rows for a dropped table, as long as some cache may take it for live. */
async function refuseRows(ports: Ports, tenantId: TenantId, dropped: DroppedRelation): Promise<void> {
	await raiseSchemaMinimum(ports, tenantId, { ...dropped, snapshotVersion: 0, forgetAtMs: ports.now() + DROPPED_TABLE_MEMORY_MS });
}
