/** Counters that count, one trace through the Workers, a deployment that says it is ready, queries that stop with their client. */
import { beforeAll, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { sharedHarness, type SharedHarness } from "../harness.ts";

let harness: SharedHarness;
let client: LittoralClient;

beforeAll(async () => {
	harness = await sharedHarness();
	client = (await harness.tenant()).owner;
	await client.execute("CREATE TABLE t (a INTEGER)");
});

/** The sum of a counter's series that have all of `labels`. */
async function counter(name: string, labels: Record<string, string> = {}): Promise<number> {
	const text = await (await harness.admin.request("/metrics")).text();
	const lines = text
		.split("\n")
		.filter(
			(line) => line.startsWith(`${name}{`) && Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)),
		);
	return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

interface LogLine {
	service?: string;
	traceId?: string;
	requestId?: string;
	message?: string;
	code?: string;
}

function logLines(): LogLine[] {
	return harness.logs.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
}

test("1,000 requests raise the counter by exactly 1,000", async () => {
	const labels = { route: "/v1/tables", status: "200" };
	const before = await counter("littoral_http_requests_total", labels);
	for (let round = 0; round < 20; round++) {
		await Promise.all(Array.from({ length: 50 }, async () => await (await client.request("/v1/tables?limit=1")).text()));
	}
	await expect.poll(() => counter("littoral_http_requests_total", labels), { timeout: 10_000, interval: 300 }).toBe(before + 1000);
});

test("rows, bytes and errors are counted", async () => {
	const rows = await counter("littoral_appended_rows_total");
	await client.append("t", '[{"a":1},{"a":2}]');
	await client.request("/v1/sql", { headers: { "Content-Type": "text/plain" }, body: "SELECT nothing" });
	await expect.poll(() => counter("littoral_appended_rows_total"), { timeout: 10_000, interval: 300 }).toBe(rows + 2);
	await expect
		.poll(() => counter("littoral_errors_total", { code: "undefined_column" }), { timeout: 10_000, interval: 300 })
		.toBeGreaterThan(0);
	await expect.poll(() => counter("littoral_appended_bytes_total"), { timeout: 10_000, interval: 300 }).toBeGreaterThan(0);
});

test("a query's log lines from four Workers share the caller's trace id", async () => {
	const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
	// A table that no isolate has cached, so that the catalog is asked.
	await client.execute("CREATE TABLE traced (a INTEGER)");
	const response = await client.request("/v1/sql", {
		headers: { "Content-Type": "text/plain", traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
		body: "SELECT count(*) FROM traced",
	});
	await response.text();
	const requestId = response.headers.get("Request-Id");
	await expect
		.poll(() => [...new Set(logLines().flatMap((line) => (line.traceId === traceId ? [String(line.service)] : [])))].toSorted(), {
			timeout: 5000,
		})
		.toEqual(["catalog", "gateway", "optimizer", "tenant"]);
	expect(logLines().find((line) => line.traceId === traceId && line.service === "tenant")?.requestId).toBe(requestId);
});

test("an append that goes well is one log line, the gateway's; of one that does not, the tenant Worker says so too", async () => {
	await client.execute("CREATE TABLE logged (a INTEGER)");
	const requestIdOf = async (body: string): Promise<string | null> => {
		const response = await client.request("/v1/tables/logged/rows", { headers: { "Content-Type": "application/json" }, body });
		await response.text();
		return response.headers.get("Request-Id");
	};
	// The first asks the catalog for the schema.
	await requestIdOf('[{"a": 0}]');
	const well = await requestIdOf('[{"a": 1}]');
	const badly = await requestIdOf('[{"a": "x"}]');
	const linesOf = (requestId: string | null): string[] =>
		logLines().flatMap((line) => (line.requestId === requestId ? [`${line.service} ${line.code}`] : []));
	await expect.poll(() => linesOf(badly).toSorted(), { timeout: 5000 }).toEqual(["gateway invalid_rows", "tenant invalid_rows"]);
	expect(linesOf(well)).toEqual(["gateway ok"]);
});

test("/ready names all six with their latency, /metrics is for the administrator", async () => {
	const ready = (await (await fetch(`${harness.littoral.url}/ready`)).json()) as {
		status: string;
		services: Record<string, { status: string; latency_ms: number }>;
	};
	expect(Object.keys(ready.services).toSorted()).toEqual(["catalog", "gateway", "monitoring", "operations", "optimizer", "tenant"]);
	for (const service of Object.values(ready.services)) expect(service).toEqual({ status: "ok", latency_ms: expect.any(Number) });
	expect((await fetch(`${harness.littoral.url}/metrics`)).status).toBe(401);
	expect((await fetch(`${harness.littoral.url}/health`)).status).toBe(200);
});

test("no log line holds a secret or the SQL", () => {
	const text = harness.logs.join("\n");
	expect(text).not.toMatch(/lit_[0-9a-z]{16}_[0-9A-Za-z]{43}/);
	expect(text).not.toContain(harness.littoral.adminKey);
	expect(text).not.toContain("SELECT nothing");
});
