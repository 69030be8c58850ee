/** The 3,000,000 flights of vega-datasets, for every peer in its own form. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DEMO_TABLES } from "../../scripts/demo/queries.ts";
import { ROOT } from "../../scripts/fleet.ts";
import type { LittoralClient } from "../../scripts/client.ts";
import { openDuckDb, post } from "../world/peers.ts";
import type { BenchServer } from "../world/server.ts";
import type { BenchSize } from "../runner/bench.ts";

export const FLIGHTS_DDL = DEMO_TABLES[0].ddl;
/** Dates as seconds since 1970, which SQLite compares and groups fastest. */
export const D1_DDL = "CREATE TABLE flights (date INTEGER, delay INTEGER, distance INTEGER, origin TEXT, destination TEXT)";

export interface Flights {
	/** The file as it is, or a short one in its form. */
	parquetPath: string;
	rowCount: number;
}

const FULL_PATH = join(ROOT, "node_modules/vega-datasets/data/flights-3m.parquet");

/**
 * @param directory where a shorter file may be written
 * @param smokeRowCount of the shorter file
 */
export async function flightsOf(size: BenchSize, directory: string, smokeRowCount = 3000): Promise<Flights> {
	if (size === "full") return { parquetPath: FULL_PATH, rowCount: 3_000_000 };
	const duckdb = await openDuckDb();
	const [parquetPath, rowCount] = [join(directory, "flights.parquet"), smokeRowCount];
	await duckdb.query(`COPY (SELECT * FROM '${FULL_PATH}' LIMIT ${rowCount}) TO '${parquetPath}' (FORMAT parquet)`);
	duckdb.close();
	return { parquetPath, rowCount };
}

export async function importToLittoral(client: LittoralClient, flights: Flights): Promise<number> {
	const answer = await client.append("flights", readFileSync(flights.parquetPath), "application/vnd.apache.parquet");
	return answer.accepted;
}

/** Under D1's 2 MB a parameter, and short enough for a batch of some to stay under a request's memory. */
const ROWS_PER_JSON = 20_000;
const JSON_PER_REQUEST = 5;
export const ROWS_PER_VALUES_REQUEST = 5000;

/** Bodies of the D1 peer's requests, made before the clock starts. */
export async function d1Bodies(flights: Flights, form: "json" | "values"): Promise<string[]> {
	const duckdb = await openDuckDb();
	const perRequest = form === "json" ? ROWS_PER_JSON * JSON_PER_REQUEST : ROWS_PER_VALUES_REQUEST;
	const bodies: string[] = [];
	const reader = await duckdb.connection.stream(
		`SELECT epoch(date)::BIGINT::VARCHAR AS date, delay, distance, origin, destination FROM '${flights.parquetPath}'`,
	);
	let rows: unknown[][] = [];
	const flush = () => {
		if (rows.length === 0) return;
		if (form === "values") bodies.push(JSON.stringify(rows));
		else {
			const lines: string[] = [];
			for (let start = 0; start < rows.length; start += ROWS_PER_JSON) lines.push(JSON.stringify(rows.slice(start, start + ROWS_PER_JSON)));
			bodies.push(lines.join("\n"));
		}
		rows = [];
	};
	for (;;) {
		const chunk = await reader.fetchChunk();
		if (chunk === null || chunk.rowCount === 0) break;
		for (const [date, delay, distance, origin, destination] of chunk.getRows()) {
			rows.push([Number(date), plain(delay), plain(distance), origin, destination]);
			if (rows.length === perRequest) flush();
		}
	}
	flush();
	duckdb.close();
	return bodies;
}

const plain = (value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);

/**
 * @param form the path of the Worker: `json` and `values` with bodies of that form; `rows` takes those of `values`
 * @returns rows that D1 says it changed
 */
export async function importToD1(server: BenchServer, form: "json" | "values" | "rows", bodies: readonly string[]): Promise<number> {
	let rowCount = 0;
	// The next body is on its way while D1 works on one: it runs one statement at a time.
	let next = 0;
	const send = async () => {
		for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
			const changed = (await post(server, form === "json" ? "/json/flights/5" : `/${form}`, body)) as number;
			rowCount += changed;
		}
	};
	await Promise.all([send(), send()]);
	return rowCount;
}
