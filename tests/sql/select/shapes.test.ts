/**
 * The query shapes of ClickBench and TPC-H without each rule of the optimizer, and without any: over so few rows that a cross join of everything ends. The answer of all rules
 * is compared with PostgreSQL's elsewhere (`tests/sql/shapes.test.ts`).
 */
import { beforeAll, expect, test } from "vitest";
import { difference } from "../answers.ts";
import { TestPlanner } from "../bind/planner.ts";
import { StoredTables } from "../kernels/stored-tables.ts";
import { CLICKBENCH, HITS_DDL } from "../queries/clickbench.ts";
import { HITS_HEADER, hitsCsv } from "../queries/hits-rows.ts";
import { headerOf, TPCH, TPCH_DDL, tpchCsv } from "../queries/tpch.ts";
import { Random } from "../random.ts";
import { RULE_SETS } from "../rule-sets.ts";
import { localAnswer } from "./local-answers.ts";

const stored = new StoredTables(new TestPlanner());
const FEW = { nation: 4, region: 3 };

beforeAll(async () => {
	await stored.load(HITS_DDL, HITS_HEADER + hitsCsv(new Random(43), 300));
	const rows = tpchCsv(new Random(8), { orders: 12, customers: 5, parts: 6, suppliers: 4 });
	for (const [table, count] of Object.entries(FEW)) rows[table] = (rows[table] as string).split("\n").slice(0, count).join("\n");
	for (const [table, ddl] of Object.entries(TPCH_DDL)) await stored.load(ddl, headerOf(table) + (rows[table] as string));
});

test.each([
	...CLICKBENCH.map((sql, index) => [`ClickBench ${index}`, sql] as const),
	...Object.entries(TPCH).map(([number, sql]) => [`TPC-H ${number}`, sql] as const),
])("%s", async (_, sql) => {
	const expected = await localAnswer(stored, sql);
	expect(expected.error).toBeUndefined();
	for (const [name, disabled] of RULE_SETS) {
		const answer = await localAnswer(stored, sql, { disabled, regardlessOfCost: true });
		expect(difference(sql, answer, expected, false), `without ${name}`).toBeNull();
	}
});
