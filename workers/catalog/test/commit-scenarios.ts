/** What clients of the catalog do while its steps fail: commits, tables, views, reads, deletion, rebuilding, dead letters. */
import { expect } from "vitest";
import { dataFilePath, newTenantId, type TableId } from "#shared/base/ids.ts";
import type { ViewDefinition } from "#shared/contracts/table.ts";
import {
	commitSketched,
	commitTo,
	dataFile,
	definition,
	type Fixture,
	insertDeadJob,
	intents,
	loseRows,
	otherIsolate,
	readFresh,
	sketchesOf,
	rebuildAll,
	type Step,
	testEnv,
	made,
} from "./fixture.ts";
import { decodeSketches, sketchedRowCount } from "#shared/sketches/table-sketches.ts";

export interface Scenario {
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

export const bulk = async (fixture: Fixture, name: string, count: number) =>
	await commitTo(fixture, name, {
		kind: "bulk",
		files: Array.from({ length: count }, (_, index) => dataFile(fixture, `${name}${index}`)),
	});

export const flushScenario: Scenario = {
	prepare: async (fixture) =>
		await commitTo(fixture, "f1", { kind: "flush", shard: 1, from: 0, to: 4, files: [dataFile(fixture, "i1", 4)] }),
	act: async (fixture) => await commitTo(fixture, "f2", { kind: "flush", shard: 1, from: 4, to: 9, files: [dataFile(fixture, "i2", 5)] }),
	check: async (fixture) => {
		const snapshot = await readFresh(fixture, otherIsolate());
		expect(snapshot).toMatchObject({ version: 2, rowCount: 9, watermarks: { 1: 9 } });
		expect(intents(snapshot)).toEqual(["i1", "i2"]);
	},
};

export const sketchesScenario: Scenario = {
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

export const foldScenario: Scenario = {
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

export const createScenario: Scenario = {
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
export const viewScenario: Scenario = {
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

export const dropScenario: Scenario = {
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

export const readScenario: Scenario = {
	prepare: async (fixture) => await bulk(fixture, "a", 1500),
	act: async (fixture) => {
		expect(intents(await readFresh(fixture))).toHaveLength(1500);
		expect((await fixture.catalog.describeTable(fixture.tenantId, "t")).fileCount).toBe(1500);
	},
	check: async () => {},
};

export const assignmentScenario: Scenario = {
	databaseCount: 2,
	act: async (fixture) => {
		const tenantId = newTenantId();
		const catalog = otherIsolate(fixture.ports);
		await catalog.createTable(tenantId, { commitId: "c", definition: definition("u") });
		expect(await otherIsolate(fixture.ports).tableNames(tenantId)).toEqual(["u"]);
	},
	check: async () => {},
};

export const deleteScenario: Scenario = {
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
export async function leftOvers(tenantId: string): Promise<string[]> {
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

export const rebuildScenario: Scenario = {
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

export const JOB_ID = "0".repeat(24);

/** A job in the dead letters is put back. */
export const redriveScenario: Scenario = {
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
