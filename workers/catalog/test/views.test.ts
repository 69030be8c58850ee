/** Views in D1: made, replaced and dropped once per commit id; what depends on what; the backup. */
import { beforeAll, describe, expect, test } from "vitest";
import { newTenantId, type TableId } from "#shared/base/ids.ts";
import type { TableSchema, ViewDefinition } from "#shared/contracts/table.ts";
import { RPC_ATTEMPT_COUNT_MAX } from "#shared/base/limits.ts";
import type { Catalog } from "../src/catalog.ts";
import {
	commitTo,
	dataFile,
	definition,
	type Fixture,
	loseRows,
	made,
	migrate,
	newTable,
	otherIsolate,
	outcomeOf,
	rebuildAll,
} from "./fixture.ts";

beforeAll(migrate);

const INTEGER = { kind: "integer" } as const;

function view(name: string, uses: TableId[], options: { columns?: string[]; replace?: boolean; sql?: string } = {}): ViewDefinition {
	const { columns = ["a"], replace = false, sql = "SELECT a FROM t" } = options;
	return {
		name,
		replace,
		columns: columns.map((column) => ({ name: column, type: INTEGER })),
		source: { sql, uses: uses.map((tableId) => ({ tableId, fieldIds: [1] })) },
	};
}

async function makeView(fixture: Pick<Fixture, "catalog" | "tenantId">, view: ViewDefinition): Promise<TableSchema> {
	const request = { commitId: `${view.name} ${view.source.sql}`, definition: view, raised: null };
	return (await made(fixture.catalog.createView(fixture.tenantId, request))).schema;
}

const drop = (kind: "table" | "view", names: string[], cascade = false) => ({
	commitId: `drop ${names.join()}`,
	kind,
	names,
	ifExists: false,
	cascade,
});

/** As a caller that knows views reads it. */
async function read(fixture: Pick<Fixture, "tenantId">, name: string, catalog: Catalog = otherIsolate()) {
	const [snapshot] = await catalog.readSnapshots(fixture.tenantId, [{ table: { name }, views: true }]);
	return snapshot ?? null;
}

test("a view has columns, its text, and no rows; who does not ask for views sees none", async () => {
	const fixture = await newTable();
	const { catalog, tenantId, tableId } = fixture;
	const schema = await makeView(fixture, view("v", [tableId], { columns: ["a", "b"] }));
	expect(schema).toEqual({
		tableId: schema.tableId,
		name: "v",
		schemaVersion: 1,
		columns: ["a", "b"].map((name, index) => ({ name, fieldId: index + 1, type: INTEGER, nullable: true, default: null })),
		primaryKey: null,
		sortKey: [],
		view: { sql: "SELECT a FROM t", uses: [{ tableId, fieldIds: [1] }] },
	});
	expect(await read(fixture, "v")).toMatchObject({ schema, version: 0, rowCount: 0, pages: [] });
	for (const reader of [catalog, otherIsolate()]) {
		await read(fixture, "v", reader);
		expect(await reader.readSnapshots(tenantId, [{ table: { name: "v" } }])).toEqual([null]);
	}
	expect((await catalog.listTables(tenantId, { limit: 10, cursor: null })).tables.map(({ name }) => name)).toEqual(["t"]);
	expect((await catalog.listTables(tenantId, { limit: 10, cursor: null, views: true })).tables.map(({ name }) => name)).toEqual(["t", "v"]);
	expect(await outcomeOf(catalog.describeTable(tenantId, "v"))).toBe('undefined_table: relation "v" does not exist');
	expect(await read({ tenantId: newTenantId() }, "v")).toBeNull();
});

