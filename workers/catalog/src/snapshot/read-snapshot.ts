/** Reads snapshots from D1's primary, all of one request in one transaction, and expands their manifests to pages. */
import { assert } from "#shared/base/assert.ts";
import type { TableId, TenantId } from "#shared/base/ids.ts";
import { buildFilePage, filePaths, filterPage, pageRowCount } from "#shared/contracts/file-page.ts";
import type { FilePage, TableSnapshot, Watermarks } from "#shared/contracts/snapshot.ts";
import { parseBase64 } from "#shared/contracts/values/binary-text.ts";
import { sql } from "drizzle-orm";
import { checkpoint } from "../backup/checkpoint.ts";
import { repeated } from "../database/attempts.ts";
import { numberOf, type PreparedStatement, prepare, textOf } from "../database/statement.ts";
import { inlineColumns, inlineFile } from "../manifest/inline-file.ts";
import { readManifest } from "../manifest/store.ts";
import type { CatalogDatabase, CatalogPorts, Row, Statement } from "../ports.ts";
import { decodeSchema } from "../schema/schema-json.ts";
import type { Lru } from "#shared/base/lru.ts";

/** A live table, and a retained version of it other than the newest. */
export type SnapshotTarget = ({ name: string } | { tableId: TableId }) & { version?: number };

const STATEMENT_COUNT = 5;

/** @returns one answer per target, null where there is no such live table or the version is not retained */
export async function readSnapshotsOf(
	ports: CatalogPorts,
	database: CatalogDatabase,
	manifests: Lru<FilePage>,
	read: { tenantId: TenantId; targets: readonly SnapshotTarget[] },
): Promise<(TableSnapshot | null)[]> {
	const statements = read.targets.flatMap((target) => readStatements(read.tenantId, target));
	const results = await repeated(ports, () => database.batch("read_snapshots", statements));
	for (const table of results.flat()) {
		if (table["backed_up"] !== 0) continue;
		// Its creator was cut off: nobody may write to a table that the backup has not heard of.
		await checkpoint(ports, database, { tenantId: read.tenantId, tableId: textOf(table, "table_id") as TableId });
	}
	return await Promise.all(
		read.targets.map((_, index) => expand(ports, manifests, results.slice(index * STATEMENT_COUNT, (index + 1) * STATEMENT_COUNT))),
	);
}

/** Made once for each kind of target: the text is the same for all of a kind, and making it takes longer than most else that is done here. */
const preparedReads = new Map<string, PreparedStatement[]>();

function readStatements(tenantId: TenantId, target: SnapshotTarget): Statement[] {
	const [by, named] = "name" in target ? ["name", target.name] : ["table_id", target.tableId];
	const newest = target.version === undefined;
	const kind = `${by}/${newest}`;
	let prepared = preparedReads.get(kind);
	if (prepared === undefined) preparedReads.set(kind, (prepared = prepareReads(by === "name", newest)));
	const values = { tenantId, named, version: target.version ?? null };
	return prepared.map((statement) => statement(values));
}

function prepareReads(byName: boolean, newest: boolean): PreparedStatement[] {
	const wanted = sql`
		WITH wanted AS (SELECT t.tenant_id, t.table_id, coalesce(${sql.placeholder("version")}, t.version) AS version FROM tables t
			WHERE t.tenant_id = ${sql.placeholder("tenantId")} AND ${byName ? sql`t.name` : sql`t.table_id`} = ${sql.placeholder("named")} AND t.dropped_at_ms IS NULL)`;
	const visible = sql`added_version <= wanted.version AND (until_version IS NULL OR until_version > wanted.version)`;
	return [
		// The newest snapshot is read with the schema now in force; an older one with its own.
		prepare(sql`${wanted}
			SELECT s."schema", t.table_id, t.backed_up_at_ms IS NOT NULL AS backed_up, n.version, n.row_count, n.byte_count, n.file_count, n.watermarks FROM wanted
				JOIN snapshot n ON n.tenant_id = wanted.tenant_id AND n.table_id = wanted.table_id AND n.version = wanted.version
				JOIN tables t ON t.tenant_id = wanted.tenant_id AND t.table_id = wanted.table_id
				JOIN table_schema s ON s.tenant_id = wanted.tenant_id AND s.table_id = wanted.table_id
					AND s.schema_version = ${newest ? sql`t.schema_version` : sql`n.schema_version`}`),
		prepare(sql`${wanted}
			SELECT m.manifest_id, m.path, m.file_count FROM wanted
				JOIN manifest m ON m.tenant_id = wanted.tenant_id AND m.table_id = wanted.table_id
			WHERE ${visible} ORDER BY m.added_version, m.manifest_id`),
		prepare(sql`${wanted}
			SELECT o.path, o.manifest_id FROM wanted
				JOIN manifest m ON m.tenant_id = wanted.tenant_id AND m.table_id = wanted.table_id
				JOIN object o ON o.tenant_id = wanted.tenant_id AND o.table_id = wanted.table_id AND o.manifest_id = m.manifest_id
			WHERE m.added_version <= wanted.version AND (m.until_version IS NULL OR m.until_version > wanted.version)
				AND o.removed_version IS NOT NULL AND o.removed_version <= wanted.version`),
		prepare(sql`${wanted}
			SELECT ${inlineColumns} FROM wanted
				JOIN inline_file f ON f.tenant_id = wanted.tenant_id AND f.table_id = wanted.table_id
			WHERE ${visible} ORDER BY f.added_version, f.path`),
		prepare(sql`${wanted}
			SELECT k.sketches FROM wanted JOIN table_sketches k ON k.tenant_id = wanted.tenant_id AND k.table_id = wanted.table_id`),
	];
}

async function expand(ports: CatalogPorts, cache: Lru<FilePage>, results: readonly Row[][]): Promise<TableSnapshot | null> {
	const [tables = [], manifests = [], removed = [], inline = [], sketches = []] = results;
	const table = tables[0];
	if (table === undefined) return null;
	const pages = await Promise.all(
		manifests.map(async (row) => {
			const page = await readManifest(ports, cache, { path: textOf(row, "path"), fileCount: numberOf(row, "file_count") });
			return without(page, new Set(removed.filter((gone) => gone["manifest_id"] === row["manifest_id"]).map((gone) => gone["path"])));
		}),
	);
	if (inline.length > 0) pages.push(buildFilePage(inline.map(inlineFile)));
	const rowCount = numberOf(table, "row_count");
	const kept = pages.filter((page) => page.fileCount > 0);
	assert(
		kept.reduce((sum, page) => sum + page.fileCount, 0) === numberOf(table, "file_count") && pageRowCount(kept) === rowCount,
		"a snapshot's files are as many, and hold as many rows, as its commits say (C1)",
	);
	return {
		schema: decodeSchema(textOf(table, "schema")),
		version: numberOf(table, "version"),
		watermarks: JSON.parse(textOf(table, "watermarks")) as Watermarks,
		rowCount,
		byteCount: numberOf(table, "byte_count"),
		pages: kept,
		...(sketches[0] === undefined ? {} : { sketches: parseBase64(textOf(sketches[0], "sketches")) }),
	};
}

function without(page: FilePage, gone: ReadonlySet<unknown>): FilePage {
	if (gone.size === 0) return page;
	return filterPage(
		page,
		Uint8Array.from(filePaths(page), (path) => (gone.has(path) ? 0 : 1)),
	);
}
