/** Estimates that learn, and EXPLAIN ANALYZE, through POST /v1/sql: three runs of a query, each of which leaves what it saw in D1, and the plan of the fourth joins in another order. */
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { APPEND_BYTES_MAX, LEARNED_FACTOR_MIN, LEARNING_INTERVAL_MS } from "#shared/base/limits.ts";
import type { LittoralClient } from "../../scripts/client.ts";
import { type Harness, startHarness } from "../harness.ts";
import { createTable, sendRows } from "../send-rows.ts";

/**
 * `substr(a, 6, 3) = 'xyz'` is guessed to keep less than 1% of `big`; it keeps 90%. So `big` is joined to `middle` first, for a few rows; in truth that gives 21,600, and `middle` should meet
 * `small` first, which leaves 300 of it.
 */
const SQL = "SELECT count(*) FROM big JOIN middle ON big.m = middle.m JOIN small ON middle.n = small.n WHERE substr(a, 6, 3) = 'xyz'";
const TRUE_ROWS = 5400;
const ANSWER = 4800;
/** Bytes of a table: above an append's bound, so that its rows go to a file and bring their statistics. */
const TABLE_BYTES = APPEND_BYTES_MAX * 1.25;
/** Columns, number of rows, and each row. */
const TABLES: [name: string, columns: string, rowCount: number, row: (id: number) => string][] = [
	["big", "a TEXT, m INTEGER", 6000, (id) => `${id % 10 === 0 ? "other" : `text xyz ${id}`},${id % 300}`],
	["middle", "m INTEGER, n INTEGER", 1200, (id) => `${id % 300},${id}`],
	["small", "n INTEGER, t INTEGER", 300, (id) => `${id * 4},${id}`],
];

interface PlanNode {
	"Node Type": string;
	"Plan Rows": number;
	Learned?: string;
	Plans?: PlanNode[];
	[figure: string]: unknown;
}

let harness: Harness;
let client: LittoralClient;

beforeAll(async () => {
	harness = await startHarness();
	client = (await harness.tenant()).owner;
	for (const [name, columns, rowCount, row] of TABLES) {
		await createTable(client, `CREATE TABLE ${name} (${columns}, pad TEXT)`);
		const padBytes = TABLE_BYTES / rowCount;
		const rows = Array.from({ length: rowCount }, (_, id) => `${row(id)},${String(id).padEnd(padBytes, "x")}`);
		await sendRows(client, name, `${columns.replaceAll(/ [A-Z]+/g, "").replaceAll(" ", "")},pad\n${rows.join("\n")}\n`, "text/csv");
	}
});
afterAll(() => harness.stop());

async function explained(options: string): Promise<{ Plan: PlanNode; Totals: Record<string, number> }> {
	const { rows } = await client.query(`EXPLAIN (${options}) ${SQL}`);
	const [[[plan]]] = rows as [[[{ Plan: PlanNode; Totals: Record<string, number> }]]];
	return plan;
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
const scanOf = (plan: PlanNode, table: string): PlanNode =>
	nodesOf(plan).find((node) => node["Node Type"] === `Scan on ${table}`) as PlanNode;

/** Tables as the joins nest. */
function joinOrder(node: PlanNode): string {
	if (node["Node Type"].startsWith("Scan on ")) return node["Node Type"].slice("Scan on ".length);
	const inputs = (node.Plans ?? []).map(joinOrder);
	return inputs.length === 2 ? `(${inputs.join(" ")})` : (inputs[0] ?? "");
}

/** What was learnt of the shape that the query's filter has. */
async function learned(): Promise<{ samples: number; updatedAtMs: number } | null> {
	const database = await harness.littoral.miniflare.getD1Database("OPTIMIZER_DB", "littoral-optimizer");
	const row = await database
		.prepare("SELECT sample_count AS samples, updated_at_ms AS updatedAtMs FROM correction WHERE shape LIKE 'filter-%'")
		.first<{ samples: number; updatedAtMs: number }>();
	return row ?? null;
}

/** Runs the query, and waits until what it showed is in D1. */
async function learnFromRun(run: number): Promise<void> {
	expect((await client.query(SQL)).rows).toEqual([[ANSWER]]);
	for (let polls = 0; (await learned())?.samples !== run; polls++) {
		expect(polls, "a run's lesson arrives").toBeLessThan(200);
		await setTimeout(50);
	}
	const { updatedAtMs } = (await learned()) as { updatedAtMs: number };
	await setTimeout(Math.max(0, updatedAtMs + LEARNING_INTERVAL_MS + 50 - Date.now()));
}

test("a wrong estimate is right within two times after three runs, and the join order changes", async () => {
	const before = await explained("FORMAT JSON");
	expect(scanOf(before.Plan, "big")["Plan Rows"]).toBeLessThan(60);
	for (const run of [1, 2, 3]) await learnFromRun(run);
	const after = await explained("FORMAT JSON");
	const estimate = scanOf(after.Plan, "big")["Plan Rows"];
	expect(Math.max(estimate / TRUE_ROWS, TRUE_ROWS / estimate)).toBeLessThan(LEARNED_FACTOR_MIN);
	expect(scanOf(after.Plan, "big").Learned).toMatch(/^rows x \d/);
	expect({ before: joinOrder(before.Plan), after: joinOrder(after.Plan) }).toEqual({
		before: "(small (middle big))",
		after: "(big (middle small))",
	});
	expect((await client.query(SQL)).rows).toEqual([[ANSWER]]);
});

test("EXPLAIN ANALYZE has what each operator did beside what was thought of it", async () => {
	const { Plan, Totals } = await explained("ANALYZE, FORMAT JSON");
	const nodes = nodesOf(Plan);
	for (const node of nodes) {
		expect(node).toMatchObject({
			"Plan Rows": expect.any(Number),
			Bytes: expect.any(Number),
			Milliseconds: expect.any(Number),
			"Actual Rows": expect.any(Number),
			"Actual Bytes Scanned": expect.any(Number),
			"Actual Startup Time": expect.any(Number),
			"Actual Total Time": expect.any(Number),
			"Arena Peak Bytes": expect.any(Number),
			"Spilled Bytes": 0,
		});
		const isScan = node["Node Type"].startsWith("Scan on ");
		expect(node["Actual Bytes Scanned"] === 0, node["Node Type"]).toBe(!isScan);
	}
	expect(nodes.reduce((sum, node) => sum + (node["Actual Bytes Scanned"] as number), 0)).toBe(Totals["Actual Bytes Scanned"]);
	expect(nodes.filter((node) => (node["Arena Peak Bytes"] as number) > 0).length).toBeGreaterThan(3);
	expect(Plan["Actual Rows"]).toBe(1);
});
