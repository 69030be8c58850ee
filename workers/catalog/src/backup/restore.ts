/**
 * Writes a replayed table into D1. Its objects go first, in pieces, and the row of `tables` last with all the rest in one batch: until then nobody sees the table, and a
 * restoration that was cut off begins again.
 */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import { REBUILD_VERSION_STEP } from "#shared/base/limits.ts";
import { filePaths } from "#shared/contracts/file-page.ts";
import type { FilePage } from "#shared/contracts/snapshot.ts";
import { sql } from "drizzle-orm";
import { objectStatements } from "../commit/commit-statements.ts";
import { repeated, settled } from "../database/attempts.ts";
import { jsonParameters, statement } from "../database/statement.ts";
import { noteActivity } from "../garbage/collection-row.ts";
import { readManifest } from "../manifest/store.ts";
import type { CatalogDatabase, CatalogPorts, Statement } from "../ports.ts";
import { decodeSchema } from "../schema/schema-json.ts";
import { Lru } from "#shared/base/lru.ts";
import type { ReplayedTable } from "./replay.ts";

interface Table {
	tenantId: TenantId;
	tableId: TableId;
}

/** Statements of one batch; each carries at most one JSON parameter. */
const STATEMENT_COUNT_PER_BATCH = 20;

/** @returns null when it was restored, else why it cannot be */
export async function restoreTable(
	ports: CatalogPorts,
	database: CatalogDatabase,
	table: Table,
	replayed: ReplayedTable,
): Promise<{ rowCount: number; fileCount: number; problem: string | null }> {
	const { head } = replayed;
	const { tenantId, tableId } = table;
	const version = replayed.version + REBUILD_VERSION_STEP;
	const listed = await readListed(ports, replayed);
	const missing = replayed.removed.filter((path) => !listed.some((entry) => entry.path === path));
	const gone = new Set(replayed.removed);
	const kept = listed.filter((entry) => !gone.has(entry.path));
	const sum = (column: 1 | 2, of: "rowCount" | "byteCount") =>
		replayed.files.reduce((total, file) => total + file[column], 0) + kept.reduce((total, entry) => total + entry[of], 0);
	const counts = { rowCount: sum(1, "rowCount"), byteCount: sum(2, "byteCount"), fileCount: replayed.files.length + kept.length };
	const answer = { rowCount: counts.rowCount, fileCount: counts.fileCount };
	if (missing.length > 0) return { ...answer, problem: `${missing.length} replaced files are in no manifest, e.g. ${missing[0]}` };

	const where = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	const [namesakes] = await repeated(ports, () =>
		database.batch("read_restored", [
			statement(sql`SELECT 1 AS found FROM tables WHERE tenant_id = ${tenantId} AND name = ${head.name} AND dropped_at_ms IS NULL`),
		]),
	);
	if (head.droppedAtMs === null && namesakes?.length === 1) return { ...answer, problem: `another table is named "${head.name}" now` };

	const objects = [
		...replayed.files.map(([path, rows, bytes]) => [path, "data", rows, bytes, null]),
		...listed.map((entry) => [entry.path, "data", entry.rowCount, entry.byteCount, entry.manifestId]),
		...replayed.manifests.map((manifest) => [manifest.path, "manifest", 0, 0, null]),
	];
	const statements = [
		statement(sql`DELETE FROM object WHERE ${where} AND NOT EXISTS (SELECT 1 FROM tables WHERE ${where})`),
		...objectStatements(tenantId, tableId, sql`${version}`, objects),
		...jsonParameters(replayed.removed).map((paths) =>
			statement(sql`
				UPDATE object SET removed_version = ${version}, removed_at_ms = ${ports.nowMs()}
				WHERE +tenant_id = ${tenantId} AND path IN (SELECT value FROM json_each(${paths}))`),
		),
	];
	for (let start = 0; start < statements.length; start += STATEMENT_COUNT_PER_BATCH) {
		await repeated(ports, () => database.batch("restore_objects", statements.slice(start, start + STATEMENT_COUNT_PER_BATCH)));
	}
	await settled<true>(
		ports,
		async () => {
			await database.batch("restore_table", tableStatements(table, replayed, { version, ...counts, nowMs: ports.nowMs() }));
			return true;
		},
		async () => ((await isRestored(database, table)) ? true : null),
	);
	return { ...answer, problem: null };
}

export async function isRestored(database: CatalogDatabase, { tenantId, tableId }: Table): Promise<boolean> {
	const [rows] = await database.batch("read_restored", [
		statement(sql`SELECT 1 AS found FROM tables WHERE tenant_id = ${tenantId} AND table_id = ${tableId}`),
	]);
	return rows?.length === 1;
}

