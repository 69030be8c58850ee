/**
 * Every step of the catalog's ports fails before it is done, with its answer lost, and late (it fails, then happens while the repetition runs): once,
 * and as often as a call is tried. The table below is total over the ports' steps, so a new step without a scenario does not compile.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { LittoralError } from "#shared/base/errors.ts";
import { filePaths } from "#shared/contracts/file-page.ts";
import { RPC_ATTEMPT_COUNT_MAX } from "#shared/base/limits.ts";
import { dataFilePath, newTenantId, type TableId } from "#shared/base/ids.ts";
import type { ViewDefinition } from "#shared/contracts/table.ts";
import { encodeFile, type FileBytes, loadFile, putFile } from "./data-files.ts";
import { mergeManifests } from "../src/manifest/merge-manifests.ts";
import { DATABASE_STEPS, OBJECT_STEPS, QUEUE_STEPS } from "../src/ports.ts";
import {
	commitSketched,
	commitTo,
	dataFile,
	definition,
	type Failure,
	type Fixture,
	insertDeadJob,
	intents,
	migrate,
	loseRows,
	newTable,
	otherIsolate,
	outcomeOf,
	readFresh,
	readVersion,
	sketchesOf,
	rebuildAll,
	type Step,
	testEnv,
	made,
	FaultyPorts,
} from "./fixture.ts";
import { decodeSketches, sketchedRowCount } from "#shared/sketches/table-sketches.ts";
import { addFile, collectAll, objectsOf, putObject, replaceFiles } from "./garbage.ts";

beforeAll(migrate);

interface Scenario {
	/** Runs without faults. */
	prepare?: (fixture: Fixture) => Promise<unknown>;
	/** A step that loses its answer each time, so that the step under test is reached. */
	after?: Step;
	/** Of databases; one where absent. */
	databaseCount?: 2;
	/** Repeated, as a caller does, until it answers. */
	act: (fixture: Fixture) => Promise<unknown>;
	/** The state that every run ends in. */
	check: (fixture: Fixture) => Promise<void>;
}

const bulk = async (fixture: Fixture, name: string, count: number) =>
	await commitTo(fixture, name, {
		kind: "bulk",
		files: Array.from({ length: count }, (_, index) => dataFile(fixture, `${name}${index}`)),
	});

const flushScenario: Scenario = {
	prepare: async (fixture) =>
		await commitTo(fixture, "f1", { kind: "flush", shard: 1, from: 0, to: 4, files: [dataFile(fixture, "i1", 4)] }),
	act: async (fixture) => await commitTo(fixture, "f2", { kind: "flush", shard: 1, from: 4, to: 9, files: [dataFile(fixture, "i2", 5)] }),
	check: async (fixture) => {
		const snapshot = await readFresh(fixture, otherIsolate());
		expect(snapshot).toMatchObject({ version: 2, rowCount: 9, watermarks: { 1: 9 } });
		expect(intents(snapshot)).toEqual(["i1", "i2"]);
	},
};

const sketchesScenario: Scenario = {
	act: async (fixture) => await commitSketched(fixture, "k", { kind: "bulk", files: [dataFile(fixture, "k")] }, sketchesOf([7, 8])),
	check: async (fixture) => {
		// They are only estimates: a commit does not wait for them, nor asks twice, and the first that meets no failure brings its own.
		let missedCount = 0;
		for (; fixture.ports.unused("read_sketches") > 0; missedCount++) {
			const name = `missed-${missedCount}`;
			await commitSketched(fixture, name, { kind: "bulk", files: [dataFile(fixture, name)] }, sketchesOf([8]));
		}
		await commitSketched(fixture, "l", { kind: "bulk", files: [dataFile(fixture, "l")] }, sketchesOf([9]));
		const snapshot = await readFresh(fixture, otherIsolate());
		expect(snapshot.rowCount).toBe(2 + missedCount);
		expect([1, 3]).toContain(sketchedRowCount(decodeSketches(snapshot.sketches as Uint8Array)));
	},
};

const foldScenario: Scenario = {
	prepare: async (fixture) => await bulk(fixture, "a", 999),
	act: async (fixture) => {
		await bulk(fixture, "b", 2);
		await fixture.ports.settle();
	},
	check: async (fixture) => {
		// A fold that gave up is made up for by the next commit.
		await bulk(fixture, "c", 1);
		await fixture.ports.settle();
		const snapshot = await readFresh(fixture, otherIsolate());
		expect(snapshot.pages.map((page) => page.fileCount)).toEqual([1000, 2]);
		expect(new Set(intents(snapshot)).size).toBe(1002);
	},
};

