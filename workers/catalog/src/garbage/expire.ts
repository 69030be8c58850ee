/**
 * What leaves a table by the passing of time, all decided inside D1 (design, section 7; invariant C2). A dropped table keeps no snapshot.
 *
 * 1. `expire`: snapshots beyond those retained, rows that no retained one shows; a manifest whose last file was replaced is shown no longer.
 * 2. A checkpoint, where the backup still needs what is to go: D1 lost and rebuilt must not name an object that was deleted.
 * 3. `condemn`: live objects that no retained snapshot lists turn condemned, a grace period after their replacement, in one statement that looks at the snapshots itself.
 * 4. Condemned objects are deleted another grace period later: a query may have begun on the last snapshot just before it expired.
 */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import {
	COLLECTION_STEP_COUNT_MAX,
	COMMIT_ID_RETENTION_MS,
	GRACE_PERIOD_MS,
	SNAPSHOT_RETAINED_COUNT_MAX,
	SNAPSHOT_RETAINED_MS,
} from "#shared/base/limits.ts";
import { increment } from "#shared/observability/metrics.ts";
import { type SQL, sql } from "drizzle-orm";
import { checkpoint } from "../backup/checkpoint.ts";
import { repeated } from "../database/attempts.ts";
import { jsonParameters, numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts, Row, Statement } from "../ports.ts";
import type { Remainder } from "./schedule.ts";

interface Table {
	tenantId: TenantId;
	tableId: TableId;
}

/** One bounded step of a table. @returns `more`: call again; else what is left to wait for */
export async function expireStep(
	ports: CatalogPorts,
	database: CatalogDatabase,
	table: Table,
): Promise<{ more: boolean; left: Remainder }> {
	const nowMs = ports.nowMs();
	const deletedCount = await deleteCondemned(ports, database, table, nowMs);
	const expired = await repeated(ports, () => database.batch("expire", expireStatements(table, nowMs)));
	const needsCheckpoint = expired.at(-1)?.[0];
	if (needsCheckpoint !== undefined && numberOf(needsCheckpoint, "needed") === 1) await checkpoint(ports, database, table);
	const condemned = await repeated(ports, () => database.batch("condemn", condemnStatements(table, nowMs)));
	const [rest, backlog] = condemned.slice(-2).map((rows) => rows[0] as Row) as [Row, Row];
	return { more: deletedCount === COLLECTION_STEP_COUNT_MAX || numberOf(backlog, "more") === 1, left: remainderOf(rest) };
}

const where = ({ tenantId, tableId }: Table) => sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;

/** Dropped long enough that no query reads it: nothing of it is retained. */
const isGone = (table: Table, nowMs: number) =>
	sql`EXISTS (SELECT 1 FROM tables WHERE ${where(table)} AND dropped_at_ms <= ${nowMs - GRACE_PERIOD_MS})`;

/** The lowest version that a snapshot shows; what was removed at or below it is in none. Beyond all versions where none is left. */
const oldestRetained = (table: Table) =>
	sql`coalesce((SELECT min(version) FROM snapshot WHERE ${where(table)}), ${Number.MAX_SAFE_INTEGER})`;

