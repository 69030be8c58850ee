/** Garbage collection on real D1 and R2: what goes, when, and that nothing else does (invariant C2; design, section 7). */
import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, beforeEach, expect, test } from "vitest";
import {
	COMMIT_ID_RETENTION_MS,
	GRACE_PERIOD_MS,
	ORPHAN_AGE_MS,
	SNAPSHOT_RETAINED_COUNT_MAX,
	SNAPSHOT_RETAINED_MS,
	SPILL_AGE_MS,
	SWEEP_PERIOD_MS,
	SWEEP_SETTLE_MS,
} from "#shared/base/limits.ts";
import { newTenantId } from "#shared/base/ids.ts";
import catalogApp from "../src/index.ts";
import { fold } from "../src/manifest/fold.ts";
import {
	commitTo,
	dataFile,
	FaultyPorts,
	type Fixture,
	migrate,
	newTable,
	otherIsolate,
	outcomeOf,
	readFresh,
	readVersion,
	testEnv,
} from "./fixture.ts";
import {
	addFile,
	collectAfter,
	collectAll,
	collectionRows,
	forgetCollections,
	objectsOf,
	ORPHAN_LIFE_MS,
	putObject,
	replaceFiles,
} from "./garbage.ts";

beforeAll(migrate);

let fixture: Fixture;

beforeEach(async () => {
	await forgetCollections();
	fixture = await newTable();
	fixture.ports.moveClock(0);
});

const names = async () =>
	(await objectsOf(fixture.tenantId, ["data"])).map((key) => key.slice(key.lastIndexOf("/") + 1, key.lastIndexOf("-")));

test("a replaced file goes once no retained snapshot lists it, two grace periods later, and not before", async () => {
	const first = await addFile(fixture, "a");
	await replaceFiles(fixture, [first], "b");
	await collectAfter(fixture.ports, SNAPSHOT_RETAINED_MS - GRACE_PERIOD_MS);
	expect(await names()).toEqual(["a", "b"]);
	expect((await readVersion(fixture, 1))?.rowCount).toBe(1);
	await collectAfter(fixture.ports, GRACE_PERIOD_MS + 1);
	expect(await readVersion(fixture, 1)).toBeNull();
	await collectAfter(fixture.ports, GRACE_PERIOD_MS - 2);
	expect(await names()).toEqual(["a", "b"]);
	await collectAfter(fixture.ports, 2);
	expect(await names()).toEqual(["b"]);
	await collectAll(fixture.ports, fixture.tenantId);
	expect(await names()).toEqual(["b"]);
	expect((await readFresh(fixture)).rowCount).toBe(1);
});

test(`of ${SNAPSHOT_RETAINED_COUNT_MAX + 1} snapshots the oldest makes its files due a grace period later`, async () => {
	const file = await replaceFiles(fixture, [await addFile(fixture, "f0")], "f1");
	// As if as many commits had come between.
	for (const table of ["tables", "snapshot"]) {
		await testEnv.CATALOG_0.prepare(`UPDATE ${table} SET version = ? WHERE table_id = ? AND version = 2`)
			.bind(SNAPSHOT_RETAINED_COUNT_MAX, fixture.tableId)
			.run();
	}
	await replaceFiles(fixture, [file], "f2");
	await collectAfter(fixture.ports, GRACE_PERIOD_MS);
	await collectAfter(fixture.ports, GRACE_PERIOD_MS);
	expect(await names()).toEqual(["f1", "f2"]);
	expect((await readVersion(fixture, SNAPSHOT_RETAINED_COUNT_MAX))?.rowCount).toBe(1);
});

test("an orphan is condemned when it is a day old; its author's late commit fails, and a new attempt holds", async () => {
	await addFile(fixture, "a");
	const orphan = dataFile(fixture, "orphan");
	await putObject(orphan.path);
	await collectAfter(fixture.ports, ORPHAN_AGE_MS - 60_000);
	await collectAfter(fixture.ports, GRACE_PERIOD_MS + 1000);
	expect(await names()).toEqual(["a", "orphan"]);
	await collectAfter(fixture.ports, SWEEP_SETTLE_MS - ORPHAN_AGE_MS);
	const late = (attempt: number) =>
		outcomeOf(commitTo(fixture, `late ${attempt}`, { kind: "bulk", files: [dataFile(fixture, "orphan", 1, attempt)] }));
	expect(await late(1)).toBe(`commit_object_condemned: ${orphan.path} is condemned; write a new attempt`);
	await putObject(dataFile(fixture, "orphan", 1, 2).path);
	expect(await late(2)).toBe("ok");
	await collectAfter(fixture.ports, GRACE_PERIOD_MS);
	expect(await objectsOf(fixture.tenantId, ["data"])).toEqual(
		["a", "orphan"].map((name, index) => dataFile(fixture, name, 1, index + 1).path),
	);
});

