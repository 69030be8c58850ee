/** What the tests of garbage collection share: objects as R2 holds them, commits that write their files, and a collector that runs until nothing is due. */
import { GRACE_PERIOD_MS, SWEEP_SETTLE_MS } from "#shared/base/limits.ts";
import type { CommitChange, DataFile } from "#shared/contracts/snapshot.ts";
import { commitTo, dataFile, type FaultyPorts, type Fixture, otherIsolate, testEnv } from "./fixture.ts";

/** Writes the files of a change as their author does, then commits it. */
export async function writeAndCommit(fixture: Fixture, commitId: string, change: CommitChange): Promise<void> {
	for (const file of change.files) await putObject(file.path);
	await commitTo(fixture, commitId, change);
}

export async function putObject(path: string): Promise<void> {
	await testEnv.DATA.put(path, "x".repeat(10));
}

export async function addFile(fixture: Fixture, name: string): Promise<DataFile> {
	const file = dataFile(fixture, name);
	await writeAndCommit(fixture, `add ${name}`, { kind: "bulk", files: [file] });
	return file;
}

export async function replaceFiles(fixture: Fixture, removed: readonly DataFile[], name: string): Promise<DataFile> {
	const file = dataFile(fixture, name);
	await writeAndCommit(fixture, `replace ${name}`, { kind: "replace", removed: removed.map(({ path }) => path), files: [file] });
	return file;
}

/** Keys of a tenant under the prefixes, without the tenant: `data/<table>/...` as `name-attempt`. */
export async function objectsOf(tenantId: string, prefixes = ["data", "manifests", "spill"]): Promise<string[]> {
	const keys: string[] = [];
	for (const prefix of prefixes) {
		const { objects } = await testEnv.DATA.list({ prefix: `${prefix}/${tenantId}/` });
		keys.push(...objects.map(({ key }) => key));
	}
	return keys;
}

export async function collectionRows(tenantId: string): Promise<{ table_id: string; due_at_ms: number }[]> {
	const { results } = await testEnv.CATALOG_0.prepare("SELECT table_id, due_at_ms FROM collection WHERE tenant_id = ? ORDER BY table_id")
		.bind(tenantId)
		.all<{ table_id: string; due_at_ms: number }>();
	return results;
}

/** What the tests before have left to be collected, of the storage that all of a process share, would be collected by this one, and take most of its time. */
export async function forgetCollections(): Promise<void> {
	await testEnv.CATALOG_0.exec("DELETE FROM collection");
}

/** One tick `afterMs` later. */
export async function collectAfter(ports: FaultyPorts, afterMs: number): Promise<void> {
	ports.moveClock(afterMs);
	await otherIsolate(ports).collectGarbage();
}

/** Ticks, each when the next thing is due, until no row of the tenant is left. */
export async function collectAll(ports: FaultyPorts, tenantId: string): Promise<void> {
	ports.moveClock(0);
	for (let tick = 0; tick < 30; tick++) {
		const rows = await collectionRows(tenantId);
		if (rows.length === 0) return;
		ports.clockMs = Math.max(ports.clockMs, ...rows.map((row) => row.due_at_ms));
		await otherIsolate(ports).collectGarbage();
	}
	throw new Error(`garbage is due for ever: ${JSON.stringify(await collectionRows(tenantId))}`);
}

/** Long enough for an orphan to be found, condemned and deleted. */
export const ORPHAN_LIFE_MS = SWEEP_SETTLE_MS + 2 * GRACE_PERIOD_MS;
