/** One data set's queries by the engine alone, in Node, and by DuckDB with one thread over the same Parquet files; once more, for the time by stage; then in workerd. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Dataset, type StoredTable, storeDataset } from "../data/dataset.ts";
import type { Session } from "../runner/session.ts";
import { type ComparedQuery, compareQueries } from "./compare.ts";
import { installBuiltKernels } from "./install-kernels.ts";
import { answersOf, duckDbPeer, littoralPeer } from "./local-peers.ts";
import { publishRatios, publishStages } from "./ratios.ts";
import { httpPeer, workerdPeer } from "./server-peers.ts";

/** Each takes the start of six Workers. */
const SERVER_REPEATS_MAX = 3;

export interface LocalComparison {
	/** Goes before each query's name. */
	title: string;
	dataset: Dataset;
	queries: readonly { name: string; sql: string }[];
}

/** @throws WrongAnswer */
export async function compareLocally(session: Session, { title, dataset, queries: all }: LocalComparison): Promise<void> {
	installBuiltKernels();
	const { tables } = await storeDataset(dataset);
	const chosen = all.filter(({ name }) => session.queries === null || session.queries.includes(name));
	const queries = await answersOf(tables, chosen);
	const spillDirectory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
	const data = { tables, spillDirectory };
	try {
		const comparisons = await compareQueries(session, {
			what: title,
			queries,
			peers: [
				littoralPeer("Littoral", { ...data, arenaMib: 64 }),
				duckDbPeer("DuckDB", data),
				littoralPeer("Littoral, 32 MiB", { ...data, arenaMib: 32 }),
				duckDbPeer("DuckDB, 64 MB", { ...data, memoryLimit: "64MB" }),
			],
			repeatCount: session.repeatCount,
		});
		publishRatios(session, title, comparisons, { own: "Littoral", peer: "DuckDB" });
		const staged = await compareQueries(session, {
			what: `${title}, stages`,
			queries,
			peers: [littoralPeer("Littoral", { ...data, arenaMib: 64, stages: true })],
			repeatCount: 1,
		});
		publishStages(session, title, staged, "Littoral");
		await compareServers(session, title.replace(", in Node", ", in workerd"), data, queries);
	} finally {
		rmSync(spillDirectory, { recursive: true, force: true });
	}
}

/** In workerd, where only what the product does counts: one peer to compare with. */
async function compareServers(
	session: Session,
	title: string,
	data: { tables: StoredTable[]; spillDirectory: string },
	queries: readonly ComparedQuery[],
): Promise<void> {
	const servers = [await httpPeer("Littoral, POST /v1/sql", data.tables), await workerdPeer("Littoral, engine alone", data.tables)];
	try {
		const peers = [...servers, duckDbPeer("DuckDB", data)];
		const comparisons = await compareQueries(session, {
			what: title,
			queries,
			peers,
			repeatCount: Math.min(SERVER_REPEATS_MAX, session.repeatCount),
		});
		publishRatios(session, title, comparisons, { own: "Littoral, POST /v1/sql", peer: "DuckDB" });
	} finally {
		for (const server of servers) await server.end();
	}
}