const createScenario: Scenario = {
	act: async ({ catalog, tenantId }) => await catalog.createTable(tenantId, { commitId: "c", definition: definition("u") }),
	check: async ({ tenantId }) => {
		expect(await otherIsolate().tableNames(tenantId)).toEqual(["t", "u"]);
		const { schema, created } = await made(otherIsolate().createTable(tenantId, { commitId: "c", definition: definition("u") }));
		expect([schema.schemaVersion, created]).toEqual([1, true]);
	},
};

const viewOf = (columns: string[], uses: TableId[]): ViewDefinition => ({
	name: "v",
	replace: true,
	columns: columns.map((name) => ({ name, type: { kind: "integer" } })),
	source: { sql: columns.join(), uses: uses.map((tableId) => ({ tableId, fieldIds: [1] })) },
});

/** Made by one request, replaced by the next: either may be cut off. */
const viewScenario: Scenario = {
	act: async ({ catalog, tenantId, tableId }) => {
		await catalog.createView(tenantId, { commitId: "v1", definition: viewOf(["a"], [tableId]), raised: null });
		await catalog.createView(tenantId, { commitId: "v2", definition: viewOf(["a", "b"], [tableId]), raised: null });
	},
	check: async (fixture) => {
		const [view] = await otherIsolate().readSnapshots(fixture.tenantId, [{ table: { name: "v" }, views: true }]);
		expect(view).toMatchObject({ version: 1, schema: { schemaVersion: 2, view: { sql: "a,b" } } });
		await loseRows(fixture.tenantId);
		await rebuildAll(otherIsolate(), fixture.tenantId);
		const [rebuilt] = await otherIsolate().readSnapshots(fixture.tenantId, [{ table: { name: "v" }, views: true }]);
		expect(rebuilt?.schema).toEqual(view?.schema);
	},
};

const dropScenario: Scenario = {
	prepare: async (fixture) => {
		const { catalog, tenantId, tableId } = fixture;
		await catalog.createView(tenantId, { commitId: "v", definition: viewOf(["a"], [tableId]), raised: null });
	},
	act: async ({ catalog, tenantId, tableId }) => {
		const dropped = await catalog.dropRelations(tenantId, { commitId: "d", kind: "table", names: ["t"], ifExists: false, cascade: true });
		expect(dropped).toHaveLength(2);
		expect(dropped).toContainEqual({ tableId, schemaVersion: 2 });
	},
	check: async (fixture) => {
		expect(await otherIsolate().tableNames(fixture.tenantId)).toEqual([]);
		await loseRows(fixture.tenantId);
		expect(await rebuildAll(otherIsolate(), fixture.tenantId)).toHaveLength(2);
		expect(await otherIsolate().tableNames(fixture.tenantId)).toEqual([]);
	},
};

const readScenario: Scenario = {
	prepare: async (fixture) => await bulk(fixture, "a", 1500),
	act: async (fixture) => {
		expect(intents(await readFresh(fixture))).toHaveLength(1500);
		expect((await fixture.catalog.describeTable(fixture.tenantId, "t")).fileCount).toBe(1500);
	},
	check: async () => {},
};

const assignmentScenario: Scenario = {
	databaseCount: 2,
	act: async (fixture) => {
		const tenantId = newTenantId();
		const catalog = otherIsolate(fixture.ports);
		await catalog.createTable(tenantId, { commitId: "c", definition: definition("u") });
		expect(await otherIsolate(fixture.ports).tableNames(tenantId)).toEqual(["u"]);
	},
	check: async () => {},
};

const deleteScenario: Scenario = {
	prepare: async (fixture) => {
		await bulk(fixture, "a", 1200);
		await commitTo(fixture, "f", { kind: "flush", shard: 0, from: 0, to: 1, files: [dataFile(fixture, "f")] });
		await testEnv.DATA.put(dataFilePath({ ...fixture, intentId: "a0", attempt: 1 }), "x");
		await testEnv.DATA.put(`spill/${fixture.tenantId}/q/0`, "x");
	},
	act: async ({ catalog, tenantId }) => {
		for (let steps = 0; !(await catalog.deleteTenant(tenantId)).done; steps++) expect(steps).toBeLessThan(20);
	},
	check: async ({ tenantId }) => expect(await leftOvers(tenantId)).toEqual([]),
};

/** What D1 and R2 still hold of a tenant. */
async function leftOvers(tenantId: string): Promise<string[]> {
	const left: string[] = [];
	const tables = await testEnv.CATALOG_0.prepare(
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'd1_%' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
	).all<{ name: string }>();
	expect(tables.results.length).toBe(14);
	for (const { name } of tables.results) {
		const row = await testEnv.CATALOG_0.prepare(`SELECT count(*) AS count FROM "${name}" WHERE tenant_id = ?`)
			.bind(tenantId)
			.first<{ count: number }>();
		if (row?.count !== 0) left.push(name);
	}
	for (const prefix of ["data", "manifests", "spill", "backup"]) {
		left.push(...(await testEnv.DATA.list({ prefix: `${prefix}/${tenantId}/` })).objects.map((object) => object.key));
	}
	return left;
}

