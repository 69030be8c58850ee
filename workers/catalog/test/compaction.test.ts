/** Jobs from the commit that makes them to their end: among commits, drops and other jobs; with messages that come twice, late, or make no sense. */
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { COMPACTION_ATTEMPT_COUNT_MAX, COMPACTION_LEASE_MS } from "#shared/base/limits.ts";
import { newTableId, newTenantId } from "#shared/base/ids.ts";
import { filePaths } from "#shared/contracts/file-page.ts";
import type { Job } from "#shared/contracts/job.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import type { TableDefinition } from "#shared/contracts/table.ts";
import { fileCountMax } from "../src/compaction/policy.ts";
import worker from "../src/index.ts";
import { loadFile, storeFile } from "./data-files.ts";
import { commitTo, FaultyPorts, type Fixture, migrate, otherIsolate, outcomeOf, readFresh, readVersion, testEnv, made } from "./fixture.ts";
import { Catalog, CatalogCaches } from "../src/catalog.ts";

beforeAll(migrate);

// Other tests' tables are not looked at.
beforeEach(async () => {
	await testEnv.CATALOG_0.exec("UPDATE tables SET changed_at_ms = NULL; DELETE FROM job; DELETE FROM dead_letter;");
});

const definition: TableDefinition = {
	name: "t",
	ifNotExists: false,
	columns: [
		{ name: "k", type: { kind: "integer" }, nullable: true, default: null },
		{ name: "v", type: { kind: "text" }, nullable: true, default: null },
	],
	primaryKey: null,
	sortKey: [{ column: 0, descending: false, nullsFirst: false }],
};

async function sortedTable(): Promise<Fixture> {
	const ports = new FaultyPorts();
	const catalog = new Catalog(ports, new CatalogCaches());
	const tenantId = newTenantId();
	const { schema } = await made(catalog.createTable(tenantId, { commitId: "create t", definition }));
	return { ports, catalog, tenantId, tableId: schema.tableId };
}

/** A file of five rows that stride through the others'. */
async function newFile(fixture: Fixture, index: number): Promise<DataFile> {
	const { schema } = await fixture.catalog.describeTable(fixture.tenantId, "t");
	const rows = Array.from({ length: 5 }, (_, row) => [row * 100 + index, `row ${index} ${row}`]);
	return await storeFile(schema, { ...fixture, intentId: `flush-${index}` }, rows);
}

async function flushFiles(fixture: Fixture, from: number, to: number): Promise<DataFile[]> {
	const files: DataFile[] = [];
	for (let index = from; index < to; index++) {
		const file = await newFile(fixture, index);
		files.push(file);
		await commitTo(fixture, `f${index}`, { kind: "flush", shard: 0, from: index, to: index + 1, files: [file] });
	}
	return files;
}

async function tick({ catalog }: Fixture): Promise<void> {
	const compaction = catalog.compaction();
	await compaction.tick(await compaction.due());
}

async function jobsOf({ catalog, tenantId }: Fixture): Promise<Job[]> {
	return (await catalog.jobs(tenantId, { limit: 100, cursor: null })).jobs;
}

async function rowsOf(fixture: Fixture): Promise<string[]> {
	const { schema, pages } = await readFresh(fixture, otherIsolate());
	const rows: string[] = [];
	for (const path of pages.flatMap(filePaths)) rows.push(...(await loadFile(schema, path)).map((row) => String(row[1])));
	return rows.toSorted();
}

const allRows = (count: number) =>
	Array.from({ length: count }, (_, index) => Array.from({ length: 5 }, (__, row) => `row ${index} ${row}`))
		.flat()
		.toSorted();

