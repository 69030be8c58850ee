/** What statements read: D1 bills rows read, and a commit must not cost more the more files its tenant has. */
import { beforeAll, expect, test } from "vitest";
import { COMPACTION_ATTEMPT_COUNT_MAX, COMPACTION_LEASE_MS, GRACE_PERIOD_MS, SWEEP_SETTLE_MS } from "#shared/base/limits.ts";
import { d1Database } from "../src/database/bindings.ts";
import type { CatalogDatabase, DatabaseStep, Statement } from "../src/ports.ts";
import { commitTo, dataFile, definition, FaultyPorts, migrate, newTable, otherIsolate, outcomeOf, readFresh, testEnv } from "./fixture.ts";
import { forgetCollections } from "./garbage.ts";

beforeAll(migrate);

/** Steps that may read all rows of a tenant: they delete them. */
const EXEMPT: readonly DatabaseStep[] = ["delete_rows", "drop_tables_of_tenant"];

class RecordingPorts extends FaultyPorts {
	readonly seen = new Map<DatabaseStep, Statement[]>();
	override readonly databases: CatalogDatabase[];

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
	await forgetCollections();
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
	// The files of this test are names only: the job fails, is sent again, and in the end given up.
	const compaction = catalog.compaction();
	for (let attempt = 0; attempt <= COMPACTION_ATTEMPT_COUNT_MAX; attempt++) {
		await compaction.tick(
			(await compaction.due()).map((due) => ({ ...due, tables: due.tables.filter((table) => table.tenantId === tenantId) })),
		);
		for (const message of ports.messages.splice(0)) if (message.tenantId === tenantId) await outcomeOf(compaction.handle(message));
		ports.clockMs += COMPACTION_LEASE_MS;
	}
	const [letter] = (await catalog.deadLetters({ limit: 1000, cursor: null })).deadLetters.filter(({ job }) => job?.tenantId === tenantId);
	await catalog.redrive(letter?.id ?? "");
	await catalog.jobs(tenantId, { limit: 1, cursor: null });
	await catalog.listTables(tenantId, { limit: 1, cursor: null });
	await catalog.shardWatermarks(tenantId, 0);
	await outcomeOf(catalog.createTable(tenantId, { commitId: "c2", definition: definition("t") }));
	await catalog.announceObjects(tenantId, fixture.tableId);
	ports.moveClock(2 * SWEEP_SETTLE_MS);
	await catalog.collectGarbage();
	ports.moveClock(GRACE_PERIOD_MS);
	await catalog.collectGarbage();
	await catalog.dropTable(tenantId, { commitId: "d", name: "t" });
	// Where there are two, it is looked up which.
	ports.databases.push(ports.databases[0] as CatalogDatabase);
	await otherIsolate(ports).tableNames(tenantId);

	const wasteful: string[] = [];
	for (const [step, statements] of ports.seen) {
		if (EXEMPT.includes(step)) continue;
		for (const { sql, parameters } of statements) {
			const plan = await testEnv.CATALOG_0.prepare(`EXPLAIN QUERY PLAN ${sql}`)
				.bind(...parameters)
				.all<{ detail: string }>();
			for (const { detail } of plan.results) {
				// Dead letters are read in the order of their pages, and no further than a page.
				const scan =
					/^SCAN (?!json_each|CONSTANT ROW|\(subquery|d USING INDEX dead_letter_time)/.test(detail) ||
					/object USING INDEX object_tenant/.test(detail);
				if (scan) wasteful.push(`${step}: ${detail}: ${sql.replaceAll(/\s+/g, " ").slice(0, 120)}`);
			}
		}
	}
	expect(wasteful).toEqual([]);
	expect([...ports.seen.keys()].toSorted((left, right) => (left < right ? -1 : 1))).toEqual([
		"announce",
		"bury_job",
		"claim_job",
		"commit",
		"commit_outcome",
		"condemn",
		"create_table",
		"create_table_outcome",
		"drop_table",
		"end_job",
		"expire",
		"fold",
		"mark_backed_up",
		"mark_deleted",
		"plan_jobs",
		"read_assignment",
		"read_checkpoint",
		"read_condemned",
		"read_due",
		"read_fold",
		"read_garbage_due",
		"read_jobs",
		"read_manifests",
		"read_plan",
		"read_snapshots",
		"read_swept",
		"read_tables",
		"redrive_job",
		"reschedule",
		"resend_job",
		"sweep",
		"write_assignment",
	]);
});