const rebuildScenario: Scenario = {
	prepare: async (fixture) => {
		await bulk(fixture, "a", 1001);
		await commitTo(fixture, "f", { kind: "flush", shard: 2, from: 0, to: 7, files: [dataFile(fixture, "f")] });
		await fixture.ports.settle();
		await loseRows(fixture.tenantId);
	},
	act: async (fixture) => {
		const tables = await rebuildAll(otherIsolate(fixture.ports), fixture.tenantId);
		expect(tables).toMatchObject([{ problem: null, fileCount: 1002 }]);
	},
	check: async (fixture) => {
		expect(await readFresh(fixture, otherIsolate())).toMatchObject({ rowCount: 1002, watermarks: { 2: 7 } });
		expect(await otherIsolate().commitStatus(fixture.tenantId, "a")).toMatchObject({ version: 1 });
	},
};

const JOB_ID = "0".repeat(24);

/** A job in the dead letters is put back. */
const redriveScenario: Scenario = {
	prepare: async ({ tenantId, tableId, ports }) => {
		await testEnv.CATALOG_0.batch([testEnv.CATALOG_0.prepare("DELETE FROM job"), testEnv.CATALOG_0.prepare("DELETE FROM dead_letter")]);
		await insertDeadJob({ tenantId, tableId, jobId: JOB_ID, atMs: ports.nowMs() });
	},
	act: async ({ catalog }) => {
		const { deadLetters } = await catalog.deadLetters({ limit: 10, cursor: null });
		// A repetition after a lost answer finds the dead letter gone: then the job is queued, and its message may have been lost.
		if (deadLetters.length === 1) expect(await catalog.redrive(JOB_ID)).toMatchObject({ state: "queued", attempts: 0 });
	},
	check: async ({ tenantId }) => {
		const { jobs } = await otherIsolate().jobs(tenantId, { limit: 10, cursor: null });
		expect(jobs).toMatchObject([{ jobId: JOB_ID, state: "queued", attempts: 0 }]);
		expect(await otherIsolate().deadLetters({ limit: 10, cursor: null })).toEqual({ deadLetters: [], nextCursor: null });
	},
};

/** Eight files of so many are 5.6 MB: more than a part of an upload. */
const LARGE_COUNT = 88_000;

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