test("a full level becomes one file, and everything about it stands in the job", async () => {
	const fixture = await sortedTable();
	const files = await flushFiles(fixture, 0, 7);
	await tick(fixture);
	expect(await jobsOf(fixture)).toEqual([]);
	files.push(...(await flushFiles(fixture, 7, 8)));
	await tick(fixture);
	const [queued] = await jobsOf(fixture);
	expect(queued).toMatchObject({ state: "queued", attempts: 0, tableName: "t", inputs: { fileCount: 8, rowCount: 40 }, figures: null });
	expect(queued?.reason).toMatch(
		/^level 0 .* holds 8 of at most 7 files: merging 8 files of [\d.]+ KiB into 1 costs \$0\.0000\d+, and saves/,
	);
	// A second look finds the table as it was left.
	await tick(fixture);
	expect(fixture.ports.messages).toEqual([{ tenantId: fixture.tenantId, tableId: fixture.tableId, jobId: queued?.jobId }]);
	const before = await readFresh(fixture);

	expect(await otherIsolate().compaction().handle(fixture.ports.messages.pop())).toMatchObject({ state: "done" });
	const [done] = await jobsOf(fixture);
	const inputBytes = files.reduce((sum, file) => sum + file.byteCount, 0);
	expect(done).toMatchObject({ state: "done", attempts: 1, error: null, figures: { fileCount: 1, rowCount: 40 } });
	expect(done?.figures?.bytesRead).toBeGreaterThanOrEqual(inputBytes * 0.9);
	expect(done?.figures?.arenaPeakBytes).toBeGreaterThan(0);
	const after = await readFresh(fixture, otherIsolate());
	expect(after).toMatchObject({ version: before.version + 1, rowCount: 40, watermarks: before.watermarks });
	expect(after.pages.flatMap(filePaths)).toEqual([expect.stringContaining(`/merge-${done?.jobId}-`)]);
	expect(after.byteCount).toBe(done?.figures?.bytesWritten);
	expect(await rowsOf(fixture)).toEqual(allRows(8));
	// A retained version still shows what it showed: whoever reads it goes on.
	expect((await readVersion(fixture, before.version))?.pages.flatMap(filePaths).toSorted()).toEqual(
		files.map((file) => file.path).toSorted(),
	);
});

test("compactTable drives everything that is due, until the bound holds", async () => {
	const fixture = await sortedTable();
	const files: DataFile[] = [];
	for (let index = 0; index < 100; index++) files.push(await newFile(fixture, index));
	await commitTo(fixture, "many", { kind: "bulk", files });
	const outcomes = await fixture.catalog.compaction().compactTable(fixture);
	expect(outcomes.length).toBeGreaterThan(0);
	const snapshot = await readFresh(fixture);
	const fileCount = snapshot.pages.flatMap(filePaths).length;
	expect(fileCount).toBeLessThanOrEqual(4);
	expect(fileCount).toBeLessThanOrEqual(fileCountMax(snapshot.byteCount));
	expect(await rowsOf(fixture)).toEqual(allRows(100));
	expect(await fixture.catalog.compaction().compactTable(fixture)).toEqual([]);
});

describe("others at the same time", () => {
	/** The job is claimed and merges while `meanwhile` goes on before its commit. */
	async function mergeAmong(meanwhile: (fixture: Fixture, files: DataFile[]) => Promise<unknown>): Promise<{ fixture: Fixture; job: Job }> {
		const fixture = await sortedTable();
		const files = await flushFiles(fixture, 0, 8);
		await tick(fixture);
		const { objects } = fixture.ports;
		const put = objects.put.bind(objects);
		let isDone = false;
		objects.put = async (step, path, bytes) => {
			await put(step, path, bytes);
			if (step !== "put_data" || isDone) return;
			isDone = true;
			await meanwhile(fixture, files);
		};
		await fixture.catalog.compaction().handle(fixture.ports.messages.pop());
		expect(isDone).toBe(true);
		const jobs = await jobsOf(fixture);
		return { fixture, job: jobs.at(-1) as Job };
	}

	test("a flush and a bulk commit come between: the job's commit is rebased on them", async () => {
		const { fixture, job } = await mergeAmong(async (among) => {
			await flushFiles(among, 8, 9);
			await commitTo(among, "b", { kind: "bulk", files: [await newFile(among, 9)] });
		});
		expect(job.state).toBe("done");
		expect(await readFresh(fixture, otherIsolate())).toMatchObject({ version: 11, rowCount: 50, watermarks: { 0: 9 } });
		expect(await rowsOf(fixture)).toEqual(allRows(10));
	});

	test("an input is replaced by another: the job gives up, its other inputs stay, and the policy looks again", async () => {
		const { fixture, job } = await mergeAmong(async (among, files) => {
			const replacement = await newFile(among, 50);
			await commitTo(among, "r", { kind: "replace", removed: [(files[3] as DataFile).path], files: [replacement] });
		});
		expect(job).toMatchObject({ state: "failed", error: "conflict: 1 of 8 files to replace are gone", figures: null });
		expect(await readFresh(fixture, otherIsolate())).toMatchObject({ version: 9, rowCount: 40 });
		// Jobs of one millisecond are in no order.
		fixture.ports.clockMs++;
		await tick(fixture);
		expect(await jobsOf(fixture)).toMatchObject([{ state: "queued", inputs: { fileCount: 8 } }, { state: "failed" }]);
		await fixture.catalog.compaction().handle(fixture.ports.messages.pop());
		expect(await readFresh(fixture, otherIsolate())).toMatchObject({ version: 10, rowCount: 40 });
	});

	test("the table is dropped: the job gives up", async () => {
		const { fixture, job } = await mergeAmong(({ catalog, tenantId }) => catalog.dropTable(tenantId, { commitId: "d", name: "t" }));
		expect(job).toMatchObject({ state: "failed", error: 'undefined_table: relation "t" does not exist' });
		await tick(fixture);
		expect(await jobsOf(fixture)).toHaveLength(1);
	});

	test("the message comes again while the job runs, and after it: it runs once", async () => {
		const outcomes: unknown[] = [];
		const { fixture, job } = await mergeAmong(async (among) => {
			const { tenantId, tableId } = among;
			const [running] = await jobsOf(among);
			// In another isolate, whose slot is free: here the slot is taken, and the claim is asked for by hand.
			const { runJob } = await import("../src/compaction/run-job.ts");
			const { compactionEngine } = await import("../src/compaction/engine.ts");
			const [database] = among.ports.databases;
			if (!database) throw new Error("there is a database");
			const parts = { ports: among.ports, engine: compactionEngine(), commit: otherIsolate().commit.bind(otherIsolate()) };
			outcomes.push(await runJob(parts, database, { tenantId, tableId, jobId: running?.jobId ?? "" }));
		});
		expect(outcomes).toEqual([{ state: "skipped" }]);
		const { tenantId, tableId } = fixture;
		expect(await fixture.catalog.compaction().handle({ tenantId, tableId, jobId: job.jobId })).toEqual({ state: "skipped" });
		expect(job).toMatchObject({ state: "done", attempts: 1 });
		expect((await readFresh(fixture)).version).toBe(9);
	});

	test("the lease ends while the job runs, another takes over: one commit, and one of them says so", async () => {
		const { fixture, job } = await mergeAmong(async (among) => {
			const { tenantId, tableId, ports } = among;
			ports.clockMs += COMPACTION_LEASE_MS + 1;
			const { runJob } = await import("../src/compaction/run-job.ts");
			const { createEngine } = await import("#shared/engine/kernels/kernels.ts");
			const [database] = ports.databases;
			const [running] = await jobsOf(among);
			if (!database) throw new Error("there is a database");
			const other = otherIsolate(ports);
			const parts = { ports, engine: createEngine({ pageCount: 400 }), commit: other.commit.bind(other) };
			expect(await runJob(parts, database, { tenantId, tableId, jobId: running?.jobId ?? "" })).toMatchObject({ state: "done" });
		});
		expect(job).toMatchObject({ state: "done", attempts: 2, figures: { fileCount: 1, rowCount: 40 } });
		expect(await readFresh(fixture, otherIsolate())).toMatchObject({ version: 9, rowCount: 40 });
		expect(await rowsOf(fixture)).toEqual(allRows(8));
	});
});

