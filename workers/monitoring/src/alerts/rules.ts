/**
 * The alerts: what is measured, above which value, for how long. Data, not code: `evaluate.ts` evaluates them here, and
 * `scripts/prometheus/generate.ts` writes the same as Prometheus's rules to `deploy/prometheus/rules.yml`, where a test compares them.
 */

/** The sum over all series of a metric whose labels match. */
export interface Selector {
	metric: string;
	/** Label -> a regular expression of the whole value. */
	labels?: Record<string, string>;
}

/** A number computed from the metrics of the last `minutes`; none where there is too little to say. */
export type Signal =
	/** Events. */
	| { kind: "increase"; of: Selector; minutes: number }
	/** Events among others, from 0 to 1, once there were `atLeast` of those. */
	| { kind: "ratio"; part: Selector; whole: Selector; minutes: number; atLeast: number }
	/** Quantile of a histogram, once there were `atLeast` observations. */
	| { kind: "quantile"; of: Selector; quantile: number; minutes: number; atLeast: number }
	/** How many series of a gauge are 0 now. */
	| { kind: "zeros"; of: Selector };

export type Severity = "warning" | "critical";
export type Unit = "ratio" | "seconds" | "count";

export interface AlertRule {
	/** Also the name of the alert in Prometheus. */
	name: string;
	severity: Severity;
	/** Name of the recording rule, after `littoral:`. */
	record: string;
	signal: Signal;
	/** Fires above this. */
	above: number;
	/** The signal has to stay above for so long. */
	forMinutes: number;
	/** One sentence; `{value}` is the signal's value. */
	summary: string;
	unit: Unit;
}

const ROWS_ROUTE = "/v1/tables/\\{table\\}/rows";

