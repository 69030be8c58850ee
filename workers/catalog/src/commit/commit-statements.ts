/**
 * The statements of one commit, one D1 batch. Preconditions are constraints that fail the batch:
 *
 * | precondition | constraint |
 * | --- | --- |
 * | the commit id is new | primary key of `commit_log` |
 * | the table is live | `commit_log.version` is NULL otherwise |
 * | every file to remove is live in the table | `commit_log.input_count` is NULL otherwise |
 * | the watermark is where the flush began | `watermark.sequence_number` is NULL otherwise |
 * | no added path was ever committed or condemned | primary key of `object` |
 *
 * `+tenant_id` keeps SQLite on the primary key where paths are given: by the tenant's index it would read all of the tenant's objects.
 * The version is assigned inside the batch, so additions are rebased onto whatever is newest by then.
 */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import { GRACE_PERIOD_MS, SNAPSHOT_RETAINED_COUNT_MAX, SWEEP_PERIOD_MS } from "#shared/base/limits.ts";
import type { CommitRequest, DataFile } from "#shared/contracts/snapshot.ts";
import { type SQL, sql } from "drizzle-orm";
import { jsonParameters, statement } from "../database/statement.ts";
import { noteActivity } from "../garbage/collection-row.ts";
import { encodeStatistics } from "../manifest/statistics.ts";
import type { WrittenManifest } from "../manifest/store.ts";
import type { Statement } from "../ports.ts";
import { type NextSketches, writeSketches } from "./next-sketches.ts";

export interface CommitBatch {
	request: CommitRequest;
	/** Files of the change that become inline rows; the others are listed by `manifests`. */
	inline: readonly DataFile[];
	manifests: readonly WrittenManifest[];
	/** Null where they stay as they are. */
	sketches: NextSketches | null;
	token: string;
	nowMs: number;
}

/**
 * @returns the batch; its last statement gives `version`, `inline_count` (the table's inline files), `pending_count` (its commits that the backup may lack, this one among them) and
 * `checkpoint_version`
 */
export function commitStatements(batch: CommitBatch): Statement[] {
	const { tenantId, tableId, commitId, change } = batch.request;
	const table = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	const version = sql`(SELECT version FROM commit_log WHERE tenant_id = ${tenantId} AND commit_id = ${commitId})`;
	const removed = change.kind === "replace" ? jsonParameters(change.removed) : [];
	return [
		logCommit(batch),
		...(change.kind === "flush" ? [moveWatermark(tenantId, tableId, change)] : []),
		...insertObjects(batch, version),
		...insertInlineFiles(batch, version),
		...insertManifests(batch, version),
		...removed.flatMap((paths) => [
			statement(sql`
				UPDATE object SET removed_version = ${version}, removed_at_ms = ${batch.nowMs}
				WHERE +tenant_id = ${tenantId} AND path IN (SELECT value FROM json_each(${paths}))`),
			statement(sql`
				UPDATE inline_file SET until_version = ${version}
				WHERE +tenant_id = ${tenantId} AND until_version IS NULL AND path IN (SELECT value FROM json_each(${paths}))`),
		]),
		insertSnapshot(batch),
		// The first change since the compaction policy looked: later ones write no index entry.
		statement(sql`
			UPDATE tables SET version = version + 1, changed_at_ms = coalesce(changed_at_ms, ${batch.nowMs})
			WHERE tenant_id = ${tenantId} AND table_id = ${tableId}`),
		...(batch.sketches === null ? [] : [writeSketches(tenantId, tableId, batch.sketches)]),
		...retire(tenantId, tableId, version),
		noteChange(tenantId, tableId, batch.nowMs),
		statement(sql`
			SELECT ${version} AS version, checkpoint_version,
				(SELECT count(*) FROM inline_file WHERE ${table} AND until_version IS NULL) AS inline_count,
				(SELECT coalesce(sum(statistics_byte_count), 0) FROM inline_file WHERE ${table} AND until_version IS NULL) AS inline_bytes,
				(SELECT count(*) FROM commit_log WHERE ${table} AND pending = 1) AS pending_count
			FROM tables WHERE ${table}`),
	];
}