test("an orphan whose author committed it between the listing and the condemnation stays", async () => {
	await addFile(fixture, "a");
	const slow = dataFile(fixture, "slow");
	await putObject(slow.path);
	fixture.ports.before("condemn", async () => void (await commitTo(fixture, "slow", { kind: "bulk", files: [slow] }, otherIsolate())));
	await collectAfter(fixture.ports, SWEEP_SETTLE_MS);
	await collectAll(fixture.ports, fixture.tenantId);
	expect(await names()).toEqual(["a", "slow"]);
	expect((await readFresh(fixture)).rowCount).toBe(2);
});

test("an object that was written after its deletion is deleted again", async () => {
	const orphan = dataFile(fixture, "orphan");
	await putObject(orphan.path);
	await addFile(fixture, "a");
	await collectAll(fixture.ports, fixture.tenantId);
	expect(await names()).toEqual(["a"]);
	await putObject(orphan.path);
	await addFile(fixture, "b");
	await collectAll(fixture.ports, fixture.tenantId);
	expect(await names()).toEqual(["a", "b"]);
});

test("an announcement alone makes the orphans of a tenant due that never commits", async () => {
	const { tenantId, tableId, catalog } = fixture;
	await catalog.announceObjects(tenantId, tableId);
	await putObject(dataFile(fixture, "bulk").path);
	await collectAll(fixture.ports, tenantId);
	expect(await objectsOf(tenantId)).toEqual([]);
});

test("spill goes when it is an hour old, and what is younger is waited for", async () => {
	const { tenantId, catalog, ports } = fixture;
	await catalog.announceObjects(tenantId, null);
	await putObject(`spill/${tenantId}/q/0`);
	await collectAfter(ports, SPILL_AGE_MS - 1000);
	expect(await objectsOf(tenantId)).toHaveLength(1);
	await collectAll(ports, tenantId);
	expect(await objectsOf(tenantId)).toEqual([]);
});

test.each([1, 2])("spill of a tenant that never had a table goes as well, and so does the note of it, with %i databases", async (count) => {
	const ports = new FaultyPorts([testEnv.CATALOG_0, testEnv.CATALOG_1].slice(0, count));
	const catalog = otherIsolate(ports);
	// Of two databases one of these gets the second.
	for (const tenantId of Array.from({ length: 6 }, newTenantId)) {
		await catalog.announceObjects(tenantId, null);
		await putObject(`spill/${tenantId}/q/0`);
		await collectAfter(ports, 2 * SPILL_AGE_MS);
		await collectAfter(ports, SPILL_AGE_MS);
		expect(await objectsOf(tenantId)).toEqual([]);
		const notes = await Promise.all(
			[testEnv.CATALOG_0, testEnv.CATALOG_1].map((database) =>
				database.prepare("SELECT count(*) AS count FROM collection WHERE tenant_id = ?").bind(tenantId).first("count"),
			),
		);
		expect(notes).toEqual([0, 0]);
	}
});

test("a dropped table leaves nothing but its row, watermarks and condemned objects; its name's successor is untouched", async () => {
	const { ports, tenantId, tableId, catalog } = fixture;
	for (const name of ["a", "b", "c"]) await addFile(fixture, name);
	const [database] = ports.databases;
	if (!database) throw new Error("there is a database");
	await fold(ports, database, fixture, { inlineFileCountMax: 1, manifestFileCountMax: 2 });
	await catalog.dropTable(tenantId, { commitId: "drop", name: "t" });
	await collectAfter(ports, GRACE_PERIOD_MS - 1);
	expect(await names()).toEqual(["a", "b", "c"]);
	await collectAll(ports, tenantId);
	expect(await objectsOf(tenantId)).toEqual([]);
	for (const table of ["snapshot", "inline_file", "manifest", "commit_log"]) {
		expect([table, await count(table, tableId)]).toEqual([table, 0]);
	}
	const { results } = await testEnv.CATALOG_0.prepare("SELECT state, count(*) AS count FROM object WHERE table_id = ? GROUP BY state")
		.bind(tableId)
		.all();
	expect(results).toEqual([{ state: "condemned", count: 4 }]);
	expect(await catalog.tableState(tenantId, tableId)).toBe("dropped");
});

test("a manifest whose last file was replaced is shown no longer, and goes after a checkpoint that does not need it", async () => {
	const { ports, tenantId } = fixture;
	const files = [await addFile(fixture, "a"), await addFile(fixture, "b"), await addFile(fixture, "c")];
	const [database] = ports.databases;
	if (!database) throw new Error("there is a database");
	await fold(ports, database, fixture, { inlineFileCountMax: 1, manifestFileCountMax: 2 });
	const merged = await replaceFiles(fixture, files, "d");
	expect(await objectsOf(tenantId, ["manifests"])).toHaveLength(1);
	await collectAll(ports, tenantId);
	expect(await objectsOf(tenantId)).toEqual([merged.path]);
	expect((await readFresh(fixture, otherIsolate())).pages).toHaveLength(1);
	expect((await newestCheckpointOf(fixture)).manifests).toEqual([]);
});

