/**
 * Finds what no commit names by listing R2: orphans of attempts that crashed or lost, backups that a checkpoint covers, left-overs of spills. Page by page, and the row of `collection`
 * remembers how far: a sweep that was cut off goes on where it was.
 *
 * An orphan is condemned, never deleted at once (design, section 7): its author may be about to commit it. The commit and the condemnation insert the same primary key, so the second of
 * the two fails. Deletion follows a grace period later, as for every condemned object.
 */
import { backupPrefix } from "#shared/base/ids.ts";
import { COLLECTION_STEP_COUNT_MAX, SPILL_AGE_MS } from "#shared/base/limits.ts";
import { increment } from "#shared/observability/metrics.ts";
import { sql } from "drizzle-orm";
import { covers, newestCheckpoint, parseBackupKey } from "../backup/record.ts";
import { repeated } from "../database/attempts.ts";
import { jsonParameters, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts, StoredObject } from "../ports.ts";
import type { CollectedTable } from "./collection-row.ts";
import { type Collection, judgePage, nextSweepMs, type ObjectState } from "./schedule.ts";

/** Sorts after every key of a prefix. */
const END = "~";

/** One page. @returns the row as it stands now; its `sweepAfter` is null once the sweep is done, or where none is due */
export async function sweepStep(
	ports: CatalogPorts,
	database: CatalogDatabase,
	table: CollectedTable,
	collection: Collection,
): Promise<Collection> {
	const nowMs = ports.nowMs();
	const sweepMs = nextSweepMs(collection);
	const begins = collection.sweepAfter === null;
	if (begins && (sweepMs === null || sweepMs > nowMs)) return collection;
	const after = collection.sweepAfter ?? "";
	const { tenantId, tableId } = table;
	const prefixes = [backupPrefix(table), `data/${tenantId}/${tableId}/`, `manifests/${tenantId}/${tableId}/`];
	const prefix = prefixes.find((candidate) => `${candidate}${END}` > after);
	let sweepAfter: string | null = null;
	if (prefix !== undefined) {
		const { objects, more } = await repeated(ports, () =>
			ports.objects.listObjects("list_garbage", prefix, COLLECTION_STEP_COUNT_MAX, after > prefix ? after : prefix),
		);
		if (prefix === prefixes[0]) await sweepBackups(ports, objects);
		else await sweepObjects(ports, database, table, objects);
		if (more) sweepAfter = objects.at(-1)?.path ?? after;
		else if (prefix !== prefixes.at(-1)) sweepAfter = `${prefix}${END}`;
	}
	const swept = { ...collection, sweepAfter, sweptAtMs: begins ? nowMs : collection.sweptAtMs };
	await repeated(ports, () =>
		database.batch("sweep", [
			statement(sql`
				UPDATE collection SET sweep_after = ${swept.sweepAfter}, swept_at_ms = ${swept.sweptAtMs}
				WHERE tenant_id = ${tenantId} AND table_id = ${tableId}`),
		]),
	);
	return swept;
}

async function sweepObjects(
	ports: CatalogPorts,
	database: CatalogDatabase,
	{ tenantId, tableId }: CollectedTable,
	objects: readonly StoredObject[],
): Promise<void> {
	if (objects.length === 0) return;
	const nowMs = ports.nowMs();
	const results = await repeated(ports, () =>
		database.batch(
			"read_swept",
			jsonParameters(objects.map((object) => object.path)).map((paths) =>
				statement(sql`
					SELECT path, CASE WHEN deleted_at_ms IS NULL THEN state ELSE 'deleted' END AS state FROM object
					WHERE +tenant_id = ${tenantId} AND path IN (SELECT value FROM json_each(${paths}))`),
			),
		),
	);
	const states = new Map(results.flat().map((row) => [textOf(row, "path"), textOf(row, "state") as ObjectState]));
	const { orphans, late } = judgePage(objects, states, nowMs);
	if (orphans.length + late.length === 0) return;
	await repeated(ports, () =>
		database.batch("condemn", [
			// A commit may have named one of them meanwhile: then it is live, and stays. Of a tenant deleted meanwhile nothing is written.
			...jsonParameters(
				orphans.map((object) => [object.path, object.path.startsWith("data/") ? "data" : "manifest", object.byteCount]),
			).map((rows) =>
				statement(sql`
						INSERT INTO object (path, tenant_id, table_id, kind, state, row_count, byte_count, added_version, condemned_at_ms)
						SELECT value ->> 0, ${tenantId}, ${tableId}, value ->> 1, 'condemned', 0, value ->> 2, 0, ${nowMs} FROM json_each(${rows})
						WHERE EXISTS (SELECT 1 FROM tables WHERE tenant_id = ${tenantId} AND table_id = ${tableId})
						ON CONFLICT DO NOTHING`),
			),
			...jsonParameters(late.map((object) => object.path)).map((paths) =>
				statement(sql`
					UPDATE object SET deleted_at_ms = NULL
					WHERE +tenant_id = ${tenantId} AND state = 'condemned' AND path IN (SELECT value FROM json_each(${paths}))`),
			),
		]),
	);
	increment("littoral_garbage_orphans_total", { service: "catalog" }, orphans.length);
}

/** Records and checkpoints that a later checkpoint covers: their own writer deletes them, if it lives that long. */
async function sweepBackups(ports: CatalogPorts, objects: readonly StoredObject[]): Promise<void> {
	const keys = objects.flatMap((object) => parseBackupKey(object.path) ?? []);
	const newest = newestCheckpoint(keys);
	const covered = newest === null ? [] : keys.filter((key) => covers(newest, key)).map((key) => key.path);
	if (covered.length > 0) await repeated(ports, () => ports.objects.delete("delete_garbage", covered));
}

/** @returns whether spilled objects are left that are too young to go */
export async function sweepSpill(ports: CatalogPorts, tenantId: string): Promise<{ more: boolean; left: boolean }> {
	const prefix = `spill/${tenantId}/`;
	const { objects, more } = await repeated(ports, () =>
		ports.objects.listObjects("list_garbage", prefix, COLLECTION_STEP_COUNT_MAX, prefix),
	);
	const old = objects.filter((object) => object.uploadedAtMs <= ports.nowMs() - SPILL_AGE_MS);
	if (old.length > 0) {
		await repeated(ports, () =>
			ports.objects.delete(
				"delete_garbage",
				old.map((object) => object.path),
			),
		);
		increment("littoral_garbage_deleted_objects_total", { service: "catalog", kind: "spill" }, old.length);
		increment(
			"littoral_garbage_deleted_bytes_total",
			{ service: "catalog", kind: "spill" },
			old.reduce((sum, object) => sum + object.byteCount, 0),
		);
	}
	return { more: more && old.length > 0, left: old.length < objects.length || more };
}
