/**
 * Folds a table's inline files into immutable manifests once there are too many of them. A fold changes how the newest snapshot is written
 * down, not what it holds: it makes no version. The inline rows stay until no retained snapshot older than the fold needs them.
 */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import { MANIFEST_STATISTICS_BYTES_MAX } from "#shared/base/limits.ts";
import { sql } from "drizzle-orm";
import { objectStatements } from "../commit/commit-statements.ts";
import { repeated, settled } from "../database/attempts.ts";
import { jsonParameters, numberOf, statement } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts, Statement } from "../ports.ts";
import { inlineColumns, inlineFile } from "./inline-file.ts";
import { isTooMuchInline } from "./inline-size.ts";
import { writeManifest, type WrittenManifest } from "./store.ts";

/** When a table is folded, and how many files one manifest takes; the bytes of their statistics are bounded beside. */
export interface FoldBounds {
	inlineFileCountMax: number;
	manifestFileCountMax: number;
}

/**
 * Folds the oldest files until at most `inlineFileCountMax` are inline. Another fold or a commit that removes one of the files may win; then the manifest
 * just written is an orphan, and the next commit that sees too many files begins again.
 */
export async function fold(
	ports: CatalogPorts,
	database: CatalogDatabase,
	table: { tenantId: TenantId; tableId: TableId },
	bounds: FoldBounds,
): Promise<{ manifestCount: number }> {
	for (let manifestCount = 0; ; manifestCount++) {
		const [counts, rows = []] = await repeated(ports, () =>
			database.batch("read_fold", readStatements(table, bounds.manifestFileCountMax)),
		);
		const [size] = counts ?? [];
		if (size === undefined) return { manifestCount };
		const inline = { fileCount: numberOf(size, "count"), byteCount: numberOf(size, "byte_count") };
		if (!isTooMuchInline(inline, bounds.inlineFileCountMax)) return { manifestCount };
		const manifest = await writeManifest(ports, table, rows.map(inlineFile));
		const folded = await settled<boolean>(
			ports,
			async () => {
				await database.batch("fold", foldStatements(table, manifest));
				return true;
			},
			() => lookUp(database, table, manifest),
		);
		if (!folded) return { manifestCount };
	}
}

function readStatements({ tenantId, tableId }: { tenantId: TenantId; tableId: TableId }, limit: number): Statement[] {
	const live = sql`FROM inline_file WHERE tenant_id = ${tenantId} AND table_id = ${tableId} AND until_version IS NULL`;
	return [
		statement(sql`SELECT count(*) AS count, coalesce(sum(statistics_byte_count), 0) AS byte_count ${live}`),
		// The first is taken however large it is.
		statement(sql`
			SELECT ${inlineColumns} FROM (SELECT ${inlineColumns}, sum(statistics_byte_count) OVER (ORDER BY added_version, path) AS bytes_to_here,
					row_number() OVER (ORDER BY added_version, path) AS number ${live})
			WHERE number = 1 OR (number <= ${limit} AND bytes_to_here <= ${MANIFEST_STATISTICS_BYTES_MAX}) ORDER BY number`),
	];
}

/** The manifest shows from the newest version on; until then the rows do. NULL, and so refused, where a file is no longer inline. */
function foldStatements({ tenantId, tableId }: { tenantId: TenantId; tableId: TableId }, manifest: WrittenManifest): Statement[] {
	const { manifestId, path, files } = manifest;
	const table = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	const version = sql`(SELECT version FROM tables WHERE ${table} AND dropped_at_ms IS NULL)`;
	const chunks = jsonParameters(files);
	const counts = chunks.map(
		(paths) =>
			sql`(SELECT count(*) FROM inline_file WHERE ${table} AND until_version IS NULL AND path IN (SELECT value FROM json_each(${paths})))`,
	);
	return [
		statement(sql`
			INSERT INTO manifest (tenant_id, table_id, manifest_id, path, file_count, added_version)
			VALUES (${tenantId}, ${tableId}, ${manifestId}, ${path}, ${files.length},
				CASE WHEN ${sql.join(counts, sql` + `)} = ${files.length} THEN ${version} END)`),
		...objectStatements(tenantId, tableId, version, [[path, "manifest", manifest.rowCount, manifest.byteCount, null]]),
		...chunks.flatMap((paths) => [
			statement(sql`
				UPDATE object SET manifest_id = ${manifestId}
				WHERE +tenant_id = ${tenantId} AND path IN (SELECT value FROM json_each(${paths}))`),
			statement(sql`
				UPDATE inline_file SET until_version = ${version}
				WHERE ${table} AND path IN (SELECT value FROM json_each(${paths}))`),
		]),
	];
}

/** True when the fold happened, false when it cannot happen any more, null when it may be tried again. */
async function lookUp(
	database: CatalogDatabase,
	{ tenantId, tableId }: { tenantId: TenantId; tableId: TableId },
	manifest: WrittenManifest,
): Promise<boolean | null> {
	const table = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	const [pointers, tables, ...counts] = await database.batch("fold_outcome", [
		statement(sql`SELECT 1 AS found FROM manifest WHERE ${table} AND manifest_id = ${manifest.manifestId}`),
		statement(sql`SELECT 1 AS found FROM tables WHERE ${table} AND dropped_at_ms IS NULL`),
		...jsonParameters(manifest.files).map((paths) =>
			statement(
				sql`SELECT count(*) AS count FROM inline_file WHERE ${table} AND until_version IS NULL AND path IN (SELECT value FROM json_each(${paths}))`,
			),
		),
	]);
	if (pointers?.length === 1) return true;
	const inlineCount = counts.flat().reduce((sum, row) => sum + numberOf(row, "count"), 0);
	return tables?.length === 1 && inlineCount === manifest.files.length ? null : false;
}
