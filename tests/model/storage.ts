/** What R2 and D1 hold, checked from outside: nothing that is needed is missing, and in the end nothing else is there (invariant C2). */
import { expect } from "vitest";
import { GRACE_PERIOD_MS, ORPHAN_AGE_MS, SWEEP_SETTLE_MS } from "#shared/base/limits.ts";
import { covers, newestCheckpoint, parseBackupKey } from "../../workers/catalog/src/backup/record.ts";
import { testEnv } from "../../workers/catalog/test/fixture.ts";
import { world } from "./world.ts";

const TICK_COUNT_MAX = 60;

export async function keysOf(tenantId: string, prefix: string): Promise<string[]> {
	const keys: string[] = [];
	let cursor: string | undefined;
	do {
		const page = await testEnv.DATA.list({ prefix: `${prefix}/${tenantId}/`, ...(cursor === undefined ? {} : { cursor }) });
		keys.push(...page.objects.map(({ key }) => key));
		cursor = page.truncated ? page.cursor : undefined;
	} while (cursor !== undefined);
	return keys;
}

async function rowsOf<Row>(sql: string, ...parameters: (string | number)[]): Promise<Row[]> {
	return (
		await testEnv.CATALOG_0.prepare(sql)
			.bind(...parameters)
			.all<Row>()
	).results;
}

/** Every live object exists, and what a retained snapshot lists is live. @returns all keys of data files */
export async function expectLiveObjectsThere(tenantId: string): Promise<Set<string>> {
	const [data, manifests, [live, listed]] = await Promise.all([
		keysOf(tenantId, "data"),
		keysOf(tenantId, "manifests"),
		testEnv.CATALOG_0.batch<{ path: string }>([
			testEnv.CATALOG_0.prepare("SELECT path FROM object WHERE tenant_id = ? AND state = 'live'").bind(tenantId),
			testEnv.CATALOG_0.prepare(
				`SELECT o.path, s.version FROM snapshot s JOIN object o ON o.tenant_id = s.tenant_id AND o.table_id = s.table_id
					WHERE s.tenant_id = ? AND o.state = 'condemned' AND o.added_version > 0 AND o.added_version <= s.version AND o.removed_version > s.version`,
			).bind(tenantId),
		]),
	]);
	const keys = new Set([...data, ...manifests]);
	expect(
		live?.results.filter(({ path }) => !keys.has(path)),
		"live objects that are missing",
	).toEqual([]);
	expect(listed?.results, "condemned objects that a retained snapshot lists").toEqual([]);
	return keys;
}

/** Everything in R2 is live, or waits: as an orphan for its age and a sweep, condemned for its grace. */
export async function expectNothingOverdue(tenantId: string): Promise<void> {
	const rows = await rowsOf<{ path: string; state: string; condemned_at_ms: number }>(
		"SELECT path, state, condemned_at_ms FROM object WHERE tenant_id = ?",
		tenantId,
	);
	const byPath = new Map(rows.map((row) => [row.path, row]));
	const due = (await rowsOf<{ due_at_ms: number }>("SELECT due_at_ms FROM collection WHERE tenant_id = ?", tenantId)).length > 0;
	for (const key of [...(await keysOf(tenantId, "data")), ...(await keysOf(tenantId, "manifests"))]) {
		const row = byPath.get(key);
		if (row?.state === "live") continue;
		expect(due, `${key} is garbage, and nothing will look at it`).toBe(true);
		const sinceMs = row === undefined ? (world.uploadedAtMs.get(key) ?? 0) : row.condemned_at_ms;
		const waitMs = row === undefined ? ORPHAN_AGE_MS + SWEEP_SETTLE_MS : GRACE_PERIOD_MS;
		const lateMs = world.clockMs - sinceMs - waitMs;
		expect(lateMs, `${key} ${row?.state ?? "orphan"}: late, though all that was due was done`).toBeLessThanOrEqual(0);
	}
}

/** Lets time pass from due time to due time until nothing of the tenant is due any more. */
export async function collectToTheEnd(tenantId: string): Promise<void> {
	for (let tick = 0; tick < TICK_COUNT_MAX; tick++) {
		const rows = await rowsOf<{ due_at_ms: number }>("SELECT due_at_ms FROM collection WHERE tenant_id = ?", tenantId);
		if (rows.length === 0) return;
		world.clockMs = Math.max(world.clockMs, Math.min(...rows.map((row) => row.due_at_ms)));
		await world.catalog.collectGarbage();
		await world.settle();
	}
	throw new Error("garbage is due for ever");
}

/** After the last collection: R2 holds what the newest snapshots need and nothing else. */
export async function expectNoDeadByte(tenantId: string, neededPaths: readonly string[]): Promise<void> {
	expect(await keysOf(tenantId, "data")).toEqual(neededPaths.toSorted());
	const manifests = await rowsOf<{ path: string }>(
		`SELECT m.path FROM manifest m JOIN tables t ON t.tenant_id = m.tenant_id AND t.table_id = m.table_id
			WHERE m.tenant_id = ? AND m.until_version IS NULL AND t.dropped_at_ms IS NULL ORDER BY m.path`,
		tenantId,
	);
	expect(await keysOf(tenantId, "manifests")).toEqual(manifests.map(({ path }) => path));
	expect(await keysOf(tenantId, "spill")).toEqual([]);
	const backups = Map.groupBy(await keysOf(tenantId, "backup"), (key) => key.split("/")[2]);
	for (const keys of backups.values()) {
		const parsed = keys.map((key) => parseBackupKey(key) as NonNullable<ReturnType<typeof parseBackupKey>>);
		const newest = newestCheckpoint(parsed);
		expect(parsed.filter((key) => newest !== null && covers(newest, key))).toEqual([]);
	}
	expect(await rowsOf("SELECT path FROM object WHERE tenant_id = ? AND state = 'live' AND removed_version IS NOT NULL", tenantId)).toEqual(
		[],
	);
	expect(await rowsOf("SELECT commit_id FROM commit_log WHERE tenant_id = ?", tenantId)).toEqual([]);
}

export async function expectNothingAtAll(tenantId: string): Promise<void> {
	for (const prefix of ["data", "manifests", "spill", "backup"]) expect(await keysOf(tenantId, prefix)).toEqual([]);
	for (const table of ["tables", "object", "snapshot", "inline_file", "manifest", "commit_log", "collection", "watermark", "job"]) {
		expect(await rowsOf(`SELECT 1 FROM "${table}" WHERE tenant_id = ?`, tenantId), table).toEqual([]);
	}
}
