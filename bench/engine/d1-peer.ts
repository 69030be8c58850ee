/** D1, through a Worker that has it as a binding, with the rows of a data set in it. Each start is a new workerd on the same state. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredTable } from "../data/dataset.ts";
import { type D1Keys, fillD1 } from "../world/d1-tables.ts";
import { openDuckDb, post, startD1 } from "../world/peers.ts";
import { openViews } from "./local-peers.ts";
import type { PeerFailure } from "./peer.ts";
import type { ServerPeer } from "./server-peers.ts";

/** Above it the import and the queries would take most of the bench's time: 900,000 rows are scale 0.1 of TPC-H. */
const ROW_COUNT_MAX = 1_000_000;
/** D1 ends a query after so long. */
const QUERY_MS_MAX = 30_000;

export interface D1Dialect {
	keys: D1Keys;
	/** The query in SQLite's words. */
	translate: (sql: string) => string;
}

export async function d1Peer(name: string, tables: readonly StoredTable[], { keys, translate }: D1Dialect): Promise<ServerPeer> {
	const rowCount = tables.reduce((sum, { files }) => sum + files.reduce((rows, file) => rows + file.rowCount, 0), 0);
	const shared = { name, isInexact: true, repeatCountMax: 1 };
	if (rowCount > ROW_COUNT_MAX) {
		const failure = `not tried: ${rowCount.toLocaleString("en")} rows`;
		return { ...shared, start: async () => ({ failure }), end: async () => {} };
	}
	const stateDir = mkdtempSync(join(tmpdir(), "littoral-bench-"));
	const [filling, duckdb] = [await startD1(stateDir), await openDuckDb()];
	await openViews(duckdb, tables);
	await fillD1(filling, duckdb, tables, keys);
	duckdb.close();
	await filling.stop();
	return {
		...shared,
		async start() {
			const server = await startD1(stateDir);
			await post(server, "/query", "SELECT 1");
			return {
				async query(sql) {
					const body = translate(sql);
					const [startedMs, startedCpuMs] = [performance.now(), server.cpuMs()];
					const answer = await ask(server.url, body);
					if ("failure" in answer) return answer;
					return { ...answer, wallMs: performance.now() - startedMs, cpuMs: server.cpuMs() - startedCpuMs, figures: {} };
				},
				stop: () => server.stop(),
			};
		},
		end: async () => rmSync(stateDir, { recursive: true, force: true }),
	};
}

async function ask(url: string, body: string): Promise<{ rows: (string | null)[][] } | PeerFailure> {
	try {
		const response = await fetch(`${url}/query`, { method: "POST", body, signal: AbortSignal.timeout(QUERY_MS_MAX) });
		if (!response.ok) return { failure: (await response.text()).split("\n")[0]?.slice(0, 200) ?? "" };
		const rows = (await response.json()) as unknown[][];
		return { rows: rows.map((row) => row.map((value) => (value === null ? null : String(value)))) };
	} catch (error) {
		if (!(error instanceof DOMException) || error.name !== "TimeoutError") throw error;
		return { failure: `no answer in ${QUERY_MS_MAX / 1000} s` };
	}
}
