/** Cached snapshots: never below a minimum, never older than the age bound, never another tenant's. */
import { beforeAll, expect, test } from "vitest";
import { CATALOG_CACHE_AGE_MS_MAX } from "#shared/base/limits.ts";
import { newTenantId } from "#shared/base/ids.ts";
import { commitTo, dataFile, definition, type Fixture, migrate, newTable, otherIsolate, outcomeOf, made } from "./fixture.ts";

beforeAll(migrate);

const reads = (fixture: Fixture) => fixture.ports.counts.get("read_snapshots") ?? 0;
const bulk = async (fixture: Fixture, name: string) =>
	await commitTo(fixture, name, { kind: "bulk", files: [dataFile(fixture, name)] }, otherIsolate());

test("a warm read asks nobody; a minimum, `fresh` and age ask D1", async () => {
	const fixture = await newTable();
	const { catalog, tenantId, tableId, ports } = fixture;
	const read = async (request: object) => (await catalog.readSnapshots(tenantId, [{ table: { name: "t" }, ...request }]))[0]?.version;
	expect(await read({})).toBe(0);
	await bulk(fixture, "a");
	expect([await read({}), await read({ table: { tableId } }), reads(fixture)]).toEqual([0, 0, 1]);
	expect([await read({ minimumSnapshotVersion: 1 }), reads(fixture)]).toEqual([1, 2]);
	expect([await read({ minimumSnapshotVersion: 1, minimumSchemaVersion: 1 }), reads(fixture)]).toEqual([1, 2]);
	await bulk(fixture, "b");
	expect([await read({}), await read({ fresh: true }), reads(fixture)]).toEqual([1, 2, 3]);
	await bulk(fixture, "c");
	ports.clockMs += CATALOG_CACHE_AGE_MS_MAX;
	expect([await read({}), reads(fixture)]).toEqual([2, 3]);
	ports.clockMs += 1;
	expect([await read({}), reads(fixture)]).toEqual([3, 4]);
});

test("a commit through the isolate is seen by its next read", async () => {
	const fixture = await newTable();
	await fixture.catalog.readSnapshots(fixture.tenantId, [{ table: { name: "t" } }]);
	await commitTo(fixture, "a", { kind: "bulk", files: [dataFile(fixture, "a")] });
	expect((await fixture.catalog.readSnapshots(fixture.tenantId, [{ table: { name: "t" } }]))[0]?.version).toBe(1);
});

test("a version below the minimum, read from the primary, is a broken invariant and no answer", async () => {
	const { catalog, tenantId, tableId } = await newTable();
	expect(await outcomeOf(catalog.readSnapshots(tenantId, [{ table: { tableId }, minimumSnapshotVersion: 1 }]))).toBe(
		`Error: assertion failed: version 0 of table ${tableId}, read from the primary, is not below a minimum`,
	);
});

test("a name that went to another table is found by it once the old table's minimum says so", async () => {
	const { catalog, tenantId, tableId } = await newTable();
	await catalog.readSnapshots(tenantId, [{ table: { name: "t" } }]);
	const elsewhere = otherIsolate();
	const dropped = await elsewhere.dropTable(tenantId, { commitId: "d", name: "t" });
	const { schema } = await made(elsewhere.createTable(tenantId, { commitId: "c", definition: definition("t") }));
	const minimumSchemaVersion = dropped?.schemaVersion ?? 0;
	const [byName, byId, missing] = await catalog.readSnapshots(tenantId, [
		{ table: { name: "t" }, minimumSchemaVersion },
		{ table: { tableId }, minimumSchemaVersion },
		{ table: { name: "u" } },
	]);
	expect(byName?.schema.tableId).toBe(schema.tableId);
	expect([byId, missing]).toEqual([null, null]);
	expect((await catalog.readSnapshots(tenantId, [{ table: { name: "t" } }]))[0]?.schema.tableId).toBe(schema.tableId);
});

test("a missing table is looked for again, and tenants do not share names", async () => {
	const { catalog, tenantId } = await newTable();
	expect(await catalog.readSnapshots(newTenantId(), [{ table: { name: "t" } }])).toEqual([null]);
	expect(await catalog.readSnapshots(tenantId, [{ table: { name: "u" } }])).toEqual([null]);
	await otherIsolate().createTable(tenantId, { commitId: "u", definition: definition("u") });
	expect((await catalog.readSnapshots(tenantId, [{ table: { name: "u" } }]))[0]?.schema.name).toBe("u");
});

test("a request names a bounded number of tables", async () => {
	const { catalog, tenantId } = await newTable();
	const requests = Array.from({ length: 101 }, () => ({ table: { name: "t" } }));
	expect(await outcomeOf(catalog.readSnapshots(tenantId, requests))).toBe(
		"program_limit_exceeded: a statement can name at most 100 tables",
	);
	expect(await catalog.readSnapshots(tenantId, requests.slice(1))).toHaveLength(100);
});