function expireStatements(table: Table, nowMs: number): Statement[] {
	const own = where(table);
	const gone = isGone(table, nowMs);
	const newest = sql`(SELECT version FROM tables WHERE ${own})`;
	// The snapshot that was the newest when the retained time began is retained: it was current within it.
	const current = sql`coalesce((SELECT max(version) FROM snapshot WHERE ${own} AND created_at_ms <= ${nowMs - SNAPSHOT_RETAINED_MS}), 0)`;
	const limit = COLLECTION_STEP_COUNT_MAX;
	const oldest = oldestRetained(table);
	const exhausted = sql`file_count = (SELECT count(*) FROM object o
		WHERE o.tenant_id = manifest.tenant_id AND o.table_id = manifest.table_id AND o.manifest_id = manifest.manifest_id AND o.removed_version IS NOT NULL)`;
	return [
		statement(
			sql`DELETE FROM snapshot WHERE ${own} AND (${gone} OR version < max(${newest} - ${SNAPSHOT_RETAINED_COUNT_MAX - 1}, ${current}))`,
		),
		statement(sql`
			DELETE FROM inline_file WHERE path IN (
				SELECT path FROM inline_file WHERE ${own} AND until_version <= ${oldest} LIMIT ${limit})`),
		statement(sql`
			DELETE FROM inline_file WHERE path IN (
				SELECT path FROM inline_file WHERE ${own} AND until_version IS NULL AND ${gone} LIMIT ${limit})`),
		// A dropped table's files were replaced by nothing, when it was dropped.
		statement(sql`
			UPDATE object SET removed_version = ${newest} + 1, removed_at_ms = (SELECT dropped_at_ms FROM tables WHERE ${own})
			WHERE path IN (SELECT path FROM object WHERE ${own} AND state = 'live' AND removed_version IS NULL AND ${gone} LIMIT ${limit})`),
		statement(sql`DELETE FROM manifest WHERE ${own} AND ${gone}`),
		statement(sql`
			UPDATE manifest SET until_version = (SELECT max(o.removed_version) FROM object o
				WHERE o.tenant_id = manifest.tenant_id AND o.table_id = manifest.table_id AND o.manifest_id = manifest.manifest_id
					AND o.removed_version IS NOT NULL)
			WHERE ${own} AND until_version IS NULL AND ${exhausted}`),
		statement(sql`
			UPDATE object SET removed_version = (SELECT m.until_version FROM manifest m WHERE m.path = object.path AND m.table_id = object.table_id AND m.tenant_id = object.tenant_id),
				removed_at_ms = ${nowMs}
			WHERE +tenant_id = ${table.tenantId} AND removed_version IS NULL
				AND path IN (SELECT path FROM manifest WHERE ${own} AND until_version IS NOT NULL)`),
		statement(sql`
			DELETE FROM commit_log WHERE rowid IN (
				SELECT rowid FROM commit_log WHERE ${own} AND created_at_ms < ${nowMs - COMMIT_ID_RETENTION_MS} AND pending IS NULL LIMIT ${limit})`),
		statement(sql`
			SELECT EXISTS (SELECT 1 FROM object WHERE ${condemnable(table, nowMs)} AND NOT (${isBackedUp(table)}))
				OR EXISTS (SELECT 1 FROM commit_log WHERE ${own} AND pending = 1 AND created_at_ms < ${nowMs - GRACE_PERIOD_MS}) AS needed`),
	];
}

/** Live objects that no retained snapshot lists, a grace period after the newest one ceased to. */
const condemnable = (table: Table, nowMs: number) => sql`${where(table)} AND state = 'live' AND removed_version <= ${oldestRetained(table)}
	AND removed_at_ms <= ${nowMs - GRACE_PERIOD_MS}`;

/** Of a condemnable object: a rebuild from the backup would not name it. A manifest went out of sight without a commit, so only a later checkpoint says so. */
const isBackedUp = (table: Table) => sql`
	NOT EXISTS (SELECT 1 FROM commit_log l WHERE l.tenant_id = ${table.tenantId} AND l.table_id = ${table.tableId} AND l.pending = 1
		AND l.version <= object.removed_version)
	AND (kind = 'data' OR removed_at_ms < (SELECT backed_up_at_ms FROM tables WHERE ${where(table)}))`;