const compactScenario = (count: number, prepare?: (fixture: Fixture) => void): Scenario => ({
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
const smallMerge = compactScenario(10);
const largeMerge = compactScenario(LARGE_COUNT);

/** A job that has had its attempts, and whose lease has ended. */
const buryScenario: Scenario = {
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
const resendScenario = compactScenario(10);
resendScenario.prepare = async (fixture) => {
	await smallMerge.prepare?.(fixture);
	const compaction = fixture.catalog.compaction();
	await compaction.tick(await compaction.due());
	fixture.ports.messages.length = 0;
};

/** Everything that garbage collection does: an orphan, a replaced file and its snapshot, a dropped table, spill. */
const collectScenario: Scenario = {
	prepare: async (fixture) => {
		const { catalog, ports, tenantId } = fixture;
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
const manifestsScenario: Scenario = {
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

const scenarios: Record<Step, Scenario> = {
	commit: flushScenario,
	read_sketches: sketchesScenario,
	commit_outcome: { ...flushScenario, after: "commit" },
	create_table: createScenario,
	create_table_outcome: { ...createScenario, after: "create_table" },
	create_view: viewScenario,
	create_view_outcome: { ...viewScenario, after: "create_view" },
	drop_table: dropScenario,
	drop_table_outcome: { ...dropScenario, after: "drop_table" },
	read_snapshots: readScenario,
	read_tables: readScenario,
	read_fold: foldScenario,
	fold: foldScenario,
	fold_outcome: { ...foldScenario, after: "fold" },
	read_assignment: assignmentScenario,
	write_assignment: assignmentScenario,
	drop_tables_of_tenant: deleteScenario,
	delete_rows: deleteScenario,
	read_manifests: manifestsScenario,
	merge_manifests: manifestsScenario,
	merge_manifests_outcome: { ...manifestsScenario, after: "merge_manifests" },
	put_manifest: foldScenario,
	get_manifest: readScenario,
	read_checkpoint: createScenario,
	mark_backed_up: flushScenario,
	read_restored: rebuildScenario,
	restore_objects: rebuildScenario,
	restore_table: rebuildScenario,
	put_backup: flushScenario,
	get_backup: rebuildScenario,
	list_backup: rebuildScenario,
	delete_backup: {
		...dropScenario,
		act: async (fixture) => {
			await dropScenario.act(fixture);
			await fixture.ports.settle();
		},
	},
	list_objects: deleteScenario,
	delete_objects: deleteScenario,
	read_jobs: redriveScenario,
	redrive_job: redriveScenario,
	send_job: smallMerge,
	read_due: smallMerge,
	read_plan: smallMerge,
	plan_jobs: smallMerge,
	plan_jobs_outcome: { ...smallMerge, after: "plan_jobs" },
	resend_job: resendScenario,
	claim_job: smallMerge,
	end_job: smallMerge,
	bury_job: buryScenario,
	read_data: smallMerge,
	put_data: smallMerge,
	begin_upload: largeMerge,
	upload_part: largeMerge,
	complete_upload: largeMerge,
	head_data: { ...largeMerge, after: "complete_upload" },
	abort_upload: compactScenario(LARGE_COUNT, ({ ports }) => ports.fail("upload_part", "before", RPC_ATTEMPT_COUNT_MAX)),
	announce: collectScenario,
	read_garbage_due: collectScenario,
	expire: collectScenario,
	condemn: collectScenario,
	read_condemned: collectScenario,
	mark_deleted: collectScenario,
	read_swept: collectScenario,
	sweep: collectScenario,
	reschedule: collectScenario,
	list_garbage: collectScenario,
	delete_garbage: collectScenario,
};

const steps = [...DATABASE_STEPS, ...OBJECT_STEPS, ...QUEUE_STEPS];

describe.each(steps)("%s", (step) => {
	test.each<[Failure, number]>([
		["before", 1],
		["lost", 1],
		["late", 1],
		["before", RPC_ATTEMPT_COUNT_MAX],
		["lost", RPC_ATTEMPT_COUNT_MAX],
		["late", RPC_ATTEMPT_COUNT_MAX],
	])("fails %s, %i times", async (failure, times) => {
		const { prepare, after, databaseCount, act, check } = scenarios[step];
		const fixture = await newTable(databaseCount === 2 ? new FaultyPorts([testEnv.CATALOG_0, testEnv.CATALOG_1]) : new FaultyPorts());
		await prepare?.(fixture);
		await fixture.ports.settle();
		if (after) fixture.ports.fail(after, "lost", times);
		fixture.ports.fail(step, failure, times);
		let outcome = "";
		for (let attempt = 0; attempt < 3 && outcome !== "ok"; attempt++) {
			outcome = await outcomeOf(act(fixture));
			if (outcome !== "ok") expect(outcome).toBe("unavailable: the catalog's storage does not answer; repeat the request");
		}
		expect(outcome).toBe("ok");
		expect(fixture.ports.unused(step)).toBeLessThan(times);
		await fixture.ports.settle();
		await check(fixture);
	});
});

test("a commit whose every answer is lost is unavailable to its caller, and known by its id", async () => {
	const fixture = await newTable();
	fixture.ports.fail("commit", "lost");
	fixture.ports.fail("commit_outcome", "before", RPC_ATTEMPT_COUNT_MAX);
	expect(await outcomeOf(bulk(fixture, "a", 1))).toBe("unavailable: the catalog's storage does not answer; repeat the request");
	expect(await otherIsolate().commitStatus(fixture.tenantId, "a")).toMatchObject({ version: 1, repeated: true });
	expect(await bulk(fixture, "a", 1)).toMatchObject({ version: 1, repeated: true });
});

test("a lost answer found again is the call's own commit, not a repetition", async () => {
	const fixture = await newTable();
	fixture.ports.fail("commit", "lost");
	expect(await bulk(fixture, "a", 1)).toMatchObject({ version: 1, repeated: false });
});

test("a deleted tenant can be deleted again, and a commit under way cannot bring it back", async () => {
	const fixture = await newTable();
	await bulk(fixture, "a", 1);
	const [, outcome] = await Promise.all([
		deleteScenario.act(fixture),
		outcomeOf(
			otherIsolate().commit({
				tenantId: fixture.tenantId,
				tableId: fixture.tableId,
				commitId: "b" as never,
				change: { kind: "bulk", files: [dataFile(fixture, "b")] },
			}),
		),
	]);
	expect(outcome).toMatch(/^(ok|undefined_table: relation ".*" does not exist)$/);
	await deleteScenario.act(fixture);
	expect(await leftOvers(fixture.tenantId)).toEqual([]);
});
