/** `deploy/prometheus/dashboard.json`: the Grafana dashboard, as rows of panels of queries. A test holds every query to the table of metrics. */
import { DOLLARS } from "#shared/base/prices.ts";

/** Grafana's names of units. */
type PanelUnit = "reqps" | "rps" | "Bps" | "s" | "percentunit" | "ops" | "short" | "currencyUSD" | "bytes";

interface Query {
	expression: string;
	/** Labels in it as `{{label}}`. */
	legend: string;
}

interface Panel {
	title: string;
	unit: PanelUnit;
	queries: Query[];
	kind?: "stat";
}

/** PromQL of a rate over Grafana's own interval. */
const rate = (selector: string): string => `rate(${selector}[$__rate_interval])`;

const by = (labels: string, selector: string, legend: string): Query => ({ expression: `sum by (${labels}) (${rate(selector)})`, legend });
const all = (selector: string, legend: string): Query => ({ expression: `sum(${rate(selector)})`, legend });

/** Median, 95 and 99 of 100. @param selector of a histogram's buckets */
function quantiles(selector: string): Query[] {
	return [0.5, 0.95, 0.99].map((quantile) => ({
		expression: `histogram_quantile(${quantile}, sum by (le) (${rate(selector)}))`,
		legend: `p${quantile * 100}`,
	}));
}

/** Dollars a day at the pace of the last hour. */
function perDay(dollarsEach: number, selector: string, legend: string): Query {
	return { expression: `sum(increase(${selector}[1h])) * 24 * ${dollarsEach}`, legend };
}

