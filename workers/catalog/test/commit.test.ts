/** Invariant C1, and W1 as far as the catalog keeps it: section 7's preconditions, attacked. */
import { beforeAll, describe, expect, test } from "vitest";
import type { CommitChange } from "#shared/contracts/snapshot.ts";
import {
	commitTo,
	dataFile,
	definition,
	type Fixture,
	intents,
	migrate,
	newTable,
	otherIsolate,
	outcomeOf,
	readFresh,
	testEnv,
	made,
} from "./fixture.ts";

beforeAll(migrate);

const flush = (fixture: Fixture, from: number, to: number, intentId: string, shard = 0, attempt = 1): CommitChange => ({
	kind: "flush",
	shard,
	from,
	to,
	files: [dataFile(fixture, intentId, to - from, attempt)],
});

async function condemn(fixture: Fixture, path: string): Promise<void> {
	await testEnv.CATALOG_0.prepare(
		"INSERT INTO object (path, tenant_id, table_id, kind, state, row_count, byte_count, added_version) VALUES (?, ?, ?, 'data', 'condemned', 0, 0, 0)",
	)
		.bind(path, fixture.tenantId, fixture.tableId)
		.run();
}

test("flushes move watermarks, sum rows and number versions", async () => {
	const fixture = await newTable();
	expect(await commitTo(fixture, "f1", flush(fixture, 0, 5, "i1"))).toEqual({
		version: 1,
		paths: [`data/${fixture.tenantId}/${fixture.tableId}/i1-1.parquet`],
		repeated: false,
	});
	await commitTo(fixture, "f2", flush(fixture, 0, 3, "i2", 2));
	await commitTo(fixture, "f3", flush(fixture, 5, 9, "i3"));
	const snapshot = await readFresh(fixture);
	expect(snapshot).toMatchObject({ version: 3, rowCount: 12, byteCount: 120, watermarks: { 0: 9, 2: 3 } });
	expect(intents(snapshot)).toEqual(["i1", "i2", "i3"]);
	expect(await fixture.catalog.shardWatermarks(fixture.tenantId, 0)).toEqual([
		{ tableId: fixture.tableId, watermark: 9, snapshotVersion: 3, dropped: false },
	]);
});

test("20 parallel copies of one commit are one, and exactly one says that it was not repeated", async () => {
	const fixture = await newTable();
	const answers = await Promise.all(
		Array.from({ length: 20 }, () => commitTo(fixture, "same", flush(fixture, 0, 5, "i1"), otherIsolate())),
	);
	expect(answers.filter((answer) => !answer.repeated)).toHaveLength(1);
	expect(new Set(answers.map((answer) => answer.version))).toEqual(new Set([1]));
	expect(await readFresh(fixture)).toMatchObject({ version: 1, rowCount: 5, watermarks: { 0: 5 } });
});

test("a repeated commit with another attempt is answered from the first", async () => {
	const fixture = await newTable();
	const first = await commitTo(fixture, "f", flush(fixture, 0, 5, "i1"));
	expect(await commitTo(fixture, "f", flush(fixture, 0, 5, "i1", 0, 2))).toEqual({ ...first, repeated: true });
	expect(await fixture.catalog.commitStatus(fixture.tenantId, "f")).toEqual({ ...first, repeated: true });
	expect(await fixture.catalog.commitStatus(fixture.tenantId, "g")).toBeNull();
	expect((await readFresh(fixture)).rowCount).toBe(5);
});

test("of two flushes from one watermark one holds, the other fails its precondition", async () => {
	const fixture = await newTable();
	const outcomes = await Promise.all([
		outcomeOf(commitTo(fixture, "a", flush(fixture, 0, 5, "a"), otherIsolate())),
		outcomeOf(commitTo(fixture, "b", flush(fixture, 0, 7, "b"), otherIsolate())),
	]);
	expect(outcomes.toSorted()[1]).toBe("ok");
	expect(outcomes.toSorted()[0]).toMatch(/^commit_precondition_failed: the watermark of shard 0 is [57], not 0$/);
	expect(intents(await readFresh(fixture))).toHaveLength(1);
});

