/** What each metric means; a metric that is not listed here fails a house test. */
export const HELP: Record<string, string> = {
	littoral_http_requests_total: "Requests answered by the gateway, by route, method and status.",
	littoral_http_request_duration_seconds: "Time from a request's arrival at the gateway to its answer's headers.",
	littoral_calls_total: "Calls of a service's operations, by result code.",
	littoral_call_duration_seconds: "Duration of a service's operations.",
	littoral_errors_total: "Calls that ended with an error, by code.",
	littoral_rows_decoded_total: "Rows read from request bodies, acknowledged or not yet.",
	littoral_shard_work_failures_total: "Background steps of shards that failed and will be tried again, by kind.",
	littoral_rows_appended_total: "Rows acknowledged.",
	littoral_bytes_appended_total: "Encoded bytes of acknowledged rows.",
	littoral_rows_scanned_total: "Rows read by queries, before filters.",
	littoral_bytes_scanned_total: "Bytes of data files and tails read by queries.",
	littoral_flushes_total: "Tail ranges flushed to a data file.",
	littoral_flushed_rows_total: "Rows flushed to data files.",
	littoral_commits_total: "Commits of the catalog, by kind.",
	littoral_metrics_dropped_samples_total: "Samples that were dropped because a hub had too many series.",
};
