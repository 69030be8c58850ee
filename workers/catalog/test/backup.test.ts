/** D1 is lost, and rebuilt from R2: nothing acknowledged is missing, nothing is there twice, and the protocol goes on from where it was. */
import { beforeAll, expect, test } from "vitest";
import { CHECKPOINT_COMMIT_COUNT, REBUILD_VERSION_STEP, RPC_ATTEMPT_COUNT_MAX } from "#shared/base/limits.ts";
import { Checkpoint, CommitRecord } from "../src/backup/record.ts";
import { chosenDatabase } from "../src/database/assignment.ts";
import {
	commitTo,
	dataFile,
	definition,
	FaultyPorts,
	type Fixture,
	intents,
	loseRows,
	migrate,
	newTable,
	otherIsolate,
	outcomeOf,
	readFresh,
	rebuildAll,
	testEnv,
} from "./fixture.ts";

beforeAll(migrate);

const UNAVAILABLE = "unavailable: the catalog's storage does not answer; repeat the request";

async function loseAndRebuild(fixture: Fixture) {
	await fixture.ports.settle();
	await loseRows(fixture.tenantId);
	return await rebuildAll(otherIsolate(), fixture.tenantId);
}

const flush = (fixture: Fixture, shard: number, from: number, to: number) => ({
	kind: "flush" as const,
	shard,
	from,
	to,
	files: [dataFile(fixture, `s${shard}-${from}`, to - from)],
});

test("flushes, bulk appends above a manifest, replacements, folds and drops come back as they were", async () => {
	const fixture = await newTable();
	const { catalog, tenantId } = fixture;
	await commitTo(fixture, "f1", flush(fixture, 0, 0, 5));
	await commitTo(fixture, "f2", flush(fixture, 1, 0, 3));
	const many = Array.from({ length: 2500 }, (_, index) => dataFile(fixture, `b${index}`));
	await commitTo(fixture, "b", { kind: "bulk", files: many });
	const removed = ["b0", "b999", "b2400"].map((id) => dataFile(fixture, id).path);
	await commitTo(fixture, "r", { kind: "replace", removed, files: [dataFile(fixture, "merged", 3)] });
	await commitTo(fixture, "b2", { kind: "bulk", files: Array.from({ length: 600 }, (_, index) => dataFile(fixture, `c${index}`)) });
	await fixture.ports.settle();
	const before = await readFresh(fixture);
	expect(before.pages.length).toBeGreaterThan(3);
	await catalog.createTable(tenantId, { commitId: "cu", definition: definition("u") });
	await catalog.dropTable(tenantId, { commitId: "du", name: "u" });
	const again = await catalog.createTable(tenantId, { commitId: "cu2", definition: definition("u") });

	const tables = await loseAndRebuild(fixture);
	expect(
		tables
			.map(({ name, outcome, problem }) => [name, outcome, problem])
			.toSorted(([left], [right]) => ((left ?? "") < (right ?? "") ? -1 : 1)),
	).toEqual([
		["t", "restored", null],
		["u", "restored", null],
		["u", "restored", null],
	]);
	const after = await readFresh(fixture, otherIsolate());
	expect(intents(after)).toEqual(intents(before));
	expect({ ...after, version: 0, pages: [] }).toEqual({ ...before, version: 0, pages: [] });
	expect(after.version).toBe(before.version + REBUILD_VERSION_STEP);
	// Names, the dropped table's minimum, and commit ids are known.
	expect(await otherIsolate().tableNames(tenantId)).toEqual(["t", "u"]);
	expect(await otherIsolate().createTable(tenantId, { commitId: "cu2", definition: definition("u") })).toMatchObject(again);
	expect(again.replaced?.schemaVersion).toBe(2);
	expect(await commitTo(fixture, "b", { kind: "bulk", files: many }, otherIsolate())).toMatchObject({ version: 3, repeated: true });
	// The next commits stand on what was rebuilt; also a second loss.
	expect(await outcomeOf(commitTo(fixture, "f3", flush(fixture, 0, 4, 6), otherIsolate()))).toMatch(/^commit_precondition_failed/);
	await commitTo(fixture, "f4", flush(fixture, 0, 5, 6), otherIsolate());
	expect((await rebuildAll(otherIsolate(), tenantId)).map((table) => table.outcome)).toEqual(["present", "present", "present"]);
	await loseAndRebuild(fixture);
	expect(await readFresh(fixture, otherIsolate())).toMatchObject({ rowCount: before.rowCount + 1, watermarks: { 0: 6, 1: 3 } });
});

