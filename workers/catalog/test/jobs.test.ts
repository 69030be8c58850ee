/** Lists of jobs and dead letters over all databases, in pages, and the way back from the dead letters. */
import { beforeAll, beforeEach, expect, test } from "vitest";
import { FaultyPorts, insertDeadJob, migrate, newTable, outcomeOf, testEnv } from "./fixture.ts";

beforeAll(migrate);

beforeEach(async () => {
	for (const database of [testEnv.CATALOG_0, testEnv.CATALOG_1]) await database.exec("DELETE FROM job; DELETE FROM dead_letter;");
});

const idOf = (index: number) => index.toString(16).padStart(24, "0");

test("jobs come newest first, page by page, of one tenant or of all", async () => {
	const [first, second] = [await newTable(), await newTable()];
	for (let index = 0; index < 7; index++) {
		const { tenantId, tableId } = index % 3 === 0 ? second : first;
		await insertDeadJob({ tenantId, tableId, jobId: idOf(index), atMs: 1000 + index });
	}
	const read = async (tenantId: typeof first.tenantId | null, limit: number) => {
		const pages: string[][] = [];
		let cursor: string | null = null;
		do {
			const page = await first.catalog.jobs(tenantId, { limit, cursor });
			pages.push(page.jobs.map((job) => job.jobId.slice(-1)));
			cursor = page.nextCursor;
		} while (cursor !== null);
		return pages.map((ids) => ids.join(""));
	};
	expect(await read(null, 3)).toEqual(["654", "321", "0"]);
	expect(await read(null, 7)).toEqual(["6543210"]);
	expect(await read(first.tenantId, 2)).toEqual(["54", "21"]);
	expect(await read(second.tenantId, 100)).toEqual(["630"]);
	expect((await first.catalog.jobs(first.tenantId, { limit: 1, cursor: null })).jobs[0]).toEqual({
		jobId: idOf(5),
		kind: "compaction",
		tenantId: first.tenantId,
		tableId: first.tableId,
		tableName: "t",
		state: "dead",
		attempts: 5,
		reason: "why",
		inputs: { fileCount: 2, rowCount: 10, byteCount: 100 },
		figures: null,
		error: "internal_error: broken",
		createdAt: "1970-01-01T00:00:01.005Z",
		updatedAt: "1970-01-01T00:00:01.005Z",
	});
});

test("databases are one list", async () => {
	const ports = new FaultyPorts([testEnv.CATALOG_0, testEnv.CATALOG_1]);
	const tables = [];
	for (let count = 0; count < 8; count++) tables.push(await newTable(ports));
	for (const [index, { tenantId, tableId, catalog }] of tables.entries()) {
		const own = (await catalog.jobs(tenantId, { limit: 1, cursor: null })).jobs;
		expect(own).toEqual([]);
		const { results } = await testEnv.CATALOG_1.prepare("SELECT 1 FROM tables WHERE tenant_id = ?").bind(tenantId).all();
		await insertDeadJob(
			{ tenantId, tableId, jobId: idOf(index), atMs: index },
			results.length === 1 ? testEnv.CATALOG_1 : testEnv.CATALOG_0,
		);
	}
	expect((await testEnv.CATALOG_1.prepare("SELECT count(*) AS count FROM job").first<number>("count")) ?? 0).toBeGreaterThan(0);
	const catalog = (tables[0] as (typeof tables)[0]).catalog;
	const { jobs, nextCursor } = await catalog.jobs(null, { limit: 5, cursor: null });
	expect(jobs.map((job) => job.jobId)).toEqual([7, 6, 5, 4, 3].map(idOf));
	expect((await catalog.jobs(null, { limit: 5, cursor: nextCursor })).jobs.map((job) => job.jobId)).toEqual([2, 1, 0].map(idOf));
	const letters = await catalog.deadLetters({ limit: 5, cursor: null });
	expect(letters.deadLetters.map((letter) => letter.id)).toEqual([7, 6, 5, 4, 3].map(idOf));
	const rest = await catalog.deadLetters({ limit: 5, cursor: letters.nextCursor });
	expect(rest.deadLetters.map((letter) => letter.id)).toEqual([2, 1, 0].map(idOf));
	for (const index of [0, 7]) expect(await catalog.redrive(idOf(index))).toMatchObject({ jobId: idOf(index), state: "queued" });
	expect(ports.messages.map((message) => message.jobId)).toEqual([idOf(0), idOf(7)]);
});

test("a dead letter leads back to its job once; one without a job leads nowhere", async () => {
	const { ports, catalog, tenantId, tableId } = await newTable();
	await insertDeadJob({ tenantId, tableId, jobId: idOf(1), atMs: 5 });
	await testEnv.CATALOG_0.exec(`INSERT INTO dead_letter VALUES ('m:1', '', '"nonsense"', 6), ('m:2', '', 'x', 6)`);
	const { deadLetters } = await catalog.deadLetters({ limit: 10, cursor: null });
	expect(deadLetters).toEqual([
		{ id: "m:2", job: null, message: "x", at: "1970-01-01T00:00:00.006Z" },
		{ id: "m:1", job: null, message: '"nonsense"', at: "1970-01-01T00:00:00.006Z" },
		{ id: idOf(1), job: expect.objectContaining({ jobId: idOf(1), tableName: "t" }), message: "{}", at: "1970-01-01T00:00:00.005Z" },
	]);
	const [first, cursor] = await catalog.deadLetters({ limit: 1, cursor: null }).then((page) => [page.deadLetters[0]?.id, page.nextCursor]);
	expect([first, cursor]).toEqual(["m:2", "6:m:2"]);
	expect((await catalog.deadLetters({ limit: 1, cursor: cursor ?? null })).deadLetters[0]?.id).toBe("m:1");

	expect(await catalog.redrive(idOf(1))).toMatchObject({ jobId: idOf(1), state: "queued", attempts: 0 });
	expect(ports.messages).toEqual([{ tenantId, tableId, jobId: idOf(1) }]);
	expect(await outcomeOf(catalog.redrive(idOf(1)))).toBe("not_found: there is no such dead letter");
	expect(await outcomeOf(catalog.redrive("m:1"))).toBe("conflict: the message names no job that could be tried again");
});

test.each(["", "x", "1:", ":1", `${idOf(1)}0`, idOf(1).toUpperCase().replace("0", "G")])("cursor %j is refused", async (cursor) => {
	const { catalog } = await newTable();
	const refused = "malformed_request: cursor is not one that this list gave";
	expect(await outcomeOf(catalog.jobs(null, { limit: 1, cursor }))).toBe(refused);
	expect(await outcomeOf(catalog.deadLetters({ limit: 1, cursor }))).toBe(refused);
});