const ROWS: { title: string; panels: Panel[] }[] = [
	{
		title: "Golden signals",
		panels: [
			{ title: "Requests", unit: "reqps", queries: [by("route", "littoral_http_requests_total", "{{route}}")] },
			{
				title: "Errors of ours (5xx)",
				unit: "percentunit",
				queries: [
					{
						expression: `sum(${rate('littoral_http_requests_total{status=~"5.."}')}) / sum(${rate("littoral_http_requests_total")})`,
						legend: "5xx",
					},
				],
			},
			{ title: "Errors by code", unit: "ops", queries: [by("code", 'littoral_errors_total{service="gateway"}', "{{code}}")] },
			{ title: "Time to the answer's headers", unit: "s", queries: quantiles("littoral_http_request_duration_seconds_bucket") },
			{
				title: "Saturation: refused with 429",
				unit: "ops",
				queries: [by("code", 'littoral_errors_total{service="gateway",code=~"overloaded|rate_limited"}', "{{code}}")],
			},
			{
				title: "Services that answer",
				unit: "short",
				kind: "stat",
				queries: [{ expression: "littoral_service_up", legend: "{{service}}" }],
			},
			{ title: "Time of probes", unit: "s", queries: [{ expression: "littoral_service_probe_duration_seconds", legend: "{{service}}" }] },
			{
				title: "Alerts that fire",
				unit: "short",
				kind: "stat",
				queries: [{ expression: 'count(ALERTS{alertname=~"Littoral.*",alertstate="firing"}) or vector(0)', legend: "alerts" }],
			},
		],
	},
	{
		title: "Ingest",
		panels: [
			{ title: "Rows acknowledged", unit: "rps", queries: [by("format", "littoral_appended_rows_total", "{{format}}")] },
			{ title: "Rows decoded", unit: "rps", queries: [by("format", "littoral_decoded_rows_total", "{{format}}")] },
			{ title: "Bytes acknowledged", unit: "Bps", queries: [by("format", "littoral_appended_bytes_total", "{{format}}")] },
			{
				title: "Time of an append",
				unit: "s",
				queries: quantiles('littoral_http_request_duration_seconds_bucket{route="/v1/tables/{table}/rows"}'),
			},
			{ title: "Rows of an append", unit: "short", queries: quantiles("littoral_append_rows_bucket") },
			{ title: "Bytes of an append", unit: "bytes", queries: quantiles("littoral_append_bytes_bucket") },
		],
	},
	{
		title: "Queries",
		panels: [
			{
				title: "Queries by outcome",
				unit: "ops",
				queries: [by("code", 'littoral_calls_total{service="tenant",operation="query"}', "{{code}}")],
			},
			{ title: "Time to the last row", unit: "s", queries: quantiles("littoral_query_duration_seconds_bucket") },
			{
				title: "Time to plan",
				unit: "s",
				queries: quantiles('littoral_call_duration_seconds_bucket{service="optimizer",operation="plan"}'),
			},
			{ title: "Rows scanned", unit: "rps", queries: [all("littoral_scanned_rows_total", "rows")] },
			{ title: "Bytes scanned", unit: "Bps", queries: [all("littoral_scanned_bytes_total", "bytes")] },
			{
				title: "Over memory, work or bytes",
				unit: "ops",
				queries: [by("code", 'littoral_errors_total{service="tenant",code=~"resource_exhausted|out_of_memory"}', "{{code}}")],
			},
		],
	},
	{
		title: "Storage",
		panels: [
			{ title: "Rows flushed", unit: "rps", queries: [all("littoral_flushed_rows_total", "rows")] },
			{ title: "Time of a flush", unit: "s", queries: quantiles("littoral_flush_duration_seconds_bucket") },
			{ title: "Delay of flushes", unit: "s", queries: quantiles("littoral_flush_delay_seconds_bucket") },
			{ title: "Work of shards that failed", unit: "ops", queries: [by("work", "littoral_shard_work_failures_total", "{{work}}")] },
			{ title: "Commits", unit: "ops", queries: [by("kind", "littoral_commits_total", "{{kind}}")] },
			{ title: "Answers of D1 that were lost", unit: "ops", queries: [all("littoral_unknown_outcomes_total", "lost")] },
			{
				title: "Dead letters",
				unit: "short",
				queries: [{ expression: "sum by (queue) (littoral_dead_letters_total)", legend: "{{queue}}" }],
			},
		],
	},
	{
		title: "Housekeeping",
		panels: [
			{ title: "Compaction jobs", unit: "ops", queries: [by("outcome", "littoral_compaction_jobs_total", "{{outcome}}")] },
			{ title: "Time of a compaction job", unit: "s", queries: quantiles("littoral_compaction_duration_seconds_bucket") },
			{
				title: "Bytes compacted",
				unit: "Bps",
				queries: [all("littoral_compaction_read_bytes_total", "read"), all("littoral_compaction_written_bytes_total", "written")],
			},
			{ title: "Rows compacted", unit: "rps", queries: [all("littoral_compaction_rows_total", "rows")] },
			{ title: "Objects deleted", unit: "ops", queries: [by("kind", "littoral_garbage_deleted_objects_total", "{{kind}}")] },
			{ title: "Bytes reclaimed", unit: "Bps", queries: [by("kind", "littoral_garbage_deleted_bytes_total", "{{kind}}")] },
			{
				title: "Time of garbage collection, a table",
				unit: "s",
				queries: quantiles("littoral_garbage_collection_duration_seconds_bucket"),
			},
			{
				title: "Orphans found, tables that failed",
				unit: "ops",
				queries: [all("littoral_garbage_orphans_total", "orphans"), all("littoral_garbage_failures_total", "failures")],
			},
		],
	},
	{
		title: "Scaling",
		panels: [
			{
				title: "Changes of shard sets",
				unit: "short",
				queries: [
					{
						expression: "sum by (reason, outcome) (increase(littoral_scaling_decisions_total[$__rate_interval]))",
						legend: "{{reason}} {{outcome}}",
					},
				],
			},
			{ title: "Looks that failed", unit: "ops", queries: [all("littoral_scaling_failures_total", "failures")] },
		],
	},
	{
		title: "Inside",
		panels: [
			{ title: "Calls by service", unit: "ops", queries: [by("service", "littoral_calls_total", "{{service}}")] },
			{
				title: "Time of calls, p95",
				unit: "s",
				queries: [
					{
						expression: `histogram_quantile(0.95, sum by (le, service) (${rate("littoral_call_duration_seconds_bucket")}))`,
						legend: "{{service}}",
					},
				],
			},
			{ title: "Batches to sinks", unit: "ops", queries: [by("sink, outcome", "littoral_sink_batches_total", "{{sink}} {{outcome}}")] },
			{
				title: "Spans and log lines dropped",
				unit: "ops",
				queries: [by("service, where", "littoral_telemetry_dropped_total", "{{service}} {{where}}")],
			},
			{ title: "Notifications of alerts", unit: "ops", queries: [by("outcome", "littoral_alert_notifications_total", "{{outcome}}")] },
			{
				title: "Samples without a series of their own",
				unit: "ops",
				queries: [all("littoral_metrics_overflow_samples_total", "other"), all("littoral_metrics_dropped_samples_total", "dropped")],
			},
		],
	},
	{
		title: "Cost (docs/cost.md), dollars a day at the pace of the last hour",
		panels: [
			{
				title: "Where it goes",
				unit: "currencyUSD",
				queries: [
					perDay(DOLLARS.workerRequest, "littoral_http_requests_total", "requests"),
					perDay(DOLLARS.objectRequest, 'littoral_calls_total{service="tenant",operation=~"ingest|query"}', "requests to shards"),
					perDay(DOLLARS.objectStoreClassA, "littoral_flushes_total", "data files written"),
				],
			},
		],
	},
];

