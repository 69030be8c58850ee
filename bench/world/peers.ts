/** The peers that the system is timed beside. */
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { ROOT } from "../../scripts/fleet.ts";
import { type BenchServer, startWorkers } from "./server.ts";

const workerPath = (name: string): string => join(ROOT, "bench/workers", `${name}.ts`);

/** @param kept a folder for its rows, which outlives it */
export async function startD1(kept?: string): Promise<BenchServer> {
	return startWorkers([{ name: "d1", main: workerPath("d1"), d1Databases: { DB: "bench" } }], kept);
}

/** A Worker, a second Worker, and a Durable Object that stores the body's bytes in SQLite. */
export async function startBareObject(): Promise<BenchServer> {
	return startWorkers([
		{ name: "front", main: workerPath("bare-front"), serviceBindings: { BACK: { name: "back", entrypoint: "BareService" } } },
		{ name: "back", main: workerPath("bare-back"), durableObjects: { LOGS: { className: "BareLog", useSQLite: true } } },
	]);
}

export async function post(server: BenchServer, path: string, body: string): Promise<unknown> {
	const response = await fetch(`${server.url}${path}`, { method: "POST", body });
	if (!response.ok) throw new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 500)}`);
	return response.status === 204 ? null : await response.json();
}

export interface DuckDb {
	connection: DuckDBConnection;
	query(sql: string): Promise<string[][]>;
	close(): void;
}

/** One thread, as one isolate has one. @param path of its database; in memory by default */
export async function openDuckDb(path = ":memory:"): Promise<DuckDb> {
	const instance = await DuckDBInstance.create(path, { threads: "1" });
	const connection = await instance.connect();
	return {
		connection,
		query: async (sql) => (await connection.runAndReadAll(sql)).getRows().map((row) => row.map(String)),
		close: () => {
			connection.closeSync();
			instance.closeSync();
		},
	};
}

/** Processor time of this process, in which DuckDB runs: the client's own share is in it. */
export function ownCpuMs(): number {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1000;
}