test("a commit is not acknowledged while R2 does not take its record, and the repetition backs it up", async () => {
	const fixture = await newTable();
	fixture.ports.fail("put_backup", "before", RPC_ATTEMPT_COUNT_MAX);
	expect(await outcomeOf(commitTo(fixture, "a", flush(fixture, 0, 0, 4)))).toBe(UNAVAILABLE);
	expect(await commitTo(fixture, "a", flush(fixture, 0, 0, 4), otherIsolate())).toMatchObject({ version: 1, repeated: true });
	await loseAndRebuild(fixture);
	expect(await readFresh(fixture, otherIsolate())).toMatchObject({ rowCount: 4, watermarks: { 0: 4 } });
});

test("whoever learns of a commit by its id learns of it after the backup", async () => {
	const fixture = await newTable();
	fixture.ports.fail("put_backup", "before", RPC_ATTEMPT_COUNT_MAX);
	expect(await outcomeOf(commitTo(fixture, "a", { kind: "bulk", files: [dataFile(fixture, "a")] }))).toBe(UNAVAILABLE);
	expect(await otherIsolate().commitStatus(fixture.tenantId, "a")).toMatchObject({ version: 1 });
	await loseAndRebuild(fixture);
	expect(await otherIsolate().commitStatus(fixture.tenantId, "a")).toMatchObject({ version: 1 });
});

test("a flush that nobody was told of is gone with D1, and may be committed again", async () => {
	const fixture = await newTable();
	fixture.ports.fail("put_backup", "before", RPC_ATTEMPT_COUNT_MAX);
	expect(await outcomeOf(commitTo(fixture, "a", flush(fixture, 0, 0, 4)))).toBe(UNAVAILABLE);
	await commitTo(fixture, "b", flush(fixture, 1, 0, 2));
	await loseAndRebuild(fixture);
	expect(await readFresh(fixture, otherIsolate())).toMatchObject({ rowCount: 2, watermarks: { 1: 2 } });
	expect(await commitTo(fixture, "a", flush(fixture, 0, 0, 4), otherIsolate())).toMatchObject({ repeated: false });
	expect(await readFresh(fixture, otherIsolate())).toMatchObject({ rowCount: 6 });
});

test("a replacement of files whose commit the backup lacks brings that commit along", async () => {
	const fixture = await newTable();
	fixture.ports.fail("put_backup", "before", RPC_ATTEMPT_COUNT_MAX);
	const flushed = flush(fixture, 0, 0, 4);
	expect(await outcomeOf(commitTo(fixture, "a", flushed))).toBe(UNAVAILABLE);
	const removed = flushed.files.map((file) => file.path);
	await commitTo(fixture, "r", { kind: "replace", removed, files: [dataFile(fixture, "m", 4)] });
	await loseAndRebuild(fixture);
	expect(await readFresh(fixture, otherIsolate())).toMatchObject({ rowCount: 4, watermarks: { 0: 4 } });
});

test("a table whose creator was cut off is backed up before anybody can read its schema", async () => {
	const fixture = await newTable();
	fixture.ports.fail("put_backup", "before", RPC_ATTEMPT_COUNT_MAX);
	const creation = fixture.catalog.createTable(fixture.tenantId, { commitId: "u", definition: definition("u") });
	expect(await outcomeOf(creation)).toBe(UNAVAILABLE);
	const [seen] = await otherIsolate().readSnapshots(fixture.tenantId, [{ table: { name: "u" } }]);
	await loseAndRebuild(fixture);
	const [rebuilt] = await otherIsolate().readSnapshots(fixture.tenantId, [{ table: { name: "u" } }]);
	expect(rebuilt?.schema).toEqual(seen?.schema);
});

