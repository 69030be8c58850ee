/** A client that goes away stops the file reads of its query and gives back the arena, twenty times over. */
import { beforeAll, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { sharedHarness, type SharedHarness } from "../harness.ts";
import { createTable, sendRows } from "../send-rows.ts";
import { Random } from "../sql/random.ts";

const ROW_COUNT = 60_000;
/** Hexadecimal digits of each row's own text, so that files are about as large as their rows: more than all buffers on the way hold. */
const TEXT_LENGTH = 500;
const LEAVE_COUNT = 20;
const QUERY = "SELECT a, s FROM wide";

let harness: SharedHarness;
let client: LittoralClient;

beforeAll(async () => {
	harness = await sharedHarness();
	client = (await harness.tenant()).owner;
	await createTable(client, "CREATE TABLE wide (a INTEGER, s TEXT)");
	const random = new Random(7);
	const text = () =>
		Array.from({ length: TEXT_LENGTH / 10 }, () =>
			random
				.below(2 ** 40)
				.toString(16)
				.padStart(10, "0"),
		).join("");
	const lines = Array.from({ length: ROW_COUNT }, (_, row) => `${row},${text()}`);
	await sendRows(client, "wide", `a,s\n${lines.join("\n")}\n`, "text/csv");
});

async function bytesScanned(): Promise<number> {
	const text = await (await harness.admin.request("/metrics")).text();
	const lines = text.split("\n").filter((line) => line.startsWith("littoral_scanned_bytes_total{"));
	return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

async function leave(): Promise<void> {
	const abort = new AbortController();
	const headers = { "Content-Type": "text/plain", Accept: "text/csv" };
	const response = await client.request("/v1/sql", { headers, body: QUERY, signal: abort.signal });
	expect(response.status).toBe(200);
	const reader = (response.body as ReadableStream<Uint8Array>).getReader();
	expect((await reader.read()).done).toBe(false);
	abort.abort();
	await reader.read().catch(() => {});
}

/** Asked twice in a row with a push of the counters between, the counter stands. */
async function settledBytesScanned(): Promise<number> {
	let last = -1;
	await expect
		.poll(
			async () => {
				const before = last;
				last = await bytesScanned();
				return last === before;
			},
			{ timeout: 20_000, interval: 2500 },
		)
		.toBe(true);
	return last;
}

test("whoever leaves early reads a part of the files, and leaves the arena as it was", async () => {
	const whole = await client.query(`SELECT count(*), sum(length(s)), min(a), max(a) FROM wide`);
	expect(whole.rows).toEqual([[ROW_COUNT, ROW_COUNT * TEXT_LENGTH, 0, ROW_COUNT - 1]]);
	const { bytes_scanned: tableBytes } = whole.statistics;
	const before = await settledBytesScanned();
	for (let times = 0; times < LEAVE_COUNT; times++) await leave();
	const scanned = (await settledBytesScanned()) - before;
	expect(scanned).toBeGreaterThan(0);
	expect(scanned).toBeLessThan((LEAVE_COUNT * tableBytes) / 5);
	const again = await client.request("/v1/sql", { headers: { "Content-Type": "text/plain", Accept: "text/csv" }, body: QUERY });
	expect((await again.text()).trimEnd().split("\n").length).toBe(ROW_COUNT + 1);
});