function logCommit({ request, token, nowMs }: CommitBatch): Statement {
	const { tenantId, tableId, commitId, change } = request;
	const removed = change.kind === "replace" ? change.removed : [];
	return statement(sql`
		INSERT INTO commit_log (tenant_id, commit_id, kind, table_id, version, input_count, paths, token, created_at_ms, pending)
		VALUES (${tenantId}, ${commitId}, ${change.kind}, ${tableId},
			(SELECT version + 1 FROM tables WHERE tenant_id = ${tenantId} AND table_id = ${tableId} AND dropped_at_ms IS NULL),
			(SELECT CASE WHEN ${liveCount(tenantId, tableId, removed)} = ${removed.length} THEN ${removed.length} END),
			${JSON.stringify(change.files.map((file) => file.path))}, ${token}, ${nowMs}, 1)`);
}

/** How many of `paths` are live data files of the table's newest snapshot. */
export function liveCount(tenantId: TenantId, tableId: TableId, paths: readonly string[]): SQL {
	const counts = jsonParameters(paths).map(
		(chunk) => sql`(SELECT count(*) FROM json_each(${chunk}) CROSS JOIN object ON object.path = json_each.value
			WHERE +tenant_id = ${tenantId} AND table_id = ${tableId} AND kind = 'data' AND state = 'live' AND removed_version IS NULL)`,
	);
	return sql`(${sql.join([sql`0`, ...counts], sql` + `)})`;
}

function moveWatermark(tenantId: TenantId, tableId: TableId, flush: { shard: number; from: number; to: number }): Statement {
	const current = sql`coalesce((SELECT sequence_number FROM watermark
		WHERE tenant_id = ${tenantId} AND table_id = ${tableId} AND shard = ${flush.shard}), 0)`;
	return statement(sql`
		INSERT INTO watermark (tenant_id, table_id, shard, sequence_number)
		VALUES (${tenantId}, ${tableId}, ${flush.shard}, CASE WHEN ${current} = ${flush.from} THEN ${flush.to} END)
		ON CONFLICT (tenant_id, table_id, shard) DO UPDATE SET sequence_number = excluded.sequence_number`);
}

function insertObjects({ request, manifests }: CommitBatch, version: SQL): Statement[] {
	const { tenantId, tableId, change } = request;
	const manifestOf = new Map(manifests.flatMap(({ manifestId, files }) => files.map((path) => [path, manifestId] as const)));
	const data = change.files.map((file) => [file.path, "data", file.rowCount, file.byteCount, manifestOf.get(file.path) ?? null]);
	const lists = manifests.map(({ path, rowCount, byteCount }) => [path, "manifest", rowCount, byteCount, null]);
	return objectStatements(tenantId, tableId, version, [...data, ...lists]);
}

/** @param objects path, kind, rows, bytes, manifest id */
export function objectStatements(tenantId: TenantId, tableId: TableId, version: SQL, objects: readonly unknown[][]): Statement[] {
	return jsonParameters(objects).map((rows) =>
		statement(sql`
			INSERT INTO object (path, tenant_id, table_id, kind, state, row_count, byte_count, added_version, manifest_id)
			SELECT value ->> 0, ${tenantId}, ${tableId}, value ->> 1, 'live', value ->> 2, value ->> 3, ${version}, value ->> 4
			FROM json_each(${rows})`),
	);
}

