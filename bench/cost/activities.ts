/** What the system does, and which operations of the platform each takes, counted at the bindings of all six Workers. */
import type { LittoralClient } from "../../scripts/client.ts";
import type { CountedFleet } from "../../tests/counted/fleet.ts";
import type { OperationCounts } from "../../tests/counted/operations.ts";
import { EVENTS_DDL, EVENTS_TOTAL, eventsJson } from "../world/events.ts";

export const ACTIVITIES = ["append", "flush", "query", "first_query", "counters", "idle_minute"] as const;
export type Activity = (typeof ACTIVITIES)[number];

/** What is paid for, as it is counted. */
export const BILLED = [
	"worker.requests",
	"TenantShard.requests",
	"TenantShard.rows_read",
	"TenantShard.rows_written",
	"MetricsHub.requests",
	"MetricsHub.rows_written",
	"d1.rows_read",
	"d1.rows_written",
	"r2.class_a",
	"r2.class_b",
	"queue.sent",
] as const;
export type Billed = (typeof BILLED)[number];

export type ActivityCounts = Record<Activity, Record<Billed, number>>;

/** Milliseconds that a shard's requests of an activity took, durability not waited for. */
export type ShardWallMs = Partial<Record<Activity, number>>;

const REPEAT_COUNT = 3;
const ROWS_PER_APPEND = 100;
/** Flushed rows are purged after fifteen minutes: part of what a flush costs. */
const MINUTES_UNTIL_PURGED = 17;
/** Caches of keys, tenants and directories are all older than their four seconds then; those of snapshots need six minutes. */
const MINUTES_UNTIL_COLD = 8;

/** An alarm is a request, as the platform bills it. */
function billed(counts: OperationCounts, times: number): Record<Billed, number> {
	const of = (name: string): number => counts[name] ?? 0;
	const entries = BILLED.map((name) => {
		const alarms = name.endsWith(".requests") ? of(name.replace(".requests", ".alarms")) : 0;
		return [name, (of(name) + alarms) / times] as const;
	});
	return Object.fromEntries(entries) as Record<Billed, number>;
}

function minus(all: Record<Billed, number>, part: Record<Billed, number>, times: number): Record<Billed, number> {
	return Object.fromEntries(BILLED.map((name) => [name, Math.max(0, all[name] - part[name] * times)])) as Record<Billed, number>;
}

/**
 * Does each activity some times on its own, with nothing else going on, and counts.
 *
 * @param client of a tenant without tables
 * @param wallMs is told what shards took
 */
export async function countActivities(fleet: CountedFleet, client: LittoralClient, wallMs: ShardWallMs = {}): Promise<ActivityCounts> {
	let rowCount = 0;
	const append = async (): Promise<void> => {
		await client.append("events", eventsJson(rowCount, ROWS_PER_APPEND));
		rowCount += ROWS_PER_APPEND;
	};
	/** Each one's background work is done before the next: none shares a push of counters with another. */
	const counted = async (times: number, run: () => Promise<void>, activity?: Activity): Promise<Record<Billed, number>> => {
		await fleet.settle();
		await fleet.reset();
		for (let time = 0; time < times; time++) {
			await run();
			await fleet.settle();
		}
		const counts = await fleet.counts();
		if (activity !== undefined) wallMs[activity] = (counts["TenantShard.wall_ms"] ?? 0) / times;
		return billed(counts, times);
	};
	const query = async (): Promise<void> => void (await client.query(EVENTS_TOTAL));
	await client.execute(EVENTS_DDL);
	await append();
	await query();
	await fleet.pass(MINUTES_UNTIL_PURGED);

	const idleMinute = await counted(REPEAT_COUNT, () => fleet.pass(1));
	await append();
	const appended = await counted(REPEAT_COUNT, append, "append");
	// The rows are flushed by an alarm, and their tail is purged by another.
	const flushed = minus(await counted(1, () => fleet.pass(MINUTES_UNTIL_PURGED), "flush"), idleMinute, MINUTES_UNTIL_PURGED);
	await append();
	await query();
	const queried = await counted(REPEAT_COUNT, query, "query");
	await fleet.pass(MINUTES_UNTIL_COLD);
	const queriedFirst = await counted(1, query, "first_query");
	// What the hubs do ten seconds after something was counted; alarms ring here only while minutes pass.
	await fleet.settle();
	const counters = minus(await counted(1, () => fleet.pass(1)), idleMinute, 1);
	return { append: appended, flush: flushed, query: queried, first_query: queriedFirst, counters, idle_minute: idleMinute };
}
