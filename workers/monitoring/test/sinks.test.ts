/** Sinks: nobody waits for them, and one that fails is left in peace for longer and longer. */
import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { SINK_BATCH_COUNT_MAX, SINK_BUFFER_COUNT_MAX } from "#shared/base/limits.ts";
import type { LogRecord, SpanRecord } from "#shared/contracts/telemetry.ts";
import type { Env } from "../src/env.ts";
import { MonitoringService } from "../src/index.ts";
import { sinkConfig } from "../src/sinks/config.ts";
import { lokiPush } from "../src/sinks/loki.ts";
import { otlpLogs, otlpTraces } from "../src/sinks/otlp.ts";
import { Sink, type SinkOutcome } from "../src/sinks/sink.ts";

const span: SpanRecord = {
	traceId: "a".repeat(32),
	spanId: "b".repeat(16),
	parentSpanId: null,
	name: "TenantService/query",
	kind: "server",
	startMs: 1000,
	endMs: 1005,
	attributes: { "rpc.method": "query", "littoral.shard": 1, "littoral.share": 0.5, "littoral.fresh": true },
	isError: true,
};
const line: LogRecord = {
	atMs: 7,
	level: "warn",
	message: "slow",
	fields: { service: "tenant", traceId: span.traceId, code: "ok", elapsedMs: 3 },
};

afterEach(() => {
	vi.restoreAllMocks();
});

test("a push is answered although its sinks never answer", async () => {
	const fetched: string[] = [];
	vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
		fetched.push(String(url));
		return await new Promise<Response>(() => {});
	});
	const settings = {
		OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.invalid/",
		LOKI_URL: "http://loki.invalid",
		OTEL_TRACES_SAMPLER_ARG: "0.25",
	};
	const waitedFor: Promise<unknown>[] = [];
	const context = Object.assign(createExecutionContext(), { waitUntil: (promise: Promise<unknown>) => void waitedFor.push(promise) });
	const service = new MonitoringService(context, { ...(env as unknown as Env), ...settings });
	for (let sequence = 1; sequence <= 20; sequence++) {
		const push = { isolateId: "sinks", sequence, service: "tenant", samples: [], spans: [span], logs: [line] };
		expect(await service.push(push)).toEqual({ traceRatio: 0.25, logs: true });
	}
	// One batch to each, whose answer all later pushes leave to whoever sent it.
	expect(fetched.toSorted()).toEqual([
		"http://collector.invalid/v1/logs",
		"http://collector.invalid/v1/traces",
		"http://loki.invalid/loki/api/v1/push",
	]);
	expect(waitedFor).toHaveLength(20);
});

test("nothing is asked of isolates, and nothing sent, where nothing is configured", async () => {
	const fetched = vi.spyOn(globalThis, "fetch");
	const service = new MonitoringService(createExecutionContext(), env as unknown as Env);
	const push = { isolateId: "none", sequence: 1, service: "tenant", samples: [], spans: [span], logs: [line] };
	expect(await service.push(push)).toEqual({ traceRatio: 0, logs: false });
	expect(fetched).not.toHaveBeenCalled();
});

describe("a sink", () => {
	test("pauses after a failure, twice as long after each further one, and keeps what it holds up to a bound", async () => {
		let nowMs = 0;
		let outcome: SinkOutcome = "failed";
		const sent: [atMs: number, count: number][] = [];
		const sink = new Sink<number>(() => nowMs);
		const send = async (batch: readonly number[]): Promise<SinkOutcome> => {
			sent.push([nowMs, batch.length]);
			if (outcome === "failed") throw new Error("refused");
			return outcome;
		};
		expect(sink.offer(Array.from({ length: SINK_BUFFER_COUNT_MAX + 7 }, (_, item) => item))).toBe(7);
		for (; nowMs < 16_000; nowMs += 500) await sink.drain(send, () => {});
		expect(sent).toEqual([0, 1000, 3000, 7000, 15_000].map((atMs) => [atMs, SINK_BATCH_COUNT_MAX]));
		expect(sink.offer([1])).toBe(1);
		outcome = "taken";
		nowMs = 40_000;
		const outcomes: SinkOutcome[] = [];
		await sink.drain(send, (each) => outcomes.push(each));
		expect(outcomes).toEqual(Array.from({ length: SINK_BUFFER_COUNT_MAX / SINK_BATCH_COUNT_MAX }, () => "taken"));
		expect(sink.offer([1])).toBe(0);
	});

	test("drops what is refused and goes on; a batch that was cut off is taken over, once it is stale", async () => {
		let nowMs = 0;
		const sink = new Sink<string>(() => nowMs);
		const reports: [SinkOutcome, number][] = [];
		sink.offer(["bad"]);
		await sink.drain(
			async () => "refused",
			(outcome, count) => reports.push([outcome, count]),
		);
		sink.offer(["cut off"]);
		const hung = Promise.withResolvers<SinkOutcome>();
		void sink.drain(
			() => hung.promise,
			() => reports.push(["failed", -1]),
		);
		const taken: string[] = [];
		const take = (): Promise<void> =>
			sink.drain(
				async (batch) => {
					taken.push(...batch);
					return "taken";
				},
				(outcome, count) => reports.push([outcome, count]),
			);
		await take();
		expect(taken).toEqual([]);
		nowMs = 60_000;
		await take();
		hung.resolve("taken");
		await hung.promise;
		await take();
		expect([taken, reports]).toEqual([
			["cut off"],
			[
				["refused", 1],
				["taken", 1],
			],
		]);
	});
});

