import { expect, test } from "vitest";
import { METRIC_LABEL_VALUE_COUNT_MAX } from "#shared/base/limits.ts";
import { bucketBounds, LATENCY_BUCKETS_SECONDS } from "#shared/contracts/metrics.ts";
import { MetricsRegistry } from "./metrics.ts";
import { startSpan } from "./trace.ts";

test("a delta is the same until it is answered, and what comes meanwhile goes with the next", () => {
	const registry = new MetricsRegistry();
	expect(registry.cut("s")).toBeNull();
	registry.increment("littoral_calls_total", { code: "ok" });
	registry.increment("littoral_calls_total", { code: "ok" }, 2);
	const first = registry.cut("s");
	expect(first).toMatchObject({
		sequence: 1,
		service: "s",
		samples: [{ name: "littoral_calls_total", labels: { code: "ok" }, kind: "counter", value: 3 }],
	});
	registry.increment("littoral_calls_total", { code: "ok" });
	expect(registry.cut("s")).toBe(first);
	registry.answered();
	expect(registry.cut("s")).toMatchObject({ isolateId: first?.isolateId, sequence: 2, samples: [{ value: 1 }] });
	registry.answered();
	expect(registry.empty).toBe(true);
});

test("an observation lies in the first bucket whose bound it does not pass", () => {
	const registry = new MetricsRegistry();
	for (const seconds of [0.001, 0.0011, 61]) registry.observe("littoral_call_duration_seconds", {}, seconds);
	const [sample] = registry.cut("s")?.samples ?? [];
	expect([sample?.buckets?.[0], sample?.buckets?.[1], sample?.buckets?.[LATENCY_BUCKETS_SECONDS.length], sample?.buckets?.length]).toEqual([
		1,
		1,
		1,
		LATENCY_BUCKETS_SECONDS.length + 1,
	]);
});

test("an isolate's series are bounded, and the sum stays right", () => {
	const registry = new MetricsRegistry();
	for (let value = 0; value < 10_000; value++) registry.increment("littoral_calls_total", { code: `code-${value}` });
	const samples = registry.cut("s")?.samples ?? [];
	expect(samples.length).toBe(METRIC_LABEL_VALUE_COUNT_MAX + 1);
	expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(10_000);
	expect(samples.at(-1)).toMatchObject({ labels: { code: "other" }, value: 10_000 - METRIC_LABEL_VALUE_COUNT_MAX });
});

test("buckets follow from the unit that a name ends with", () => {
	const registry = new MetricsRegistry();
	registry.observe("littoral_append_rows", {}, 1000);
	registry.observe("littoral_flush_delay_seconds", {}, 400);
	const [rows, delay] = registry.cut("s")?.samples ?? [];
	expect(rows?.buckets).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0]);
	expect(delay?.buckets?.[bucketBounds("littoral_flush_delay_seconds").indexOf(600)]).toBe(1);
	expect(() => bucketBounds("littoral_things")).toThrow("unit");
});

test("a span continues the caller's trace, and a malformed or empty one starts its own", () => {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
	const child = startSpan(`00-${trace}-00f067aa0ba902b7-01`);
	expect(child).toMatchObject({ traceId: trace, parentSpanId: "00f067aa0ba902b7" });
	expect(child.traceparent).toBe(`00-${trace}-${child.spanId}-01`);
	for (const wrong of [undefined, "", "00-xyz", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, `00-${trace}-${"0".repeat(16)}-01`]) {
		expect(startSpan(wrong).parentSpanId).toBeNull();
		expect(startSpan(wrong).traceId).not.toBe(trace);
	}
});
