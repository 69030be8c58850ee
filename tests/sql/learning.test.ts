/**
 * Estimates that learn: plans run over real rows, what they teach is kept in D1's SQL (by node:sqlite), and the next plan is made with it.
 */
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CORRECTION_COUNT_MAX, LEARNED_HALF_LIFE_MS, LEARNING_INTERVAL_MS } from "#shared/base/limits.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { inputsOf } from "#shared/contracts/plan/inputs.ts";
import type { PhysicalOperator, PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import type { Observation } from "#shared/contracts/rpc.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { run } from "#shared/engine/operators/driver.ts";
import { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import { compileExpression } from "#shared/engine/expression/compile.ts";
import { compilePredicate } from "#shared/engine/expression/predicate.ts";
import { explainText } from "#shared/explain/text.ts";
import { type CorrectionDatabase, CorrectionStore } from "../../workers/optimizer/src/learning/correction-store.ts";
import { observationsOf } from "../../workers/tenant/src/query/observations.ts";
import { openPlan } from "../../workers/tenant/src/query/run-plan.ts";
import { TestPlanner } from "./bind/planner.ts";
import { StoredTables } from "./kernels/stored-tables.ts";

const ONE = "0123456789abcdef01234567" as TenantId;
const OTHER = "76543210fedcba9876543210" as TenantId;
const MIGRATIONS = ["0001_corrections", "0002_fading"];

/** D1's interface over a database in memory. */
function openDatabase(): {
	database: CorrectionDatabase;
	rows: (tenantId: TenantId) => Record<string, unknown>[];
	fail: (on: boolean) => void;
} {
	const sqlite = new DatabaseSync(":memory:");
	for (const name of MIGRATIONS) sqlite.exec(readFileSync(`workers/optimizer/migrations/${name}.sql`, "utf8"));
	let failing = false;
	const database = {
		prepare: (sql: string) => ({ bind: (...values: (string | number)[]) => ({ sql, values }) }),
		batch: async (statements: { sql: string; values: (string | number)[] }[]) => {
			if (failing) throw new Error("injected: D1 is away");
			return statements.map(({ sql, values }) => {
				const named = Object.fromEntries(values.map((value, index) => [`?${index + 1}`, value]));
				const prepared = sqlite.prepare(sql);
				return { results: sql.startsWith("SELECT") ? prepared.all(named) : (prepared.run(named), []) };
			});
		},
	};
	return {
		database: database as unknown as CorrectionDatabase,
		rows: (tenantId) => sqlite.prepare("SELECT * FROM correction WHERE tenant_id = ? ORDER BY shape").all(tenantId),
		fail: (on) => (failing = on),
	};
}

const engine = createEngine();
const planner = new TestPlanner();
const stored = new StoredTables(planner);
const waiting: Promise<void>[] = [];
let store: CorrectionStore;
let db: ReturnType<typeof openDatabase>;

/**
 * `substr(a, 6, 3) = 'xyz'` is guessed to keep less than 1% of `big`; it keeps 90%. So `big` is joined to `middle` first, for a few rows; in truth that gives 21,600, and `middle` should meet
 * `small` first, which leaves 300 of it.
 */
const SQL = "SELECT count(*) FROM big JOIN middle ON big.m = middle.m JOIN small ON middle.n = small.n WHERE substr(a, 6, 3) = 'xyz'";

beforeAll(async () => {
	const big = Array.from({ length: 6000 }, (_, id) => `${id},${id % 10 === 0 ? "other" : `text xyz ${id}`},${id % 300}`);
	await stored.load("CREATE TABLE big (id BIGINT, a TEXT, m INTEGER)", `id,a,m\n${big.join("\n")}\n`, Infinity);
	const middle = Array.from({ length: 1200 }, (_, id) => `${id % 300},${id}`);
	await stored.load("CREATE TABLE middle (m INTEGER, n INTEGER)", `m,n\n${middle.join("\n")}\n`, Infinity);
	const small = Array.from({ length: 300 }, (_, id) => `${id * 4},${id}`);
	await stored.load("CREATE TABLE small (n INTEGER, t INTEGER)", `n,t\n${small.join("\n")}\n`, Infinity);
});

beforeEach(() => {
	db = openDatabase();
	store = new CorrectionStore();
	planner.nowMs = 1_000_000;
	as(ONE);
});

/** Plans from now on are this tenant's. */
function as(tenantId: TenantId): void {
	planner.corrections = () => store.read(db.database, tenantId, { nowMs: planner.nowMs, background: (work) => waiting.push(work) });
}

async function planned(sql: string): Promise<PhysicalPlan> {
	const statement = await planner.plan(sql);
	if (statement.kind !== "query") throw new Error("a query");
	return statement.plan;
}

/** Runs it to its end, or as far as the first batch. */
async function observed(plan: PhysicalPlan, stopEarly = false): Promise<Observation[]> {
	const lease = new Lease(engine.arena, { owner: "test" });
	const evaluator = { compileExpression, compilePredicate };
	const { statement, tables } = plan;
	const context = new ExecutionContext({ engine, lease, statement, tables, evaluator, signal: new AbortController().signal });
	try {
		const opened = openPlan(stored.ports(), plan, stored.tailsOf(plan), context);
		for await (const _ of run(opened, context)) if (stopEarly) break;
		return observationsOf(opened.statistics);
	} finally {
		lease.release();
	}
}

/** One run, and what comes of it; the clock goes on. */
async function learnFrom(sql: string, tenantId = ONE): Promise<PhysicalPlan> {
	const plan = await planned(sql);
	await store.learn(db.database, tenantId, await observed(plan), planner.nowMs);
	planner.nowMs += LEARNING_INTERVAL_MS;
	return plan;
}

/** Tables in the order in which scans stand in the plan, as the joins nest. */
function joinOrder(plan: PhysicalPlan): string {
	const shown = (node: PhysicalOperator): string => {
		if (node.kind === "scan") return plan.tables[node.table]?.schema.name ?? "";
		const inputs = inputsOf(node).map(shown);
		return inputs.length === 2 ? `(${inputs.join(" ")})` : (inputs[0] ?? "");
	};
	return shown(plan.root);
}

function scanRows(plan: PhysicalPlan, table: string): number {
	const scans = (node: PhysicalOperator): PhysicalOperator[] => [node, ...inputsOf(node).flatMap(scans)];
	const found = scans(plan.root).find((node) => node.kind === "scan" && plan.tables[node.table]?.schema.name === table);
	return found?.estimate.rowCount ?? Number.NaN;
}

describe("a wrong estimate", () => {
	test("is right within two times after three runs, and the join order changes", async () => {
		const first = await learnFrom(SQL);
		expect(scanRows(first, "big")).toBeLessThan(60);
		const errors: number[] = [];
		for (let time = 0; time < 3; time++) errors.push(5400 / scanRows(await learnFrom(SQL), "big"));
		const last = await planned(SQL);
		expect(5400 / scanRows(last, "big")).toBeLessThan(2);
		expect(errors).toEqual(errors.toSorted((left, right) => right - left));
		expect(joinOrder(last)).not.toBe(joinOrder(first));
		expect({ first: joinOrder(first), last: joinOrder(last) }).toMatchInlineSnapshot(`
			{
			  "first": "(small (middle big))",
			  "last": "(big (middle small))",
			}
		`);
		expect(explainText(last).some((line) => line.includes("Learned: rows x"))).toBe(true);
	});

	test("once it is learnt, nothing is written any more", async () => {
		for (let time = 0; time < 8; time++) await learnFrom(SQL);
		expect(await observed(await planned(SQL))).toEqual([]);
	});

	test("is shared by the same predicate with other constants and other words around it, and by no other predicate", async () => {
		for (let time = 0; time < 4; time++) await learnFrom(SQL);
		expect(scanRows(await planned("SELECT id FROM big AS b WHERE substr(b.a, 6, 3) = 'abc'"), "big")).toBeGreaterThan(2000);
		expect(scanRows(await planned("SELECT id FROM big WHERE a = 'abc'"), "big")).toBeLessThan(10);
	});

	test("switched off, the old plan is back", async () => {
		const first = explainText(await learnFrom(SQL));
		for (let time = 0; time < 3; time++) await learnFrom(SQL);
		expect(explainText(await planned(SQL))).not.toEqual(first);
		planner.corrections = null;
		expect(explainText(await planned(SQL))).toEqual(first);
	});
});

describe("what was learnt", () => {
	test("is the tenant's alone (T1)", async () => {
		const first = explainText(await learnFrom(SQL));
		for (let time = 0; time < 3; time++) await learnFrom(SQL);
		as(OTHER);
		expect(explainText(await planned(SQL))).toEqual(first);
		expect(db.rows(OTHER)).toEqual([]);
	});

	test("fades with time, and as the table changes", async () => {
		for (let time = 0; time < 4; time++) await learnFrom(SQL);
		const now = scanRows(await planned(SQL), "big");
		planner.nowMs += LEARNED_HALF_LIFE_MS;
		const later = scanRows(await planned(SQL), "big");
		expect(later).toBeLessThan(now / 5);
		planner.nowMs -= LEARNED_HALF_LIFE_MS;
		const snapshot = planner.tables.get("big");
		if (snapshot === undefined) throw new Error("loaded");
		try {
			planner.tables.set("big", { ...snapshot, rowCount: snapshot.rowCount * 4 });
			expect(scanRows(await planned(SQL), "big") / 4).toBeLessThan(now / 5);
		} finally {
			planner.tables.set("big", snapshot);
		}
	});

	test("is of a bounded number of shapes: the oldest go", async () => {
		const observations = (from: number): Observation[] =>
			Array.from({ length: 10 }, (_, index) => ({
				shape: `filter-${String(from + index).padStart(16, "0")}`,
				rowCount: 100,
				learned: 1,
				logRatio: 3,
			}));
		for (let from = 0; from < CORRECTION_COUNT_MAX + 30; from += 10) {
			await store.learn(db.database, ONE, observations(from), planner.nowMs);
			planner.nowMs += LEARNING_INTERVAL_MS;
		}
		const shapes = db.rows(ONE).map(({ shape }) => shape);
		expect(shapes).toHaveLength(CORRECTION_COUNT_MAX);
		expect(shapes[0]).toBe("filter-0000000000000030");
	});

	test("is written once an interval, and only where it is an observation", async () => {
		const good: Observation = { shape: `filter-${"0".repeat(16)}`, rowCount: 1, learned: 1, logRatio: 1 };
		const bad: Observation[] = [
			{ ...good, shape: "x' OR 1=1" },
			{ ...good, learned: Number.NaN },
			{ ...good, learned: -1 },
			{ ...good, logRatio: Number.POSITIVE_INFINITY },
			{ ...good, rowCount: 0 },
		];
		await store.learn(db.database, ONE, bad, planner.nowMs);
		expect(db.rows(ONE)).toEqual([]);
		await store.learn(db.database, ONE, [good], planner.nowMs);
		await store.learn(db.database, ONE, [{ ...good, shape: `filter-${"1".repeat(16)}` }], planner.nowMs + LEARNING_INTERVAL_MS - 1);
		expect(db.rows(ONE).map(({ log_factor, sample_count }) => [log_factor, sample_count])).toEqual([[0.5, 1]]);
	});

	test("is found by another isolate, and gone with its tenant", async () => {
		for (let time = 0; time < 3; time++) await learnFrom(SQL);
		const here = explainText(await planned(SQL));
		store = new CorrectionStore();
		expect(explainText(await planned(SQL))).toEqual(here);
		await store.forget(db.database, ONE);
		expect(db.rows(ONE)).toEqual([]);
		expect(scanRows(await planned(SQL), "big")).toBeLessThan(60);
	});
});

test("without D1, and with one that fails, plans are made all the same", async () => {
	db.fail(true);
	expect(scanRows(await planned(SQL), "big")).toBeLessThan(60);
	await store.learn(db.database, ONE, await observed(await planned(SQL)), planner.nowMs);
	db.fail(false);
	expect(db.rows(ONE)).toEqual([]);
});

test("a run that was stopped teaches nothing of what it did not finish", async () => {
	expect(await observed(await planned("SELECT id, a FROM big WHERE substr(a, 6, 3) = 'xyz'"), true)).toEqual([]);
	expect(await observed(await planned("SELECT id, a FROM big WHERE substr(a, 6, 3) = 'xyz' LIMIT 3"))).toEqual([]);
	expect(await observed(await planned("SELECT id, a FROM big WHERE substr(a, 6, 3) = 'xyz'"))).toHaveLength(1);
});

test("a join is not blamed for what its inputs were off", async () => {
	const observations = await observed(
		await planned("SELECT count(*) FROM big JOIN middle ON big.m = middle.m WHERE substr(a, 6, 3) = 'xyz'"),
	);
	expect(observations.map(({ shape }) => shape.split("-")[0])).toEqual(["filter"]);
});
