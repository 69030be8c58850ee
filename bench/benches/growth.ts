/** The same at ten times the rows, the files and the tenants: what must not grow with them, and what may grow no faster than they do. */
import { join } from "node:path";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { LittoralClient } from "../../scripts/client.ts";
import { FLIGHTS_DDL, flightsOf } from "../flights/flights.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import { load } from "../runner/load.ts";
import type { Session } from "../runner/session.ts";
import { EVENTS_DDL, eventsJson } from "../world/events.ts";
import { type LittoralServer, startLittoralServer } from "../world/server.ts";

const FACTOR = 10;
/** Ten times the rows may take so much more than ten times the time, a tenth of the time per row. */
const ROWS_TIME_FACTOR = 12;
/** A request of one tenant may take so much more where there are ten times as many tenants. */
const TENANTS_TIME_FACTOR = 1.5;
const QUERIES = [
	"SELECT origin, count(*), sum(delay) FROM flights GROUP BY origin ORDER BY 2 DESC, 1 LIMIT 5",
	"SELECT count(*), max(delay) FROM flights WHERE date >= TIMESTAMP '2001-03-05' AND date < TIMESTAMP '2001-03-06'",
];

export const growthBench: Bench = {
	name: "growth",
	title: "Ten times the rows, files and tenants; ten times the files are the bench planning's",
	async run(session) {
		const littoral = await startLittoralServer();
		try {
			await growRows(session, littoral);
			await growTenants(session, littoral);
		} finally {
			await littoral.stop();
		}
	},
};

async function growRows(session: Session, littoral: LittoralServer): Promise<void> {
	const directory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
	const flights = await flightsOf(session.size, directory);
	const file = readFileSync(flights.parquetPath);
	rmSync(directory, { recursive: true, force: true });
	const clients: LittoralClient[] = [];
	for (const times of [1, FACTOR]) {
		const client = await littoral.tenant(`rows-${times}`);
		await client.execute(FLIGHTS_DDL);
		const startedMs = performance.now();
		for (let time = 0; time < times; time++) await client.append("flights", file, "application/vnd.apache.parquet");
		session.figure(
			`import of ${(flights.rowCount * times).toLocaleString("en")} rows`,
			(flights.rowCount * times * 1000) / (performance.now() - startedMs),
			"rows/s",
		);
		clients.push(client);
	}
	const [small, large] = clients as [LittoralClient, LittoralClient];
	for (const sql of QUERIES) {
		const counts = await Promise.all(
			[small, large].map(async (client) => Number((await client.query("SELECT count(*) FROM flights")).rows[0]?.[0])),
		);
		expectAnswer("rows", counts, [flights.rowCount, flights.rowCount * FACTOR]);
		const measured = await session.interleave({
			what: sql,
			warmUpCount: 1,
			peers: [
				{ name: "rows", cpuMs: () => littoral.cpuMs(), run: () => small.query(sql) },
				{ name: "ten times the rows", cpuMs: () => littoral.cpuMs(), run: () => large.query(sql) },
			],
			check: () => {},
			figures: ({ statistics }) => ({
				filesScanned: statistics.files_scanned,
				rowsScanned: statistics.rows_scanned,
				arenaPeakBytes: statistics.arena_peak_bytes,
			}),
		});
		const [before, after] = [measured["rows"], measured["ten times the rows"]];
		session.bar({
			what: `${sql}: time at ten times the rows`,
			value: (after?.wallMs as number) / (before?.wallMs as number),
			atMost: ROWS_TIME_FACTOR,
			unit: "x",
		});
		session.figure(
			`${sql}: arena at ten times the rows`,
			(after?.figures["arenaPeakBytes"] as number) / (before?.figures["arenaPeakBytes"] as number),
			"x",
		);
	}
}

async function growTenants(session: Session, littoral: LittoralServer): Promise<void> {
	const tenantCount = session.sized({ full: 50, smoke: 2 });
	const appendCount = session.sized({ full: 400, smoke: 8 });
	const clients: LittoralClient[] = [];
	const measured: number[] = [];
	for (const count of [tenantCount, tenantCount * FACTOR]) {
		await load(count - clients.length, 4, async () => {
			const client = await littoral.tenant(`t-${crypto.randomUUID().slice(0, 13)}`);
			await client.execute(EVENTS_DDL);
			await client.append("events", eventsJson(0, 1));
			clients.push(client);
		});
		expectAnswer("tenants", clients.length, count);
		const { appends } = await session.interleave({
			what: `${appendCount} appends of one row, over ${count} tenants`,
			warmUpCount: 1,
			// One of the first tenants, whatever the number of others: its own work is what the others might slow down.
			peers: [
				{
					name: "appends",
					cpuMs: () => littoral.cpuMs(),
					run: () =>
						load(appendCount, 4, async (index) => {
							const client = clients[index % tenantCount] as LittoralClient;
							expectAnswer("rows accepted", (await client.append("events", eventsJson(index, 1))).accepted, 1);
						}),
				},
			],
			check: () => {},
			figures: (figures) => ({ ...figures }),
		});
		measured.push(appends?.wallMs as number);
	}
	const [before, after] = measured as [number, number];
	session.bar({ what: "appends at ten times the tenants: time", value: after / before, atMost: TENANTS_TIME_FACTOR, unit: "x" });
}
