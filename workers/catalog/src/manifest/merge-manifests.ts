/**
 * Merges a table's small manifests, and those most of whose files are gone, into one, which may replace a single one. Like a fold it changes how the newest version is written down, not what it holds:
 * the old ones show older versions until these expire. A commit that removes one of the files meanwhile wins; the next look begins again.
 */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import {
	MANIFEST_CACHE_BYTES_MAX,
	MANIFEST_FILE_COUNT_MAX,
	MANIFEST_GONE_COUNT_MIN,
	MANIFEST_MERGE_COUNT,
	MANIFEST_STATISTICS_BYTES_MAX,
} from "#shared/base/limits.ts";
import { pageFile } from "#shared/contracts/file-page.ts";
import type { DataFile, FilePage } from "#shared/contracts/snapshot.ts";
import { sql } from "drizzle-orm";
import { objectStatements } from "../commit/commit-statements.ts";
import { repeated, settled } from "../database/attempts.ts";
import { jsonParameters, numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts, Statement } from "../ports.ts";
import { Lru } from "#shared/base/lru.ts";
import { manifestChunks } from "./inline-size.ts";
import { readManifest, writeManifest, type WrittenManifest } from "./store.ts";

export interface ManifestSize {
	manifestId: string;
	path: string;
	fileCount: number;
	/** Of its files, those that the newest version shows. */
	liveCount: number;
	byteCount: number;
}

/**
 * Which manifests become one: all that are mostly gone or small, as far as one takes them, once there are MANIFEST_MERGE_COUNT of them, or two of which one is mostly
 * gone, or one of which MANIFEST_GONE_COUNT_MIN files and half are gone. So no manifest at rest lists more than twice its live files, and MANIFEST_GONE_COUNT_MIN;
 * and an entry is written again at most once for each that is gone. One whose files are all gone is garbage collection's.
 */
export function chooseManifests(manifests: readonly ManifestSize[]): ManifestSize[] {
	const isSparse = ({ liveCount, fileCount }: ManifestSize) => liveCount * 2 <= fileCount;
	const isSmall = ({ liveCount, byteCount }: ManifestSize) =>
		liveCount * 2 <= MANIFEST_FILE_COUNT_MAX && byteCount * 2 <= MANIFEST_STATISTICS_BYTES_MAX;
	const chosen: ManifestSize[] = [];
	let liveCount = 0;
	let byteCount = 0;
	// What is mostly gone has the first call on the room of one.
	for (const manifest of manifests.toSorted((left, right) => Number(isSparse(right)) - Number(isSparse(left)))) {
		if (manifest.liveCount === 0 || !(isSmall(manifest) || isSparse(manifest))) continue;
		const liveBytes = (manifest.byteCount * manifest.liveCount) / manifest.fileCount;
		if (liveCount + manifest.liveCount > MANIFEST_FILE_COUNT_MAX || byteCount + liveBytes > MANIFEST_STATISTICS_BYTES_MAX / 2) continue;
		chosen.push(manifest);
		liveCount += manifest.liveCount;
		byteCount += liveBytes;
	}
	const sparse = chosen.filter(isSparse);
	const isDue =
		chosen.length >= MANIFEST_MERGE_COUNT ||
		(chosen.length >= 2 && sparse.length > 0) ||
		sparse.some(({ liveCount: live, fileCount }) => fileCount - live >= MANIFEST_GONE_COUNT_MIN);
	return isDue ? chosen : [];
}

