import { expect, test } from "vitest";
import { METRIC_LABEL_VALUE_COUNT_MAX, SPAN_PER_PORT_COUNT_MAX, TELEMETRY_BUFFER_COUNT_MAX } from "#shared/base/limits.ts";
import { bucketBounds, LATENCY_BUCKETS_SECONDS } from "#shared/contracts/metrics.ts";
import { MetricsRegistry } from "./metrics.ts";
import { telemetry, TelemetryBuffer } from "./telemetry.ts";
import { endSpan, isInRatio, startSpan } from "./trace.ts";
import { tracedPort } from "./traced-port.ts";

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
	const [samples = [], [overflow] = []] = Object.values(Object.groupBy(registry.cut("s")?.samples ?? [], ({ name }) => name));
	expect(overflow).toMatchObject({
		name: "littoral_metrics_overflow_samples_total",
		labels: { service: "s" },
		value: 10_000 - METRIC_LABEL_VALUE_COUNT_MAX,
	});
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

test("what a caller does not record is recorded nowhere below it; a share of new traces is", () => {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
	expect(startSpan(`00-${trace}-00f067aa0ba902b7-00`)).toMatchObject({ isSampled: false, traceparent: expect.stringMatching(/-00$/) });
	expect(startSpan(`00-${trace}-00f067aa0ba902b7-03`).isSampled).toBe(true);
	const ids = Array.from({ length: 1000 }, (_, index) => ((BigInt(2 * index + 1) * 2n ** 55n) / 1000n).toString(16).padStart(32, "0"));
	for (const ratio of [0, 0.1, 0.5, 1]) expect(ids.filter((id) => isInRatio(id, ratio)).length).toBe(ratio * 1000);
});

test("spans and lines travel with the next delta, bounded; what is dropped is counted, what is not wanted is not kept", () => {
	const buffer = new TelemetryBuffer();
	const registry = new MetricsRegistry(buffer);
	const span = {
		traceId: "",
		spanId: "",
		parentSpanId: null,
		name: "",
		kind: "server",
		startMs: 0,
		endMs: 0,
		attributes: {},
		isError: false,
	} as const;
	for (let index = 0; index < TELEMETRY_BUFFER_COUNT_MAX + 5; index++) buffer.recordSpan(span);
	buffer.recordLog({ atMs: 0, level: "info", message: "", fields: {} });
	registry.increment("littoral_flushes_total");
	const push = registry.cut("tenant");
	expect([push?.spans?.length, push?.logs?.length]).toEqual([TELEMETRY_BUFFER_COUNT_MAX, 1]);
	expect(push?.samples.find(({ name }) => name === "littoral_telemetry_dropped_total")).toMatchObject({
		labels: { service: "tenant", where: "isolate" },
		value: 5,
	});
	registry.answered();
	buffer.recordSpan(span);
	// An older monitoring answers nothing, and wants nothing.
	buffer.configure(undefined);
	buffer.recordSpan(span);
	registry.increment("littoral_flushes_total");
	expect(registry.cut("tenant")).toMatchObject({ spans: [], logs: [] });
	expect(buffer.traceRatio).toBe(0);
});

test("a port's calls are spans of their caller, the first ones; answers and errors pass through", async () => {
	telemetry.take();
	const parent = startSpan();
	const port = {
		read: async (offset: number) => {
			if (offset < 0) throw new Error("gone");
			return offset;
		},
	};
	const traced = tracedPort(port, { traceparent: parent.traceparent, target: "R2", attributes: { "littoral.shard": 3 } });
	await expect(traced.read(-1)).rejects.toThrow("gone");
	for (let offset = 0; offset < SPAN_PER_PORT_COUNT_MAX + 10; offset++) expect(await traced.read(offset)).toBe(offset);
	endSpan(parent, { name: "parent", kind: "internal", attributes: { present: 1, absent: undefined }, isError: false });
	const { spans } = telemetry.take();
	expect(spans).toHaveLength(SPAN_PER_PORT_COUNT_MAX + 1);
	expect(spans[0]).toMatchObject({
		name: "R2/read",
		kind: "client",
		parentSpanId: parent.spanId,
		attributes: { "rpc.service": "R2", "rpc.method": "read", "error.type": "internal_error", "littoral.shard": 3 },
		isError: true,
	});
	expect(spans.at(-1)).toMatchObject({ name: "parent", attributes: { present: 1 } });
	expect(spans.at(-1)?.attributes).not.toHaveProperty("absent");
});
