/** One data set's queries by the engine alone, in Node, and by DuckDB with one thread over the same Parquet files; once more, for the time by stage; then in workerd. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Dataset, storeDataset } from "../data/dataset.ts";
import type { Session } from "../runner/session.ts";
import { type ComparedQuery, compareQueries } from "./compare.ts";
import { installBuiltKernels } from "./install-kernels.ts";
import { type D1Dialect, d1Peer } from "./d1-peer.ts";
import { answersOf, duckDbPeer, duckDbWasmPeer, littoralPeer } from "./local-peers.ts";
import type { QueryPeer } from "./peer.ts";
import { publishMeans, publishRatios, publishStages } from "./ratios.ts";
import { httpPeer, type ServerPeer, workerdPeer } from "./server-peers.ts";

/** Native DuckDB's time, of which Littoral's may be so much (the floor of the milestones), and DuckDB-wasm's. */
const DUCKDB_FACTOR = 2.5;
const WASM_FACTOR = 1;
/** Each takes the start of six Workers. */
const SERVER_REPEATS_MAX = 3;

export interface LocalComparison {
	/** Goes before each query's name. */
	title: string;
	dataset: Dataset;
	queries: readonly { name: string; sql: string }[];
	/** How D1 has the tables and is asked; null: it cannot hold them. */
	d1: D1Dialect | null;
}

/** What `--peers` names, beside the two that always run: Littoral and DuckDB, in Node. */
export const PEER_NAMES = ["littoral-32", "duckdb-64", "duckdb-wasm", "duckdb-wasm-64", "stages", "http", "workerd", "d1"] as const;
type PeerName = (typeof PEER_NAMES)[number];

/** @throws WrongAnswer */
export async function compareLocally(session: Session, { title, dataset, queries: all, d1 }: LocalComparison): Promise<void> {
	installBuiltKernels();
	const { tables } = await storeDataset(dataset);
	const chosen = all.filter(({ name }) => session.queries === null || session.queries.includes(name));
	const queries = await answersOf(tables, chosen);
	const spillDirectory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
	const data = { tables, spillDirectory };
	const wanted = <Peer>(name: PeerName, make: () => Peer): Peer[] =>
		session.peers === null || session.peers.includes(name) ? [make()] : [];
	try {
		const comparisons = await compareQueries(session, {
			what: title,
			queries,
			peers: [
				littoralPeer("Littoral", { ...data, arenaMib: 64 }),
				duckDbPeer("DuckDB", data),
				...wanted("littoral-32", () => littoralPeer("Littoral, 32 MiB", { ...data, arenaMib: 32 })),
				...wanted("duckdb-64", () => duckDbPeer("DuckDB, 64 MB", { ...data, memoryLimit: "64MB" })),
				...wanted("duckdb-wasm", () => duckDbWasmPeer("DuckDB-wasm", data)),
				...wanted("duckdb-wasm-64", () => duckDbWasmPeer("DuckDB-wasm, 64 MB", { ...data, memoryLimit: "64MB" })),
			],
			repeatCount: session.repeatCount,
		});
		publishRatios(session, title, comparisons, { own: "Littoral", peer: "DuckDB", atMost: DUCKDB_FACTOR });
		publishMeans(session, title, comparisons, { own: "Littoral", peer: "DuckDB-wasm", atMost: WASM_FACTOR });
		publishMeans(session, title, comparisons, { own: "Littoral", peer: "DuckDB-wasm, 64 MB" });
		for (const peer of wanted("stages", () => littoralPeer("Littoral", { ...data, arenaMib: 64, stages: true }))) {
			const staged = await compareQueries(session, { what: `${title}, stages`, queries, peers: [peer], repeatCount: 1 });
			publishStages(session, title, staged, "Littoral");
		}
		const starts = [
			...wanted("http", () => () => httpPeer("Littoral, POST /v1/sql", tables, session.sized({ full: "files", smoke: "anywhere" }))),
			...wanted("workerd", () => () => workerdPeer("Littoral, engine alone", tables)),
			...(d1 === null ? [] : wanted("d1", () => () => d1Peer("D1", tables, d1))),
		];
		const servers: ServerPeer[] = [];
		for (const start of starts) servers.push(await start());
		const [first] = servers;
		if (first === undefined) return;
		await compareServers(
			session,
			title.replace(", in Node", ", in workerd"),
			{ own: first.name, servers, duckdb: duckDbPeer("DuckDB", data) },
			// Each takes the start of six Workers, which a run whose figures mean nothing need not see often.
			session.sized({ full: queries, smoke: queries.slice(0, 1) }),
		);
	} finally {
		rmSync(spillDirectory, { recursive: true, force: true });
	}
}

/** In workerd, where only what the product does counts. */
async function compareServers(
	session: Session,
	title: string,
	{ own, servers, duckdb }: { own: string; servers: readonly ServerPeer[]; duckdb: QueryPeer },
	queries: readonly ComparedQuery[],
): Promise<void> {
	try {
		const comparisons = await compareQueries(session, {
			what: title,
			queries,
			peers: [...servers, duckdb],
			repeatCount: Math.min(SERVER_REPEATS_MAX, session.repeatCount),
		});
		publishRatios(session, title, comparisons, { own, peer: "DuckDB" });
		if (servers.length > 1) publishMeans(session, title, comparisons, { own, peer: "D1" });
	} finally {
		for (const server of servers) await server.end();
	}
}