export const ALERT_RULES: readonly AlertRule[] = [
	{
		name: "LittoralHighErrorRate",
		severity: "critical",
		record: "http_server_errors:ratio5m",
		signal: {
			kind: "ratio",
			part: { metric: "littoral_http_requests_total", labels: { status: "5.." } },
			whole: { metric: "littoral_http_requests_total" },
			minutes: 5,
			atLeast: 20,
		},
		above: 0.05,
		forMinutes: 2,
		summary: "{value} of requests ended with a 5xx.",
		unit: "ratio",
	},
	{
		name: "LittoralAppendsSlow",
		severity: "warning",
		record: "append_duration_seconds:p99_5m",
		signal: {
			kind: "quantile",
			of: { metric: "littoral_http_request_duration_seconds", labels: { route: ROWS_ROUTE } },
			quantile: 0.99,
			minutes: 5,
			atLeast: 50,
		},
		above: 5,
		forMinutes: 5,
		summary: "One append in a hundred takes {value} or more.",
		unit: "seconds",
	},
	{
		name: "LittoralQueriesSlow",
		severity: "warning",
		record: "query_duration_seconds:p95_5m",
		signal: { kind: "quantile", of: { metric: "littoral_query_duration_seconds" }, quantile: 0.95, minutes: 5, atLeast: 50 },
		above: 10,
		forMinutes: 5,
		summary: "One query in twenty takes {value} or more.",
		unit: "seconds",
	},
	{
		name: "LittoralOverloaded",
		severity: "warning",
		record: "overloaded:ratio5m",
		signal: {
			kind: "ratio",
			part: { metric: "littoral_errors_total", labels: { service: "gateway", code: "overloaded" } },
			whole: { metric: "littoral_http_requests_total" },
			minutes: 5,
			atLeast: 20,
		},
		above: 0.05,
		forMinutes: 2,
		summary: "{value} of requests were refused as overloaded (429): tails are full, or queries wait too long for memory.",
		unit: "ratio",
	},
	{
		name: "LittoralFlushesLate",
		severity: "warning",
		record: "flush_delay_seconds:p95_15m",
		signal: { kind: "quantile", of: { metric: "littoral_flush_delay_seconds" }, quantile: 0.95, minutes: 15, atLeast: 1 },
		above: 240,
		forMinutes: 5,
		summary: "Rows reach data files {value} or more after they were due.",
		unit: "seconds",
	},
	{
		name: "LittoralFlushesFail",
		severity: "critical",
		record: "flush_failures:increase15m",
		signal: { kind: "increase", of: { metric: "littoral_shard_work_failures_total", labels: { work: "flush" } }, minutes: 15 },
		above: 10,
		forMinutes: 5,
		summary: "{value} flushes failed within 15 minutes; rows stay in their shards until one succeeds.",
		unit: "count",
	},
	{
		name: "LittoralCommitOutcomesUnknown",
		severity: "warning",
		record: "unknown_outcomes:increase15m",
		signal: { kind: "increase", of: { metric: "littoral_unknown_outcomes_total" }, minutes: 15 },
		above: 10,
		forMinutes: 0,
		summary: "{value} answers of the catalog's D1 were lost within 15 minutes; each commit was looked up and, where needed, repeated.",
		unit: "count",
	},
	{
		name: "LittoralQueriesOutOfMemory",
		severity: "warning",
		record: "query_memory_exhausted:ratio15m",
		signal: {
			kind: "ratio",
			part: { metric: "littoral_errors_total", labels: { service: "tenant", code: "resource_exhausted|out_of_memory" } },
			whole: { metric: "littoral_calls_total", labels: { service: "tenant", operation: "query" } },
			minutes: 15,
			atLeast: 20,
		},
		above: 0.05,
		forMinutes: 5,
		summary: "{value} of queries went over their memory, work or bytes.",
		unit: "ratio",
	},
	{
		name: "LittoralServiceDown",
		severity: "critical",
		record: "services_down:count",
		signal: { kind: "zeros", of: { metric: "littoral_service_up" } },
		above: 0,
		forMinutes: 1,
		summary: "{value} of six services did not answer their last probe.",
		unit: "count",
	},
	{
		name: "LittoralDeadLetters",
		severity: "critical",
		record: "dead_letters:increase1h",
		signal: { kind: "increase", of: { metric: "littoral_dead_letters_total" }, minutes: 60 },
		above: 0,
		forMinutes: 0,
		summary: "{value} messages of queues failed every time within an hour: see GET /v1/dead-letters.",
		unit: "count",
	},
	{
		name: "LittoralCompactionFails",
		severity: "warning",
		record: "compaction_failures:increase1h",
		signal: { kind: "increase", of: { metric: "littoral_compaction_jobs_total", labels: { outcome: "failed|retried" } }, minutes: 60 },
		above: 10,
		forMinutes: 0,
		summary: "{value} attempts at compaction failed within an hour: files stay small, and queries read more of them.",
		unit: "count",
	},
	{
		name: "LittoralGarbageFails",
		severity: "warning",
		record: "garbage_failures:increase1h",
		signal: { kind: "increase", of: { metric: "littoral_garbage_failures_total" }, minutes: 60 },
		above: 5,
		forMinutes: 0,
		summary: "Garbage collection failed for {value} tables within an hour: storage that nobody reads is paid for.",
		unit: "count",
	},
	{
		name: "LittoralScalingFails",
		severity: "warning",
		record: "scaling_failures:increase15m",
		signal: { kind: "increase", of: { metric: "littoral_scaling_failures_total" }, minutes: 15 },
		above: 5,
		forMinutes: 0,
		summary: "{value} looks at tenants' load failed within 15 minutes: a busy tenant gets no more shards.",
		unit: "count",
	},
	{
		name: "LittoralAlertWebhookFails",
		severity: "warning",
		record: "alert_notification_failures:increase15m",
		signal: {
			kind: "increase",
			of: { metric: "littoral_alert_notifications_total", labels: { outcome: "failed|dropped" } },
			minutes: 15,
		},
		above: 2,
		forMinutes: 0,
		summary: "The webhook for alerts failed {value} times within 15 minutes.",
		unit: "count",
	},
	{
		name: "LittoralTelemetrySinkFails",
		severity: "warning",
		record: "sink_failures:increase15m",
		signal: { kind: "increase", of: { metric: "littoral_sink_batches_total", labels: { outcome: "failed|refused" } }, minutes: 15 },
		above: 3,
		forMinutes: 0,
		summary: "{value} batches of spans or log lines were not taken within 15 minutes.",
		unit: "count",
	},
	{
		name: "LittoralMetricsOverflow",
		severity: "warning",
		record: "metrics_overflow_samples:increase1h",
		signal: { kind: "increase", of: { metric: "littoral_metrics_(dropped|overflow)_samples_total" }, minutes: 60 },
		above: 0,
		forMinutes: 0,
		summary: "{value} samples found no series of their own: a label has too many values.",
		unit: "count",
	},
];
