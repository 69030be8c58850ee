/** A query that fails long after its first rows: the status is 200 by then, and what the client has got is whole for no reader. */
import { beforeAll, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { sharedHarness, type SharedHarness } from "../harness.ts";
import { createTable, sendRows } from "../send-rows.ts";

const ROW_COUNT = 60_000;
/** More than the megabyte that is held back comes before the one row that fails. */
const LATE_FAILURE = `SELECT s, s AS t, s AS u, 1 / (a - ${ROW_COUNT - 1}) AS q FROM rows`;

let harness: SharedHarness;
let client: LittoralClient;

beforeAll(async () => {
	harness = await sharedHarness();
	client = (await harness.tenant()).owner;
	await createTable(client, "CREATE TABLE rows (a INTEGER, s TEXT)");
	const lines = Array.from({ length: ROW_COUNT }, (_, index) => `${index},row number ${index} of many`);
	await sendRows(client, "rows", `a,s\n${lines.join("\n")}\n`, "text/csv");
});

/** All that arrives, whether the connection then ends cleanly or is reset. */
async function received(accept: string): Promise<string> {
	const response = await client.request("/v1/sql", { headers: { "Content-Type": "text/plain", Accept: accept }, body: LATE_FAILURE });
	expect(response.status).toBe(200);
	let text = "";
	const decoder = new TextDecoder();
	try {
		for await (const part of response.body as ReadableStream<Uint8Array>) text += decoder.decode(part, { stream: true });
	} catch {
		// A reset: the client knows already.
	}
	return text;
}

test.each([
	["application/json", /"error":\{"code":"division_by_zero","detail":"division by zero","sqlstate":"22012"\}\}\n$/],
	["application/x-ndjson", /\n\{"error":\{"code":"division_by_zero","detail":"division by zero","sqlstate":"22012"\}\}\n$/],
	["text/csv", /\n"query failed: division by zero$/],
	["application/vnd.apache.arrow.stream", /query failed: division by zero$/],
])("%s", async (accept, end) => {
	expect((await received(accept)).slice(-200)).toMatch(end);
});
