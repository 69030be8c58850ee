/** A scan asks its conjuncts one after the other, and opens a page of a column where a row of it is still selected: through the optimizer, the tenant's sources and the Parquet reader. */
import { beforeAll, expect, test } from "vitest";
import { PARQUET_PAGE_ROW_COUNT } from "#shared/base/limits.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { runPlan } from "../../workers/tenant/src/query/run-plan.ts";
import { TestPlanner } from "./bind/planner.ts";
import { StoredTables } from "./kernels/stored-tables.ts";

const PAGE_COUNT = 3;
const ROW_COUNT = PAGE_COUNT * PARQUET_PAGE_ROW_COUNT;
/** In order, without being a dictionary: pages of deltas, opened by a kernel. */
const valueOf = (row: number, column: number): number => row * 10 + (row % 7) + column;

let opened = 0;
const engine = createEngine({
	wrap: (kernels) => ({
		...kernels,
		delta_open: (...input) => {
			opened++;
			return kernels.delta_open(...input);
		},
	}),
});
const stored = new StoredTables(new TestPlanner());

beforeAll(async () => {
	const lines = Array.from({ length: ROW_COUNT }, (_, row) => [0, 1, 2].map((column) => valueOf(row, column)).join(","));
	await stored.load(
		"CREATE TABLE late (a BIGINT NOT NULL, b BIGINT NOT NULL, c BIGINT NOT NULL)",
		`a,b,c\n${lines.join("\n")}\n`,
		Infinity,
	);
});

async function asked(sql: string): Promise<{ rows: unknown[][]; openedCount: number }> {
	const planned = await stored.planner.plan(sql);
	if (planned.kind !== "query") throw new Error(`not a query: ${sql}`);
	const lease = new Lease(engine.arena, { owner: "late conjuncts" });
	opened = 0;
	try {
		const { plan } = planned;
		const signal = new AbortController().signal;
		const context = new ExecutionContext({ engine, lease, statement: plan.statement, tables: plan.tables, signal });
		const rows: unknown[][] = [];
		for await (const batch of runPlan(stored.ports(), plan, stored.tailsOf(plan), context)) rows.push(...readRows(engine, batch));
		return { rows, openedCount: opened };
	} finally {
		lease.release();
	}
}

const row = PARQUET_PAGE_ROW_COUNT + 5;
const elsewhere = 5;

test.each([
	["the other columns' page of the row that is left", `a = ${valueOf(row, 0)} AND b > 0 AND c > 0`, PAGE_COUNT + 2, 1],
	[
		"none of a third column, where two leave nothing",
		`a = ${valueOf(row, 0)} AND b = ${valueOf(elsewhere, 1)} AND c > 0`,
		PAGE_COUNT + 1,
		0,
	],
	["all pages, where rows are left in each", `a >= 0 AND b >= 0 AND c >= 0`, 3 * PAGE_COUNT, ROW_COUNT],
])("%s", async (_what, where, pageCount, rowCount) => {
	const { rows, openedCount } = await asked(`SELECT a, b, c FROM late WHERE ${where}`);
	expect(rows.length).toBe(rowCount);
	expect(openedCount).toBe(pageCount);
});

test("a conjunct over two columns reads both, and a third waits", async () => {
	const { rows, openedCount } = await asked(`SELECT c FROM late WHERE a > b AND c > 0`);
	expect(rows.length).toBe(0);
	expect(openedCount).toBe(2 * PAGE_COUNT);
});
