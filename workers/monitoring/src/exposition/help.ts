/**
 * Every metric: what it means, and its labels. The name says the rest by Prometheus's conventions: `_total` is a counter, any other name ends with the
 * base unit of a histogram, whose buckets follow from it (`bucketBounds`), or names a gauge. House tests hold code, rules and dashboard to this table.
 */
export interface MetricDescription {
	help: string;
	labels: readonly string[];
	/** Only monitoring's own values go up and down. */
	kind?: "gauge";
	/** Shown as 0 before the first event, with each of these labels: PromQL takes no increase from a series that appears with its first event. */
	zero?: readonly Record<string, string>[];
}

export const METRICS: Record<string, MetricDescription> = {
	littoral_http_requests_total: {
		help: "Requests answered by the gateway, by route, method and status.",
		labels: ["service", "route", "method", "status"],
	},
	littoral_http_request_duration_seconds: {
		help: "Time from a request's arrival at the gateway to its answer's headers.",
		labels: ["service", "route"],
	},
	littoral_calls_total: { help: "Calls of a service's operations, by result code.", labels: ["service", "operation", "code"] },
	littoral_call_duration_seconds: { help: "Duration of a service's operations.", labels: ["service", "operation"] },
	littoral_errors_total: { help: "Calls that ended with an error, by code.", labels: ["service", "code"] },

	littoral_decoded_rows_total: { help: "Rows read from request bodies, acknowledged or not yet.", labels: ["service", "format"] },
	littoral_appended_rows_total: { help: "Rows acknowledged.", labels: ["service", "format"] },
	littoral_appended_bytes_total: { help: "Encoded bytes of acknowledged rows.", labels: ["service", "format"] },
	littoral_append_rows: { help: "Rows of an acknowledged append.", labels: ["service", "format"] },
	littoral_append_bytes: { help: "Encoded bytes of an acknowledged append.", labels: ["service", "format"] },

	littoral_query_duration_seconds: {
		help: "Time from a statement's arrival to the last row of its result, the client's reading included.",
		labels: ["service"],
	},
	littoral_scanned_rows_total: { help: "Rows read by queries, before filters.", labels: ["service"] },
	littoral_scanned_bytes_total: { help: "Bytes of data files and tails read by queries.", labels: ["service"] },

	littoral_flushes_total: { help: "Tail ranges flushed to a data file.", labels: ["service"] },
	littoral_flushed_rows_total: { help: "Rows flushed to data files.", labels: ["service"] },
	littoral_flush_duration_seconds: { help: "Time to sort, encode, store and commit one range.", labels: ["service"] },
	littoral_flush_delay_seconds: {
		help: "Time from when a table's flush was due to its commit, failed attempts included.",
		labels: ["service"],
	},
	littoral_shard_work_failures_total: {
		help: "Background steps of shards that failed and will be tried again, by kind.",
		labels: ["service", "work"],
	},
	littoral_garbage_deleted_objects_total: { help: "Objects that garbage collection deleted, by kind.", labels: ["service", "kind"] },
	littoral_garbage_deleted_bytes_total: { help: "Bytes that garbage collection reclaimed, by kind.", labels: ["service", "kind"] },
	littoral_garbage_orphans_total: { help: "Objects found that no commit named.", labels: ["service"] },
	littoral_garbage_failures_total: {
		help: "Tables whose garbage collection failed and will be tried again.",
		labels: ["service"],
		zero: [{ service: "catalog" }],
	},
	littoral_garbage_collection_duration_seconds: {
		help: "Time that garbage collection took for one table, in one tick.",
		labels: ["service"],
	},
	littoral_commits_total: { help: "Commits of the catalog, by kind.", labels: ["service", "kind"] },
	littoral_unknown_outcomes_total: {
		help: "Batches of the catalog whose answer was lost, so that their outcome had to be found out.",
		labels: ["service"],
		zero: [{ service: "catalog" }],
	},

	littoral_scaling_decisions_total: {
		help: "Changes of tenants' shard sets that autoscaling or the administrator decided, by reason and outcome.",
		labels: ["service", "reason", "outcome"],
	},
	littoral_scaling_failures_total: {
		help: "Looks at a tenant that failed; the next minute looks again.",
		labels: ["service"],
		zero: [{ service: "operations" }],
	},
	littoral_dead_letters_total: {
		help: "Messages of queues that failed every time and were kept for the administrator, by queue.",
		labels: ["service", "queue"],
		zero: [
			{ service: "operations", queue: "signals" },
			{ service: "catalog", queue: "compaction" },
		],
	},

	littoral_service_up: { help: "Whether a service answered its last probe (1) or not (0).", labels: ["service"], kind: "gauge" },
	littoral_service_probe_duration_seconds: { help: "Duration of a service's last probe.", labels: ["service"], kind: "gauge" },
	littoral_alert_notifications_total: {
		help: "Attempts to deliver a notification of an alert by outcome, and those given up (dropped).",
		labels: ["service", "outcome"],
		zero: [{ service: "monitoring", outcome: "failed" }],
	},
	littoral_telemetry_dropped_total: {
		help: "Spans and log lines that were dropped, in an isolate that counted too many or before a sink that failed.",
		labels: ["service", "where"],
	},
	littoral_sink_batches_total: {
		help: "Batches of spans or log lines that a sink took, refused, or did not answer for.",
		labels: ["service", "sink", "outcome"],
		zero: ["otlp_traces", "otlp_logs", "loki"].map((sink) => ({ service: "monitoring", sink, outcome: "failed" })),
	},
	littoral_compaction_jobs_total: {
		help: "Attempts at compaction jobs, by what became of them.",
		labels: ["service", "outcome"],
	},
	littoral_compaction_duration_seconds: { help: "Time of one attempt at a compaction job.", labels: ["service"] },
	littoral_compaction_read_bytes_total: { help: "Bytes of data files read by compaction jobs that committed.", labels: ["service"] },
	littoral_compaction_written_bytes_total: { help: "Bytes of data files written by compaction jobs that committed.", labels: ["service"] },
	littoral_compaction_rows_total: { help: "Rows written anew by compaction jobs that committed.", labels: ["service"] },

	littoral_metrics_dropped_samples_total: {
		help: "Samples that were dropped because a hub had too many metrics.",
		labels: ["service"],
	},
	littoral_metrics_overflow_samples_total: {
		help: "Samples counted under the label value other, because a label had too many values.",
		labels: ["service"],
	},
};