test.each([
	[0, 3, "commit_precondition_failed: the watermark of shard 0 is 5, not 0"],
	[6, 9, "commit_precondition_failed: the watermark of shard 0 is 5, not 6"],
	[5, 5, "malformed_request: not a commit: a flush moves its watermark forward"],
	[7, 6, "malformed_request: not a commit: a flush moves its watermark forward"],
	[5, 6, "ok"],
])("after (0, 5] a flush of (%i, %i]: %s", async (from, to, outcome) => {
	const fixture = await newTable();
	await commitTo(fixture, "first", flush(fixture, 0, 5, "first"));
	expect(await outcomeOf(commitTo(fixture, "second", flush(fixture, from, to, "second")))).toBe(outcome);
	expect((await readFresh(fixture)).watermarks).toEqual({ 0: outcome === "ok" ? to : 5 });
});

test("a commit that names a condemned path fails, and its new attempt holds", async () => {
	const fixture = await newTable();
	const { path } = dataFile(fixture, "i1");
	await condemn(fixture, path);
	expect(await outcomeOf(commitTo(fixture, "f", flush(fixture, 0, 5, "i1")))).toBe(
		`commit_object_condemned: ${path} is condemned; write a new attempt`,
	);
	expect(await readFresh(fixture)).toMatchObject({ version: 0, rowCount: 0, watermarks: {}, pages: [] });
	expect((await commitTo(fixture, "f", flush(fixture, 0, 5, "i1", 0, 2))).version).toBe(1);
});

test("a path is committed once", async () => {
	const fixture = await newTable();
	const file = dataFile(fixture, "i1");
	await commitTo(fixture, "a", { kind: "bulk", files: [file] });
	expect(await outcomeOf(commitTo(fixture, "b", { kind: "bulk", files: [file] }))).toBe(`conflict: ${file.path} belongs to another commit`);
});

test("20 concurrent bulk commits all hold, with versions of their own", async () => {
	const fixture = await newTable();
	const answers = await Promise.all(
		Array.from({ length: 20 }, (_, index) =>
			commitTo(fixture, `bulk ${index}`, { kind: "bulk", files: [dataFile(fixture, `b${index}`, index)] }, otherIsolate()),
		),
	);
	expect(answers.map((answer) => answer.version).toSorted((left, right) => left - right)).toEqual(
		Array.from({ length: 20 }, (_, index) => index + 1),
	);
	expect(await readFresh(fixture)).toMatchObject({ version: 20, rowCount: 190 });
});

describe("replace", () => {
	test("exchanges files and keeps watermarks", async () => {
		const fixture = await newTable();
		await commitTo(fixture, "f1", flush(fixture, 0, 5, "i1"));
		await commitTo(fixture, "f2", flush(fixture, 5, 8, "i2"));
		const removed = [dataFile(fixture, "i1").path, dataFile(fixture, "i2").path];
		await commitTo(fixture, "r", { kind: "replace", removed, files: [dataFile(fixture, "k", 8)] });
		const snapshot = await readFresh(fixture);
		expect(snapshot).toMatchObject({ version: 3, rowCount: 8, byteCount: 80, watermarks: { 0: 8 } });
		expect(intents(snapshot)).toEqual(["k"]);
		expect(await outcomeOf(commitTo(fixture, "r2", { kind: "replace", removed, files: [] }))).toBe(
			"conflict: 2 of 2 files to replace are gone",
		);
	});

	test("of two that take one file only one holds", async () => {
		const fixture = await newTable();
		await commitTo(fixture, "f1", flush(fixture, 0, 5, "i1"));
		const removed = [dataFile(fixture, "i1").path];
		const outcomes = await Promise.all(
			["k1", "k2"].map((intent) =>
				outcomeOf(commitTo(fixture, intent, { kind: "replace", removed, files: [dataFile(fixture, intent, 5)] }, otherIsolate())),
			),
		);
		expect(outcomes.toSorted()).toEqual(["conflict: 1 of 1 files to replace are gone", "ok"]);
		expect((await readFresh(fixture)).rowCount).toBe(5);
	});

	test("cannot take a file that garbage collection condemned, nor another table's", async () => {
		const fixture = await newTable();
		await commitTo(fixture, "f1", flush(fixture, 0, 5, "i1"));
		const { path } = dataFile(fixture, "i1");
		await testEnv.CATALOG_0.prepare("UPDATE object SET state = 'condemned' WHERE path = ?").bind(path).run();
		expect(await outcomeOf(commitTo(fixture, "r", { kind: "replace", removed: [path], files: [] }))).toBe(
			"conflict: 1 of 1 files to replace are gone",
		);
		const other = await made(fixture.catalog.createTable(fixture.tenantId, { commitId: "u", definition: definition("u") }));
		expect(
			await outcomeOf(commitTo({ ...fixture, tableId: other.schema.tableId }, "r", { kind: "replace", removed: [path], files: [] })),
		).toBe("malformed_request: not a commit: a file lies below its table's prefix");
	});
});