/** @returns how many manifests became one; 0 where nothing is to be gained, or another change won */
export async function mergeManifests(
	ports: CatalogPorts,
	database: CatalogDatabase,
	table: { tenantId: TenantId; tableId: TableId },
): Promise<number> {
	const own = sql`tenant_id = ${table.tenantId} AND table_id = ${table.tableId}`;
	const [rows = []] = await repeated(ports, () =>
		database.batch("read_manifests", [
			statement(sql`
				SELECT m.manifest_id, m.path, m.file_count, l.byte_count, m.file_count - (SELECT count(*) FROM object o
					WHERE o.tenant_id = m.tenant_id AND o.table_id = m.table_id AND o.manifest_id = m.manifest_id AND o.removed_version IS NOT NULL) AS live_count
				FROM manifest m JOIN object l ON l.path = m.path
				WHERE m.tenant_id = ${table.tenantId} AND m.table_id = ${table.tableId} AND m.until_version IS NULL
				ORDER BY m.added_version, m.manifest_id`),
		]),
	);
	const chosen = chooseManifests(
		rows.map((row) => ({
			manifestId: textOf(row, "manifest_id"),
			path: textOf(row, "path"),
			fileCount: numberOf(row, "file_count"),
			liveCount: numberOf(row, "live_count"),
			byteCount: numberOf(row, "byte_count"),
		})),
	);
	if (chosen.length === 0) return 0;
	const ids = JSON.stringify(chosen.map((manifest) => manifest.manifestId));
	const [gone = []] = await repeated(ports, () =>
		database.batch("read_manifests", [
			statement(
				sql`SELECT path FROM object WHERE ${own} AND removed_version IS NOT NULL AND manifest_id IN (SELECT value FROM json_each(${ids}))`,
			),
		]),
	);
	const files = await liveFiles(ports, chosen, new Set(gone.map((row) => textOf(row, "path"))));
	// Its size was an estimate.
	if (manifestChunks(files).length !== 1) return 0;
	const manifest = await writeManifest(ports, table, files);
	const merged = await settled<boolean>(
		ports,
		async () => {
			await database.batch("merge_manifests", mergeStatements(table, manifest, { ids, count: chosen.length }));
			return true;
		},
		async () => {
			const [done, standing] = await database.batch("merge_manifests_outcome", [
				statement(sql`SELECT 1 AS found FROM manifest WHERE ${own} AND manifest_id = ${manifest.manifestId}`),
				statement(sql`
					SELECT (SELECT count(*) FROM manifest WHERE ${own} AND until_version IS NULL AND manifest_id IN (SELECT value FROM json_each(${ids}))) AS count,
						(SELECT count(*) FROM object WHERE ${own} AND removed_version IS NOT NULL AND manifest_id IN (SELECT value FROM json_each(${ids}))) AS gone,
						(SELECT 1 FROM tables WHERE ${own} AND dropped_at_ms IS NULL) AS live`),
			]);
			if (done?.length === 1) return true;
			const row = standing?.[0];
			return row?.["live"] === 1 && row["count"] === chosen.length && row["gone"] === gone.length ? null : false;
		},
	);
	return merged ? chosen.length : 0;
}

async function liveFiles(ports: CatalogPorts, manifests: readonly ManifestSize[], gone: ReadonlySet<string>): Promise<DataFile[]> {
	const cache = new Lru<FilePage>(MANIFEST_CACHE_BYTES_MAX);
	const files: DataFile[] = [];
	for (const pointer of manifests) {
		const page = await readManifest(ports, cache, pointer);
		for (let index = 0; index < page.fileCount; index++) {
			const file = pageFile(page, index);
			if (!gone.has(file.path)) files.push(file);
		}
	}
	return files;
}

/** NULL, and so refused, where one of the manifests shows no longer, or one of the files was removed meanwhile. */
function mergeStatements(
	{ tenantId, tableId }: { tenantId: TenantId; tableId: TableId },
	manifest: WrittenManifest,
	old: { ids: string; count: number },
): Statement[] {
	const { manifestId, path, files } = manifest;
	const own = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	const version = sql`(SELECT version FROM tables WHERE ${own} AND dropped_at_ms IS NULL)`;
	const olds = sql`manifest_id IN (SELECT value FROM json_each(${old.ids}))`;
	const chunks = jsonParameters(files);
	const live = chunks.map(
		(paths) => sql`(SELECT count(*) FROM json_each(${paths}) CROSS JOIN object ON object.path = json_each.value
			WHERE +tenant_id = ${tenantId} AND removed_version IS NULL AND ${olds})`,
	);
	return [
		statement(sql`
			INSERT INTO manifest (tenant_id, table_id, manifest_id, path, file_count, added_version)
			VALUES (${tenantId}, ${tableId}, ${manifestId}, ${path}, ${files.length},
				CASE WHEN (SELECT count(*) FROM manifest WHERE ${own} AND until_version IS NULL AND ${olds}) = ${old.count}
					AND ${sql.join(live, sql` + `)} = ${files.length} THEN ${version} END)`),
		...objectStatements(tenantId, tableId, version, [[path, "manifest", manifest.rowCount, manifest.byteCount, null]]),
		...chunks.map((paths) =>
			statement(sql`
				UPDATE object SET manifest_id = ${manifestId} WHERE +tenant_id = ${tenantId} AND path IN (SELECT value FROM json_each(${paths}))`),
		),
		statement(sql`UPDATE manifest SET until_version = ${version} WHERE ${own} AND until_version IS NULL AND ${olds}`),
	];
}
