/** Traces and logs as a collector gets them, and what a collector that fails does to requests: nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { freePort } from "../../scripts/local/process.ts";
import { type CollectedSpan, type Collector, spansOf, startCollector, treeOf } from "../collector.ts";
import { type Harness, startHarness } from "../harness.ts";

const PATIENCE = { timeout: 30_000, interval: 200 };
const CALLER_SPAN = "00f067aa0ba902b7";
let traceCount = 0;

/** A caller's trace of its own. @param flags `01`: recorded */
function callerTrace(flags = "01"): { traceId: string; headers: Record<string, string> } {
	const traceId = (++traceCount).toString(16).padStart(32, "a");
	return { traceId, headers: { traceparent: `00-${traceId}-${CALLER_SPAN}-${flags}` } };
}

describe("a collector", () => {
	let collector: Collector;
	let harness: Harness;
	let client: LittoralClient;
	let tenant: string;

	beforeAll(async () => {
		collector = await startCollector();
		harness = await startHarness({
			vars: {
				monitoring: {
					OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
					OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=secret%3D1",
					OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
					LOKI_URL: collector.url,
					LOKI_AUTHORIZATION: "Basic bG9raQ==",
				},
			},
		});
		({ owner: client, id: tenant } = await harness.tenant());
		await client.execute("CREATE TABLE t (a INTEGER)");
	});

	afterAll(async () => {
		await harness.stop();
		await collector.stop();
	});

	/** The spans of a trace once there are so many. */
	async function collected(traceId: string, count: number): Promise<CollectedSpan[]> {
		const spans = (): CollectedSpan[] => spansOf(collector).filter((span) => span.traceId === traceId);
		await expect.poll(() => spans().length, PATIENCE).toBeGreaterThanOrEqual(count);
		return spans();
	}

	test("gets one query as one tree", async () => {
		const { traceId, headers } = callerTrace();
		await client.execute("CREATE TABLE queried (a INTEGER)");
		const response = await client.request("/v1/sql", {
			headers: { "Content-Type": "text/plain", ...headers },
			body: "SELECT count(*) FROM queried",
		});
		await response.text();
		const spans = await collected(traceId, 5);
		expect(treeOf(spans, CALLER_SPAN)).toEqual({
			"POST /v1/sql": {
				"TenantService/query": {
					"OptimizerService/plan": { "CatalogService/readSnapshots": {} },
					"TenantShard/readDirectory": {},
				},
			},
		});
		const of = (name: string): CollectedSpan => spans.find((span) => span.name === name) as CollectedSpan;
		const edge = of("POST /v1/sql");
		expect(edge).toMatchObject({
			service: "littoral-gateway",
			kind: 2,
			status: { code: 0 },
			attributes: {
				"http.request.method": "POST",
				"http.route": "/v1/sql",
				"http.response.status_code": 200,
				"url.path": "/v1/sql",
				"url.scheme": "http",
				"server.address": "127.0.0.1",
				"littoral.request.id": response.headers.get("Request-Id"),
				"littoral.query.id": response.headers.get("Query-Id"),
				"littoral.tenant.id": expect.stringMatching(/^[0-9a-f]{24}$/),
			},
		});
		expect(of("OptimizerService/plan")).toMatchObject({
			service: "littoral-optimizer",
			kind: 2,
			attributes: { "rpc.system": "workers", "rpc.service": "OptimizerService", "rpc.method": "plan" },
		});
		expect(of("TenantShard/readDirectory")).toMatchObject({
			service: "littoral-tenant",
			kind: 3,
			attributes: { "rpc.service": "TenantShard", "littoral.shard": 0 },
		});
		expect(spans.every(({ startTimeUnixNano, endTimeUnixNano }) => BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano))).toBe(true);
		expect(collector.received.find(({ path }) => path === "/v1/traces")?.headers["x-api-key"]).toBe("secret=1");
		expect(JSON.stringify(collector.received[0]?.body)).toContain('{"key":"deployment.environment.name","value":{"stringValue":"test"}}');
	});

	test("gets one write as one tree", async () => {
		const { traceId, headers } = callerTrace();
		await client.append("t", '[{"a":1},{"a":2}]', "application/json", headers);
		const spans = await collected(traceId, 3);
		expect(treeOf(spans, CALLER_SPAN)).toMatchObject({
			"POST /v1/tables/{table}/rows": { "TenantService/ingest": { "TenantShard/append": {} } },
		});
		const edge = spans.find(({ service }) => service === "littoral-gateway");
		expect(edge?.attributes).toMatchObject({ "http.route": "/v1/tables/{table}/rows", "url.path": "/v1/tables/t/rows" });
	});

	test("gets a flush as a trace of its own", async () => {
		await harness.admin.json(`/v1/tenants/${tenant}/shards`, { headers: { "Content-Type": "application/json" }, body: '{"count":2}' });
		for (let row = 0; row < 12; row++) await client.append("t", `[{"a":${row}}]`);
		await harness.admin.json(`/v1/tenants/${tenant}/shards`, { headers: { "Content-Type": "application/json" }, body: '{"count":1}' });
		const flushes = (): unknown[] => {
			const spans = spansOf(collector);
			return spans
				.filter((span) => span.name === "shard_alarm")
				.map((span) => treeOf(spans, span.spanId))
				.filter((tree) => "R2/putNew" in tree);
		};
		await expect
			.poll(() => flushes()[0], PATIENCE)
			.toMatchObject({ "CatalogService/commit": {}, "CatalogService/readSnapshots": {}, "R2/putNew": {} });
		expect(spansOf(collector).find(({ name }) => name === "shard_alarm")).toMatchObject({ kind: 1, service: "littoral-tenant" });
	});

	test("an error of the caller's is an attribute, and a trace that its caller does not record is not sent", async () => {
		const failed = callerTrace();
		const unrecorded = callerTrace("00");
		for (const { headers } of [unrecorded, failed]) {
			await (
				await client.request("/v1/sql", { headers: { "Content-Type": "text/plain", ...headers }, body: "SELECT no_such_column FROM t" })
			).text();
		}
		const spans = await collected(failed.traceId, 4);
		expect(spans.find(({ name }) => name === "POST /v1/sql")).toMatchObject({
			status: { code: 0 },
			attributes: { "error.type": "undefined_column", "http.response.status_code": 422 },
		});
		expect(spansOf(collector).filter(({ traceId }) => traceId === unrecorded.traceId)).toEqual([]);
		expect(JSON.stringify(collector.received)).not.toContain("no_such_column");
	});

	test("gets the log lines, by OTLP and as Loki takes them", async () => {
		const { traceId, headers } = callerTrace();
		await (await client.request("/v1/tables", { headers })).text();
		const bodies = (path: string): string => JSON.stringify(collector.received.filter((request) => request.path === path));
		await expect.poll(() => bodies("/v1/logs"), PATIENCE).toContain(`"traceId":"${traceId}"`);
		await expect.poll(() => bodies("/loki/api/v1/push"), PATIENCE).toContain(traceId);
		interface Streams {
			streams: { stream: Record<string, string>; values: [string, string][] }[];
		}
		const pushes = collector.received.filter(({ path }) => path === "/loki/api/v1/push");
		expect(pushes[0]?.headers.authorization).toBe("Basic bG9raQ==");
		const streams = pushes.flatMap(({ body }) => (body as Streams).streams);
		expect(new Set(streams.flatMap(({ stream }) => Object.keys(stream)))).toEqual(new Set(["app", "service", "level"]));
		const [at, line] = streams.flatMap(({ values }) => values).find(([, text]) => text.includes(traceId)) as [string, string];
		expect(at).toMatch(/^\d{19}$/);
		expect(JSON.parse(line)).toMatchObject({ message: expect.any(String), traceId, code: "ok" });
		expect(JSON.stringify(collector.received)).not.toMatch(/lit_[0-9a-z]{16}_/);
	});
});

