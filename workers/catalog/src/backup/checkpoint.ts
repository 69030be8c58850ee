/**
 * Backing up a table (design, "Backup path"; docs/decisions): nothing is acknowledged, and no shard purges, before R2 holds what D1 would be rebuilt from.
 *
 * - A commit PUTs its record between its batch and its answer. Additions commute, so records may be missing between others: those are of commits that nobody was told of.
 *   A replacement needs the additions before it, so it begins with a checkpoint where one of them may be missing.
 * - A checkpoint holds the whole table at one version, read in one transaction. It is what a table begins with, what stands in for a record whose writer was cut off, and what
 *   keeps a rebuild short. What it covers is deleted after it.
 */
import { backupPrefix, type TableId, type TenantId } from "#shared/base/ids.ts";
import { COMMIT_ID_RETENTION_MS, DELETE_STEP_COUNT_MAX } from "#shared/base/limits.ts";
import { log } from "#shared/observability/log.ts";
import { sql } from "drizzle-orm";
import { repeated } from "../database/attempts.ts";
import { numberOf, statement, textOf } from "../database/statement.ts";
import { noteActivity } from "../garbage/collection-row.ts";
import { inlineColumns } from "../manifest/inline-file.ts";
import type { CatalogDatabase, CatalogPorts, Row, Statement } from "../ports.ts";
import { type Checkpoint, checkpointPath, type CommitRecord, covers, type FileEntry, parseBackupKey, recordPath } from "./record.ts";

interface Table {
	tenantId: TenantId;
	tableId: TableId;
}

const encode = (body: Checkpoint | CommitRecord) => new TextEncoder().encode(JSON.stringify(body));

/** PUTs a commit's record; that the backup has it is noted afterwards. */
export async function backUpCommit(ports: CatalogPorts, database: CatalogDatabase, table: Table, record: CommitRecord): Promise<void> {
	await repeated(ports, () => ports.objects.put("put_backup", recordPath(table, record), encode(record)));
	const noted = statement(sql`
		UPDATE commit_log SET pending = NULL WHERE tenant_id = ${table.tenantId} AND commit_id = ${record.commit.commitId}`);
	ports.background(quietly(ports, "noting a backup", () => database.batch("mark_backed_up", [noted])));
}

/** Writes the table as it is now. A table that is gone needs none. */
export async function checkpoint(ports: CatalogPorts, database: CatalogDatabase, table: Table): Promise<void> {
	const atMs = ports.nowMs();
	const rows = await repeated(ports, () =>
		database.batch("read_checkpoint", [
			...readStatements(table, atMs - COMMIT_ID_RETENTION_MS),
			// What this checkpoint covers is garbage from then on, also where nobody gets to delete it below.
			noteActivity(table, { nowMs: atMs, where: sql`EXISTS (SELECT 1 FROM tables WHERE ${where(table)})` }),
		]),
	);
	const body = toCheckpoint(rows, ports.databases.indexOf(database), atMs);
	if (body === null) return;
	const path = checkpointPath(table, body);
	await repeated(ports, () => ports.objects.put("put_backup", path, encode(body)));
	await repeated(ports, () => database.batch("mark_backed_up", markStatements(table, body)));
	ports.background(quietly(ports, "deleting an old backup", () => deleteCovered(ports, table, path)));
}

/** A checkpoint in the background: its failure is nobody's error, the next commit asks again. */
export function checkpointLater(ports: CatalogPorts, database: CatalogDatabase, table: Table): void {
	ports.background(quietly(ports, "a checkpoint", () => checkpoint(ports, database, table)));
}

const where = ({ tenantId, tableId }: Table) => sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;