describe("what fails every time", () => {
	/** A table whose job cannot be done: an input's object is not there. */
	async function poisoned(): Promise<{ fixture: Fixture; job: Job; lost: string; bytes: ArrayBuffer }> {
		const fixture = await sortedTable();
		const files = await flushFiles(fixture, 0, 8);
		const lost = (files[5] as DataFile).path;
		const bytes = await (await testEnv.DATA.get(lost))?.arrayBuffer();
		await testEnv.DATA.delete(lost);
		await tick(fixture);
		return { fixture, job: (await jobsOf(fixture))[0] as Job, lost, bytes: bytes ?? new ArrayBuffer(0) };
	}

	/** What the queue does with one message, by the Worker's own handler. */
	async function deliver(queue: string, body: unknown, attempts: number) {
		const batch = createMessageBatch(queue, [{ id: `message-${attempts}`, timestamp: new Date(), attempts, body }]);
		const ctx = createExecutionContext();
		await worker.queue(batch as never, testEnv, ctx);
		const { explicitAcks, retryMessages } = await getQueueResult(batch, ctx);
		return { acks: explicitAcks.length, retries: retryMessages.length };
	}

	test("is retried, then a dead letter; its inputs are in no other job until it is redriven", async () => {
		const { fixture, job, lost, bytes } = await poisoned();
		const { tenantId, tableId, catalog } = fixture;
		const pointer = { tenantId, tableId, jobId: job.jobId };
		for (let attempt = 1; attempt <= COMPACTION_ATTEMPT_COUNT_MAX; attempt++) {
			expect(await deliver("littoral-compaction", pointer, attempt)).toEqual({ acks: 0, retries: 1 });
			expect(await jobsOf(fixture)).toMatchObject([{ state: "queued", attempts: attempt, error: expect.stringContaining("unavailable") }]);
		}
		expect(await deliver("littoral-staging-compaction-dead", pointer, 1)).toEqual({ acks: 1, retries: 0 });
		expect(await deliver("littoral-compaction-dead", pointer, 2)).toEqual({ acks: 1, retries: 0 });
		const { deadLetters } = await catalog.deadLetters({ limit: 10, cursor: null });
		expect(deadLetters).toMatchObject([{ id: job.jobId, job: { state: "dead", tableName: "t" }, message: JSON.stringify(pointer) }]);

		// Seven more files: with the poisoned ones there would be a full level.
		await flushFiles(fixture, 8, 15);
		await tick(fixture);
		expect(await jobsOf(fixture)).toHaveLength(1);
		expect(await readFresh(fixture)).toMatchObject({ rowCount: 75 });

		await testEnv.DATA.put(lost, bytes);
		expect(await catalog.redrive(job.jobId)).toMatchObject({ state: "queued", attempts: 0 });
		expect(await deliver("littoral-compaction", pointer, 1)).toEqual({ acks: 1, retries: 0 });
		expect((await jobsOf(fixture)).at(-1)).toMatchObject({ state: "done", figures: { rowCount: 40 } });
		expect(await rowsOf(fixture)).toEqual(allRows(15));
		expect((await catalog.deadLetters({ limit: 10, cursor: null })).deadLetters).toEqual([]);
	});

	test("is buried by the cron too, where isolates are lost with the job each time", async () => {
		const { fixture, job } = await poisoned();
		for (let attempt = 1; attempt <= COMPACTION_ATTEMPT_COUNT_MAX; attempt++) {
			// Claimed, and never heard of again.
			await testEnv.CATALOG_0.prepare(
				"UPDATE job SET state = 'running', attempts = ?, lease_token = 'gone', due_at_ms = ? WHERE job_id = ?",
			)
				.bind(attempt, fixture.ports.nowMs() + COMPACTION_LEASE_MS, job.jobId)
				.run();
			fixture.ports.clockMs += COMPACTION_LEASE_MS + 1;
			await tick(fixture);
			expect(await jobsOf(fixture)).toMatchObject([{ state: attempt < COMPACTION_ATTEMPT_COUNT_MAX ? "queued" : "dead" }]);
		}
		expect((await fixture.catalog.deadLetters({ limit: 10, cursor: null })).deadLetters).toMatchObject([{ id: job.jobId }]);
	});

	test("a message that makes no sense is a dead letter without a job; one of a deleted tenant or an unknown job is nothing", async () => {
		const fixture = await sortedTable();
		expect(await deliver("littoral-compaction", { hello: "world" }, 1)).toEqual({ acks: 0, retries: 1 });
		expect(await deliver("littoral-compaction-dead", { hello: "world" }, 1)).toEqual({ acks: 1, retries: 0 });
		expect((await fixture.catalog.deadLetters({ limit: 10, cursor: null })).deadLetters).toMatchObject([
			{ id: "message-1", job: null, message: '{"hello":"world"}' },
		]);
		for (const pointer of [
			{ tenantId: newTenantId(), tableId: newTableId(), jobId: "0".repeat(24) },
			{ tenantId: fixture.tenantId, tableId: fixture.tableId, jobId: "0".repeat(24) },
		]) {
			expect(await deliver("littoral-compaction", pointer, 1)).toEqual({ acks: 1, retries: 0 });
			expect(await deliver("littoral-compaction-dead", pointer, 1)).toEqual({ acks: 1, retries: 0 });
		}
		expect((await fixture.catalog.deadLetters({ limit: 10, cursor: null })).deadLetters).toHaveLength(1);
		expect(await outcomeOf(fixture.catalog.redrive("message-1"))).toBe("conflict: the message names no job that could be tried again");
	});
});

