/**
 * How many round trips to Durable Objects, D1 or the object store, one after the other, a query makes before its first scan (design, section 8).
 *
 * The query runs on the code of tenant and optimizer; their ports to objects, catalog and bucket answer in rounds: a call waits until nothing else can go on,
 * then every waiting call is answered at once. A round is thus one round trip of everything that runs in parallel.
 */
import { beforeAll, beforeEach, expect, test } from "vitest";
import { randomHex, type TenantId } from "#shared/base/ids.ts";
import type { QueryAnswer } from "#shared/contracts/rpc.ts";
import { TableSnapshotCache } from "../../workers/optimizer/src/cache/table-snapshots.ts";
import { ParsedStatementCache } from "../../workers/optimizer/src/cache/parsed-statements.ts";
import { evaluate } from "../../workers/optimizer/src/evaluate.ts";
import { planStatement } from "../../workers/optimizer/src/plan-statement.ts";
import type { Ports } from "../../workers/tenant/src/ports.ts";
import { query } from "../../workers/tenant/src/query/coordinator.ts";
import type { OpenTail, ShardRpc } from "../../workers/tenant/src/shard/contract.ts";
import { TestPlanner } from "./bind/planner.ts";
import { readingObjects } from "./file-ports.ts";
import { StoredTables } from "./kernels/stored-tables.ts";
import { headerOf, TPCH, TPCH_DDL, tpchCsv } from "./queries/tpch.ts";
import { Random } from "./random.ts";

const stored = new StoredTables(new TestPlanner());

beforeAll(async () => {
	const rows = tpchCsv(new Random(8), { orders: 1500, customers: 150, parts: 200, suppliers: 20 });
	for (const [table, ddl] of Object.entries(TPCH_DDL)) await stored.load(ddl, headerOf(table) + (rows[table] as string));
});

/** Turns of the event loop after which a query that waits for no call would have gone on. */
const IDLE_TURN_COUNT = 20;

/** Answers calls round by round, and keeps which were made in which. */
class Rounds {
	/** Calls by round, from the first. */
	readonly made: string[][] = [];
	#waiting: (() => void)[] = [];

	call = async <Answer>(name: string, answer: () => Answer | Promise<Answer>): Promise<Answer> => {
		if (this.#waiting.length === 0) {
			this.made.push([]);
			void this.#answerWhenIdle();
		}
		this.made.at(-1)?.push(name);
		await new Promise<void>((resolve) => this.#waiting.push(resolve));
		return await answer();
	};

	async #answerWhenIdle(): Promise<void> {
		for (let turn = 0; turn < IDLE_TURN_COUNT; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const resolve of waiting) resolve();
	}
}

let rounds: Rounds;
let snapshots: TableSnapshotCache;
let tenantId: TenantId;
const HISTORY = [{ epoch: 1, active: [0, 1, 2], storedAtMs: 0 }];
beforeEach(() => {
	rounds = new Rounds();
	snapshots = new TableSnapshotCache();
	tenantId = randomHex(12) as TenantId;
});

/** @param tailsRideAlong whether shard 0 hands its tails out with the directory */
function ports(tailsRideAlong: boolean): Ports {
	const base = stored.ports();
	const parsed = new ParsedStatementCache();
	const catalog = {
		readSnapshots: (_: TenantId, requests: { table: object }[]) =>
			rounds.call("catalog", () => requests.map(({ table }) => stored.planner.tables.get((table as { name: string }).name) ?? null)),
		tableNames: () => rounds.call("catalog", () => [...stored.planner.tables.keys()]),
		listTables: async () => ({ tables: [], nextCursor: null }),
	};
	const directory = { state: "active" as const, epoch: 1, history: HISTORY, draining: [], minimums: {} };
	const pageOf = (tableId: string) => {
		const table = [...stored.planner.tables.values()].find(({ schema }) => schema.tableId === tableId);
		return stored.tailOf(table?.schema.name ?? "").first;
	};
	const shard = (ordinal: number) => ({
		readDirectory: () =>
			rounds.call(`directory ${ordinal}`, () => {
				const tables = [...stored.planner.tables.values()];
				const tails = tables.map(({ schema: { tableId } }): OpenTail => ({ tableId, purged: 0, page: pageOf(tableId) }));
				return { directory, routing: { epoch: 1, history: HISTORY }, tails: tailsRideAlong ? tails : null };
			}),
		readTail: ({ tableId }: { tableId: string }) =>
			rounds.call(`tail ${ordinal}`, () => (ordinal === 0 ? pageOf(tableId) : { blocks: [], upTo: 0, next: null })),
	});
	return {
		...base,
		now: () => Date.now(),
		optimizer: {
			plan: (_, request) => planStatement({ catalog, parsed, snapshots, evaluate, nowMs: () => 0, pipeline: {} }, tenantId, request),
			learn: async () => {},
		},
		shard: (_, ordinal) => shard(ordinal) as unknown as ShardRpc,
		objects: {
			...base.objects,
			...readingObjects((path, offset, byteCount) => rounds.call("object", () => base.objects.read(path, offset, byteCount))),
		},
	};
}

/** Runs a query to its end. @returns the rounds of calls before the first read of a data file */
async function roundsBeforeScan(sql: string, options = { tailsRideAlong: true }): Promise<string[][]> {
	const from = rounds.made.length;
	const request = { queryId: "q", sql, parameters: [], settings: {}, format: "ndjson" as const, idempotencyKey: null, bookmark: null };
	const context = { tenantId, role: "reader" as const, requestId: "r", traceparent: "" };
	const answer = (await query(ports(options.tailsRideAlong), context, request)) as Extract<QueryAnswer, { kind: "rows" }>;
	await new Response(answer.body).text();
	const made = rounds.made.slice(from);
	const scan = made.findIndex((calls) => calls.includes("object"));
	return (scan < 0 ? made : made.slice(0, scan)).map((calls) => [...new Set(calls)].toSorted());
}

test.each(Object.entries(TPCH))("TPC-H %s, warm: two rounds, the second of tails only", async (_, sql) => {
	await roundsBeforeScan(sql);
	expect(await roundsBeforeScan(sql)).toEqual([["directory 0"], ["tail 1", "tail 2"]]);
});

test("tails that do not ride along with the directory cost no further round", async () => {
	const sql = "SELECT count(*) FROM orders";
	await roundsBeforeScan(sql);
	expect(await roundsBeforeScan(sql, { tailsRideAlong: false })).toEqual([["directory 0"], ["tail 0", "tail 1", "tail 2"]]);
});

test("cold: the catalog is asked beside shard 0", async () => {
	expect(await roundsBeforeScan("SELECT count(*) FROM orders")).toEqual([
		["catalog", "directory 0"],
		["tail 1", "tail 2"],
	]);
});

test("a statement without tables asks shard 0 alone", async () => {
	expect(await roundsBeforeScan("SELECT 1")).toEqual([["directory 0"]]);
});
