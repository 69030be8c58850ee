/** Tables: created and dropped once per commit id, listed by keyset, described; the databases that tenants live in. */
import { beforeAll, describe, expect, test } from "vitest";
import { newTenantId, type TableId } from "#shared/base/ids.ts";
import type { TableDefinition } from "#shared/contracts/table.ts";
import { Catalog, CatalogCaches } from "../src/catalog.ts";
import { chosenDatabase } from "../src/database/assignment.ts";
import { databaseBindings } from "../src/database/bindings.ts";
import { commitTo, dataFile, definition, FaultyPorts, migrate, newTable, otherIsolate, outcomeOf, testEnv, made } from "./fixture.ts";

beforeAll(migrate);

test("a definition becomes a schema with field ids, and comes back whole", async () => {
	const { catalog, tenantId } = await newTable();
	const wide: TableDefinition = {
		name: "Wide t",
		ifNotExists: false,
		columns: [
			{ name: "id", type: { kind: "bigint" }, nullable: true, default: null },
			{
				name: "big",
				type: { kind: "bigint" },
				nullable: false,
				default: { sql: "9007199254740993", value: { kind: "constant", value: 9007199254740993n } },
			},
			{
				name: "price",
				type: { kind: "numeric", precision: 38, scale: 2 },
				nullable: true,
				default: { sql: "1.50", value: { kind: "constant", value: { coefficient: 150n, scale: 2 } } },
			},
			{
				name: "raw",
				type: { kind: "bytea" },
				nullable: true,
				default: { sql: "'\\x00ff'", value: { kind: "constant", value: Uint8Array.of(0, 255) } },
			},
			{
				name: "nan",
				type: { kind: "double" },
				nullable: true,
				default: { sql: "'NaN'", value: { kind: "constant", value: Number.NaN } },
			},
			{
				name: "tags",
				type: { kind: "array", element: { kind: "varchar", length: 3 } },
				nullable: true,
				default: { sql: "'{a,NULL}'", value: { kind: "constant", value: ["a", null] } },
			},
			{ name: "at", type: { kind: "timestamptz" }, nullable: true, default: { sql: "now()", value: { kind: "now" } } },
		],
		primaryKey: [0],
		sortKey: [{ column: 6, descending: true, nullsFirst: true }],
	};
	const { schema, created } = await made(catalog.createTable(tenantId, { commitId: "wide", definition: wide }));
	expect(created).toBe(true);
	expect(schema).toEqual({
		tableId: schema.tableId,
		name: "Wide t",
		schemaVersion: 1,
		columns: wide.columns.map((column, index) => ({ ...column, fieldId: index + 1, nullable: index !== 0 && column.nullable })),
		primaryKey: { fieldIds: [1], enforced: false },
		sortKey: [{ fieldId: 7, descending: true, nullsFirst: true }],
	});
	const [snapshot] = await otherIsolate().readSnapshots(tenantId, [{ table: { name: "Wide t" } }]);
	expect(snapshot?.schema).toEqual(schema);
	expect((await otherIsolate().describeTable(tenantId, "Wide t")).schema).toEqual(schema);
});

describe("create", () => {
	test("is done once per commit id, by 20 copies at once", async () => {
		const tenantId = newTenantId();
		const answers = await Promise.all(
			Array.from({ length: 20 }, () => made(otherIsolate().createTable(tenantId, { commitId: "c", definition: definition("t") }))),
		);
		expect(new Set(answers.map((answer) => answer.schema.tableId)).size).toBe(1);
		expect(answers.every((answer) => answer.created)).toBe(true);
		expect(await otherIsolate().tableNames(tenantId)).toEqual(["t"]);
	});

	test("of a name in use is 42P07, or the table there with IF NOT EXISTS", async () => {
		const { catalog, tenantId, tableId } = await newTable();
		const again = { commitId: "again", definition: definition("t") };
		expect(await outcomeOf(catalog.createTable(tenantId, again))).toBe('duplicate_table: relation "t" already exists');
		expect(await catalog.createTable(tenantId, { ...again, definition: definition("t", true) })).toMatchObject({
			schema: { tableId },
			created: false,
		});
	});

	test("of one name by two commits: one table", async () => {
		const tenantId = newTenantId();
		const outcomes = await Promise.all(
			["a", "b"].map((commitId) => outcomeOf(otherIsolate().createTable(tenantId, { commitId, definition: definition("t") }))),
		);
		expect(outcomes.toSorted()).toEqual(['duplicate_table: relation "t" already exists', "ok"]);
	});

	test.each([
		[
			{ ...definition("d"), columns: [definition("d").columns, definition("d").columns].flat() },
			'duplicate_column: column "a" specified more than once',
		],
		[
			{
				...definition("d"),
				columns: Array.from({ length: 501 }, (_, index) => ({
					name: `c${index}`,
					type: { kind: "bigint" as const },
					nullable: true,
					default: null,
				})),
			},
			"too_many_columns: tables can have at most 500 columns",
		],
	])("refuses definition %#", async (bad, message) => {
		const { catalog, tenantId } = await newTable();
		expect(await outcomeOf(catalog.createTable(tenantId, { commitId: "d", definition: bad }))).toBe(message);
		expect(await catalog.tableNames(tenantId)).toEqual(["t"]);
	});
});

