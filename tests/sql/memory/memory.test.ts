/**
 * Memory and failure, over queries in which every operator runs, in an arena whose freed pages are poisoned and whose runs end in canaries: whatever fails, wherever, is a typed error
 * with no page left; and queries of two tenants in one isolate see nothing of each other.
 *
 * Which one of many reservations, writes or pulls fails is sampled, another each time it is not; FAILURES=all tries every one.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import { buildFilePage, pageFile } from "#shared/contracts/file-page.ts";
import { inputsOf } from "#shared/contracts/plan/inputs.ts";
import type { PhysicalOperator, PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import type { FilePage } from "#shared/contracts/snapshot.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { GuardedArena } from "#shared/engine/memory/guarded-arena.fixture.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { run } from "#shared/engine/operators/driver.ts";
import { ExecutionContext, type TestModes } from "#shared/engine/operators/execution-context.ts";
import { MemorySpillStore } from "#shared/engine/operators/operators.fixture.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import type { Ports } from "../../../workers/tenant/src/ports.ts";
import { readingObjects } from "../file-ports.ts";
import { openPlan } from "../../../workers/tenant/src/query/run-plan.ts";
import type { OpenedTail } from "../../../workers/tenant/src/query/tail-source.ts";
import { SEED } from "../../seed.ts";
import { TestPlanner } from "../bind/planner.ts";
import { StoredTables } from "../kernels/stored-tables.ts";
import { Random } from "../random.ts";
import { QUERIES } from "./queries.ts";

const ROW_COUNT = 2600;
const BATCH_ROW_COUNT = 500;
/** Places tried of each kind and query, of those that there are. */
const SAMPLE_COUNT = process.env["FAILURES"] === "all" ? Infinity : 4;
const OPERATORS: PhysicalOperator["kind"][] = [
	"expand",
	"filter",
	"hash_aggregate",
	"hash_join",
	"limit",
	"nested_loop_join",
	"project",
	"recursive_union",
	"scan",
	"set_operation",
	"sort",
	"subplan_scan",
	"table_function",
	"top_n",
	"union_all",
	"values",
	"window",
	"worktable_scan",
];
const WORDS = ["ant", "bee", "cat", "dog", "eel"];

const random = new Random(SEED);
const arena = new GuardedArena(1000);
const engine = createEngine({ arena });
/** Two tenants, whose rows have a letter of their own in every text. */
const tenants = { a: new StoredTables(new TestPlanner()), b: new StoredTables(new TestPlanner()) };
type Tenant = keyof typeof tenants;

beforeAll(async () => {
	for (const [tenant, stored] of Object.entries(tenants)) {
		const big = Array.from({ length: ROW_COUNT }, (_, id) =>
			[id, id % 13 === 0 ? "" : id % 90, `${WORDS[id % 5]} of ${tenant}`, `${(id * 7919) % 1000}.25`, `2026-01-${10 + (id % 9)}`].join(","),
		);
		const ddl = "CREATE TABLE big (id INTEGER, k INTEGER, word TEXT, amount NUMERIC(12,2), day DATE)";
		await stored.load(ddl, `id,k,word,amount,day\n${big.join("\n")}\n`, 1);
		const small = Array.from({ length: 60 }, (_, k) => [k % 7 === 0 ? "" : k * 2, `name ${k} of ${tenant}`, k % 9].join(","));
		await stored.load("CREATE TABLE small (k INTEGER, name TEXT, weight INTEGER)", `k,name,weight\n${small.join("\n")}\n`, 1);
	}
});

interface Faults {
	tenant?: Tenant;
	/** Number of the read that fails, of a file or of a tail's next page. */
	readAt?: number;
	spill?: MemorySpillStore;
	testModes?: TestModes;
	/** Number of the pull, of any operator, at which the query is cancelled. */
	cancelAt?: number;
}

interface Run {
	rows: string[];
	spilledBytes: number;
	/** How often each could have failed. */
	counts: { reads: number; pulls: number };
}

async function plan(sql: string, tenant: Tenant = "a"): Promise<PhysicalPlan> {
	const planned = await tenants[tenant].planner.plan(sql);
	if (planned.kind !== "query") throw new Error("a query");
	return planned.plan;
}

