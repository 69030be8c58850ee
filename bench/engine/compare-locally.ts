/** One data set's queries by the engine alone, in Node, and by DuckDB with one thread over the same Parquet files; then once more, for the time by stage. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installKernels } from "#shared/engine/kernels/kernels.ts";
import { ROOT } from "../../scripts/fleet.ts";
import { type Dataset, storeDataset } from "../data/dataset.ts";
import type { Session } from "../runner/session.ts";
import { compareQueries } from "./compare.ts";
import { answersOf, duckDbPeer, littoralPeer } from "./local-peers.ts";
import { publishRatios, publishStages } from "./ratios.ts";

export interface LocalComparison {
	/** Goes before each query's name. */
	title: string;
	dataset: Dataset;
	queries: readonly { name: string; sql: string }[];
}

/** @throws WrongAnswer */
export async function compareLocally(session: Session, { title, dataset, queries: all }: LocalComparison): Promise<void> {
	installKernels(new WebAssembly.Module(readFileSync(join(ROOT, "shared/engine/kernels/build/kernels.wasm"))));
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
	} finally {
		rmSync(spillDirectory, { recursive: true, force: true });
	}
}