test("sinks that are unreachable, never answer, or fail hold up no request and no count", async () => {
	const silent = await startCollector(null);
	const failing = await startCollector(500);
	const harness = await startHarness({
		vars: {
			monitoring: {
				OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${silent.url}/v1/traces`,
				OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${failing.url}/v1/logs`,
				LOKI_URL: `http://127.0.0.1:${await freePort()}`,
			},
		},
	});
	try {
		const { owner } = await harness.tenant();
		await owner.execute("CREATE TABLE t (a INTEGER)");
		// A batch is under way to the one that never answers: everything below happens while it waits.
		await expect.poll(() => silent.received.length, PATIENCE).toBe(1);
		for (let row = 1; row <= 30; row++) {
			await owner.append("t", `[{"a":${row}}]`);
			expect((await owner.query("SELECT count(*) FROM t")).rows).toEqual([[row]]);
		}
		const metrics = async (): Promise<string> => await (await harness.admin.request("/metrics")).text();
		await expect.poll(metrics, PATIENCE).toMatch(/littoral_appended_rows_total\{service="tenant",format="json"\} 30\n/);
		for (const sink of ["otlp_traces", "otlp_logs", "loki"]) {
			const failed = `littoral_sink_batches_total{service="monitoring",sink="${sink}",outcome="failed"}`;
			await expect.poll(metrics, PATIENCE).toContain(failed);
		}
		// Each failure doubles the pause: sixty requests and more have not been sixty batches.
		expect(failing.received.length).toBeLessThan(12);
	} finally {
		await harness.stop();
		await silent.stop();
		await failing.stop();
	}
});