function condemnStatements(table: Table, nowMs: number): Statement[] {
	const own = where(table);
	const limit = COLLECTION_STEP_COUNT_MAX;
	return [
		statement(sql`
			DELETE FROM manifest WHERE ${own} AND path IN (SELECT path FROM object WHERE ${condemnable(table, nowMs)} AND kind = 'manifest' AND ${isBackedUp(table)})`),
		statement(sql`
			UPDATE object SET state = 'condemned', condemned_at_ms = ${nowMs}
			WHERE path IN (SELECT path FROM object WHERE ${condemnable(table, nowMs)} AND ${isBackedUp(table)} LIMIT ${limit})`),
		statement(remainder(table, nowMs)),
		statement(sql`
			SELECT EXISTS (SELECT 1 FROM object WHERE ${condemnable(table, nowMs)} AND ${isBackedUp(table)})
				OR EXISTS (SELECT 1 FROM object WHERE ${own} AND state = 'live' AND removed_version IS NULL AND ${isGone(table, nowMs)})
				OR EXISTS (SELECT 1 FROM inline_file WHERE ${own} AND ${isGone(table, nowMs)})
				OR EXISTS (SELECT 1 FROM inline_file WHERE ${own} AND until_version <= ${oldestRetained(table)})
				OR EXISTS (SELECT 1 FROM commit_log WHERE ${own} AND created_at_ms < ${nowMs - COMMIT_ID_RETENTION_MS} AND pending IS NULL) AS more`),
	];
}

function remainder(table: Table, nowMs: number): SQL {
	const own = where(table);
	return sql`
		SELECT (SELECT dropped_at_ms FROM tables WHERE ${own} AND dropped_at_ms > ${nowMs - GRACE_PERIOD_MS}) AS dropped_at_ms,
			(SELECT min(removed_at_ms) FROM object WHERE ${own} AND state = 'live' AND removed_version <= ${oldestRetained(table)}) AS replaced_at_ms,
			(SELECT created_at_ms FROM snapshot WHERE ${own} ORDER BY version LIMIT 1 OFFSET 1) AS superseded_at_ms,
			(SELECT min(condemned_at_ms) FROM object WHERE ${own} AND state = 'condemned' AND deleted_at_ms IS NULL) AS condemned_at_ms,
			(SELECT min(created_at_ms) FROM commit_log WHERE ${own}) AS committed_at_ms`;
}

function remainderOf(row: Row): Remainder {
	const at = (column: string) => (row[column] === null ? null : numberOf(row, column));
	return {
		droppedAtMs: at("dropped_at_ms"),
		replacedAtMs: at("replaced_at_ms"),
		supersededAtMs: at("superseded_at_ms"),
		condemnedAtMs: at("condemned_at_ms"),
		committedAtMs: at("committed_at_ms"),
	};
}

/** Deletes from R2 first, then notes it: a deletion that was cut off is done again. @returns how many objects went */
async function deleteCondemned(ports: CatalogPorts, database: CatalogDatabase, table: Table, nowMs: number): Promise<number> {
	const [rows = []] = await repeated(ports, () =>
		database.batch("read_condemned", [
			statement(sql`
				SELECT path, kind, byte_count FROM object
				WHERE ${where(table)} AND state = 'condemned' AND deleted_at_ms IS NULL AND condemned_at_ms <= ${nowMs - GRACE_PERIOD_MS}
				LIMIT ${COLLECTION_STEP_COUNT_MAX}`),
		]),
	);
	if (rows.length === 0) return 0;
	const paths = rows.map((row) => textOf(row, "path"));
	await repeated(ports, () => ports.objects.delete("delete_garbage", paths));
	await repeated(ports, () =>
		database.batch(
			"mark_deleted",
			jsonParameters(paths).map((some) =>
				statement(sql`
					UPDATE object SET deleted_at_ms = ${nowMs}
					WHERE +tenant_id = ${table.tenantId} AND state = 'condemned' AND path IN (SELECT value FROM json_each(${some}))`),
			),
		),
	);
	for (const row of rows) {
		increment("littoral_garbage_deleted_objects_total", { service: "catalog", kind: textOf(row, "kind") });
		increment("littoral_garbage_deleted_bytes_total", { service: "catalog", kind: textOf(row, "kind") }, numberOf(row, "byte_count"));
	}
	return rows.length;
}