function readStatements({ tenantId, tableId }: Table, commitsSinceMs: number): Statement[] {
	const table = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	const live = sql`EXISTS (SELECT 1 FROM tables WHERE ${table} AND dropped_at_ms IS NULL)`;
	return [
		statement(sql`
			SELECT name, schema_version, version, next_field_id, created_at_ms, dropped_at_ms,
				(SELECT json_group_object(CAST(shard AS TEXT), sequence_number) FROM watermark WHERE ${table}) AS watermarks
			FROM tables WHERE ${table}`),
		statement(sql`SELECT schema_version, "schema" FROM table_schema WHERE ${table} ORDER BY schema_version`),
		statement(
			sql`SELECT ${inlineColumns} FROM inline_file WHERE ${table} AND until_version IS NULL AND ${live} ORDER BY added_version, path`,
		),
		statement(sql`
			SELECT manifest_id, path, file_count FROM manifest WHERE ${table} AND until_version IS NULL AND ${live} ORDER BY added_version, manifest_id`),
		statement(sql`
			SELECT o.path FROM manifest m JOIN object o ON o.tenant_id = m.tenant_id AND o.table_id = m.table_id AND o.manifest_id = m.manifest_id
			WHERE m.tenant_id = ${tenantId} AND m.table_id = ${tableId} AND m.until_version IS NULL AND o.removed_version IS NOT NULL AND ${live}`),
		statement(sql`
			SELECT commit_id, kind, version, paths, token, created_at_ms FROM commit_log
			WHERE ${table} AND created_at_ms >= ${commitsSinceMs} ORDER BY created_at_ms, commit_id`),
	];
}

function toCheckpoint(rows: readonly Row[][], database: number, atMs: number): Checkpoint | null {
	const [tables, schemas = [], files = [], manifests = [], removed = [], commits = []] = rows;
	const table = tables?.[0];
	if (table === undefined) return null;
	return {
		format: 1,
		kind: "checkpoint",
		version: numberOf(table, "version"),
		atMs,
		database,
		name: textOf(table, "name"),
		schemaVersion: numberOf(table, "schema_version"),
		nextFieldId: numberOf(table, "next_field_id"),
		createdAtMs: numberOf(table, "created_at_ms"),
		droppedAtMs: table["dropped_at_ms"] === null ? null : numberOf(table, "dropped_at_ms"),
		schemas: schemas.map((row) => [numberOf(row, "schema_version"), textOf(row, "schema")]),
		watermarks: JSON.parse(textOf(table, "watermarks")) as Record<string, number>,
		files: files.map(
			(row): FileEntry => [
				textOf(row, "path"),
				numberOf(row, "row_count"),
				numberOf(row, "byte_count"),
				numberOf(row, "schema_version"),
				textOf(row, "statistics"),
			],
		),
		manifests: manifests.map((row) => ({
			manifestId: textOf(row, "manifest_id"),
			path: textOf(row, "path"),
			fileCount: numberOf(row, "file_count"),
		})),
		removed: removed.map((row) => textOf(row, "path")),
		commits: commits.map((row) => ({
			commitId: textOf(row, "commit_id") as CommitRecord["commit"]["commitId"],
			kind: textOf(row, "kind"),
			version: numberOf(row, "version"),
			paths: JSON.parse(textOf(row, "paths")) as string[],
			token: textOf(row, "token"),
			atMs: numberOf(row, "created_at_ms"),
		})),
	};
}

/** A drop that came after the checkpoint was read has its version, and is not in it; a view that was replaced since has another. */
function markStatements({ tenantId, tableId }: Table, { version, atMs, droppedAtMs }: Checkpoint): Statement[] {
	const table = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	return [
		statement(sql`
			UPDATE commit_log SET pending = NULL
			WHERE ${table} AND pending = 1 AND version <= ${version} AND (kind <> 'drop_table' OR ${droppedAtMs === null ? 0 : 1})`),
		statement(sql`
			UPDATE tables SET checkpoint_version = max(checkpoint_version, ${version}), backed_up_at_ms = max(coalesce(backed_up_at_ms, 0), ${atMs})
			WHERE ${table} AND (kind = 'table' OR version = ${version})`),
	];
}

/** Deletes what a checkpoint covers: records up to its version and older checkpoints. What a late writer leaves goes with the next one. */
async function deleteCovered(ports: CatalogPorts, table: Table, path: string): Promise<void> {
	const covering = parseBackupKey(path);
	const keys = await ports.objects.list("list_backup", backupPrefix(table), DELETE_STEP_COUNT_MAX);
	const covered = keys.filter((key) => {
		const parsed = parseBackupKey(key);
		return parsed !== null && covering !== null && covers(covering, parsed);
	});
	if (covered.length > 0) await ports.objects.delete("delete_backup", covered);
}

/** Background work that the next one makes up for. */
async function quietly(ports: CatalogPorts, what: string, work: () => Promise<unknown>): Promise<void> {
	try {
		await repeated(ports, work);
	} catch (error) {
		log("warn", `${what} failed`, { service: "catalog", cause: String(error) });
	}
}
