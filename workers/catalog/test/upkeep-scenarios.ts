/** What the catalog does by itself while its steps fail: merges of files and of manifests, burials, the collection of garbage. */
import { expect } from "vitest";
import { LittoralError } from "#shared/base/errors.ts";
import { filePaths } from "#shared/contracts/file-page.ts";
import { encodeFile, type FileBytes, loadFile, putFile } from "./data-files.ts";
import { mergeManifests } from "../src/manifest/merge-manifests.ts";
import {
	commitTo,
	dataFile,
	definition,
	type Fixture,
	insertDeadJob,
	otherIsolate,
	readFresh,
	readVersion,
	testEnv,
	made,
} from "./fixture.ts";
import { addFile, collectAll, forgetCollections, objectsOf, putObject, replaceFiles } from "./garbage.ts";
import { bulk, JOB_ID, type Scenario } from "./commit-scenarios.ts";

/** Eight files of so many are 5.6 MB: more than a part of an upload. */
export const LARGE_COUNT = 88_000;

/** Eight files of a full level; of `count` numbers each, which no encoding makes small. */
async function eightFiles(fixture: Fixture, count: number): Promise<void> {
	const { schema } = await fixture.catalog.describeTable(fixture.tenantId, "t");
	encoded[count] ??= await encodeFile(
		schema,
		Array.from({ length: count }, () => [crypto.getRandomValues(new BigInt64Array(1))[0] as bigint]),
	);
	const files = [];
	for (let index = 0; index < 8; index++) files.push(await putFile(fixture, `flush-${index}`, encoded[count]));
	await commitTo(fixture, "files", { kind: "bulk", files });
}
const encoded: Record<number, FileBytes> = {};

/** The cron's next look, in another isolate and after every lease has ended; then all messages. */
async function compactOnce(fixture: Fixture): Promise<void> {
	const { ports, tenantId } = fixture;
	ports.clockMs += 20 * 60_000;
	const compaction = otherIsolate(ports).compaction();
	await compaction.tick(await compaction.due());
	for (const message of ports.messages.splice(0)) if (message.tenantId === tenantId) await compaction.handle(message);
}

export const compactScenario = (count: number, prepare?: (fixture: Fixture) => void): Scenario => ({
	prepare: async (fixture) => {
		await testEnv.CATALOG_0.exec("UPDATE tables SET changed_at_ms = NULL");
		await testEnv.CATALOG_0.exec("DELETE FROM job");
		await eightFiles(fixture, count);
		prepare?.(fixture);
	},
	act: async (fixture) => {
		await compactOnce(fixture);
		// What the cron could not do it logs, and does in the next minute.
		const { fileCount } = await otherIsolate().describeTable(fixture.tenantId, "t");
		if (fileCount !== 1) throw new LittoralError("unavailable", "the catalog's storage does not answer; repeat the request");
	},
	check: async (fixture) => {
		// A job whose end was lost learns of its commit, at the latest when its lease has ended.
		await compactOnce(fixture);
		const { jobs } = await otherIsolate().jobs(fixture.tenantId, { limit: 10, cursor: null });
		expect(jobs).toMatchObject([{ state: "done", inputs: { fileCount: 8 } }]);
		const snapshot = await readFresh(fixture, otherIsolate());
		expect(snapshot).toMatchObject({ version: 2, rowCount: 8 * count });
		const [path] = snapshot.pages.flatMap(filePaths) as [string];
		if (count < LARGE_COUNT) expect(await loadFile(snapshot.schema, path)).toHaveLength(8 * count);
		else expect((await testEnv.DATA.head(path))?.size).toBe(snapshot.byteCount);
		expect((await readVersion(fixture, 1))?.rowCount).toBe(8 * count);
	},
});
export const smallMerge = compactScenario(10);
export const largeMerge = compactScenario(LARGE_COUNT);

/** A job that has had its attempts, and whose lease has ended. */
export const buryScenario: Scenario = {
	prepare: async (fixture) => {
		await smallMerge.prepare?.(fixture);
		await testEnv.CATALOG_0.exec("UPDATE tables SET changed_at_ms = NULL");
		await testEnv.CATALOG_0.exec("DELETE FROM dead_letter");
		await insertDeadJob({ ...fixture, jobId: JOB_ID, atMs: 1 });
		await testEnv.CATALOG_0.exec("DELETE FROM dead_letter");
		await testEnv.CATALOG_0.exec(`UPDATE job SET state = 'running', due_at_ms = 5 WHERE job_id = '${JOB_ID}'`);
	},
	act: async (fixture) => {
		await compactOnce(fixture);
		const { deadLetters } = await otherIsolate().deadLetters({ limit: 10, cursor: null });
		if (deadLetters.length !== 1) throw new LittoralError("unavailable", "the catalog's storage does not answer; repeat the request");
	},
	check: async ({ tenantId }) => {
		const { deadLetters } = await otherIsolate().deadLetters({ limit: 10, cursor: null });
		expect(deadLetters).toMatchObject([{ id: JOB_ID, job: { state: "dead", tenantId } }]);
	},
};

/** The message went astray: the cron sends it again. */
export const resendScenario = compactScenario(10);
resendScenario.prepare = async (fixture) => {
	await smallMerge.prepare?.(fixture);
	const compaction = fixture.catalog.compaction();
	await compaction.tick(await compaction.due());
	fixture.ports.messages.length = 0;
};

/** Everything that garbage collection does: an orphan, a replaced file and its snapshot, a dropped table, spill. */
export const collectScenario: Scenario = {
	prepare: async (fixture) => {
		const { catalog, ports, tenantId } = fixture;
		await forgetCollections();
		ports.moveClock(0);
		await replaceFiles(fixture, [await addFile(fixture, "a")], "b");
		await putObject(dataFile(fixture, "orphan").path);
		const { schema } = await made(catalog.createTable(tenantId, { commitId: "c", definition: definition("u") }));
		await addFile({ ...fixture, tableId: schema.tableId }, "u");
		await catalog.dropTable(tenantId, { commitId: "d", name: "u" });
		await putObject(`spill/${tenantId}/q/0`);
	},
	act: async ({ catalog, ports, tenantId }) => {
		await catalog.announceObjects(tenantId, null);
		await collectAll(ports, tenantId);
	},
	check: async (fixture) => {
		expect(await objectsOf(fixture.tenantId)).toEqual([dataFile(fixture, "b").path]);
		expect((await readFresh(fixture, otherIsolate())).rowCount).toBe(1);
	},
};

/** Two manifests, one of them mostly gone, become one. */
export const manifestsScenario: Scenario = {
	prepare: async (fixture) => {
		await bulk(fixture, "a", 1000);
		await bulk(fixture, "b", 1000);
		const removed = Array.from({ length: 600 }, (_, index) => [dataFile(fixture, `a${index}`).path, dataFile(fixture, `b${index}`).path]);
		await commitTo(fixture, "r", { kind: "replace", removed: removed.flat(), files: [] });
	},
	act: async (fixture) => {
		const [database] = fixture.ports.databases;
		if (database) await mergeManifests(fixture.ports, database, fixture);
	},
	check: async (fixture) => {
		const snapshot = await readFresh(fixture, otherIsolate());
		expect(snapshot.pages.map((page) => page.fileCount)).toEqual([800]);
		expect(snapshot).toMatchObject({ version: 3, rowCount: 800 });
		expect((await readVersion(fixture, 2))?.rowCount).toBe(2000);
	},
};