test("names are of tables and views alike", async () => {
	const fixture = await newTable();
	const { catalog, tenantId, tableId } = fixture;
	await makeView(fixture, view("v", [tableId]));
	expect(await outcomeOf(makeView(fixture, view("t", [])))).toBe('duplicate_table: relation "t" already exists');
	expect(await outcomeOf(makeView(fixture, view("t", [], { replace: true })))).toBe('wrong_object_type: "t" is not a view');
	expect(await outcomeOf(makeView(fixture, view("v", [], { sql: "other" })))).toBe('duplicate_table: relation "v" already exists');
	expect(await outcomeOf(catalog.createTable(tenantId, { commitId: "x", definition: definition("v") }))).toBe(
		'duplicate_table: relation "v" already exists',
	);
	expect(await outcomeOf(catalog.dropRelations(tenantId, drop("table", ["v"])))).toBe('wrong_object_type: "v" is not a table');
	expect(await outcomeOf(catalog.dropRelations(tenantId, drop("view", ["t"])))).toBe('wrong_object_type: "t" is not a view');
	expect(await outcomeOf(catalog.dropRelations(tenantId, drop("view", ["u"])))).toBe('undefined_table: view "u" does not exist');
});

describe("a replacement", () => {
	test("is the same relation at its next version, with columns added at the end alone", async () => {
		const fixture = await newTable();
		const before = await makeView(fixture, view("v", [fixture.tableId]));
		const bad: [string[], string][] = [
			[[], "cannot drop columns from view"],
			[["b"], 'cannot change name of view column "a" to "b"'],
		];
		for (const [columns, message] of bad) {
			const refused = view("v", [], { columns, replace: true, sql: message });
			expect(await outcomeOf(makeView(fixture, refused))).toBe(`invalid_table_definition: ${message}`);
		}
		const text = view("v", [], { replace: true, sql: "text" });
		text.columns = [{ name: "a", type: { kind: "text" } }];
		expect(await outcomeOf(makeView(fixture, text))).toBe(
			'invalid_table_definition: cannot change data type of view column "a" from integer to text',
		);
		const after = await makeView(fixture, view("v", [], { columns: ["a", "b"], replace: true, sql: "SELECT 1, 2" }));
		expect(after).toMatchObject({ tableId: before.tableId, schemaVersion: 2, view: { sql: "SELECT 1, 2" } });
		expect(await read(fixture, "v", fixture.catalog)).toMatchObject({ schema: after, version: 1 });
		// A repetition of either changes nothing.
		expect(await makeView(fixture, view("v", [], { columns: ["a", "b"], replace: true, sql: "SELECT 1, 2" }))).toEqual(after);
		expect((await read(fixture, "v"))?.schema).toEqual(after);
		// It uses the table no more.
		await fixture.catalog.dropRelations(fixture.tenantId, drop("table", ["t"]));
	});

	test("by eight callers at once: each is one version", async () => {
		const fixture = await newTable();
		await makeView(fixture, view("v", [fixture.tableId]));
		const outcomes = await Promise.all(
			Array.from({ length: 8 }, (_, index) =>
				outcomeOf(makeView({ ...fixture, catalog: otherIsolate() }, view("v", [], { replace: true, sql: `SELECT ${index}` }))),
			),
		);
		const done = outcomes.filter((outcome) => outcome === "ok").length;
		expect(done).toBeGreaterThanOrEqual(1);
		expect(outcomes.every((outcome) => outcome === "ok" || outcome.startsWith("unavailable"))).toBe(true);
		expect(await read(fixture, "v")).toMatchObject({ schema: { schemaVersion: 1 + done }, version: done });
	});
});

