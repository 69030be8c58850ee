/**
 * Rebuilding D1 `catalog` from the backup in R2, table by table in the order of their keys. A table that D1 has is passed over, so a rebuild may be repeated, and begun
 * while the rest of the catalog works.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { backupPrefix, type TableId, type TenantId } from "#shared/base/ids.ts";
import { DELETE_STEP_COUNT_MAX, OBJECT_READ_CONCURRENCY, REBUILD_TABLE_COUNT_MAX } from "#shared/base/limits.ts";
import type { RebuiltTable, RebuildStep } from "#shared/contracts/rpc.ts";
import { repeated } from "../database/attempts.ts";
import type { DatabaseAssignment } from "../database/assignment.ts";
import type { CatalogPorts } from "../ports.ts";
import { checkpoint } from "./checkpoint.ts";
import { type BackupKey, Checkpoint, CommitRecord, isCheckpoint, newestCheckpoint, parseBackupKey } from "./record.ts";
import { replay } from "./replay.ts";
import { isRestored, restoreTable } from "./restore.ts";

/** Sorts behind every key of a table. */
const AFTER_ALL = "~";

/**
 * @param cursor of the step before; null begins
 * @returns `cursor` null after the last table
 */
export async function rebuildStep(ports: CatalogPorts, assignment: DatabaseAssignment, cursor: string | null): Promise<RebuildStep> {
	const tables: RebuiltTable[] = [];
	let position = cursor;
	while (tables.length < REBUILD_TABLE_COUNT_MAX) {
		const after = position === null ? undefined : `backup/${position}/${AFTER_ALL}`;
		const [key] = await repeated(ports, () => ports.objects.list("list_backup", "backup/", 1, after));
		if (key === undefined) return { tables, cursor: null };
		const [, tenantId, tableId] = key.split("/") as [string, TenantId, TableId];
		tables.push(await rebuildTable(ports, assignment, { tenantId, tableId }));
		position = `${tenantId}/${tableId}`;
	}
	return { tables, cursor: position };
}

async function rebuildTable(
	ports: CatalogPorts,
	assignment: DatabaseAssignment,
	table: { tenantId: TenantId; tableId: TableId },
): Promise<RebuiltTable> {
	const keys = await allKeys(ports, backupPrefix(table));
	const newest = newestCheckpoint(keys);
	const none = { ...table, name: "", rowCount: 0, fileCount: 0 };
	if (newest === null) return { ...none, outcome: "failed", problem: "its backup has no checkpoint" };
	const head = Checkpoint.parse(await readJson(ports, newest.path));
	const known = { ...none, name: head.name };
	if (head.database >= ports.databases.length)
		return { ...known, outcome: "failed", problem: `database ${head.database} of the catalog is not bound` };
	const database = await assignment.restore(ports, table.tenantId, head.database);
	if (await repeated(ports, () => isRestored(database, table))) return { ...known, outcome: "present", problem: null };

	const later = keys.filter((key) => !isCheckpoint(key) && key.version > newest.version);
	const records: CommitRecord[] = [];
	for (let start = 0; start < later.length; start += OBJECT_READ_CONCURRENCY) {
		const bodies = await Promise.all(later.slice(start, start + OBJECT_READ_CONCURRENCY).map((key) => readJson(ports, key.path)));
		records.push(...bodies.map((body) => CommitRecord.parse(body)));
	}
	const { rowCount, fileCount, problem } = await restoreTable(ports, database, table, replay(head, records));
	if (problem !== null) return { ...known, rowCount, fileCount, outcome: "failed", problem };
	await checkpoint(ports, database, table);
	return { ...known, rowCount, fileCount, outcome: "restored", problem: null };
}

async function allKeys(ports: CatalogPorts, prefix: string): Promise<BackupKey[]> {
	const keys: BackupKey[] = [];
	for (let after: string | undefined; ; ) {
		const page = await repeated(ports, () => ports.objects.list("list_backup", prefix, DELETE_STEP_COUNT_MAX, after));
		for (const path of page) {
			const key = parseBackupKey(path);
			if (key !== null) keys.push(key);
		}
		if (page.length < DELETE_STEP_COUNT_MAX) return keys;
		after = page.at(-1);
	}
}

/** @throws unavailable where it is gone: a newer checkpoint covered it meanwhile, and the step is to be repeated */
async function readJson(ports: CatalogPorts, path: string): Promise<unknown> {
	const bytes = await repeated(ports, () => ports.objects.get("get_backup", path));
	if (bytes === null) throw new LittoralError("unavailable", `${path} is gone; repeat the rebuild`);
	return JSON.parse(new TextDecoder().decode(bytes));
}