let runCount = 0;
/** Its files under names of this run's own: what earlier runs read and kept is not found. */
function withFreshPaths(physical: PhysicalPlan): PhysicalPlan {
	runCount++;
	const fresh = (page: FilePage): FilePage => {
		const files = Array.from({ length: page.fileCount }, (_, index) => pageFile(page, index));
		return buildFilePage(files.map((file) => ({ ...file, path: `${file.path}?${runCount}` })));
	};
	return { ...physical, tables: physical.tables.map((table) => ({ ...table, pages: table.pages.map(fresh) })) };
}

async function runQuery(sql: string, { tenant = "a", readAt, spill, testModes, cancelAt }: Faults = {}): Promise<Run> {
	const stored = tenants[tenant];
	const physical = withFreshPaths(await plan(sql, tenant));
	const counts = { reads: 0, pulls: 0 };
	const controller = new AbortController();
	const ports = stored.ports();
	const countRead = (): void => {
		if (++counts.reads === readAt) throw new LittoralError("unavailable", "the store is away");
	};
	const objects: Ports["objects"] = {
		...ports.objects,
		...readingObjects(async (path, offset, byteCount) => {
			countRead();
			return await ports.objects.read(path.split("?")[0] as string, offset, byteCount);
		}),
	};
	/** Its rows are on the second page. */
	const inTwoPages = (tail: OpenedTail): OpenedTail => ({
		...tail,
		first: { blocks: [], upTo: tail.first.upTo, next: tail.above },
		fetch: async () => {
			countRead();
			return tail.first;
		},
	});
	const tails = stored.tailsOf(physical).map((shards) => shards.map(inTwoPages));
	const lease = new Lease(arena, { owner: tenant });
	try {
		const context = new ExecutionContext({
			engine,
			lease,
			statement: physical.statement,
			tables: physical.tables,
			signal: controller.signal,
			testModes: { batchRowCountMax: BATCH_ROW_COUNT, ...testModes },
			// The clock is read at every pull of every operator.
			nowMs: () => {
				if (++counts.pulls === cancelAt) controller.abort(new DOMException("gone", "AbortError"));
				return 0;
			},
			...(spill === undefined ? {} : { spill }),
		});
		const rows: string[] = [];
		for await (const batch of run(openPlan({ ...ports, objects }, physical, tails, context), context)) {
			for (const row of readRows(engine, batch)) rows.push(row.map(String).join("|"));
		}
		return { rows: rows.toSorted(), spilledBytes: context.statistics.spilledBytes, counts };
	} finally {
		lease.release();
		expect(arena.violations).toEqual([]);
	}
}

/** An error's code, or what the run gave. */
async function outcomeOf(sql: string, faults: Faults): Promise<string | Run> {
	const outcome = await runQuery(sql, faults).catch((error: unknown) => {
		if (!isLittoralError(error)) throw error;
		return error.code;
	});
	arena.failAt = 0;
	expect(arena.leasedPageCount).toBe(0);
	if (faults.spill !== undefined) expect([...faults.spill.blocks.keys()]).toEqual([]);
	return outcome;
}

/** Some of the numbers from 1 to `count`, the first and the last among them. */
function sampled(count: number): number[] {
	if (count <= SAMPLE_COUNT) return Array.from({ length: count }, (_, index) => index + 1);
	return [1, count, ...Array.from({ length: SAMPLE_COUNT - 2 }, () => random.between(2, count - 1))];
}

const SPILLING: Faults = { testModes: { spillAlways: true } };
let spillFailureCount = 0;
const failing = (call: "write" | "read", failAt: number) =>
	new MemorySpillStore((name, number) => {
		if (name === call && number === failAt) throw new Error("the store is away");
	});

test("every operator is in one of the queries", async () => {
	const kinds = new Set<string>();
	const visit = (node: PhysicalOperator): void => {
		kinds.add(node.kind);
		for (const input of inputsOf(node)) visit(input);
	};
	for (const sql of Object.values(QUERIES)) {
		const { root, subplans } = await plan(sql);
		for (const tree of [root, ...subplans]) visit(tree);
	}
	expect([...kinds].toSorted()).toEqual(OPERATORS);
});

