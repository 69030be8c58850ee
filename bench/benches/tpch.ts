/** The 22 shapes of TPC-H over tables of our own generator (derived, not TPC-H): the engine alone, in Node, beside DuckDB with one thread on the same Parquet files. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installKernels } from "#shared/engine/kernels/kernels.ts";
import { ROOT } from "../../scripts/fleet.ts";
import { storeDataset } from "../data/dataset.ts";
import { compareQueries } from "../engine/compare.ts";
import { answersOf, duckDbPeer, littoralPeer } from "../engine/local-peers.ts";
import { publishRatios, publishStages } from "../engine/ratios.ts";
import type { Bench } from "../runner/bench.ts";
import type { Session } from "../runner/session.ts";
import { tpchDataset } from "../tpch/dataset.ts";
import { tpchQueries } from "../tpch/queries.ts";

const SCALES = { full: [0.1, 1], smoke: [0.002] };
/** Of a smoke run: an aggregate, a join, a filter. */
const SMOKED = ["Q1", "Q3", "Q6"];

export const tpchBench: Bench = {
	name: "tpch",
	title:
		"The 22 query shapes of TPC-H over tables of its schema and distributions from our own generator (derived from TPC-H: not a result of it); every answer compared with DuckDB's",
	async run(session) {
		installKernels(new WebAssembly.Module(readFileSync(join(ROOT, "shared/engine/kernels/build/kernels.wasm"))));
		const spillDirectory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
		try {
			for (const scale of session.sized(SCALES)) {
				if (session.scale === null || session.scale === scale) await atScale(session, scale, spillDirectory);
			}
		} finally {
			rmSync(spillDirectory, { recursive: true, force: true });
		}
	},
};

async function atScale(session: Session, scale: number, spillDirectory: string): Promise<void> {
	session.say(`  scale ${scale}`);
	const { tables } = await storeDataset(tpchDataset(scale));
	const names = session.queries ?? session.sized({ full: null, smoke: SMOKED });
	const chosen = tpchQueries(scale)
		.map(({ number, sql }) => ({ name: `Q${number}`, sql }))
		.filter(({ name }) => names === null || names.includes(name));
	const queries = await answersOf(tables, chosen);
	const data = { tables, spillDirectory };
	const title = `scale ${scale}, in Node`;
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
}