describe("what a view uses", () => {
	test("is not dropped without it, at any distance", async () => {
		const fixture = await newTable();
		const { catalog, tenantId, tableId } = fixture;
		const first = await makeView(fixture, view("v", [tableId]));
		await makeView(fixture, view("w", [first.tableId, tableId]));
		for (const [request, what] of [
			[drop("table", ["t"]), "table t because other objects depend on it"],
			[drop("view", ["v"]), "view v because other objects depend on it"],
		] as const) {
			expect(await outcomeOf(catalog.dropRelations(tenantId, request))).toBe(`dependent_objects_still_exist: cannot drop ${what}`);
		}
		expect(await outcomeOf(catalog.dropTable(tenantId, { commitId: "older", name: "t" }))).toMatch(/^dependent_objects_still_exist/);
		expect(await catalog.tableNames(tenantId)).toEqual(["t", "v", "w"]);
		expect(await catalog.dropRelations(tenantId, drop("view", ["v", "w"]))).toHaveLength(2);
		expect(await catalog.dropRelations(tenantId, drop("table", ["t"]))).toEqual([{ tableId, schemaVersion: 2 }]);
	});

	test("takes it along with CASCADE, and what is beside it stays", async () => {
		const fixture = await newTable();
		const { catalog, tenantId, tableId } = fixture;
		const first = await makeView(fixture, view("v", [tableId]));
		const second = await makeView(fixture, view("w", [first.tableId]));
		await makeView(fixture, view("beside", []));
		// Two views that read one another are dropped like any others.
		await makeView(fixture, view("v", [second.tableId, first.tableId, tableId], { replace: true, sql: "itself" }));
		const dropped = await catalog.dropRelations(tenantId, drop("table", ["t"], true));
		expect(dropped.map((relation) => relation.tableId).toSorted()).toEqual([tableId, first.tableId, second.tableId].toSorted());
		expect(await catalog.tableNames(tenantId)).toEqual(["beside"]);
		expect(await read(fixture, "v")).toBeNull();
	});

	test("must be there when it is made, also where it is dropped at the same time", async () => {
		for (let round = 0; round < 5; round++) {
			const fixture = await newTable();
			const { tenantId, tableId } = fixture;
			const [made, dropped] = await Promise.all([
				outcomeOf(makeView({ ...fixture, catalog: otherIsolate() }, view("v", [tableId]))),
				outcomeOf(otherIsolate().dropRelations(tenantId, drop("table", ["t"]))),
			]);
			expect([made, dropped].filter((outcome) => outcome === "ok")).toHaveLength(1);
			expect(await otherIsolate().tableNames(tenantId)).toEqual(made === "ok" ? ["t", "v"] : []);
			expect(made === "ok" || made.startsWith("schema_changed")).toBe(true);
		}
	});
});

describe("the backup", () => {
	test("holds views as they are now, and what they use", async () => {
		const fixture = await newTable();
		const { catalog, tenantId, tableId } = fixture;
		await commitTo(fixture, "c", { kind: "bulk", files: [dataFile(fixture, "f")] });
		const first = await makeView(fixture, view("v", []));
		const again = await makeView(fixture, view("v", [tableId], { columns: ["a", "b"], replace: true, sql: "again" }));
		await makeView(fixture, view("gone", [tableId]));
		await catalog.dropRelations(tenantId, drop("view", ["gone"]));
		await fixture.ports.settle();
		await loseRows(tenantId);
		const rebuilt = await rebuildAll(otherIsolate(), tenantId);
		expect(rebuilt.map(({ name, problem }) => ({ name, problem })).toSorted((left, right) => (left.name < right.name ? -1 : 1))).toEqual(
			["gone", "t", "v"].map((name) => ({ name, problem: null })),
		);
		expect((await read(fixture, "v"))?.schema).toEqual(again);
		expect(again.tableId).toBe(first.tableId);
		expect(await otherIsolate().tableNames(tenantId)).toEqual(["t", "v"]);
		const restored = { ...fixture, catalog: otherIsolate() };
		expect(await outcomeOf(restored.catalog.dropRelations(tenantId, drop("table", ["t"])))).toMatch(/^dependent_objects_still_exist/);
		const third = await makeView(restored, view("v", [], { columns: ["a", "b", "c"], replace: true, sql: "third" }));
		expect((await read(fixture, "v"))?.schema).toEqual(third);
	});

	test("knows of a replacement before anybody reads it, also where its author was cut off", async () => {
		const fixture = await newTable();
		await makeView(fixture, view("v", []));
		fixture.ports.fail("put_backup", "before", RPC_ATTEMPT_COUNT_MAX);
		const replacement = view("v", [], { columns: ["a", "b"], replace: true, sql: "again" });
		expect(await outcomeOf(makeView({ ...fixture, catalog: otherIsolate(fixture.ports) }, replacement))).toMatch(/^unavailable/);
		const seen = (await read(fixture, "v"))?.schema;
		expect(seen?.schemaVersion).toBe(2);
		await fixture.ports.settle();
		await loseRows(fixture.tenantId);
		await rebuildAll(otherIsolate(), fixture.tenantId);
		expect((await read(fixture, "v"))?.schema).toEqual(seen);
	});
});