/** Every query, for tests. */
export const DASHBOARD_QUERIES: readonly string[] = ROWS.flatMap(({ panels }) =>
	panels.flatMap(({ queries }) => queries.map(({ expression }) => expression)),
);

const DATASOURCE = { type: "prometheus", uid: "${datasource}" };
const COLUMN_COUNT = 24;
const PANEL_WIDTH = 8;
const PANEL_HEIGHT = 7;

function panelOf({ title, unit, queries, kind }: Panel, place: { id: number; x: number; y: number }): object {
	return {
		id: place.id,
		type: kind ?? "timeseries",
		title,
		datasource: DATASOURCE,
		gridPos: { x: place.x, y: place.y, w: PANEL_WIDTH, h: PANEL_HEIGHT },
		fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
		targets: queries.map(({ expression, legend }, index) => ({
			refId: String.fromCharCode("A".charCodeAt(0) + index),
			datasource: DATASOURCE,
			expr: expression,
			legendFormat: legend,
		})),
	};
}

export function dashboardFile(): string {
	const panels: object[] = [];
	let y = 0;
	for (const { title, panels: ofRow } of ROWS) {
		panels.push({
			id: panels.length + 1,
			type: "row",
			title,
			collapsed: false,
			gridPos: { x: 0, y: y++, w: COLUMN_COUNT, h: 1 },
			panels: [],
		});
		for (const [index, panel] of ofRow.entries()) {
			const perLine = COLUMN_COUNT / PANEL_WIDTH;
			const x = (index % perLine) * PANEL_WIDTH;
			panels.push(panelOf(panel, { id: panels.length + 1, x, y: y + Math.floor(index / perLine) * PANEL_HEIGHT }));
		}
		y += Math.ceil(ofRow.length / (COLUMN_COUNT / PANEL_WIDTH)) * PANEL_HEIGHT;
	}
	const dashboard = {
		uid: "littoral",
		title: "Littoral",
		tags: ["littoral"],
		schemaVersion: 39,
		editable: true,
		refresh: "30s",
		time: { from: "now-6h", to: "now" },
		templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus" }] },
		panels,
	};
	return `${JSON.stringify(dashboard, null, "\t")}\n`;
}
