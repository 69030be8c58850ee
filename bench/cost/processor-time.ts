/** Processor time of what the bill counts by the activity, measured over the plain system: the counting one works more. */
import type { Activity } from "./activities.ts";
import type { LittoralServer } from "../world/server.ts";
import { EVENTS_DDL, EVENTS_TOTAL, eventsJson } from "../world/events.ts";

const ROWS_PER_APPEND = 100;

/** Milliseconds a time, of all six Workers together. */
export async function measureProcessorTime(
	littoral: LittoralServer,
	times: number,
): Promise<Record<Extract<Activity, "append" | "query"> | "firstOfProcess", number>> {
	const client = await littoral.tenant("processor-time");
	await client.execute(EVENTS_DDL);
	let rowCount = 0;
	const append = async (): Promise<void> => {
		await client.append("events", eventsJson(rowCount, ROWS_PER_APPEND));
		rowCount += ROWS_PER_APPEND;
	};
	const taken = async (count: number, run: () => Promise<unknown>): Promise<number> => {
		const before = littoral.cpuMs();
		for (let time = 0; time < count; time++) await run();
		return (littoral.cpuMs() - before) / count;
	};
	await taken(times, append);
	const appended = await taken(times, append);
	await taken(times, () => client.query(EVENTS_TOTAL));
	const queried = await taken(times, () => client.query(EVENTS_TOTAL));
	await littoral.restart();
	const after = client.at(littoral.url);
	return { append: appended, query: queried, firstOfProcess: await taken(1, () => after.query(EVENTS_TOTAL)) };
}
