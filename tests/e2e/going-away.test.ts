/** Clients that go away in the middle of a result: their queries end, and give back all the memory they held. */
import { beforeAll, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { sharedHarness, type SharedHarness } from "../harness.ts";
import { createTable, sendRows } from "../send-rows.ts";

const ROW_COUNT = 100_000;
/**
 * Holds a quarter of an isolate's arena: what is left behind soon leaves no room. Sends more than the sockets between the two
 * hold, so that it is under way when its client leaves.
 */
const WIDE_QUERY = "SELECT a, s, s AS t, s AS u, s AS v, s AS w FROM wide ORDER BY s, a";

let harness: SharedHarness;
let client: LittoralClient;

beforeAll(async () => {
	harness = await sharedHarness();
	client = (await harness.tenant()).owner;
	await createTable(client, "CREATE TABLE wide (a INTEGER, s TEXT)");
	const lines = Array.from({ length: ROW_COUNT }, (_, index) => `${index},row number ${index} of many`);
	await sendRows(client, "wide", `a,s\n${lines.join("\n")}\n`, "text/csv");
});

async function leave(accept: string): Promise<void> {
	const abort = new AbortController();
	const response = await client.request("/v1/sql", {
		headers: { "Content-Type": "text/plain", Accept: accept },
		body: WIDE_QUERY,
		signal: abort.signal,
	});
	expect(response.status).toBe(200);
	const reader = (response.body as ReadableStream<Uint8Array>).getReader();
	expect((await reader.read()).done).toBe(false);
	// Long enough that nothing but the query keeps the gateway's context alive.
	await new Promise((wake) => setTimeout(wake, 600));
	abort.abort();
	await reader.read().catch(() => {});
}

test("sorts that nobody reads to the end leave room for one that somebody does", async () => {
	for (const accept of ["text/csv", "application/json", "application/x-ndjson"]) await leave(accept);
	const whole = await client.request("/v1/sql", {
		headers: { "Content-Type": "text/plain", Accept: "application/x-ndjson" },
		body: WIDE_QUERY,
	});
	const lines = (await whole.text()).trimEnd().split("\n");
	expect([whole.status, lines.length]).toEqual([200, ROW_COUNT]);
	expect(JSON.parse(lines[0] as string)).toMatchObject({ a: 0, s: "row number 0 of many", w: "row number 0 of many" });
});
