/**
 * Computes the demo's expected answers with DuckDB, over the same files:
 *
 *   node scripts/demo/compute.ts > scripts/demo/expected.json
 */
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { ROOT } from "../fleet.ts";
import { DEMO_QUERIES } from "./queries.ts";

const data = join(ROOT, "node_modules/vega-datasets/data");
const connection = await (await DuckDBInstance.create(":memory:")).connect();
await connection.run(`CREATE TABLE flights AS SELECT * FROM '${data}/flights-3m.parquet'`);
await connection.run(`CREATE TABLE recent AS SELECT * FROM read_json('${data}/flights-20k.json')`);
await connection.run(
	`CREATE TABLE airports AS SELECT * FROM read_csv('${data}/airports.csv', header = true, all_varchar = true, nullstr = '')`,
);
const answers: string[][][] = [];
for (const { sql } of DEMO_QUERIES) {
	const reader = await connection.runAndReadAll(sql);
	answers.push(reader.getRows().map((row) => row.map(String)));
}
process.stdout.write(`${JSON.stringify(answers, null, "\t")}\n`);
