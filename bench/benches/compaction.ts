/** Compaction until nothing is left to compact: how fast it merges, how often a byte is written again, and the memory that a merge takes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LittoralClient } from "../../scripts/client.ts";
import { FLIGHTS_DDL, flightsOf, importToLittoral } from "../flights/flights.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import { type LittoralServer, startLittoralServer } from "../world/server.ts";

/** Each import makes one file of about a megabyte, of the rows that were read before it was known to be large, and two of up to eight. */
const IMPORT_COUNT = 8;
/** Of a smaller import: fewer would stay in the tail. */
const SMOKE_ROW_COUNT = 330_000;
/** A job's memory by `limits.ts`, which is a third of an isolate's. */
const ARENA_MIB = 30;
/** A level's files are rewritten once into the next, of which there are four. */
const WRITE_AMPLIFICATION = 4;
const TOTALS = "SELECT count(*), sum(delay), sum(distance), min(date), max(date), count(DISTINCT origin) FROM flights";
const PASS_COUNT_MAX = 20;
const POLL_MS = 200;
/** What is not compacted by then is an error of the bench's: it ends. */
const COMPACTION_MS_MAX = 600_000;

interface Job {
	state: "queued" | "running" | "done" | "failed" | "dead";
	error: string | null;
	figures: { bytes_read: number; bytes_written: number; arena_peak_bytes: number; elapsed_ms: number; rows: number } | null;
}

export const compactionBench: Bench = {
	name: "compaction",
	title: "Compaction of eight imports of the flights, cron by cron until there is nothing to do; figures are the jobs' own",
	async run(session) {
		const directory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
		const flights = await flightsOf(session.size, directory, SMOKE_ROW_COUNT);
		const littoral = await startLittoralServer();
		try {
			const client = await littoral.tenant("compaction");
			await client.execute(FLIGHTS_DDL);
			for (let time = 0; time < IMPORT_COUNT; time++) await importToLittoral(client, flights);
			const before = await table(client);
			const totals = (await client.query(TOTALS)).rows;
			const cpuBeforeMs = littoral.cpuMs();
			const jobs = await compactAll(littoral);
			const cpuMs = littoral.cpuMs() - cpuBeforeMs;
			expectAnswer("totals after compaction", (await client.query(TOTALS)).rows, totals);
			expectAnswer(
				"jobs that did not end well",
				jobs.filter((job) => job.state !== "done"),
				[],
			);
			const after = await table(client);

			const sum = (of: (figures: NonNullable<Job["figures"]>) => number): number =>
				jobs.reduce((total, { figures }) => total + (figures === null ? 0 : of(figures)), 0);
			const [bytesRead, bytesWritten] = [sum((figures) => figures.bytes_read), sum((figures) => figures.bytes_written)];
			if (jobs.length === 0) throw new Error("there was nothing to compact");
			session.figure("jobs", jobs.length, "");
			session.figure("files before", before.file_count, "");
			session.figure("files after", after.file_count, "");
			session.figure("bytes before", before.bytes / 1e6, "MB");
			session.figure("bytes after", after.bytes / 1e6, "MB");
			session.figure("merged, of Parquet, by the jobs' own time", bytesRead / 1e6 / (sum((figures) => figures.elapsed_ms) / 1000), "MB/s");
			session.figure("merged, of Parquet, by processor time", bytesRead / 1e6 / (cpuMs / 1000), "MB/s");
			session.figure("merged, by processor time", sum((figures) => figures.rows) / (cpuMs / 1000), "rows/s");
			session.bar({ what: "write amplification", value: bytesWritten / before.bytes, atMost: WRITE_AMPLIFICATION, unit: "x" });
			const arena = Math.max(...jobs.map(({ figures }) => figures?.arena_peak_bytes ?? 0));
			session.bar({ what: "peak arena of a job", value: arena / 1024 ** 2, atMost: ARENA_MIB, unit: "MiB" });
		} finally {
			await littoral.stop();
			rmSync(directory, { recursive: true, force: true });
		}
	},
};

const table = (client: LittoralClient): Promise<{ file_count: number; bytes: number }> => client.json("/v1/tables/flights");

/** Crons, until one finds nothing to do. @returns every job */
async function compactAll(littoral: LittoralServer): Promise<Job[]> {
	const catalog = await littoral.miniflare.getWorker("littoral-catalog");
	let jobs: Job[] = [];
	const deadlineMs = Date.now() + COMPACTION_MS_MAX;
	for (let pass = 0; pass < PASS_COUNT_MAX; pass++) {
		const known = jobs.length;
		await catalog.scheduled({ cron: "* * * * *", scheduledTime: new Date() });
		do {
			await new Promise((wake) => setTimeout(wake, POLL_MS));
			if (Date.now() > deadlineMs) throw new Error(`not compacted after ${COMPACTION_MS_MAX / 1000} s: ${JSON.stringify(jobs)}`);
			({ jobs } = await littoral.admin.json<{ jobs: Job[] }>("/v1/jobs?tenant=compaction&limit=1000"));
		} while (jobs.some((job) => job.state === "queued" || job.state === "running"));
		if (jobs.length === known) break;
	}
	return jobs;
}