describe("drop", () => {
	test("of the version before: is done once per commit id, frees the name, and a repetition does not drop the next table of that name", async () => {
		const { catalog, tenantId, tableId } = await newTable();
		const dropped = await catalog.dropTable(tenantId, { commitId: "d", name: "t" });
		expect(dropped).toEqual({ tableId, schemaVersion: 2 });
		expect(await catalog.dropTable(tenantId, { commitId: "d2", name: "t" })).toEqual(dropped);
		const { schema, replaced } = await made(catalog.createTable(tenantId, { commitId: "c2", definition: definition("t") }));
		expect(replaced).toEqual(dropped);
		expect(schema.tableId).not.toBe(tableId);
		expect(await catalog.dropTable(tenantId, { commitId: "d", name: "t" })).toEqual(dropped);
		expect(await catalog.tableNames(tenantId)).toEqual(["t"]);
		expect(await catalog.dropTable(tenantId, { commitId: "e", name: "nothing" })).toBeNull();
		expect(await catalog.dropTable(newTenantId(), { commitId: "e", name: "t" })).toBeNull();
	});

	test("after it, the name is free for whoever knows which table it was the name of", async () => {
		const { catalog, tenantId } = await newTable();
		// Clocks that go back do not make an older table the last one.
		const ports = new FaultyPorts();
		const create = (commitId: string, raised: TableId | null) =>
			otherIsolate(ports).createTable(tenantId, { commitId, definition: definition("t"), raised });
		const first = await catalog.dropTable(tenantId, { commitId: "d", name: "t" });
		expect(await create("c2", null)).toEqual({ schema: null, created: false, replaced: first });
		const second = await made(create("c2", first?.tableId ?? null));
		expect(second.created).toBe(true);
		ports.moveClock(-3_600_000);
		const dropped = await otherIsolate(ports).dropTable(tenantId, { commitId: "d2", name: "t" });
		expect(dropped?.tableId).toBe(second.schema.tableId);
		expect(await create("c3", first?.tableId ?? null)).toEqual({ schema: null, created: false, replaced: dropped });
		// The commit that stands is answered as it was, whatever was dropped since.
		expect(await made(create("c2", null))).toMatchObject({ schema: { tableId: second.schema.tableId }, created: true });
		expect(await catalog.tableNames(tenantId)).toEqual([]);
	});

	test("is of all names or of none, and once per commit id", async () => {
		const { catalog, tenantId, tableId } = await newTable();
		const { schema } = await made(catalog.createTable(tenantId, { commitId: "u", definition: definition("u") }));
		const drop = { commitId: "d", kind: "table", names: ["u", "t"], ifExists: false, cascade: false } as const;
		expect(await outcomeOf(catalog.dropRelations(tenantId, { ...drop, names: ["u", "nothing", "t"] }))).toBe(
			'undefined_table: table "nothing" does not exist',
		);
		expect(await outcomeOf(catalog.dropRelations(tenantId, { ...drop, kind: "view", names: ["u"] }))).toBe(
			'wrong_object_type: "u" is not a view',
		);
		expect(await catalog.tableNames(tenantId)).toEqual(["t", "u"]);
		const both = [tableId, schema.tableId].toSorted().map((id) => ({ tableId: id, schemaVersion: 2 }));
		const sorted = async () =>
			(await otherIsolate().dropRelations(tenantId, { ...drop, names: ["u", "t"] })).toSorted((left, right) =>
				left.tableId < right.tableId ? -1 : 1,
			);
		expect(await sorted()).toEqual(both);
		await catalog.createTable(tenantId, { commitId: "u2", definition: definition("u") });
		expect(await sorted()).toEqual(both);
		expect(await catalog.tableNames(tenantId)).toEqual(["u"]);
	});
});

