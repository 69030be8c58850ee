/** Ten aggregates over the flights, through HTTP: cold and warm, beside DuckDB on the same Parquet files and D1 with the same rows. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { AGGREGATES } from "../flights/aggregates.ts";
import { coldAggregates, texts, viewOf } from "../flights/cold-aggregates.ts";
import { D1_DDL, d1Bodies, FLIGHTS_DDL, flightsOf, importToD1, importToLittoral } from "../flights/flights.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import type { Measured } from "../runner/session.ts";
import { geometricMean } from "../runner/statistics.ts";
import { type DuckDb, openDuckDb, ownCpuMs, post, startD1 } from "../world/peers.ts";
import { type LittoralServer, startLittoralServer } from "../world/server.ts";

/** At most so many times the time of DuckDB with one thread. */
const DUCKDB_FACTOR = 3;
/** At least so many times as fast as D1. */
const D1_FACTOR = 50;

export const aggregatesBench: Bench = {
	name: "aggregates",
	title:
		"Ten aggregates over the flights through HTTP; DuckDB, one thread, in process on the same Parquet files; D1 with the same rows, indexed by date",
	async run(session) {
		const directory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
		const flights = await flightsOf(session.size, directory);
		// Before any server starts: this holds the event loop for seconds, in which open connections would go stale.
		const d1Rows = await d1Bodies(flights, "json");
		const [littoral, d1] = [await startLittoralServer(), await startD1()];
		try {
			const client = await littoral.tenant("aggregates");
			await client.execute(FLIGHTS_DDL);
			expectAnswer("rows imported", await importToLittoral(client, flights), flights.rowCount);
			const paths = session.size === "full" ? await dataFiles(littoral, join(directory, "files")) : [flights.parquetPath];
			await post(d1, "/exec", D1_DDL);
			expectAnswer("rows in D1", await importToD1(d1, "json", d1Rows), flights.rowCount);
			await post(d1, "/exec", "CREATE INDEX flights_date ON flights (date); ANALYZE");
			const duckdb = await openDuckDb();
			const expected = await answers(duckdb, paths);

			await coldAggregates(session, { littoral, client, paths, directory, expected });
			const warmClient = client.at(littoral.url);
			const warm: { duckdb: number; d1: number; duckdbCpu: number; d1Cpu: number }[] = [];
			for (const [index, { title, sql, sqlite }] of AGGREGATES.entries()) {
				const measured = await session.interleave({
					what: `warm: ${title}`,
					warmUpCount: 2,
					peers: [
						{ name: "littoral", cpuMs: () => littoral.cpuMs(), run: async () => texts((await warmClient.query(sql)).rows) },
						{ name: "DuckDB", cpuMs: ownCpuMs, run: () => duckdb.query(sql) },
					],
					check: (rows, peer) => expectAnswer(`${title}, ${peer}`, rows, expected[index]),
				});
				// D1 takes seconds: by itself, fewer times, so that it does not cool the others' caches.
				const d1Measured = await session.interleave({
					what: `warm: ${title}`,
					repeatCount: Math.min(2, session.repeatCount),
					peers: [{ name: "D1", cpuMs: d1.cpuMs, run: async () => texts((await post(d1, "/query", sqlite ?? sql)) as unknown[][]) }],
					check: (rows) => expectAnswer(`${title}, D1`, rows, expected[index]),
				});
				const { littoral: own, DuckDB: peer } = measured as Record<"littoral" | "DuckDB", Measured>;
				const { D1: database } = d1Measured as Record<"D1", Measured>;
				warm.push({
					duckdb: own.wallMs / peer.wallMs,
					d1: database.wallMs / own.wallMs,
					duckdbCpu: own.cpuMs / peer.cpuMs,
					d1Cpu: database.cpuMs / own.cpuMs,
				});
			}
			duckdb.close();
			for (const [index, { title }] of AGGREGATES.entries()) {
				session.bar({ what: `warm: ${title}, time of DuckDB's`, value: warm[index]?.duckdb as number, atMost: DUCKDB_FACTOR, unit: "x" });
			}
			for (const [index, { title }] of AGGREGATES.entries()) {
				session.bar({ what: `warm: ${title}, times as fast as D1`, value: warm[index]?.d1 as number, atLeast: D1_FACTOR, unit: "x" });
			}
			session.figure("warm: time of DuckDB's, geometric mean", geometricMean(warm.map((ratio) => ratio.duckdb)), "x");
			session.figure("warm: times as fast as D1, geometric mean", geometricMean(warm.map((ratio) => ratio.d1)), "x");
			// On a machine where others are at work these are steadier.
			session.figure("warm: processor time of DuckDB's, geometric mean", geometricMean(warm.map((ratio) => ratio.duckdbCpu)), "x");
			session.figure("warm: a part of D1's processor time, geometric mean", geometricMean(warm.map((ratio) => ratio.d1Cpu)), "x");
		} finally {
			await Promise.all([littoral.stop(), d1.stop()]);
			rmSync(directory, { recursive: true, force: true });
		}
	},
};

async function answers(duckdb: DuckDb, paths: readonly string[]): Promise<string[][][]> {
	await duckdb.query(viewOf(paths));
	const expected: string[][][] = [];
	for (const { sql } of AGGREGATES) expected.push(await duckdb.query(sql));
	return expected;
}

/** Copies the data files that the system wrote out of R2. @returns their paths */
async function dataFiles(littoral: LittoralServer, folder: string): Promise<string[]> {
	mkdirSync(folder);
	const bucket = await littoral.miniflare.getR2Bucket("DATA", "littoral-tenant");
	const paths: string[] = [];
	for (const { key } of (await bucket.list({ prefix: "data/" })).objects) {
		const object = await bucket.get(key);
		if (object === null) continue;
		paths.push(join(folder, basename(key)));
		writeFileSync(paths.at(-1) as string, new Uint8Array(await object.arrayBuffer()));
	}
	return paths;
}