interface ListedFile {
	manifestId: string;
	path: string;
	rowCount: number;
	byteCount: number;
}

async function readListed(ports: CatalogPorts, replayed: ReplayedTable): Promise<ListedFile[]> {
	const cache = new Lru<FilePage>(1);
	const listed: ListedFile[] = [];
	for (const manifest of replayed.manifests) {
		const page = await readManifest(ports, cache, manifest);
		const paths = filePaths(page);
		for (const [index, path] of paths.entries()) {
			const [rowCount = 0, byteCount = 0] = [page.rowCounts[index], page.byteCounts[index]];
			listed.push({ manifestId: manifest.manifestId, path, rowCount, byteCount });
		}
	}
	return listed;
}

/** A table that is there already makes the batch fail: its row collides. */
function tableStatements(
	{ tenantId, tableId }: Table,
	{ head, watermarks, files, manifests, commits }: ReplayedTable,
	made: { version: number; rowCount: number; byteCount: number; fileCount: number; nowMs: number },
): Statement[] {
	const where = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	const clear = ["table_schema", "snapshot", "watermark", "inline_file", "manifest"].map((name) =>
		statement(sql`DELETE FROM ${sql.identifier(name)} WHERE ${where}`),
	);
	// A drop counts as one change more than there are schemas.
	const view = decodeSchema(head.schemas.at(-1)?.[1] ?? "").view;
	const used = JSON.stringify([...new Set(view?.uses.map((use) => use.tableId))]);
	const marks = JSON.stringify(watermarks);
	return [
		statement(sql`
			INSERT INTO tables (tenant_id, table_id, name, kind, schema_version, version, next_field_id, created_at_ms, dropped_at_ms, checkpoint_version,
				changed_at_ms)
			VALUES (${tenantId}, ${tableId}, ${head.name}, ${view === undefined ? "table" : "view"}, ${head.schemaVersion}, ${made.version}, ${head.nextFieldId}, ${head.createdAtMs},
				${head.droppedAtMs}, ${head.version}, ${made.nowMs})`),
		...clear,
		statement(sql`DELETE FROM dependency WHERE tenant_id = ${tenantId} AND view_id = ${tableId}`),
		statement(sql`INSERT INTO dependency (tenant_id, view_id, used_id) SELECT ${tenantId}, ${tableId}, value FROM json_each(${used})`),
		...jsonParameters(head.schemas).map((rows) =>
			statement(sql`
				INSERT INTO table_schema (tenant_id, table_id, schema_version, "schema")
				SELECT ${tenantId}, ${tableId}, value ->> 0, value ->> 1 FROM json_each(${rows})`),
		),
		statement(sql`
			INSERT INTO watermark (tenant_id, table_id, shard, sequence_number)
			SELECT ${tenantId}, ${tableId}, CAST(key AS INTEGER), value FROM json_each(${marks})`),
		statement(sql`
			INSERT INTO snapshot (tenant_id, table_id, version, schema_version, row_count, byte_count, file_count, watermarks, created_at_ms)
			VALUES (${tenantId}, ${tableId}, ${made.version}, ${head.schemaVersion}, ${made.rowCount}, ${made.byteCount}, ${made.fileCount}, ${marks},
				${made.nowMs})`),
		...jsonParameters(files).map((rows) =>
			statement(sql`
				INSERT INTO inline_file (path, tenant_id, table_id, row_count, byte_count, schema_version, statistics, statistics_byte_count,
					added_version)
				SELECT value ->> 0, ${tenantId}, ${tableId}, value ->> 1, value ->> 2, value ->> 3, value ->> 4, length(value ->> 4), ${made.version}
				FROM json_each(${rows})`),
		),
		...jsonParameters(manifests.map(({ manifestId, path, fileCount }) => [manifestId, path, fileCount])).map((rows) =>
			statement(sql`
				INSERT INTO manifest (tenant_id, table_id, manifest_id, path, file_count, added_version)
				SELECT ${tenantId}, ${tableId}, value ->> 0, value ->> 1, value ->> 2, ${made.version} FROM json_each(${rows})`),
		),
		...commits.map(({ commitId, kind, version, paths, token, atMs }) =>
			statement(sql`
				INSERT INTO commit_log (tenant_id, commit_id, kind, table_id, version, input_count, paths, token, created_at_ms)
				VALUES (${tenantId}, ${commitId}, ${kind}, ${tableId}, ${version}, 0, ${JSON.stringify(paths)}, ${token}, ${atMs})
				ON CONFLICT (tenant_id, commit_id) DO NOTHING`),
		),
		// What waited for its deletion, and what was never committed, is known no more: a sweep finds it.
		noteActivity({ tenantId, tableId }, { nowMs: made.nowMs }),
	];
}
