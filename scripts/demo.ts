/**
 * `npm run demo [-- --serve]`: the main job on real data, from an empty state folder to a kill -9 and back.
 *
 * Exit code 0 only when every count and sum is what DuckDB computed over the same files (`demo/expected.json`, made by `demo/compute.ts`).
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import Table from "cli-table3";
import { type AppendResult, LittoralClient, type SqlResult } from "./client.ts";
import { DEMO_QUERIES, DEMO_TABLES, EXPLAINED } from "./demo/queries.ts";
import { ROOT } from "./fleet.ts";
import { freePort, startProcess } from "./local/process.ts";

const { values: options } = parseArgs({ options: { serve: { type: "boolean", default: false } } });
const DATA = join(ROOT, "node_modules/vega-datasets/data");
const EXPECTED = JSON.parse(readFileSync(join(ROOT, "scripts/demo/expected.json"), "utf8")) as string[][][];
const FLIGHT_COUNT = 3_000_000;

const failures: string[] = [];
const say = (line = ""): void => void process.stdout.write(`${line}\n`);
const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(2)} s`;

function expect(what: string, actual: unknown, expected: unknown): void {
	if (JSON.stringify(actual) !== JSON.stringify(expected))
		failures.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

function printResult(result: SqlResult): void {
	const table = new Table({
		head: result.columns.map((column) => column.name),
		colAligns: result.columns.map((column) => (column.type === "text" ? "left" : "right")),
		style: { head: [], border: [] },
	});
	for (const row of result.rows) table.push(row.map((value) => (value === null ? "" : String(value))));
	say(table.toString());
	const { statistics: s } = result;
	say(
		`${s.elapsed_ms.toFixed(0)} ms, ${s.rows_scanned.toLocaleString("en")} rows and ${(s.bytes_scanned / 1e6).toFixed(2)} MB scanned, ${s.files_scanned} files read, ${s.files_pruned} pruned, estimated $${s.estimated_cost_usd.toExponential(2)}`,
	);
	say();
}

/** Rows that the tenant Worker has decoded from Parquet so far, as its metrics tell. */
async function decodedRowCount(admin: LittoralClient): Promise<number> {
	const text = await (await admin.request("/metrics")).text();
	return Number(/^littoral_decoded_rows_total\{[^}]*format="parquet"[^}]*\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

async function importFlights(client: LittoralClient, admin: LittoralClient, file: string): Promise<AppendResult> {
	const bar = new SingleBar({
		format: "  flights [{bar}] {value}/{total} rows, {rate} rows/s, {left} s left",
		stream: process.stdout,
		noTTYOutput: true,
		notTTYSchedule: 2000,
	});
	const startedMs = performance.now();
	const show = (rows: number): void => {
		const rate = rows / ((performance.now() - startedMs) / 1000);
		bar.update(rows, { rate: Math.round(rate).toLocaleString("en"), left: rate > 0 ? ((FLIGHT_COUNT - rows) / rate).toFixed(1) : "?" });
	};
	bar.start(FLIGHT_COUNT, 0, { rate: "0", left: "?" });
	let done = false;
	const watch = (async () => {
		while (!done) {
			await new Promise((wake) => setTimeout(wake, 500));
			if (!done) show(Math.min(FLIGHT_COUNT, await decodedRowCount(admin).catch(() => 0)));
		}
	})();
	try {
		const answer = await client.append("flights", readFileSync(file), "application/vnd.apache.parquet");
		show(answer.accepted);
		return answer;
	} finally {
		done = true;
		await watch;
		bar.stop();
	}
}

async function importAll(client: LittoralClient, admin: LittoralClient): Promise<void> {
	for (const { name, file, contentType, ddl } of DEMO_TABLES) {
		say(ddl);
		await client.execute(ddl);
		const path = join(DATA, file);
		const startedMs = performance.now();
		let answer: AppendResult;
		if (name === "flights") answer = await importFlights(client, admin, path);
		else if (file.endsWith(".json")) {
			const rows = JSON.parse(readFileSync(path, "utf8")) as unknown[];
			answer = await client.append(name, rows.map((row) => JSON.stringify(row)).join("\n"), contentType);
		} else answer = await client.append(name, readFileSync(path), contentType);
		say(
			`  ${answer.accepted.toLocaleString("en")} rows of ${file} (${(statSync(path).size / 1e6).toFixed(1)} MB) accepted in ${seconds(startedMs)}`,
		);
		say();
	}
}

async function runQueries(client: LittoralClient): Promise<void> {
	for (const [index, { title, sql }] of DEMO_QUERIES.entries()) {
		say(`-- ${title}`);
		say(sql);
		const result = await client.query(sql);
		printResult(result);
		expect(
			title,
			result.rows.map((row) => row.map(String)),
			EXPECTED[index],
		);
	}
	say(EXPLAINED);
	for (const [line] of (await client.query(EXPLAINED)).rows) say(String(line));
	say();
}

async function counts(client: LittoralClient): Promise<Record<string, unknown>> {
	const entries = DEMO_TABLES.map(async ({ name }) => [name, (await client.query(`SELECT count(*) FROM ${name}`)).rows[0]?.[0]] as const);
	return Object.fromEntries(await Promise.all(entries));
}

const startedMs = performance.now();
const stateDir = mkdtempSync(join(tmpdir(), "littoral-demo-"));
const environment = { port: await freePort(), stateDir, adminKey: crypto.randomUUID() };
let server = await startProcess(environment);
const { url } = server;
try {
	say(`Six Workers at ${url}, ready after ${seconds(startedMs)}. State in ${stateDir}.`);
	const admin = new LittoralClient(url, environment.adminKey);
	const { api_key: apiKey } = await admin.json<{ api_key: string }>("/v1/tenants", {
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ id: "demo" }),
	});
	const client = new LittoralClient(url, apiKey);
	say("Tenant demo created.\n");

	await importAll(client, admin);
	await runQueries(client);

	say("One more row, and the next query sees it:");
	await client.append(
		"flights",
		JSON.stringify([{ date: "2001-07-01T12:00:00", delay: 3, distance: 100, origin: "SFO", destination: "LAX" }]),
	);
	const before = await counts(client);
	say(`  ${JSON.stringify(before)}`);
	expect("counts", before, { flights: FLIGHT_COUNT + 1, recent: 20_000, airports: 3376 });

	say("kill -9, and again:");
	await server.kill("SIGKILL");
	server = await startProcess(environment);
	const after = await counts(client);
	say(`  ${JSON.stringify(after)}`);
	expect("counts after SIGKILL", after, before);

	say();
	say(failures.length === 0 ? `Every count and sum is DuckDB's. ${seconds(startedMs)} in all.` : `WRONG:\n${failures.join("\n")}`);
	if (options.serve) {
		say(`Serving at ${url} with the API key ${apiKey}; Ctrl-C ends it.`);
		await once(process, "SIGINT");
	}
} finally {
	await server.kill("SIGTERM");
	rmSync(stateDir, { recursive: true, force: true });
}
process.exit(failures.length === 0 ? 0 : 1);
