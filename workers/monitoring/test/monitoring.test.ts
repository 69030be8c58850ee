import { env, exports } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { LATENCY_BUCKETS_SECONDS, type MetricsPush } from "#shared/contracts/metrics.ts";
import type { Env } from "../src/env.ts";

const testEnv = env as unknown as Env;
const service = (exports as unknown as { MonitoringService: import("../src/index.ts").MonitoringService }).MonitoringService;

function counterPush(isolateId: string, sequence: number, value: number): MetricsPush {
	return {
		isolateId,
		sequence,
		service: "gateway",
		samples: [{ name: "littoral_calls_total", labels: { service: "gateway", operation: 'a"b' }, kind: "counter", value }],
	};
}

test("a repeated push counts once, hubs are merged, labels escaped", async () => {
	await service.push(counterPush("one", 1, 3));
	await service.push(counterPush("one", 1, 3));
	await service.push(counterPush("two", 1, 4));
	await service.push(counterPush("five", 1, 5));
	const text = await service.scrape();
	expect(text).toContain('# TYPE littoral_calls_total counter\nlittoral_calls_total{service="gateway",operation="a\\"b"} 12\n');
});

test("histograms are cumulative and end with +Inf, sum and count", async () => {
	const buckets = Array.from({ length: LATENCY_BUCKETS_SECONDS.length + 1 }, () => 0);
	buckets[0] = 2;
	buckets[buckets.length - 1] = 1;
	await service.push({
		isolateId: "h",
		sequence: 1,
		service: "tenant",
		samples: [{ name: "littoral_call_duration_seconds", labels: { service: "tenant" }, kind: "histogram", value: 70.5, buckets }],
	});
	const text = await service.scrape("tenant");
	expect(text).toContain('littoral_call_duration_seconds_bucket{service="tenant",le="0.001"} 2\n');
	expect(text).toContain('littoral_call_duration_seconds_bucket{service="tenant",le="60"} 2\n');
	expect(text).toContain('littoral_call_duration_seconds_bucket{service="tenant",le="+Inf"} 3\n');
	expect(text).toContain(
		'littoral_call_duration_seconds_sum{service="tenant"} 70.5\nlittoral_call_duration_seconds_count{service="tenant"} 3\n',
	);
});

test("a hub stores its totals by alarm, then has none", async () => {
	const stub = testEnv.METRICS_HUB.get(testEnv.METRICS_HUB.idFromName("stored"));
	await stub.push(counterPush("x", 1, 7));
	expect(await runDurableObjectAlarm(stub)).toBe(true);
	await runInDurableObject(stub, async (_, state) => {
		const [row] = state.storage.sql.exec<{ text: string }>("SELECT text FROM state").toArray();
		expect(JSON.parse(row?.text ?? "")).toMatchObject({ series: [{ value: 7 }], sequences: [["x", 1]] });
		expect(await state.storage.getAlarm()).toBeNull();
	});
});

test("health history is newest first", async () => {
	await service.recordHealth([
		{ service: "tenant", status: "ok", latencyMs: 1, atMs: 1 },
		{ service: "catalog", status: "failed", latencyMs: 2, atMs: 2 },
	]);
	expect(await service.healthHistory(1)).toEqual([{ service: "catalog", status: "failed", latencyMs: 2, atMs: 2 }]);
});
