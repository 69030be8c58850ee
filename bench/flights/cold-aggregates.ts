/**
 * The first query over the flights, in two kinds:
 *
 * - Cold data: the process has answered the same queries over a small table before, another tenant's. Nothing is cached of the flights: no snapshot, footer, block or plan.
 *   The tenant's credential and its connection are known, as DuckDB's connection is open and its view made.
 * - A fresh process: nothing has run in it. For the system that is a workerd whose `/ready` has answered once, for DuckDB a process that has loaded the library and made the view.
 */
import { join } from "node:path";
import type { LittoralClient } from "../../scripts/client.ts";
import type { RunningPeer } from "../engine/peer.ts";
import { processPeer } from "../engine/peer-process.ts";
import type { DuckDbOptions } from "../engine/peers/duckdb.ts";
import { expectAnswer } from "../runner/bench.ts";
import type { Peer, Session } from "../runner/session.ts";
import { geometricMean } from "../runner/statistics.ts";
import { type DuckDb, openDuckDb, ownCpuMs } from "../world/peers.ts";
import type { LittoralServer } from "../world/server.ts";
import { AGGREGATES } from "./aggregates.ts";
import { type Flights, FLIGHTS_DDL, importToLittoral } from "./flights.ts";

/** At most so many times the time of DuckDB with one thread. */
const DUCKDB_FACTOR = 3;
/** Over the small table, all ten queries each. */
const WARM_UP_ROUNDS = 5;
const SMALL_TABLE_ROWS = 100_000;
const REPEATS_MAX = 3;

export interface ColdAggregates {
	littoral: LittoralServer;
	/** Of the tenant that has the flights. */
	client: LittoralClient;
	/** Data files of the flights, for DuckDB. */
	paths: string[];
	/** Where the small table's file is written. */
	directory: string;
	expected: string[][][];
}

export async function coldAggregates(session: Session, options: ColdAggregates): Promise<void> {
	const { littoral, paths, directory } = options;
	const small = await smallTable(paths, join(directory, "small.parquet"));
	const neighbour = await littoral.tenant("neighbour");
	await neighbour.execute(FLIGHTS_DDL);
	expectAnswer("rows of the small table", await importToLittoral(neighbour, small), small.rowCount);

	const coldData: number[] = [];
	const queries = session.sized({ full: AGGREGATES, smoke: AGGREGATES.slice(0, 1) });
	for (const { title, sql } of queries) {
		const peers = [littoralOverColdData(options, neighbour, sql), duckDbOverColdData(options, small.parquetPath, sql)];
		coldData.push(await ratio(session, options, { what: `cold data: ${title}`, title, peers }));
	}
	const fresh: number[] = [];
	for (const { title, sql } of queries) {
		const duckdb = freshDuckDb(options, sql);
		fresh.push(await ratio(session, options, { what: `fresh process: ${title}`, title, peers: [freshLittoral(options, sql), duckdb] }));
		await duckdb.stop();
	}
	for (const [index, { title }] of queries.entries()) {
		session.bar({ what: `cold data: ${title}, time of DuckDB's`, value: coldData[index] as number, atMost: DUCKDB_FACTOR, unit: "x" });
	}
	session.figure("cold data: time of DuckDB's, geometric mean", geometricMean(coldData), "x");
	session.figure("fresh process: time of DuckDB's, geometric mean", geometricMean(fresh), "x");
}

async function ratio(
	session: Session,
	{ expected }: ColdAggregates,
	{ what, title, peers }: { what: string; title: string; peers: Peer<string[][]>[] },
): Promise<number> {
	const index = AGGREGATES.findIndex((query) => query.title === title);
	const measured = await session.interleave({
		what,
		repeatCount: Math.min(REPEATS_MAX, session.repeatCount),
		peers,
		check: (rows, peer) => expectAnswer(`${title}, ${peer}`, rows, expected[index]),
	});
	return (measured["littoral"]?.wallMs as number) / (measured["DuckDB"]?.wallMs as number);
}

function littoralOverColdData({ littoral, client }: ColdAggregates, neighbour: LittoralClient, sql: string): Peer<string[][]> {
	return {
		name: "littoral",
		cpuMs: () => littoral.cpuMs(),
		prepare: async () => {
			await littoral.restart();
			for (let round = 0; round < WARM_UP_ROUNDS; round++) {
				for (const query of AGGREGATES) await neighbour.at(littoral.url).query(query.sql);
			}
			await client.at(littoral.url).query("SELECT 1");
		},
		run: async () => texts((await client.at(littoral.url).query(sql)).rows),
	};
}

function duckDbOverColdData({ paths }: ColdAggregates, smallPath: string, sql: string): Peer<string[][]> {
	let duckdb: DuckDb | null = null;
	return {
		name: "DuckDB",
		cpuMs: ownCpuMs,
		prepare: async () => {
			duckdb?.close();
			duckdb = await openDuckDb();
			await duckdb.query(viewOf([smallPath]));
			for (let round = 0; round < WARM_UP_ROUNDS; round++) {
				for (const query of AGGREGATES) await duckdb.query(query.sql);
			}
			await duckdb.query(viewOf(paths));
		},
		run: () => (duckdb as DuckDb).query(sql),
	};
}

function freshLittoral({ littoral, client }: ColdAggregates, sql: string): Peer<string[][]> {
	return {
		name: "littoral",
		cpuMs: () => littoral.cpuMs(),
		prepare: () => littoral.restart(),
		run: async () => texts((await client.at(littoral.url).query(sql)).rows),
	};
}

/** In a process of its own, which the repeat before leaves behind. */
function freshDuckDb({ paths, directory }: ColdAggregates, sql: string): Peer<string[][]> & { stop(): Promise<void> } {
	const files = paths.map((path) => ({ path }));
	const options: DuckDbOptions = { tables: [{ name: "flights", files }], memoryLimit: null, spillDirectory: join(directory, "spill") };
	const peer = processPeer("DuckDB", "duckdb.ts", options);
	let running: RunningPeer | null = null;
	let cpuMs = 0;
	return {
		name: "DuckDB",
		cpuMs: () => cpuMs,
		prepare: async () => {
			await running?.stop();
			const started = await peer.start(sql);
			if ("failure" in started) throw new Error(started.failure);
			running = started;
		},
		run: async () => {
			const answer = await (running as RunningPeer).query(sql);
			if ("failure" in answer) throw new Error(answer.failure);
			cpuMs += answer.cpuMs;
			return answer.rows as string[][];
		},
		stop: async () => running?.stop(),
	};
}

/** A part of the flights, in a file of its own. */
async function smallTable(paths: readonly string[], path: string): Promise<Flights> {
	const duckdb = await openDuckDb();
	await duckdb.query(viewOf(paths));
	await duckdb.query(`COPY (SELECT * FROM flights LIMIT ${SMALL_TABLE_ROWS}) TO '${path}' (FORMAT parquet)`);
	const [[rowCount]] = (await duckdb.query(`SELECT count(*) FROM '${path}'`)) as [[string]];
	duckdb.close();
	return { parquetPath: path, rowCount: Number(rowCount) };
}

export const viewOf = (paths: readonly string[]): string =>
	`CREATE OR REPLACE VIEW flights AS SELECT * FROM read_parquet([${paths.map((path) => `'${path}'`).join(", ")}])`;

export const texts = (rows: unknown[][]): string[][] => rows.map((row) => row.map(String));
