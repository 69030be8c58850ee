/** Monthly bills of workloads, from counted operations and the price table. Pure. */
import { DOLLARS } from "#shared/base/prices.ts";
import type { Activity, ActivityCounts, Billed } from "./activities.ts";

const SECONDS_PER_MONTH = 30 * 86_400;
const MINUTES_PER_MONTH = SECONDS_PER_MONTH / 60;

export interface Workload {
	name: string;
	description: string;
	/** How often each activity takes place in a month of 30 days. */
	perMonth: Record<Activity, number>;
	/** At the month's end, with nothing ever deleted: Parquet of about 12 bytes an event. */
	storedGigabytes: number;
}

/** Processor time: an append's and a query's are bars of the bench (`processor-time.ts`), above what was measured on one machine; the others are estimates. */
export const CPU_MS: Record<Activity, number> = { append: 3, flush: 30, query: 20, first_query: 60, counters: 5, idle_minute: 20 };
/** A write is durable after 10 to 13 ms in production (the platform's figure), at once on one machine. An append waits for it once, a flush three times: intent, mark, purge. */
export const DURABLE_MS: Record<Activity, number> = { append: 13, flush: 39, query: 0, first_query: 0, counters: 0, idle_minute: 0 };
/** Wall time that shards are awake: what its requests take, measured, and the durability above. Bars of the bench, with room for R2 and D1 that lie further off than here. */
export const OBJECT_MS: Record<Activity, number> = { append: 20, flush: 300, query: 20, first_query: 40, counters: 20, idle_minute: 0 };
const OBJECT_GIGABYTES = 0.128;
const BYTES_PER_EVENT = 12;

function storedGigabytes(eventsPerMonth: number): number {
	return (eventsPerMonth * BYTES_PER_EVENT) / 1e9;
}

/** Hubs store ten seconds after a change. */
const COUNTERS_PER_BUSY_MINUTE = 6;
const HOURS_PER_MONTH = SECONDS_PER_MONTH / 3600;

export const WORKLOADS: readonly Workload[] = [
	{
		name: "SaaS",
		description: "100 tenants, each with 10 events a second in batches of 100, and 10 queries an hour",
		perMonth: {
			append: 100 * 0.1 * SECONDS_PER_MONTH,
			flush: 100 * MINUTES_PER_MONTH,
			query: 0,
			first_query: 100 * 10 * HOURS_PER_MONTH,
			counters: COUNTERS_PER_BUSY_MINUTE * MINUTES_PER_MONTH,
			idle_minute: MINUTES_PER_MONTH,
		},
		storedGigabytes: storedGigabytes(100 * 10 * SECONDS_PER_MONTH),
	},
	{
		name: "One busy tenant",
		description: "1,000 events a second in batches of 1,000, and a dashboard of 10 queries that is refreshed each minute",
		perMonth: {
			append: SECONDS_PER_MONTH,
			flush: MINUTES_PER_MONTH,
			query: 10 * MINUTES_PER_MONTH,
			first_query: 0,
			counters: COUNTERS_PER_BUSY_MINUTE * MINUTES_PER_MONTH,
			idle_minute: MINUTES_PER_MONTH,
		},
		storedGigabytes: storedGigabytes(1000 * SECONDS_PER_MONTH),
	},
	{
		name: "Mostly idle",
		description: "100 tenants, each with one import of 100 rows a day and 20 queries on each of 20 working days",
		perMonth: {
			append: 100 * 30,
			flush: 100 * 30,
			query: 100 * 20 * 15,
			first_query: 100 * 20 * 5,
			// One after nearly every query and import.
			counters: 100 * 20 * 20 + 100 * 30,
			idle_minute: MINUTES_PER_MONTH,
		},
		storedGigabytes: storedGigabytes(100 * 30 * 100),
	},
];

const PRICE: Record<Billed, number> = {
	"worker.requests": DOLLARS.workerRequest,
	"TenantShard.requests": DOLLARS.objectRequest,
	"TenantShard.rows_read": DOLLARS.rowRead,
	"TenantShard.rows_written": DOLLARS.rowWritten,
	"MetricsHub.requests": DOLLARS.objectRequest,
	"MetricsHub.rows_written": DOLLARS.rowWritten,
	"d1.rows_read": DOLLARS.rowRead,
	"d1.rows_written": DOLLARS.rowWritten,
	"r2.class_a": DOLLARS.objectStoreClassA,
	"r2.class_b": DOLLARS.objectStoreClassB,
	// Written, read and deleted.
	"queue.sent": 3 * DOLLARS.queueOperation,
};

/** Groups of a bill's lines. */
export const LINES = ["plan", "requests and processor time", "shards", "monitoring", "D1", "R2", "queues"] as const;
export type Line = (typeof LINES)[number];

function lineOf(name: Billed): Line {
	if (name.startsWith("worker")) return "requests and processor time";
	if (name.startsWith("TenantShard")) return "shards";
	if (name.startsWith("MetricsHub")) return "monitoring";
	if (name.startsWith("d1")) return "D1";
	return name.startsWith("r2") ? "R2" : "queues";
}

/** US dollars a month. What the plan includes is not taken off. */
export function billOf(workload: Workload, counts: ActivityCounts): Record<Line, number> {
	const bill = Object.fromEntries(LINES.map((line) => [line, 0])) as Record<Line, number>;
	bill.plan = DOLLARS.planMonth;
	bill.R2 += workload.storedGigabytes * DOLLARS.objectStoreStoredGigabyteMonth;
	for (const [activity, times] of Object.entries(workload.perMonth) as [Activity, number][]) {
		bill["requests and processor time"] += times * CPU_MS[activity] * DOLLARS.workerCpuMillisecond;
		bill.shards += times * (OBJECT_MS[activity] / 1000) * OBJECT_GIGABYTES * DOLLARS.objectGigabyteSecond;
		for (const [name, count] of Object.entries(counts[activity]) as [Billed, number][]) bill[lineOf(name)] += times * count * PRICE[name];
	}
	return bill;
}
