/** Littoral in workerd: the engine alone over a bucket, and the whole system through `POST /v1/sql`. Each start is a new workerd on the same state. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { FLUSH_AGE_MS } from "#shared/base/limits.ts";
import { ApiError, type LittoralClient } from "../../scripts/client.ts";
import { ROOT } from "../../scripts/fleet.ts";
import { TestPlanner } from "../../tests/sql/bind/planner.ts";
import type { StoredTable } from "../data/dataset.ts";
import { expectAnswer } from "../runner/bench.ts";
import { type BenchServer, type LittoralServer, startLittoralServer, startWorkers } from "../world/server.ts";
import type { PeerAnswer, PeerFailure, QueryPeer } from "./peer.ts";
import { planToJson } from "./plan-json.ts";

export interface ServerPeer extends QueryPeer {
	/** Removes its state. */
	end(): Promise<void>;
}

/** As any Worker gets it: the whole of a query but its planning, which is done here before the clock starts. */
export async function workerdPeer(name: string, tables: readonly StoredTable[]): Promise<ServerPeer> {
	const stateDir = mkdtempSync(join(tmpdir(), "littoral-bench-"));
	const planner = new TestPlanner();
	for (const { definition, files, sketches } of tables) {
		const placed = files.map((file) => ({ ...file, path: basename(file.path) }));
		planner.define(definition, placed, sketches);
	}
	const start = (): Promise<BenchServer> =>
		startWorkers([{ name: "engine", main: join(ROOT, "bench/workers/engine.ts"), r2Buckets: { DATA: "data" } }], stateDir);
	const filling = await start();
	const bucket = await filling.miniflare.getR2Bucket("DATA", "engine");
	for (const { path } of tables.flatMap(({ files }) => files)) await bucket.put(basename(path), readFileSync(path));
	await filling.stop();
	return {
		name,
		async start() {
			const server = await start();
			// Nothing of a query runs before the first, but the isolate is up.
			await fetch(server.url, { method: "POST", body: "null" });
			return {
				async query(sql) {
					const planned = await planner.plan(sql);
					if (planned.kind !== "query") throw new Error(`not a query: ${sql}`);
					const body = planToJson(planned.plan);
					return await timedRequest(server, async () => {
						const response = await fetch(server.url, { method: "POST", body });
						return (await response.json()) as Pick<PeerAnswer, "rows" | "figures"> | PeerFailure;
					});
				},
				stop: () => server.stop(),
			};
		},
		end: async () => rmSync(stateDir, { recursive: true, force: true }),
	};
}

/** As long as a shard keeps rows in its tail, and as long again. */
const FLUSHED_WITHIN_MS = 2 * FLUSH_AGE_MS;

/** Small tables wait in the tails of shards: what is measured is queries over files, as those of the other peers. */
async function untilFlushed(client: LittoralClient, tables: readonly StoredTable[]): Promise<void> {
	const deadlineMs = performance.now() + FLUSHED_WITHIN_MS;
	for (let left = tables.map(({ name }) => name); left.length > 0; await setTimeout(1000)) {
		if (performance.now() > deadlineMs) throw new Error(`rows of ${left.join(", ")} are in no file yet`);
		// A kept connection may be closed after the event loop stood still (docs/decisions/0031): asked again.
		const tailRows = await Promise.all(left.map((name) => tailRowsOf(client, name).catch(() => Number.NaN)));
		left = left.filter((_, index) => tailRows[index] !== 0);
	}
}

async function tailRowsOf(client: LittoralClient, table: string): Promise<number> {
	return (await client.json<{ tail_rows: number }>(`/v1/tables/${table}`, { method: "GET" })).tail_rows;
}

/**
 * The six Workers: rows in by append; queries out by `POST /v1/sql`.
 *
 * @param where the rows lie before the first query: small tables get into files after a minute, which a run whose figures mean nothing need not wait for
 */
export async function httpPeer(name: string, tables: readonly StoredTable[], where: "files" | "anywhere"): Promise<ServerPeer> {
	const server: LittoralServer = await startLittoralServer();
	const client = await server.tenant("bench");
	for (const { name: table, ddl, files } of tables) {
		await client.execute(ddl);
		for (const { path, rowCount } of files) {
			const { accepted } = await client.append(table, readFileSync(path), "application/vnd.apache.parquet");
			expectAnswer(`rows of ${basename(path)}`, accepted, rowCount);
		}
	}
	if (where === "files") await untilFlushed(client, tables);
	return {
		name,
		async start() {
			await server.restart();
			const here = client.at(server.url);
			await here.query("SELECT 1");
			return { query: (sql) => timedRequest(server, () => answerOf(here, sql)), stop: async () => {} };
		},
		end: () => server.stop(),
	};
}

async function answerOf(client: LittoralClient, sql: string): Promise<Pick<PeerAnswer, "rows" | "figures"> | PeerFailure> {
	try {
		const { rows, statistics } = await client.query(sql, { settings: { bigint: "string" } });
		return {
			rows: rows.map((row) => row.map((value) => (value === null ? null : String(value)))),
			figures: {
				arenaPeakBytes: statistics.arena_peak_bytes,
				spilledBytes: statistics.spilled_bytes,
				bytesScanned: statistics.bytes_scanned,
				rowsScanned: statistics.rows_scanned,
			},
		};
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		return { failure: error.message };
	}
}

async function timedRequest(
	server: BenchServer,
	request: () => Promise<Pick<PeerAnswer, "rows" | "figures"> | PeerFailure>,
): Promise<PeerAnswer | PeerFailure> {
	const [startedMs, startedCpuMs] = [performance.now(), server.cpuMs()];
	const answer = await request();
	if ("failure" in answer) return answer;
	return { ...answer, wallMs: performance.now() - startedMs, cpuMs: server.cpuMs() - startedCpuMs };
}
