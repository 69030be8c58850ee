/** Planning over very many data files in one table: EXPLAIN over HTTP, which prunes them by their statistics and reads none. */
import { join } from "node:path";
import { ROOT } from "../../scripts/fleet.ts";
import type { LittoralClient, SqlResult } from "../../scripts/client.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import type { Session } from "../runner/session.ts";
import type { FilesOrder } from "../workers/operations-with-door.ts";
import { EVENTS_DDL } from "../world/events.ts";
import { type LittoralServer, startLittoralServer } from "../world/server.ts";

/** With {@link FILE_COUNTS} files at most. */
const WARM_MS = 50;
const FILE_COUNTS = { full: [10_000, 100_000], smoke: [200] };
const FILES_PER_COMMIT = 2000;
const DOOR = { operations: join(ROOT, "bench/workers/operations-with-door.ts") };

/** One file, one in a hundred, all of them; by number and by time. */
const STATEMENTS: { title: string; sql: string; fileCount: (all: number) => number }[] = [
	{ title: "one file by id", sql: "SELECT sum(amount) FROM events WHERE id = 12345", fileCount: () => 1 },
	{
		title: "an hour",
		sql: "SELECT kind, count(*) FROM events WHERE at >= '2026-01-01 10:00:00Z' AND at < '2026-01-01 11:00:00Z' GROUP BY kind",
		fileCount: () => 4,
	},
	{ title: "every file", sql: "SELECT kind, sum(amount) FROM events GROUP BY kind", fileCount: (all) => all },
];

export const planningBench: Bench = {
	name: "planning",
	title: "EXPLAIN over HTTP of a table with 10,000 and with 100,000 data files; warm: schema and snapshot are cached",
	async run(session) {
		const littoral = await startLittoralServer({ entryPoints: DOOR });
		try {
			for (const fileCount of session.sized(FILE_COUNTS)) await measure(session, littoral, fileCount);
		} finally {
			await littoral.stop();
		}
	},
};

async function measure(session: Session, littoral: LittoralServer, fileCount: number): Promise<void> {
	const tenant = `planning-${fileCount}`;
	const client = await littoral.tenant(tenant);
	await client.execute(EVENTS_DDL);
	const door = await littoral.miniflare.getWorker("littoral-operations");
	for (let first = 0; first < fileCount; first += FILES_PER_COMMIT) {
		const order: FilesOrder = { tenant, table: "events", first, count: Math.min(FILES_PER_COMMIT, fileCount - first) };
		const response = await door.fetch("http://door/", { method: "POST", body: JSON.stringify(order) });
		if (!response.ok) throw new Error(await response.text());
	}
	const shown = fileCount.toLocaleString("en");
	const startedMs = performance.now();
	await explain(client, (STATEMENTS[0] as (typeof STATEMENTS)[number]).sql);
	session.figure(`${shown} files: the first plan, nothing cached`, performance.now() - startedMs, "ms");
	for (const { title, sql, fileCount: expected } of STATEMENTS) {
		const measured = await session.interleave({
			what: `${shown} files: ${title}`,
			warmUpCount: 3,
			peers: [
				{ name: "littoral", cpuMs: () => littoral.cpuMs(), run: () => explain(client, sql) },
				{ name: "a plan without tables", cpuMs: () => littoral.cpuMs(), run: () => explain(client, "SELECT 1") },
			],
			check: ({ rows }, peer) => {
				if (peer === "littoral")
					expectAnswer(`${title}: files read`, /^Files: (\d+) read/.exec(String(rows.at(-1)?.[0]))?.[1], String(expected(fileCount)));
			},
		});
		session.bar({ what: `${shown} files: ${title}`, value: measured["littoral"]?.wallMs as number, atMost: WARM_MS, unit: "ms" });
	}
}

const explain = (client: LittoralClient, sql: string): Promise<SqlResult> => client.query(`EXPLAIN ${sql}`);
