/**
 * The first query over the flights, in two kinds:
 *
 * - Cold data: the process has answered the same queries over a small table before, another tenant's. Nothing is cached of the flights: no snapshot, footer, block or plan.
 *   The tenant's credential and its connection are known, as DuckDB's connection is open and its view made.
 *   Beside both stands the floor: a bare Worker that only reads, from the same local R2, what our query reads.
 * - A fresh process: nothing has run in it. For the system that is a workerd whose `/ready` has answered once, for DuckDB a process that has loaded the library and made the view.
 */
import { join } from "node:path";
import type { LittoralClient } from "../../scripts/client.ts";
import type { RunningPeer } from "../engine/peer.ts";
import { processPeer } from "../engine/peer-process.ts";
import type { DuckDbOptions } from "../engine/peers/duckdb.ts";
import { expectAnswer } from "../runner/bench.ts";
import type { Measured, Peer, Session } from "../runner/session.ts";
import { geometricMean } from "../runner/statistics.ts";
import { type DuckDb, openDuckDb, ownCpuMs } from "../world/peers.ts";
import type { LittoralServer } from "../world/server.ts";
import { AGGREGATES } from "./aggregates.ts";
import { type Flights, FLIGHTS_DDL, importToLittoral } from "./flights.ts";
import { notedReads, ReadFloor } from "./read-floor.ts";

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

	const queries = session.sized({ full: AGGREGATES, smoke: AGGREGATES.slice(0, 1) });
	const coldData = await besideFloor(session, options, { neighbour, smallPath: small.parquetPath, queries });
	const fresh: number[] = [];
	for (const { title, sql } of queries) {
		const duckdb = freshDuckDb(options, sql);
		const { littoral: own, DuckDB: peer } = await session.interleave({
			what: `fresh process: ${title}`,
			repeatCount: Math.min(REPEATS_MAX, session.repeatCount),
			peers: [freshLittoral(options, sql), duckdb],
			check: (rows, name) => expectAnswer(`${title}, ${name}`, rows, expectedOf(options, title)),
		});
		fresh.push((own as Measured).wallMs / (peer as Measured).wallMs);
		await duckdb.stop();
	}
	for (const { title, ofDuckDb } of coldData) {
		session.bar({ what: `cold data: ${title}, time of DuckDB's`, value: ofDuckDb, atMost: DUCKDB_FACTOR, unit: "x" });
	}
	for (const { title, floorMs, megabytes, readCount, aboveFloor } of coldData) {
		session.figure(`cold data: ${title}, read from R2`, megabytes, `MB in ${readCount} reads`);
		session.figure(`cold data: ${title}, floor`, floorMs, "ms");
		session.figure(`cold data: ${title}, time without the floor's, of DuckDB's`, aboveFloor, "x");
	}
	session.figure("cold data: time of DuckDB's, geometric mean", geometricMean(coldData.map(({ ofDuckDb }) => ofDuckDb)), "x");
	session.figure(
		"cold data: time without the floor's, of DuckDB's, geometric mean",
		geometricMean(coldData.map(({ aboveFloor }) => aboveFloor)),
		"x",
	);
	session.figure("fresh process: time of DuckDB's, geometric mean", geometricMean(fresh), "x");
}

interface ColdQuery {
	title: string;
	ofDuckDb: number;
	floorMs: number;
	megabytes: number;
	readCount: number;
	/** Our time less the floor's, of DuckDB's. */
	aboveFloor: number;
}

async function besideFloor(
	session: Session,
	options: ColdAggregates,
	{ neighbour, smallPath, queries }: { neighbour: LittoralClient; smallPath: string; queries: readonly { title: string; sql: string }[] },
): Promise<ColdQuery[]> {
	const { littoral, client, directory } = options;
	const statements = queries.map(({ sql }) => sql);
	const [warmUp, reads] = [await notedReads(littoral, neighbour, statements), await notedReads(littoral, client, statements)];
	const floor = new ReadFloor(join(directory, "floor"));
	const repeatCount = Math.min(REPEATS_MAX, session.repeatCount);
	try {
		await floor.copyFrom(littoral);
		// What any statement takes, without a table.
		await session.interleave({
			what: "cold data: SELECT 1",
			repeatCount,
			peers: [littoralOverColdData(options, neighbour, "SELECT 1")],
			check: (rows, peer) => expectAnswer(`SELECT 1, ${peer}`, rows, [["1"]]),
		});
		const measured: ColdQuery[] = [];
		for (const [index, { title, sql }] of queries.entries()) {
			const wanted = reads[index] as (typeof reads)[number];
			const byteCount = wanted.reduce((sum, read) => sum + read.byteCount, 0);
			const peers: Peer<string[][] | number>[] = [
				littoralOverColdData(options, neighbour, sql),
				duckDbOverColdData(options, smallPath, sql),
				floor.peer(wanted, Array.from({ length: WARM_UP_ROUNDS }, () => warmUp).flat()),
			];
			const medians = await session.interleave({
				what: `cold data: ${title}`,
				repeatCount,
				peers,
				check: (answer, peer) => expectAnswer(`${title}, ${peer}`, answer, peer === "floor" ? byteCount : expectedOf(options, title)),
			});
			const [own, duckdb, floorMs] = ["littoral", "DuckDB", "floor"].map((name) => medians[name]?.wallMs as number) as [
				number,
				number,
				number,
			];
			measured.push({
				title,
				ofDuckDb: own / duckdb,
				floorMs,
				megabytes: byteCount / 1e6,
				readCount: wanted.length,
				aboveFloor: Math.max(0, own - floorMs) / duckdb,
			});
		}
		return measured;
	} finally {
		await floor.stop();
	}
}

const expectedOf = ({ expected }: ColdAggregates, title: string): string[][] =>
	expected[AGGREGATES.findIndex((query) => query.title === title)] as string[][];

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