test("a lost table is unknown, never dropped: its shards keep their rows", async () => {
	const fixture = await newTable();
	const { tenantId, tableId } = fixture;
	expect(await otherIsolate().tableState(tenantId, tableId)).toBe("live");
	await fixture.ports.settle();
	await loseRows(tenantId);
	expect(await otherIsolate().tableState(tenantId, tableId)).toBe("unknown");
	expect(await outcomeOf(commitTo(fixture, "a", flush(fixture, 0, 0, 4), otherIsolate()))).toBe(
		`unavailable: the catalog does not know table ${tableId}`,
	);
	await rebuildAll(otherIsolate(), tenantId);
	await otherIsolate().dropTable(tenantId, { commitId: "d", name: "t" });
	expect(await otherIsolate().tableState(tenantId, tableId)).toBe("dropped");
});

test("a table whose name was given away meanwhile is not restored over it", async () => {
	const fixture = await newTable();
	await fixture.ports.settle();
	await loseRows(fixture.tenantId);
	await otherIsolate().createTable(fixture.tenantId, { commitId: "new t", definition: definition("t") });
	const tables = await rebuildAll(otherIsolate(), fixture.tenantId);
	expect(tables.find((table) => table.tableId === fixture.tableId)).toMatchObject({
		outcome: "failed",
		problem: 'another table is named "t" now',
	});
});

test("a table of a database that is not bound any more is named, and the rebuild goes on", async () => {
	const both = new FaultyPorts([testEnv.CATALOG_0, testEnv.CATALOG_1]);
	let fixture = await newTable(both);
	while (chosenDatabase(fixture.tenantId, 2) !== 1) fixture = await newTable(both);
	await both.settle();
	expect(await rebuildAll(otherIsolate(), fixture.tenantId)).toMatchObject([
		{ outcome: "failed", problem: "database 1 of the catalog is not bound", name: "t" },
	]);
});

test("a rebuild reads a bounded number of records: checkpoints replace what they cover", async () => {
	const fixture = await newTable();
	for (let index = 0; index < 2 * CHECKPOINT_COMMIT_COUNT + 10; index++) {
		await commitTo(fixture, `f${index}`, flush(fixture, 0, index, index + 1));
	}
	await fixture.ports.settle();
	const keys = (await testEnv.DATA.list({ prefix: `backup/${fixture.tenantId}/${fixture.tableId}/` })).objects;
	expect(keys.length).toBeLessThanOrEqual(CHECKPOINT_COMMIT_COUNT + 1);
	expect(await loseAndRebuild(fixture)).toMatchObject([{ rowCount: 2 * CHECKPOINT_COMMIT_COUNT + 10 }]);
	expect(await otherIsolate().commitStatus(fixture.tenantId, "f0")).toMatchObject({ version: 1 });
});

test("golden objects of format 1 are read", () => {
	const commit = { commitId: "c", kind: "flush", version: 7, paths: ["p"], token: "t", atMs: 1 };
	const record =
		'{"format":1,"kind":"flush","version":7,"atMs":1,"database":0,"commit":{"commitId":"c","kind":"flush","version":7,"paths":["p"],"token":"t","atMs":1},' +
		'"files":[["p",2,30,1,"AQA="]],"manifests":[],"removed":[],"watermark":{"shard":3,"to":9}}';
	expect(CommitRecord.parse(JSON.parse(record))).toEqual({
		format: 1,
		kind: "flush",
		version: 7,
		atMs: 1,
		database: 0,
		commit,
		files: [["p", 2, 30, 1, "AQA="]],
		manifests: [],
		removed: [],
		watermark: { shard: 3, to: 9 },
	});
	const checkpoint =
		'{"format":1,"kind":"checkpoint","version":7,"atMs":2,"database":1,"name":"t","schemaVersion":1,"nextFieldId":2,"createdAtMs":1,"droppedAtMs":null,' +
		'"schemas":[[1,"{}"]],"watermarks":{"3":9},"files":[["p",2,30,1,"AQA="]],"manifests":[{"manifestId":"m","path":"q","fileCount":5}],"removed":["r"],' +
		'"commits":[{"commitId":"c","kind":"flush","version":7,"paths":["p"],"token":"t","atMs":1}]}';
	expect(Checkpoint.parse(JSON.parse(checkpoint))).toMatchObject({
		schemas: [[1, "{}"]],
		watermarks: { 3: 9 },
		removed: ["r"],
		commits: [commit],
	});
});