function insertInlineFiles({ request, inline }: CommitBatch, version: SQL): Statement[] {
	const files = inline.map((file) => [file.path, file.rowCount, file.byteCount, file.schemaVersion, encodeStatistics(file.columns)]);
	return jsonParameters(files).map((rows) =>
		statement(sql`
			INSERT INTO inline_file (path, tenant_id, table_id, row_count, byte_count, schema_version, statistics, statistics_byte_count, added_version)
			SELECT value ->> 0, ${request.tenantId}, ${request.tableId}, value ->> 1, value ->> 2, value ->> 3, value ->> 4, length(value ->> 4), ${version}
			FROM json_each(${rows})`),
	);
}

function insertManifests({ request, manifests }: CommitBatch, version: SQL): Statement[] {
	return manifests.map(({ manifestId, path, files }) =>
		statement(sql`
			INSERT INTO manifest (tenant_id, table_id, manifest_id, path, file_count, added_version)
			VALUES (${request.tenantId}, ${request.tableId}, ${manifestId}, ${path}, ${files.length}, ${version})`),
	);
}

/** Sums come from the snapshot before; without one they are NULL, and the batch fails. */
function insertSnapshot({ request, nowMs }: CommitBatch): Statement {
	const { tenantId, tableId, change } = request;
	const added = change.files.reduce((sum, file) => ({ rows: sum.rows + file.rowCount, bytes: sum.bytes + file.byteCount }), {
		rows: 0,
		bytes: 0,
	});
	const removed = change.kind === "replace" ? change.removed : [];
	const removedSum = (column: SQL) =>
		sql.join(
			[
				sql`0`,
				...jsonParameters(removed).map(
					(paths) =>
						sql`(SELECT coalesce(sum(${column}), 0) FROM object WHERE +tenant_id = ${tenantId} AND path IN (SELECT value FROM json_each(${paths})))`,
				),
			],
			sql` + `,
		);
	const table = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	const before = (column: SQL) =>
		sql`(SELECT ${column} FROM snapshot WHERE ${table} AND version = (SELECT version FROM tables WHERE ${table}))`;
	return statement(sql`
		INSERT INTO snapshot (tenant_id, table_id, version, schema_version, row_count, byte_count, file_count, watermarks, created_at_ms)
		VALUES (${tenantId}, ${tableId}, ${before(sql`version + 1`)}, (SELECT schema_version FROM tables WHERE ${table}),
			${before(sql`row_count`)} + ${added.rows} - (${removedSum(sql`row_count`)}),
			${before(sql`byte_count`)} + ${added.bytes} - (${removedSum(sql`byte_count`)}),
			${before(sql`file_count`)} + ${change.files.length} - ${removed.length},
			(SELECT json_group_object(CAST(shard AS TEXT), sequence_number) FROM watermark WHERE ${table}), ${nowMs})`);
}

/** Forgets snapshots beyond the retained ones, and inline rows that no retained one shows. Object rows stay for garbage collection. */
function retire(tenantId: TenantId, tableId: TableId, version: SQL): Statement[] {
	const oldest = sql`${version} - ${SNAPSHOT_RETAINED_COUNT_MAX - 1}`;
	return [
		statement(sql`DELETE FROM snapshot WHERE tenant_id = ${tenantId} AND table_id = ${tableId} AND version < ${oldest}`),
		statement(sql`DELETE FROM inline_file WHERE tenant_id = ${tenantId} AND table_id = ${tableId} AND until_version <= ${oldest}`),
	];
}

/** Tells garbage collection: soon where replaced files are in no snapshot any more, else in its own time. */
function noteChange(tenantId: TenantId, tableId: TableId, nowMs: number): Statement {
	const table = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	const isReplaced = sql`EXISTS (SELECT 1 FROM object
		WHERE ${table} AND state = 'live' AND removed_version <= (SELECT min(version) FROM snapshot WHERE ${table}))`;
	const dueAtMs = sql`CASE WHEN ${isReplaced} THEN ${nowMs + GRACE_PERIOD_MS} ELSE ${nowMs + SWEEP_PERIOD_MS} END`;
	return noteActivity({ tenantId, tableId }, { nowMs, dueAtMs });
}
