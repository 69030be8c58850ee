/** The query shapes of ClickBench and TPC-H over 100,000 rows: PostgreSQL's answers, through HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { type Harness, startHarness } from "../harness.ts";
import { createTable, sendRows } from "../send-rows.ts";
import { difference, littoralAnswer } from "./answers.ts";
import { Oracle } from "./oracle.ts";
import { CLICKBENCH, HITS_DDL } from "./queries/clickbench.ts";
import { HITS_HEADER, hitsCsv } from "./queries/hits-rows.ts";
import { headerOf, TPCH, TPCH_DDL, tpchCsv } from "./queries/tpch.ts";
import { Random } from "./random.ts";

let harness: Harness;
let client: LittoralClient;
let oracle: Oracle;

beforeAll(async () => {
	[harness, oracle] = await Promise.all([startHarness(), Oracle.start()]);
	client = (await harness.tenant()).owner;
});

afterAll(async () => {
	await harness.stop();
	await oracle.stop();
});

/** Puts the same rows into both. */
async function load(table: string, ddl: string, header: string, csv: string): Promise<void> {
	await oracle.exec(ddl.replace(/ WITH \(.*\)$/, ""));
	await oracle.copy(table, csv);
	await createTable(client, ddl);
	await sendRows(client, table, header + csv, "text/csv");
}

/** A correlated subquery in PostgreSQL looks through its whole table for each outer row, unless there is an index. */
async function help(indexes: readonly string[]): Promise<void> {
	for (const index of indexes) await oracle.exec(`CREATE INDEX ON ${index}`);
	await oracle.exec("ANALYZE");
}

async function compare(sql: string): Promise<void> {
	const [actual, expected] = [await littoralAnswer(client, sql), await oracle.query(sql)];
	expect(expected.error).toBeUndefined();
	expect(difference(sql, actual, expected, / ORDER BY /.test(sql))).toBeNull();
}

describe("ClickBench", () => {
	beforeAll(async () => {
		await load("hits", HITS_DDL, HITS_HEADER, hitsCsv(new Random(43), 100_000));
	});

	test.each(CLICKBENCH.map((sql, index) => [index, sql] as const))("%i", async (_, sql) => {
		await compare(sql);
	});

	test.each([
		"SELECT UserID, SearchPhrase, COUNT(*) FROM hits GROUP BY UserID, SearchPhrase LIMIT 10",
		"SELECT RegionID, COUNT(DISTINCT UserID), SUM(Age), MIN(URL) FROM hits WHERE Age > 20 GROUP BY RegionID LIMIT 7 OFFSET 4",
		"SELECT DISTINCT SearchPhrase, RegionID FROM hits LIMIT 300",
	])("any groups, each of them whole: %s", async (sql) => {
		const [{ rows }, all] = [await littoralAnswer(client, sql), await oracle.query(sql.replace(/ LIMIT .*$/, ""))];
		const truth = new Set(all.rows.map((row) => JSON.stringify(row)));
		const found = rows.map((row) => JSON.stringify(row));
		expect(found.filter((row) => !truth.has(row))).toEqual([]);
		expect(new Set(found).size).toBe(Number(/ LIMIT (\d+)/.exec(sql)?.[1]));
		expect(found.length).toBe(new Set(found).size);
	});
});

describe("TPC-H", () => {
	beforeAll(async () => {
		const rows = tpchCsv(new Random(8), { orders: 25_000, customers: 2500, parts: 4000, suppliers: 200 });
		for (const [table, ddl] of Object.entries(TPCH_DDL)) await load(table, ddl, headerOf(table), rows[table] as string);
		await help(["lineitem (l_partkey, l_suppkey)", "lineitem (l_orderkey)", "partsupp (ps_partkey)", "orders (o_custkey)"]);
	});

	test.each(Object.entries(TPCH))("%s", async (_, sql) => {
		await compare(sql);
	});
});