describe("T1: a commit reaches only its own tenant", () => {
	test("paths below another prefix are refused", async () => {
		const fixture = await newTable();
		const stranger = await newTable();
		for (const file of [dataFile(stranger, "i1"), { ...dataFile(fixture, "i1"), path: `data/${fixture.tenantId}/x.parquet` }]) {
			expect(await outcomeOf(commitTo(fixture, "b", { kind: "bulk", files: [file] }))).toBe(
				"malformed_request: not a commit: a file lies below its table's prefix",
			);
		}
	});

	test("another tenant's table is no table", async () => {
		const fixture = await newTable();
		const stranger = await newTable();
		const mixed = { ...fixture, tenantId: stranger.tenantId };
		expect(await outcomeOf(commitTo(mixed, "b", { kind: "bulk", files: [dataFile(mixed, "i1")] }))).toBe(
			`unavailable: the catalog does not know table ${fixture.tableId}`,
		);
		expect(await stranger.catalog.readSnapshots(stranger.tenantId, [{ table: { tableId: fixture.tableId } }])).toEqual([null]);
	});

	test("commit ids are scoped to the tenant", async () => {
		const fixture = await newTable();
		const stranger = await newTable();
		await commitTo(fixture, "same", { kind: "bulk", files: [dataFile(fixture, "i1")] });
		expect(await commitTo(stranger, "same", { kind: "bulk", files: [dataFile(stranger, "i1")] })).toMatchObject({
			version: 1,
			repeated: false,
		});
	});
});

describe("drop", () => {
	test("a racing commit lands before it or fails; its answer stays known", async () => {
		const fixture = await newTable();
		const [drop, outcome] = await Promise.all([
			otherIsolate().dropTable(fixture.tenantId, { commitId: "drop", name: "t" }),
			outcomeOf(commitTo(fixture, "b", { kind: "bulk", files: [dataFile(fixture, "i1")] }, otherIsolate())),
		]);
		expect(drop).toEqual({ tableId: fixture.tableId, schemaVersion: 2 });
		const status = await fixture.catalog.commitStatus(fixture.tenantId, "b");
		if (outcome === "ok") expect(status).toMatchObject({ version: 1, repeated: true });
		else {
			expect(outcome).toBe('undefined_table: relation "t" does not exist');
			expect(status).toBeNull();
		}
	});

	test("commits before it are answered again, later ones are refused, watermarks stay", async () => {
		const fixture = await newTable();
		const first = await commitTo(fixture, "f", flush(fixture, 0, 5, "i1"));
		await fixture.catalog.dropTable(fixture.tenantId, { commitId: "drop", name: "t" });
		expect(await commitTo(fixture, "f", flush(fixture, 0, 5, "i1"))).toEqual({ ...first, repeated: true });
		expect(await outcomeOf(commitTo(fixture, "g", flush(fixture, 5, 6, "i2")))).toBe('undefined_table: relation "t" does not exist');
		expect(await fixture.catalog.shardWatermarks(fixture.tenantId, 0)).toEqual([
			{ tableId: fixture.tableId, watermark: 5, snapshotVersion: 1, dropped: true },
		]);
	});
});