test("an idle tick reads D1 once, and nothing of R2", async () => {
	const fixture = await sortedTable();
	await flushFiles(fixture, 0, 2);
	await tick(fixture);
	fixture.ports.counts.clear();
	expect(await fixture.catalog.compaction().due()).toEqual([]);
	expect([...fixture.ports.counts]).toEqual([["read_due", 1]]);
});

test("jobs of one isolate run one after the other", async () => {
	const tables = [await sortedTable(), await sortedTable()];
	let running = 0;
	let most = 0;
	for (const fixture of tables) {
		await flushFiles(fixture, 0, 8);
		const { objects } = fixture.ports;
		const read = objects.read.bind(objects);
		objects.read = async (...input) => {
			most = Math.max(most, ++running);
			await scheduler.wait(1);
			return await read(...input).finally(() => running--);
		};
	}
	for (const fixture of tables) await tick(fixture);
	const messages = tables.flatMap((fixture) => fixture.ports.messages.map((message) => ({ fixture, message })));
	expect(messages).toHaveLength(2);
	const outcomes = await Promise.all(messages.map(({ fixture, message }) => fixture.catalog.compaction().handle(message)));
	expect(outcomes).toMatchObject([{ state: "done" }, { state: "done" }]);
	// One job reads its inputs at once, but never two jobs together: eight files each.
	expect(most).toBeLessThanOrEqual(8);
});
