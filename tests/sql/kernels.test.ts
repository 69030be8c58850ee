/**
 * Every shape of ClickBench and TPC-H runs on column kernels: those that its plan needs are called in the WebAssembly module, on pages which the query leases at
 * that moment, and no page is leased once it has ended. What the queries answer is compared elsewhere (`shapes.test.ts`).
 */
import { beforeAll, expect, test } from "vitest";
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import { runPlan } from "../../workers/tenant/src/query/run-plan.ts";
import { TestPlanner } from "./bind/planner.ts";
import { neededKernels } from "./kernels/needed-kernels.ts";
import { StoredTables } from "./kernels/stored-tables.ts";
import { type Watch, WatchedEngine } from "./kernels/watched-engine.ts";
import { CLICKBENCH, HITS_DDL } from "./queries/clickbench.ts";
import { HITS_HEADER, hitsCsv } from "./queries/hits-rows.ts";
import { headerOf, TPCH, TPCH_DDL, tpchCsv } from "./queries/tpch.ts";
import { Random } from "./random.ts";

const stored = new StoredTables(new TestPlanner());
const watched = new WatchedEngine();

/** What TPC-H 17 and 19 look for is too rare for so few rows. */
const RARE_PARTS =
	"201,part,Manufacturer#1,Brand#12,PROMO PLATED TIN,3,SM CASE,5.00,a part\n202,part,Manufacturer#1,Brand#23,SMALL PLATED TIN,3,MED BOX,5.00,a part\n";
const RARE_LINES = ["201,1,9,5", "202,1,10,1", "202,1,11,49"]
	.map((item) => `4,${item},100.00,0.05,0.02,N,O,1995-09-05,1995-09-10,1995-09-12,DELIVER IN PERSON,AIR,line\n`)
	.join("");

beforeAll(async () => {
	await stored.load(HITS_DDL, HITS_HEADER + hitsCsv(new Random(43), 5000));
	const rows = tpchCsv(new Random(8), { orders: 1500, customers: 150, parts: 200, suppliers: 20 });
	rows["part"] += RARE_PARTS;
	rows["lineitem"] += RARE_LINES;
	for (const [table, ddl] of Object.entries(TPCH_DDL)) await stored.load(ddl, headerOf(table) + (rows[table] as string));
});

async function watch(sql: string): Promise<{ plan: PhysicalPlan; watch: Watch }> {
	const planned = await stored.planner.plan(sql);
	if (planned.kind !== "query") throw new Error(`not a query: ${sql}`);
	const { plan } = planned;
	const seen = await watched.watch(async (lease) => {
		const { engine } = watched;
		const signal = new AbortController().signal;
		const context = new ExecutionContext({ engine, lease, statement: plan.statement, tables: plan.tables, signal });
		for await (const batch of runPlan(stored.ports(), plan, stored.tailsOf(plan), context)) expect(batch.selectedCount).toBeGreaterThan(0);
	});
	return { plan, watch: seen };
}

const SHAPES = [
	...CLICKBENCH.map((sql, index) => [`ClickBench ${index}`, sql] as const),
	...Object.entries(TPCH).map(([number, sql]) => [`TPC-H ${number}`, sql] as const),
];

test.each(SHAPES)("%s", async (_, sql) => {
	const { plan, watch: seen } = await watch(sql);
	const called = [...seen.calls.keys()];
	const missing = neededKernels(plan.root).filter(({ kernels }) => !called.some((name) => kernels.test(name)));
	expect(missing.map(({ reason, kernels }) => `${reason}: none of ${kernels} among ${called.toSorted().join(", ")}`)).toEqual([]);
	expect(seen.violations).toEqual([]);
	expect(seen.pointerCount).toBeGreaterThan(0);
	expect(watched.arena.leasedPageCount).toBe(0);
});

test("a pointer outside the lease is seen", async () => {
	const seen = await watched.watch(async (lease) => {
		const pointer = lease.allocatePages(1);
		watched.engine.kernels.validity_count(8, pointer);
		lease.freePages(pointer);
		watched.engine.kernels.validity_count(8, pointer);
	});
	expect(seen.violations).toEqual(["validity_count: validity = 65536 is on no page of the query"]);
	expect(seen.calls).toEqual(new Map([["validity_count", 2]]));
});