test("spans and log lines in OTLP's JSON, log lines in Loki's", () => {
	const from = { service: "tenant", isolateId: "i1" };
	const attribute = (key: string, value: object): object => ({ key, value });
	const resource = {
		attributes: [
			attribute("service.name", { stringValue: "littoral-tenant" }),
			attribute("service.namespace", { stringValue: "littoral" }),
			attribute("service.instance.id", { stringValue: "i1" }),
			attribute("cloud.provider", { stringValue: "cloudflare" }),
			attribute("deployment.environment.name", { stringValue: "test" }),
		],
	};
	const scope = { name: "littoral", version: "1" };
	const operators = { "deployment.environment.name": "test" };
	expect(otlpTraces([{ ...from, item: span }], operators)).toEqual({
		resourceSpans: [
			{
				resource,
				scopeSpans: [
					{
						scope,
						spans: [
							{
								traceId: span.traceId,
								spanId: span.spanId,
								name: "TenantService/query",
								kind: 2,
								startTimeUnixNano: "1000000000",
								endTimeUnixNano: "1005000000",
								attributes: [
									attribute("rpc.method", { stringValue: "query" }),
									attribute("littoral.shard", { intValue: "1" }),
									attribute("littoral.share", { doubleValue: 0.5 }),
									attribute("littoral.fresh", { boolValue: true }),
								],
								status: { code: 2 },
							},
						],
					},
				],
			},
		],
	});
	expect(otlpLogs([{ ...from, item: line }], operators)).toEqual({
		resourceLogs: [
			{
				resource,
				scopeLogs: [
					{
						scope,
						logRecords: [
							{
								timeUnixNano: "7000000",
								observedTimeUnixNano: "7000000",
								severityNumber: 13,
								severityText: "WARN",
								body: { stringValue: "slow" },
								attributes: [attribute("code", { stringValue: "ok" }), attribute("elapsedMs", { intValue: "3" })],
								traceId: span.traceId,
							},
						],
					},
				],
			},
		],
	});
	expect(lokiPush([{ ...from, item: line }])).toEqual({
		streams: [
			{
				stream: { app: "littoral", service: "tenant", level: "warn" },
				values: [["7000000", JSON.stringify({ message: "slow", ...line.fields })]],
			},
		],
	});
});

test("configuration by OpenTelemetry's names", () => {
	expect(sinkConfig({})).toEqual({ traces: null, logs: null, loki: null, traceRatio: 1, resource: {} });
	const headers = { "x-api-key": "a=b" };
	expect(
		sinkConfig({
			OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector/otlp/",
			OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces/here",
			OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=a%3Db",
			OTEL_TRACES_SAMPLER_ARG: "0.1",
		}),
	).toMatchObject({
		traces: { url: "https://traces/here", headers },
		logs: { url: "https://collector/otlp/v1/logs", headers },
		traceRatio: 0.1,
	});
	expect(
		sinkConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://c", OTEL_LOGS_EXPORTER: "none", OTEL_TRACES_SAMPLER_ARG: "lots" }),
	).toMatchObject({
		traces: { url: "https://c/v1/traces" },
		logs: null,
		traceRatio: 1,
	});
	expect(sinkConfig({ LOKI_URL: "https://loki/", LOKI_AUTHORIZATION: "Bearer x" }).loki).toEqual({
		url: "https://loki/loki/api/v1/push",
		headers: { Authorization: "Bearer x" },
	});
});