test("lists go by name in byte order, page by page, and name only the tenant's own", async () => {
	const tenantId = newTenantId();
	const catalog = otherIsolate();
	await newTable();
	for (const name of ["b", "a", "ü", "B"]) await catalog.createTable(tenantId, { commitId: name, definition: definition(name) });
	const pages: string[][] = [];
	let cursor: string | null = null;
	do {
		const page: Awaited<ReturnType<typeof catalog.listTables>> = await catalog.listTables(tenantId, { limit: 3, cursor });
		pages.push(page.tables.map((table) => table.name));
		cursor = page.nextCursor;
	} while (cursor !== null);
	expect(pages).toEqual([["B", "a", "b"], ["ü"]]);
	expect(await catalog.listTables(newTenantId(), { limit: 3, cursor: null })).toEqual({ tables: [], nextCursor: null });
});

test("a description sums files; an unknown table is 42P01", async () => {
	const fixture = await newTable();
	await commitTo(fixture, "b", { kind: "bulk", files: [dataFile(fixture, "x", 2), dataFile(fixture, "y", 3)] });
	expect(await fixture.catalog.describeTable(fixture.tenantId, "t")).toMatchObject({
		rowCount: 5,
		byteCount: 50,
		fileCount: 2,
		snapshotVersion: 1,
		snapshots: [
			{ version: 1, createdAt: "2026-01-01T00:00:00.000Z", rowCount: 5, fileCount: 2 },
			{ version: 0, createdAt: "2026-01-01T00:00:00.000Z", rowCount: 0, fileCount: 0 },
		],
	});
	for (const tenantId of [fixture.tenantId, newTenantId()]) {
		expect(await outcomeOf(fixture.catalog.describeTable(tenantId, "T"))).toBe('undefined_table: relation "T" does not exist');
	}
});

describe("databases", () => {
	test("are found by binding, in order", () => {
		expect(databaseBindings(testEnv)).toHaveLength(2);
		expect(databaseBindings({ CATALOG_1: testEnv.CATALOG_1 })).toEqual([]);
	});

	test("a tenant stays where it was put when the list grows, and new ones are spread", async () => {
		const moved = Array.from({ length: 100 }, newTenantId).filter((tenantId) => chosenDatabase(tenantId, 2) === 1);
		expect(moved.length).toBeGreaterThan(20);
		expect(moved.length).toBeLessThan(80);
		const [old, fresh] = moved as [(typeof moved)[0], (typeof moved)[0]];
		await otherIsolate().createTable(old, { commitId: "c", definition: definition("t") });
		const both = new FaultyPorts([testEnv.CATALOG_0, testEnv.CATALOG_1]);
		await otherIsolate(both).createTable(old, { commitId: "c2", definition: definition("u") });
		await otherIsolate(both).createTable(fresh, { commitId: "c", definition: definition("v") });
		expect(await otherIsolate(both).tableNames(old)).toEqual(["t", "u"]);
		expect(await otherIsolate(both).tableNames(fresh)).toEqual(["v"]);
		const rows = await testEnv.CATALOG_1.prepare("SELECT name FROM tables WHERE tenant_id = ?").bind(fresh).all();
		expect(rows.results).toEqual([{ name: "v" }]);
		await otherIsolate(both).ready();
	});

	test("a single one is read without asking where the tenant is", async () => {
		const { tenantId, tableId, ports } = await newTable();
		const asked: string[] = [];
		const [database] = ports.databases as [(typeof ports.databases)[0]];
		const counted = { batch: async (step, statements) => (asked.push(step), await database.batch(step, statements)) } as typeof database;
		const reader = new Catalog(Object.assign(Object.create(ports) as typeof ports, { databases: [counted] }), new CatalogCaches());
		expect((await reader.readSnapshots(tenantId, [{ table: { name: "t" } }]))[0]?.schema.tableId).toBe(tableId);
		expect(asked).toEqual(["read_snapshots"]);
	});
});
