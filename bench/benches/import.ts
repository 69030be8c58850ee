/** The 3,000,000 flights, from a Parquet file to durable rows that queries see. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	D1_DDL,
	d1Bodies,
	FLIGHTS_DDL,
	type Flights,
	flightsOf,
	importToD1,
	importToLittoral,
	ROWS_PER_VALUES_REQUEST,
} from "../flights/flights.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import { openDuckDb, ownCpuMs, post, startD1 } from "../world/peers.ts";
import { startLittoralServer } from "../world/server.ts";

/** The slowest form gets the first so many rows only, which take it long enough: rates are compared, and D1's does not rise with the rows. */
const SINGLE_ROW_COUNT = 200_000;
/** At least so many times the rows a second of D1. */
const D1_FACTOR = 20;

/** What the documentation of D1's batch() shows. */
const SINGLES = `D1, an INSERT a row (${SINGLE_ROW_COUNT.toLocaleString("en")} rows)`;

export const importBench: Bench = {
	name: "import",
	title:
		"Import of the flights: one Parquet upload over HTTP; D1 in three forms of batched INSERTs over HTTP; DuckDB by CREATE TABLE AS, one thread, to a file",
	async run(session) {
		const directory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
		const flights = await flightsOf(session.size, directory);
		// Before any server starts: this holds the event loop for seconds, in which open connections would go stale.
		const bodies = { json: await d1Bodies(flights, "json"), values: await d1Bodies(flights, "values") };
		const singles = bodies.values.slice(0, Math.ceil(SINGLE_ROW_COUNT / ROWS_PER_VALUES_REQUEST));
		const singleCount = Math.min(flights.rowCount, SINGLE_ROW_COUNT);
		const [expected, expectedOfSingles] = [await sums(flights), await sums({ ...flights, rowCount: singleCount })];
		const [littoral, d1] = [await startLittoralServer(), await startD1()];
		try {
			const client = await littoral.tenant("import");
			const total = "SELECT count(*), sum(delay), sum(distance) FROM flights";
			let duckdbCount = 0;
			const rowCountOf = (peer: string): number => (peer === SINGLES ? singleCount : flights.rowCount);
			const d1Peer = (form: "json" | "values" | "rows", name: string) => ({
				name,
				cpuMs: d1.cpuMs,
				prepare: async () => void (await post(d1, "/exec", `DROP TABLE IF EXISTS flights; ${D1_DDL}`)),
				run: async () => {
					const rowCount = await importToD1(d1, form, form === "rows" ? singles : bodies[form]);
					return { rowCount, sums: async () => ((await post(d1, "/query", total)) as unknown[][])[0]?.map(String) };
				},
			});
			const peers = [
				{
					name: "littoral",
					cpuMs: littoral.cpuMs,
					prepare: async () => {
						await client.execute("DROP TABLE IF EXISTS flights");
						await client.execute(FLIGHTS_DDL);
					},
					run: async () => {
						const rowCount = await importToLittoral(client, flights);
						return { rowCount, sums: async () => (await client.query(total)).rows[0]?.map(String) };
					},
				},
				d1Peer("json", "D1, json_each"),
				d1Peer("values", "D1, VALUES"),
				d1Peer("rows", SINGLES),
				{
					name: "DuckDB",
					cpuMs: ownCpuMs,
					run: async () => {
						const duckdb = await openDuckDb(join(directory, `import-${duckdbCount++}.duckdb`));
						await duckdb.query(`CREATE TABLE flights AS SELECT * FROM '${flights.parquetPath}'`);
						await duckdb.query("CHECKPOINT");
						const [[rowCount]] = (await duckdb.query("SELECT count(*) FROM flights")) as [[string]];
						const answer = await duckdb.query(total);
						duckdb.close();
						return { rowCount: Number(rowCount), sums: async () => answer[0] };
					},
				},
			];
			const measured = await session.interleave({
				what: `${flights.rowCount.toLocaleString("en")} flights`,
				peers,
				check: async ({ rowCount, sums: read }, peer) => {
					expectAnswer(`rows of ${peer}`, rowCount, rowCountOf(peer));
					expectAnswer(`sums of ${peer}`, await read(), peer === SINGLES ? expectedOfSingles : expected);
				},
			});
			const perSecond = (peer: string) => (rowCountOf(peer) / (measured[peer]?.wallMs as number)) * 1000;
			const cpuPerRow = (peer: string) => ((measured[peer]?.cpuMs as number) / rowCountOf(peer)) * 1000;
			for (const name of Object.keys(measured)) {
				session.figure(`rows a second, ${name}`, perSecond(name), "rows/s");
				session.figure(`processor time of a row, ${name}`, cpuPerRow(name), "µs");
			}
			for (const peer of [SINGLES, "D1, VALUES", "D1, json_each"]) {
				session.bar({ what: `times as fast as ${peer}`, value: perSecond("littoral") / perSecond(peer), atLeast: D1_FACTOR, unit: "x" });
				session.figure(`${peer}: processor time of a row over Littoral's`, cpuPerRow(peer) / cpuPerRow("littoral"), "x");
			}
		} finally {
			await Promise.all([littoral.stop(), d1.stop()]);
			rmSync(directory, { recursive: true, force: true });
		}
	},
};

/** Of the first `rowCount` rows. */
async function sums({ parquetPath, rowCount }: Flights): Promise<string[]> {
	const duckdb = await openDuckDb();
	const [row] = await duckdb.query(`SELECT count(*), sum(delay), sum(distance) FROM (SELECT * FROM '${parquetPath}' LIMIT ${rowCount})`);
	duckdb.close();
	return row as string[];
}
