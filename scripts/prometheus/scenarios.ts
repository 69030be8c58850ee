/**
 * What has to happen for each alert to fire, and when it is resolved. The same scenarios are run through the alerts of the monitoring Worker and, by
 * `promtool test rules`, through Prometheus's: both have to say the same, minute by minute.
 */
import { bucketBounds, type MetricSample } from "#shared/contracts/metrics.ts";

/** From minute to minute, the last not included. */
type Span = [from: number, to: number];

export type Series = { name: string; labels: Record<string, string> } & (
	| { kind: "counter"; perMinute: number; during: Span }
	| { kind: "histogram"; value: number; perMinute: number; during: Span }
	| { kind: "gauge"; value: number; otherwise: number; during: Span }
);

export interface Scenario {
	alert: string;
	series: Series[];
	/** Minutes at which it fires; null where this must not make it fire. */
	fires: Span | null;
}

export const SCENARIO_MINUTES = 90;

/** How often the event of a series has happened by `minute`. */
export function countAt({ perMinute, during: [from, to] }: { perMinute: number; during: Span }, minute: number): number {
	return perMinute * Math.max(0, Math.min(minute, to) - from);
}

/** What `/metrics` says at a minute. */
export function samplesAt(series: readonly Series[], minute: number): MetricSample[] {
	return series.map((each): MetricSample => {
		const { name, labels, kind } = each;
		if (kind === "gauge") {
			const [from, to] = each.during;
			return { name, labels, kind, value: minute >= from && minute < to ? each.value : each.otherwise };
		}
		const count = countAt(each, minute);
		if (kind === "counter") return { name, labels, kind, value: count };
		const bounds = bucketBounds(name);
		const found = bounds.findIndex((bound) => each.value <= bound);
		const buckets = Array.from({ length: bounds.length + 1 }, (_, index) => (index === (found < 0 ? bounds.length : found) ? count : 0));
		return { name, labels, kind, value: each.value * count, buckets };
	});
}

function requests(perMinute: number, labels: Record<string, string>, during: Span): Series {
	return {
		kind: "counter",
		name: "littoral_http_requests_total",
		labels: { service: "gateway", route: "/v1/sql", method: "POST", ...labels },
		perMinute,
		during,
	};
}

const ALWAYS: Span = [0, SCENARIO_MINUTES];

function counter(name: string, labels: Record<string, string>, perMinute: number, during: Span): Series {
	return { kind: "counter", name, labels, perMinute, during };
}

function histogram(name: string, labels: Record<string, string>, value: number, perMinute: number, during: Span): Series {
	return { kind: "histogram", name, labels, value, perMinute, during };
}

const ROWS = { service: "gateway", route: "/v1/tables/{table}/rows" };

