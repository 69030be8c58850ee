/** What statements read: D1 bills rows read, and a commit must not cost more the more files its tenant has. */
import { beforeAll, expect, test } from "vitest";
import { d1Database } from "../src/database/bindings.ts";
import type { CatalogDatabase, DatabaseStep, Statement } from "../src/ports.ts";
import { commitTo, dataFile, definition, FaultyPorts, migrate, newTable, otherIsolate, outcomeOf, readFresh, testEnv } from "./fixture.ts";

beforeAll(migrate);

/** Steps that may read all rows of a tenant: they delete them. */
const EXEMPT: readonly DatabaseStep[] = ["delete_rows", "drop_tables_of_tenant"];

class RecordingPorts extends FaultyPorts {
	readonly seen = new Map<DatabaseStep, Statement[]>();
	override readonly databases: readonly CatalogDatabase[];

	constructor() {
		super();
		const database = d1Database(testEnv.CATALOG_0);
		this.databases = [
			{
				batch: async (step, statements) => {
					this.seen.set(step, [...(this.seen.get(step) ?? []), ...statements]);
					return await database.batch(step, statements);
				},
			},
		];
	}
}

test("no statement scans a table, or all objects of a tenant", async () => {
	const ports = new RecordingPorts();
	const fixture = await newTable(ports);
	const many = Array.from({ length: 1001 }, (_, index) => dataFile(fixture, `a${index}`));
	await commitTo(fixture, "a", { kind: "bulk", files: many.slice(0, 900) });
	await commitTo(fixture, "b", { kind: "bulk", files: many.slice(900) });
	await ports.settle();
	await commitTo(fixture, "f", { kind: "flush", shard: 0, from: 0, to: 1, files: [dataFile(fixture, "f")] });
	const removed = [dataFile(fixture, "a0").path, dataFile(fixture, "f").path];
	await commitTo(fixture, "r", { kind: "replace", removed, files: [] });
	await outcomeOf(commitTo(fixture, "r2", { kind: "replace", removed, files: [dataFile(fixture, "g")] }));
	await readFresh(fixture);
	const { catalog, tenantId } = fixture;
	await catalog.describeTable(tenantId, "t");
	await catalog.listTables(tenantId, { limit: 1, cursor: null });
	await catalog.shardWatermarks(tenantId, 0);
	await outcomeOf(catalog.createTable(tenantId, { commitId: "c2", definition: definition("t") }));
	await catalog.dropTable(tenantId, { commitId: "d", name: "t" });
	await otherIsolate(ports).tableNames(tenantId);

	const wasteful: string[] = [];
	for (const [step, statements] of ports.seen) {
		if (EXEMPT.includes(step)) continue;
		for (const { sql, parameters } of statements) {
			const plan = await testEnv.CATALOG_0.prepare(`EXPLAIN QUERY PLAN ${sql}`)
				.bind(...parameters)
				.all<{ detail: string }>();
			for (const { detail } of plan.results) {
				const scan = /^SCAN (?!json_each|CONSTANT ROW)/.test(detail) || /object USING INDEX object_tenant/.test(detail);
				if (scan) wasteful.push(`${step}: ${detail}: ${sql.replaceAll(/\s+/g, " ").slice(0, 120)}`);
			}
		}
	}
	expect(wasteful).toEqual([]);
	expect([...ports.seen.keys()].toSorted((left, right) => (left < right ? -1 : 1))).toEqual([
		"commit",
		"commit_outcome",
		"create_table",
		"create_table_outcome",
		"drop_table",
		"fold",
		"mark_backed_up",
		"read_assignment",
		"read_checkpoint",
		"read_fold",
		"read_snapshots",
		"read_tables",
		"write_assignment",
	]);
});
