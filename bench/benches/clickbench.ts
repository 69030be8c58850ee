/** The 43 shapes of ClickBench over a synthetic table of its schema: the engine alone, in Node, beside DuckDB with one thread on the same Parquet files and DuckDB in WebAssembly. */
import { CLICKBENCH } from "../../tests/sql/queries/clickbench.ts";
import { hitsDataset } from "../clickbench/dataset.ts";
import { compareLocally } from "../engine/compare-locally.ts";
import type { Bench } from "../runner/bench.ts";

const ROW_COUNT = { full: 10_000_000, smoke: 5000 };
/** Of a smoke run: a filter, a group by text, a top-N. Every peer takes the start of a process for each query. */
const SMOKED = ["Q12"];

export const clickBenchBench: Bench = {
	name: "clickbench",
	title:
		"The 43 query shapes of ClickBench over a synthetic table of its schema (not Yandex's data: not a result of ClickBench); every answer compared with DuckDB's; D1's tables have at most 100 columns, this one 105",
	async run(session) {
		const rowCount = session.scale ?? session.sized(ROW_COUNT);
		const queries = CLICKBENCH.map((sql, index) => ({ name: `Q${index}`, sql }));
		await compareLocally(session, {
			title: `${rowCount.toLocaleString("en")} rows, in Node`,
			dataset: hitsDataset(rowCount),
			// A table of D1 has at most 100 columns, this one 105.
			d1: null,
			queries: session.sized({ full: queries, smoke: queries.filter(({ name }) => SMOKED.includes(name)) }),
		});
	},
};
