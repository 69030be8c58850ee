/** The 3,000,000 flights, from a Parquet file to durable rows that queries see. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { D1_DDL, d1Bodies, FLIGHTS_DDL, flightsOf, importToD1, importToLittoral } from "../flights/flights.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import { openDuckDb, ownCpuMs, post, startD1 } from "../world/peers.ts";
import { startLittoralServer } from "../world/server.ts";

/** At least so many times the rows a second of D1. */
const D1_FACTOR = 20;

export const importBench: Bench = {
	name: "import",
	title:
		"Import of the flights: one Parquet upload over HTTP; D1 by batched INSERTs over HTTP; DuckDB by CREATE TABLE AS, one thread, to a file",
	async run(session) {
		const directory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
		const flights = await flightsOf(session.size, directory);
		// Before any server starts: this holds the event loop for seconds, in which open connections would go stale.
		const bodies = { json: await d1Bodies(flights, "json"), values: await d1Bodies(flights, "values") };
		const expected = await sums(flights.parquetPath);
		const [littoral, d1] = [await startLittoralServer(), await startD1()];
		try {
			const client = await littoral.tenant("import");
			const total = "SELECT count(*), sum(delay), sum(distance) FROM flights";
			let duckdbCount = 0;
			const d1Peer = (form: "json" | "values", name: string) => ({
				name,
				cpuMs: d1.cpuMs,
				prepare: async () => void (await post(d1, "/exec", `DROP TABLE IF EXISTS flights; ${D1_DDL}`)),
				run: async () => {
					const rowCount = await importToD1(d1, form, bodies[form]);
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
					expectAnswer(`rows of ${peer}`, rowCount, flights.rowCount);
					expectAnswer(`sums of ${peer}`, await read(), expected);
				},
			});
			for (const [name, { wallMs }] of Object.entries(measured))
				session.figure(`rows a second, ${name}`, (flights.rowCount / wallMs) * 1000, "rows/s");
			const ratio = (peer: string) => (measured[peer]?.wallMs as number) / (measured["littoral"]?.wallMs as number);
			for (const peer of ["D1, json_each", "D1, VALUES"])
				session.bar({ what: `times as fast as ${peer}`, value: ratio(peer), atLeast: D1_FACTOR, unit: "x" });
		} finally {
			await Promise.all([littoral.stop(), d1.stop()]);
			rmSync(directory, { recursive: true, force: true });
		}
	},
};

async function sums(parquetPath: string): Promise<string[]> {
	const duckdb = await openDuckDb();
	const [row] = await duckdb.query(`SELECT count(*), sum(delay), sum(distance) FROM '${parquetPath}'`);
	duckdb.close();
	return row as string[];
}
