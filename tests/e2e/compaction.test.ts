/**
 * Ten thousand small appends to twenty tables: flushes make hundreds of small files, the cron and the queue merge them, the file count stays under the bound that
 * the policy states, and no answer ever moves: queries run all the while. Minutes are simulated; everything else is real.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { COMPACTION_ARENA_BYTES } from "#shared/base/limits.ts";
import { LittoralClient } from "../../scripts/client.ts";
import { fileCountMax } from "../../workers/catalog/src/compaction/policy.ts";
import { COUNTED_ENTRIES, CountedFleet } from "../counted/fleet.ts";
import { pause } from "../faults/workload.ts";
import { type Harness, startHarness } from "../harness.ts";
import { createTable, sendRows } from "../send-rows.ts";

const TABLE_COUNT = 20;
/** Flushes of each table: more than it may have files. */
const MINUTES = 30;
const APPENDS_PER_MINUTE = 17;
const ROWS_PER_APPEND = 3;
const CONCURRENCY = 16;
const CHECK_PAUSE_MS = 200;
const TABLES = Array.from({ length: TABLE_COUNT }, (_, index) => `t${index}`);

let harness: Harness;
let client: LittoralClient;
beforeAll(async () => {
	// A connection for each of ten thousand appends, and the limiter's stand-in, would take a third of their processor time.
	harness = await startHarness({ entryPoints: COUNTED_ENTRIES, rateLimitRequestCount: null });
	client = new LittoralClient(harness.littoral.url, (await harness.tenant()).apiKey);
});
afterAll(async () => harness.stop());

/** What a table must answer: it follows from how many rows it was given. */
interface Expected {
	count: number;
	sum: number;
	/** Of the squares: a row that is doubled or changed shows. */
	squares: number;
	textBytes: number;
}
const expected = new Map<string, Expected>(TABLES.map((name) => [name, { count: 0, sum: 0, squares: 0, textBytes: 0 }]));

function newRows(name: string): string {
	const state = expected.get(name) as Expected;
	const rows = Array.from({ length: ROWS_PER_APPEND }, () => {
		const n = state.count++;
		const k = (n * 7919) % 1000;
		const note = n % 5 === 0 ? null : `note ${n}`;
		state.sum += k;
		state.squares += n * n;
		state.textBytes += note?.length ?? 0;
		return { k, n, note };
	});
	return JSON.stringify(rows);
}

/** Each append is a request of its own, a bounded number at a time. */
async function appendToAll(): Promise<void> {
	const names = Array.from({ length: APPENDS_PER_MINUTE }, () => TABLES).flat();
	const worker = async (): Promise<void> => {
		for (let name = names.pop(); name !== undefined; name = names.pop()) {
			expect((await sendRows(client, name, newRows(name))).accepted).toBe(ROWS_PER_APPEND);
		}
	};
	await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

async function check(name: string, when: string): Promise<void> {
	const { count, sum, squares, textBytes } = expected.get(name) as Expected;
	const { rows } = await client.query(
		`SELECT count(*), sum(k), sum(CAST(n AS BIGINT) * n), sum(length(note)), count(DISTINCT n) FROM ${name}`,
	);
	expect(rows[0]?.map(Number), `${name} ${when}`).toEqual([count, sum, squares, textBytes, count]);
}

interface JobView {
	table: string;
	state: string;
	reason: string;
	inputs: { files: number; rows: number };
	figures: { files: number; rows: number; bytes_read: number; bytes_written: number; arena_peak_bytes: number } | null;
	error: string | null;
}

async function allJobs(): Promise<JobView[]> {
	const jobs: JobView[] = [];
	for (let cursor: string | null = ""; cursor !== null; ) {
		const page: { jobs: JobView[]; next_cursor: string | null } = await harness.admin.json(
			`/v1/jobs?limit=1000${cursor === "" ? "" : `&cursor=${cursor}`}`,
		);
		jobs.push(...page.jobs);
		cursor = page.next_cursor;
	}
	return jobs;
}

test("10,000 small appends to 20 tables: the bound holds, and answers never move", async () => {
	expect(TABLE_COUNT * MINUTES * APPENDS_PER_MINUTE).toBeGreaterThanOrEqual(10_000);
	expect(MINUTES).toBeGreaterThan(fileCountMax(0));
	const fleet = new CountedFleet(harness.littoral);
	for (const [index, name] of TABLES.entries()) {
		await createTable(
			client,
			`CREATE TABLE ${name} (k INTEGER NOT NULL, n INTEGER NOT NULL, note TEXT)${index % 2 === 0 ? ` WITH (sort_key = 'k${index % 4 === 0 ? "" : " DESC"}, n')` : ""}`,
		);
	}
	let checks = 0;
	for (let minute = 0; minute < MINUTES; minute++) {
		await appendToAll();
		// Nothing is appended while flushes and merges run: every answer is known exactly.
		let isPassing = true;
		const passing = fleet.pass(1).finally(() => (isPassing = false));
		// The pauses leave the one processor of the Workers to what is checked.
		for (; isPassing; await pause(CHECK_PAUSE_MS)) await check(TABLES[checks++ % TABLE_COUNT] as string, `in minute ${minute}`);
		await passing;
	}
	// Two minutes more flush the last rows; then until the cron finds nothing to do.
	let open = 1;
	for (let minute = 0; minute < 30 && (minute < 3 || open > 0); minute++) {
		await fleet.pass(1);
		await fleet.settle();
		await check(TABLES[checks++ % TABLE_COUNT] as string, "while the rest is merged");
		open = (await allJobs()).filter(({ state }) => state === "queued" || state === "running").length;
	}
	expect(open).toBe(0);
	expect(checks).toBeGreaterThan(MINUTES);
	for (const name of TABLES) await check(name, "at the end");

	const jobs = await allJobs();
	expect(jobs.filter(({ state }) => state !== "done")).toEqual([]);
	expect(jobs.length).toBeGreaterThanOrEqual(TABLE_COUNT);
	for (const { reason, inputs, figures } of jobs) {
		expect(reason).toMatch(
			/^level \d \(files below .+\) holds \d+ of at most 7 files: merging .+ costs \$0\.\d+, and saves \$0\.\d+ a query/,
		);
		expect(figures).toMatchObject({ rows: inputs.rows, bytes_read: expect.any(Number), bytes_written: expect.any(Number) });
		expect(figures?.files).toBeLessThan(inputs.files);
		expect(figures?.arena_peak_bytes).toBeLessThanOrEqual(COMPACTION_ARENA_BYTES);
	}
	expect(await harness.admin.json("/v1/dead-letters")).toEqual({ dead_letters: [], next_cursor: null });
	for (const name of TABLES) {
		const table = await client.json<{ file_count: number; tail_rows: number; row_count: number; bytes: number }>(`/v1/tables/${name}`);
		expect(table).toMatchObject({ tail_rows: 0, row_count: MINUTES * APPENDS_PER_MINUTE * ROWS_PER_APPEND });
		expect(table.file_count, name).toBeLessThanOrEqual(fileCountMax(table.bytes));
	}
}, 600_000);