export const SCENARIOS: readonly Scenario[] = [
	// One in ten fails from minute 10 to 20: more than one in twenty of the last five minutes from minute 13 on, for two minutes at 15.
	{
		alert: "LittoralHighErrorRate",
		series: [requests(90, { status: "200" }, ALWAYS), requests(10, { status: "500" }, [10, 20])],
		fires: [15, 23],
	},
	// Too few requests to say anything.
	{ alert: "LittoralHighErrorRate", series: [requests(1, { status: "503" }, ALWAYS)], fires: null },
	// Errors that users make.
	{ alert: "LittoralHighErrorRate", series: [requests(100, { status: "422" }, ALWAYS)], fires: null },
	{
		alert: "LittoralAppendsSlow",
		series: [
			histogram("littoral_http_request_duration_seconds", ROWS, 0.02, 100, ALWAYS),
			histogram("littoral_http_request_duration_seconds", ROWS, 20, 5, [10, 30]),
			histogram("littoral_http_request_duration_seconds", { ...ROWS, route: "/v1/sql" }, 40, 50, ALWAYS),
		],
		fires: [17, 34],
	},
	{
		alert: "LittoralQueriesSlow",
		series: [
			histogram("littoral_query_duration_seconds", { service: "tenant" }, 0.2, 50, ALWAYS),
			histogram("littoral_query_duration_seconds", { service: "tenant" }, 25, 10, [10, 30]),
		],
		fires: [17, 34],
	},
	{
		alert: "LittoralOverloaded",
		series: [
			requests(100, { status: "200" }, ALWAYS),
			counter("littoral_errors_total", { service: "gateway", code: "overloaded" }, 20, [10, 20]),
			counter("littoral_errors_total", { service: "gateway", code: "syntax_error" }, 20, ALWAYS),
		],
		fires: [14, 24],
	},
	{
		alert: "LittoralFlushesLate",
		series: [histogram("littoral_flush_delay_seconds", { service: "tenant" }, 500, 1, [10, 20])],
		fires: [16, 35],
	},
	{ alert: "LittoralFlushesLate", series: [histogram("littoral_flush_delay_seconds", { service: "tenant" }, 2, 10, ALWAYS)], fires: null },
	{
		alert: "LittoralFlushesFail",
		series: [
			counter("littoral_shard_work_failures_total", { service: "tenant", work: "flush" }, 3, [10, 20]),
			counter("littoral_shard_work_failures_total", { service: "tenant", work: "purge" }, 30, ALWAYS),
		],
		fires: [19, 32],
	},
	{
		alert: "LittoralCommitOutcomesUnknown",
		series: [counter("littoral_unknown_outcomes_total", { service: "catalog" }, 6, [10, 13])],
		fires: [12, 27],
	},
	{
		alert: "LittoralQueriesOutOfMemory",
		series: [
			counter("littoral_calls_total", { service: "tenant", operation: "query", code: "ok" }, 9, ALWAYS),
			counter("littoral_calls_total", { service: "tenant", operation: "query", code: "out_of_memory" }, 1, [10, 40]),
			counter("littoral_calls_total", { service: "tenant", operation: "ingest", code: "ok" }, 100, ALWAYS),
			counter("littoral_errors_total", { service: "tenant", code: "out_of_memory" }, 1, [10, 40]),
		],
		fires: [23, 48],
	},
	{
		alert: "LittoralServiceDown",
		series: [
			{ kind: "gauge", name: "littoral_service_up", labels: { service: "tenant" }, value: 0, otherwise: 1, during: [10, 15] },
			{ kind: "gauge", name: "littoral_service_up", labels: { service: "catalog" }, value: 0, otherwise: 1, during: [20, 21] },
		],
		fires: [11, 15],
	},
	{
		alert: "LittoralDeadLetters",
		series: [counter("littoral_dead_letters_total", { service: "operations", queue: "signals" }, 1, [10, 11])],
		fires: [11, 71],
	},
	{
		alert: "LittoralDeadLetters",
		series: [counter("littoral_dead_letters_total", { service: "catalog", queue: "compaction" }, 1, [20, 22])],
		fires: [21, 82],
	},
	{
		alert: "LittoralCompactionFails",
		series: [
			counter("littoral_compaction_jobs_total", { service: "catalog", outcome: "retried" }, 2, [10, 20]),
			counter("littoral_compaction_jobs_total", { service: "catalog", outcome: "done" }, 20, ALWAYS),
		],
		fires: [16, 75],
	},
	{
		alert: "LittoralGarbageFails",
		series: [counter("littoral_garbage_failures_total", { service: "catalog" }, 2, [10, 15])],
		fires: [13, 73],
	},
	{
		alert: "LittoralScalingFails",
		series: [counter("littoral_scaling_failures_total", { service: "operations" }, 2, [10, 15])],
		fires: [13, 28],
	},
	{
		alert: "LittoralAlertWebhookFails",
		series: [
			counter("littoral_alert_notifications_total", { service: "monitoring", outcome: "failed" }, 2, [10, 12]),
			counter("littoral_alert_notifications_total", { service: "monitoring", outcome: "delivered" }, 9, ALWAYS),
		],
		fires: [12, 26],
	},
	{
		alert: "LittoralTelemetrySinkFails",
		series: [
			counter("littoral_sink_batches_total", { service: "monitoring", sink: "loki", outcome: "failed" }, 1, [10, 20]),
			counter("littoral_sink_batches_total", { service: "monitoring", sink: "otlp_traces", outcome: "taken" }, 60, ALWAYS),
		],
		fires: [14, 32],
	},
	{
		alert: "LittoralMetricsOverflow",
		series: [counter("littoral_metrics_overflow_samples_total", { service: "monitoring" }, 1, [10, 11])],
		fires: [11, 71],
	},
];
