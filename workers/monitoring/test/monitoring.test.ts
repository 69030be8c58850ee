import { env, exports } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { METRIC_COUNT_MAX, METRIC_LABEL_VALUE_COUNT_MAX, METRIC_SERIES_COUNT_MAX } from "#shared/base/limits.ts";
import { LATENCY_BUCKETS_SECONDS, type MetricSample, type MetricsPush } from "#shared/contracts/metrics.ts";
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

test("10,000 values of a label, and of two labels at once, are bounded series whose sums are right", async () => {
	const stub = testEnv.METRICS_HUB.get(testEnv.METRICS_HUB.idFromName("attacked"));
	const size = 100;
	for (let part = 0; part < 10_000 / size; part++) {
		const samples = Array.from({ length: size }, (_, index) => part * size + index).flatMap((value): MetricSample[] => [
			{ name: "littoral_errors_total", labels: { service: "gateway", code: `x${value}` }, kind: "counter", value: 1 },
			{
				name: "littoral_calls_total",
				labels: { service: "tenant", operation: `o${value % 100}`, code: `c${Math.floor(value / 100)}` },
				kind: "counter",
				value: 1,
			},
			{ name: `littoral_${value.toString(36)}_total`, labels: {}, kind: "counter", value: 1 },
		]);
		await stub.push({ isolateId: "attacker", sequence: part + 1, service: "gateway", samples });
	}
	const series = await stub.series();
	const of = (name: string): MetricSample[] => series.filter((sample) => sample.name === name);
	const sum = (samples: MetricSample[]): number => samples.reduce((total, { value }) => total + value, 0);
	expect([of("littoral_errors_total").length, sum(of("littoral_errors_total"))]).toEqual([METRIC_LABEL_VALUE_COUNT_MAX + 1, 10_000]);
	expect([of("littoral_calls_total").length, sum(of("littoral_calls_total"))]).toEqual([METRIC_SERIES_COUNT_MAX + 1, 10_000]);
	expect(new Set(series.map(({ name }) => name)).size).toBe(METRIC_COUNT_MAX + 2);
	expect(sum(of("littoral_metrics_dropped_samples_total"))).toBe(10_000 - (METRIC_COUNT_MAX - 2));
	expect(sum(of("littoral_metrics_overflow_samples_total"))).toBe(
		10_000 - METRIC_LABEL_VALUE_COUNT_MAX + (10_000 - METRIC_SERIES_COUNT_MAX),
	);
});

test("what a scrape has shown is stored: a counter never falls when a hub is lost", async () => {
	const stub = testEnv.METRICS_HUB.get(testEnv.METRICS_HUB.idFromName("shown"));
	await stub.push(counterPush("x", 1, 7));
	await stub.series();
	await runInDurableObject(stub, (_, state) => {
		expect(state.storage.sql.exec("SELECT text FROM state").toArray()).toHaveLength(1);
	});
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
