/** Every cache of snapshots is warm when rows come in by the bulk path: whoever asks after the acknowledgement sees them (invariant Q2). */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { type Harness, startHarness } from "../harness.ts";

/** About 10 MB of rows: above APPEND_BYTES_MAX. */
const BULK_ROW_COUNT = 10_000;
const PAD = "p".repeat(1000);
const READER_COUNT = 4;

let harness: Harness;
let client: LittoralClient;
let rowCount = 0;

beforeAll(async () => {
	harness = await startHarness();
	client = (await harness.tenant()).owner;
	await client.execute("CREATE TABLE big (a INTEGER, pad TEXT)");
});

afterAll(async () => {
	await harness.stop();
});

/** Parallel requests: none of them has more than the acknowledgement to go by. */
async function counts(): Promise<unknown[]> {
	const answers = Array.from({ length: READER_COUNT }, () => client.query("SELECT count(*), count(pad) FROM big"));
	return (await Promise.all(answers)).map((answer) => answer.rows[0]);
}

async function expectSeen(): Promise<void> {
	expect(await counts()).toEqual(Array.from({ length: READER_COUNT }, () => [rowCount, rowCount]));
	const { row_count: known, tail_rows: tailRows } = await client.json<{ row_count: number; tail_rows: number }>("/v1/tables/big");
	expect([known, tailRows]).toEqual([rowCount, 0]);
}

test("the queries after a bulk append see its rows, with a warm snapshot each time", async () => {
	for (let round = 0; round < 3; round++) {
		// No two alike: a dictionary of them would be small.
		const lines = Array.from({ length: BULK_ROW_COUNT }, (_, row) => `${row},${rowCount + row}${PAD}`);
		const body = `a,pad\n${lines.join("\n")}\n`;
		await expectSeen();
		expect((await client.append("big", body, "text/csv")).accepted).toBe(BULK_ROW_COUNT);
		rowCount += BULK_ROW_COUNT;
		await expectSeen();
	}
});

test("so do the queries after INSERT ... SELECT of many rows", async () => {
	await expectSeen();
	const { row_count: inserted } = await client.execute(`INSERT INTO big SELECT a + 1, pad FROM big WHERE a < ${BULK_ROW_COUNT}`);
	expect(inserted).toBe(rowCount);
	rowCount += inserted;
	await expectSeen();
});