describe.each(Object.entries(QUERIES))("%s", (_, sql) => {
	test("leaves no page, nor does any failure of a reservation, a spill write or read, a read of a file or of a tail, or a cancellation at a pull", async () => {
		arena.failAt = 0;
		const whole = await runQuery(sql);
		const reservationCount = arena.takenCount;
		expect(whole.rows.length).toBeGreaterThan(0);
		expect(reservationCount).toBeGreaterThan(3);
		for (const at of sampled(reservationCount)) {
			arena.failAt = at;
			expect(["resource_exhausted", "overloaded"], `reservation ${at} of ${reservationCount}`).toContain(await outcomeOf(sql, {}));
		}
		expect(whole.counts.reads).toBeGreaterThan(0);
		for (const readAt of sampled(whole.counts.reads)) expect(await outcomeOf(sql, { readAt })).toBe("unavailable");
		for (const cancelAt of sampled(whole.counts.pulls)) {
			const outcome = await outcomeOf(sql, { cancelAt });
			// At the last pulls it comes too late to change anything.
			if (typeof outcome !== "string") expect(outcome.rows).toEqual(whole.rows);
			else expect(outcome).toBe("query_canceled");
			if (cancelAt < whole.counts.pulls / 2) expect(outcome, `pull ${cancelAt} of ${whole.counts.pulls}`).toBe("query_canceled");
		}

		const spill = new MemorySpillStore();
		const spilled = await outcomeOf(sql, { ...SPILLING, spill });
		expect(spilled).toMatchObject({ rows: whole.rows });
		for (const call of ["write", "read"] as const) {
			for (const at of sampled(spill.calls[call])) {
				const outcome = await outcomeOf(sql, { ...SPILLING, spill: failing(call, at) });
				// A block that is read before its write has failed is still in memory.
				if (outcome === "unavailable") spillFailureCount++;
				if (call === "write" && typeof outcome !== "string") expect(outcome.rows).toEqual(whole.rows);
				else expect(outcome, `${call} ${at} of ${spill.calls[call]}`).toBe("unavailable");
			}
		}
	});
});

test("queries that can spill do, and much memory was compared", async () => {
	let spilledBytes = 0;
	for (const sql of Object.values(QUERIES))
		spilledBytes += (await runQuery(sql, { ...SPILLING, spill: new MemorySpillStore() })).spilledBytes;
	expect(spilledBytes).toBeGreaterThan(100_000);
	expect(spillFailureCount).toBeGreaterThan(40);
	expect(arena.checkedBytes).toBeGreaterThan(100_000_000);
});

test("eight queries of two tenants, interleaved in one isolate: each its own answer, and no byte of the other's", async () => {
	const names = Object.keys(QUERIES);
	for (let first = 0; first < names.length; first += 4) {
		const wanted = names
			.slice(first, first + 4)
			.flatMap((name) => (["a", "b"] as const).map((tenant) => ({ sql: QUERIES[name] as string, tenant })));
		const alone: string[][] = [];
		for (const { sql, tenant } of wanted) alone.push((await runQuery(sql, { tenant })).rows);
		const together = await Promise.all(
			wanted.map(async ({ sql, tenant }) => await runQuery(sql, { tenant, ...SPILLING, spill: new MemorySpillStore() })),
		);
		expect(together.map(({ rows }) => rows)).toEqual(alone);
		for (const [index, { tenant }] of wanted.entries()) {
			const foreign = tenant === "a" ? " of b" : " of a";
			expect(together[index]?.rows.filter((row) => row.includes(foreign))).toEqual([]);
		}
		expect(arena.leasedPageCount).toBe(0);
	}
	expect(arena.violations).toEqual([]);
});

test("the guards see what is wrong", () => {
	const own = new GuardedArena(20);
	const lease = new Lease(own, { owner: "a" });
	const first = lease.allocatePages(1);
	own.views.u8[first + 65_536] = 1;
	lease.freePages(first);
	expect(own.violations).toEqual(["a run was written beyond its end (page 2)"]);
	own.views.u8[first + 7] = 1;
	lease.allocatePages(1);
	expect(own.violations.at(-1)).toBe("a freed page was written to (page 1)");
});
