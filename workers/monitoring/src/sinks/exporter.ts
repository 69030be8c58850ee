/** Where spans and log lines go, by configuration; all of it in the background of a push that has been answered. */
import { unreachable } from "#shared/base/assert.ts";
import { SINK_TIMEOUT_MS } from "#shared/base/limits.ts";
import type { MetricsPush } from "#shared/contracts/metrics.ts";
import type { LogRecord, SpanRecord, TelemetrySettings } from "#shared/contracts/telemetry.ts";
import { increment } from "#shared/observability/metrics.ts";
import { type SinkConfig, type SinkTarget, sinkConfig, type SinkEnv } from "./config.ts";
import { lokiPush } from "./loki.ts";
import { type FromService, otlpLogs, otlpTraces } from "./otlp.ts";
import { Sink, type SinkOutcome } from "./sink.ts";

/** Answers after which the same batch may be taken later: OTLP's, and Loki's. */
const RETRIED_STATUSES = [408, 425, 429, 500, 502, 503, 504];

type SinkName = "otlp_traces" | "otlp_logs" | "loki";

const now = (): number => Date.now();
const traces = new Sink<FromService<SpanRecord>>(now);
const otlp = new Sink<FromService<LogRecord>>(now);
const loki = new Sink<FromService<LogRecord>>(now);

export function telemetrySettings(env: SinkEnv): TelemetrySettings {
	const config = sinkConfig(env);
	return { traceRatio: config.traces === null ? 0 : config.traceRatio, logs: config.logs !== null || config.loki !== null };
}

/** Takes what came with a push; {@link drainSinks} sends it. */
export function offerTelemetry(
	env: SinkEnv,
	{ service, isolateId, spans = [], logs = [] }: Pick<MetricsPush, "service" | "isolateId" | "spans" | "logs">,
): void {
	const config = sinkConfig(env);
	const from = <Item>(items: Item[]): FromService<Item>[] => items.map((item) => ({ service, isolateId, item }));
	countDropped(
		(config.traces === null ? 0 : traces.offer(from(spans))) +
			(config.logs === null ? 0 : otlp.offer(from(logs))) +
			(config.loki === null ? 0 : loki.offer(from(logs))),
	);
}

/** Never rejects. */
export async function drainSinks(env: SinkEnv): Promise<void> {
	const config = sinkConfig(env);
	await Promise.all([
		config.traces && drain("otlp_traces", traces, config.traces, config),
		config.logs && drain("otlp_logs", otlp, config.logs, config),
		config.loki && drain("loki", loki, config.loki, config),
	]);
}

async function drain<Item extends FromService<unknown>>(
	name: SinkName,
	sink: Sink<Item>,
	target: SinkTarget,
	config: SinkConfig,
): Promise<void> {
	await sink.drain(
		async (batch) => await post(target, bodyOf(name, batch, config)),
		(outcome, itemCount) => {
			increment("littoral_sink_batches_total", { service: "monitoring", sink: name, outcome });
			if (outcome === "refused") countDropped(itemCount);
		},
	);
}

function bodyOf(name: SinkName, batch: readonly FromService<unknown>[], { resource }: SinkConfig): object {
	switch (name) {
		case "otlp_traces":
			return otlpTraces(batch as readonly FromService<SpanRecord>[], resource);
		case "otlp_logs":
			return otlpLogs(batch as readonly FromService<LogRecord>[], resource);
		case "loki":
			return lokiPush(batch as readonly FromService<LogRecord>[]);
		default:
			return unreachable(name);
	}
}

async function post({ url, headers }: SinkTarget, body: object): Promise<SinkOutcome> {
	const response = await fetch(url, {
		method: "POST",
		headers: { "Content-Type": "application/json", ...headers },
		body: JSON.stringify(body),
		redirect: "manual",
		signal: AbortSignal.timeout(SINK_TIMEOUT_MS),
	});
	await response.body?.cancel();
	if (response.ok) return "taken";
	return RETRIED_STATUSES.includes(response.status) ? "failed" : "refused";
}

function countDropped(itemCount: number): void {
	if (itemCount > 0) increment("littoral_telemetry_dropped_total", { service: "monitoring", where: "sink" }, itemCount);
}