test("commit ids go when no claim and no append id can name them; a commit that the backup lacks stays until it has it", async () => {
	const { ports, tenantId, catalog } = fixture;
	await addFile(fixture, "a");
	await ports.settle();
	await collectAfter(ports, COMMIT_ID_RETENTION_MS - 60_000);
	expect(await catalog.commitStatus(tenantId, "add a")).toMatchObject({ version: 1 });
	await testEnv.CATALOG_0.prepare("UPDATE commit_log SET pending = 1 WHERE tenant_id = ?").bind(tenantId).run();
	await collectAfter(ports, SWEEP_PERIOD_MS);
	expect(await count("commit_log", fixture.tableId, "AND pending = 1")).toBe(0);
	await collectAll(ports, tenantId);
	expect(await count("commit_log", fixture.tableId)).toBe(0);
	expect(await outcomeOf(commitTo(fixture, "add a", { kind: "bulk", files: [dataFile(fixture, "a")] }))).toMatch(/^conflict/);
});

test("a tenant that is quiet and clean is not looked at, and a tick without work is one read", async () => {
	const { ports, tenantId } = fixture;
	await addFile(fixture, "a");
	await collectAll(ports, tenantId);
	expect(await collectionRows(tenantId)).toEqual([]);
	ports.counts.clear();
	await collectAfter(ports, 30 * ORPHAN_LIFE_MS);
	expect([...ports.counts]).toEqual([["read_garbage_due", 1]]);
});

test("many orphans go page by page, over several ticks; a sweep that fails goes on where it was", async () => {
	const { ports, tenantId } = fixture;
	ports.listedCountMax = 2;
	await Promise.all(Array.from({ length: 30 }, (_, index) => putObject(dataFile(fixture, `orphan${index}`).path)));
	await addFile(fixture, "a");
	ports.fail("sweep", "before", 4);
	await collectAll(ports, tenantId);
	expect(await names()).toEqual(["a"]);
});

test("a failure of one table holds no other up, and is tried again", async () => {
	const { ports } = fixture;
	const other = await newTable(ports);
	for (const one of [fixture, other]) {
		await putObject(dataFile(one, "orphan").path);
		await addFile(one, "a");
	}
	ports.fail("list_garbage", "before", 4);
	await collectAfter(ports, SWEEP_SETTLE_MS);
	for (const one of [fixture, other]) {
		await collectAll(ports, one.tenantId);
		expect(await objectsOf(one.tenantId, ["data"])).toEqual([dataFile(one, "a").path]);
	}
});

test("deleting the tenant while a collection is under way leaves no row and no object", async () => {
	const { ports, tenantId } = fixture;
	await addFile(fixture, "a");
	await putObject(dataFile(fixture, "orphan").path);
	ports.before("condemn", async () => {
		while (!(await otherIsolate().deleteTenant(tenantId)).done);
	});
	await collectAfter(ports, SWEEP_SETTLE_MS);
	expect(await objectsOf(tenantId, ["data", "manifests", "spill", "backup"])).toEqual([]);
	expect(await count("object", fixture.tableId)).toBe(0);
	expect(await collectionRows(tenantId)).toEqual([]);
});

test("the cron collects", async () => {
	await addFile(fixture, "a");
	await putObject(dataFile(fixture, "orphan").path);
	await testEnv.CATALOG_0.prepare("UPDATE collection SET due_at_ms = 0 WHERE tenant_id = ?").bind(fixture.tenantId).run();
	const ctx = createExecutionContext();
	await catalogApp.scheduled(createScheduledController({ cron: "* * * * *" }), testEnv, ctx);
	await waitOnExecutionContext(ctx);
	expect((await collectionRows(fixture.tenantId)).map((row) => row.due_at_ms > 0)).toEqual([true]);
});

async function count(table: string, tableId: string, condition = ""): Promise<number> {
	return (
		(await testEnv.CATALOG_0.prepare(`SELECT count(*) AS count FROM "${table}" WHERE table_id = ? ${condition}`)
			.bind(tableId)
			.first<number>("count")) ?? -1
	);
}

async function newestCheckpointOf({ tenantId, tableId }: Fixture): Promise<{ manifests: unknown[] }> {
	const { objects } = await testEnv.DATA.list({ prefix: `backup/${tenantId}/${tableId}/` });
	const newest = objects.map(({ key }) => key).findLast((key) => key.includes("-checkpoint-")) ?? "";
	return (await (await testEnv.DATA.get(newest))?.json<{ manifests: unknown[] }>()) ?? { manifests: ["no checkpoint"] };
}
