/**
 * Random SELECTs over rows that lie partly in files and partly in the tails of three shards, against PostgreSQL.
 * QUERIES=n asks more; SEED as `tests/seed.ts` has it.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { type Harness, startHarness } from "../harness.ts";
import { createTable, sendRows } from "../send-rows.ts";
import { difference, littoralAnswer } from "./answers.ts";
import { Oracle } from "./oracle.ts";
import { DIMS_DDL, DIMS_HEADER, dimsCsv, FACTS_DDL, FACTS_HEADER, factsCsv } from "./random-rows.ts";
import { randomSelect } from "./random-select.ts";
import { SEED } from "../seed.ts";
import { Random } from "./random.ts";

const QUERY_COUNT = Number(process.env["QUERIES"] ?? 200);
const BULK_ROWS = 60_000;
const TAIL_APPENDS = 30;

let harness: Harness;
let client: LittoralClient;
let oracle: Oracle;

beforeAll(async () => {
	[harness, oracle] = await Promise.all([startHarness(), Oracle.start()]);
	const { id, owner } = await harness.tenant();
	client = owner;
	const random = new Random(SEED);
	await createTable(client, FACTS_DDL);
	await createTable(client, DIMS_DDL);
	await oracle.exec(`${FACTS_DDL};${DIMS_DDL}`);
	const bulk = factsCsv(random, BULK_ROWS, 1);
	await sendRows(client, "facts", FACTS_HEADER + bulk, "text/csv");
	await oracle.copy("facts", bulk);
	const shards = await harness.admin.request(`/v1/tenants/${id}/shards`, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: '{"count":3}',
	});
	expect(shards.status).toBe(200);
	for (let append = 0; append < TAIL_APPENDS; append++) {
		const rows = factsCsv(random, 100, BULK_ROWS + 1 + append * 100);
		await sendRows(client, "facts", FACTS_HEADER + rows, "text/csv");
		await oracle.copy("facts", rows);
	}
	const dims = dimsCsv(random);
	await sendRows(client, "dims", DIMS_HEADER + dims, "text/csv");
	await oracle.copy("dims", dims);
	await oracle.exec("ANALYZE");
});

afterAll(async () => {
	await harness.stop();
	await oracle.stop();
});

test("the rows lie in files and in tails", async () => {
	expect(await client.json("/v1/tables/facts")).toMatchObject({
		row_count: BULK_ROWS + TAIL_APPENDS * 100,
		tail_rows: TAIL_APPENDS * 100,
		file_count: expect.any(Number),
	});
});

test(`${QUERY_COUNT} random SELECTs from seed ${SEED} answer as PostgreSQL does`, async () => {
	const wrong: string[] = [];
	for (let index = 0; index < QUERY_COUNT; index++) {
		const { sql, ordered } = randomSelect(SEED + index);
		const [actual, expected] = [await littoralAnswer(client, sql), await oracle.query(sql)];
		const found = difference(sql, actual, expected, ordered);
		if (found !== null) wrong.push(`SEED=${SEED + index}: ${sql}\n  ${found}`);
	}
	expect(wrong).toEqual([]);
}, 900_000);
