/** The 22 shapes of TPC-H over tables of our own generator (derived, not TPC-H): the engine alone, in Node, beside DuckDB with one thread on the same Parquet files and DuckDB in WebAssembly; in workerd beside D1. */
import { compareLocally } from "../engine/compare-locally.ts";
import type { Bench } from "../runner/bench.ts";
import { tpchDataset } from "../tpch/dataset.ts";
import { tpchQueries } from "../tpch/queries.ts";
import { sqliteOf, TPCH_D1_KEYS } from "../tpch/sqlite.ts";

const SCALES = { full: [0.1, 1], smoke: [0.002] };
/** Of a smoke run: filters, joins, an aggregate and a top-N. Every peer takes the start of a process for each query. */
const SMOKED = ["Q3"];

export const tpchBench: Bench = {
	name: "tpch",
	title:
		"The 22 query shapes of TPC-H over tables of its schema and distributions from our own generator (derived from TPC-H: not a result of it); every answer compared with DuckDB's",
	async run(session) {
		for (const scale of session.scale === null ? session.sized(SCALES) : [session.scale]) {
			const queries = tpchQueries(scale).map(({ number, sql }) => ({ name: `Q${number}`, sql }));
			await compareLocally(session, {
				title: `scale ${scale}, in Node`,
				dataset: tpchDataset(scale),
				d1: { keys: TPCH_D1_KEYS, translate: sqliteOf },
				queries: session.sized({ full: queries, smoke: queries.filter(({ name }) => SMOKED.includes(name)) }),
			});
		}
	},
};
