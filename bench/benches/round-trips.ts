/**
 * How many operations of a request follow one another: D1, R2, objects and queues, counted by making each of them slower and seeing how much later the answer
 * comes. Calls by service binding are not counted: they stay on the machine.
 */
import type { LittoralClient } from "../../scripts/client.ts";
import { COUNTED_ENTRIES, CountedFleet } from "../../tests/counted/fleet.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import { median } from "../runner/statistics.ts";
import { EVENTS_DDL, EVENTS_TOTAL, eventsJson, eventsTotal } from "../world/events.ts";
import { startLittoralServer } from "../world/server.ts";

/** Far above what the code itself takes. */
const DELAY_MS = 400;
const TIMES = 5;
const MINUTES_UNTIL_COLD = 8;

export const roundTripsBench: Bench = {
	name: "round-trips",
	title: "Dependent round trips to D1, R2 and objects, through HTTP: each made 400 ms slower, and the answer's delay divided by it",
	async run(session) {
		const littoral = await startLittoralServer({ entryPoints: COUNTED_ENTRIES });
		const fleet = new CountedFleet(littoral.littoral);
		try {
			const client = await littoral.tenant("round-trips");
			await client.execute(EVENTS_DDL);
			let rowCount = 0;
			const append = async (): Promise<void> => {
				await client.append("events", eventsJson(rowCount++, 1));
			};
			const query = async (): Promise<void> => {
				expectAnswer("rows", (await client.query(EVENTS_TOTAL)).rows[0]?.map(String), eventsTotal(rowCount));
			};
			const flush = async (): Promise<void> => fleet.pass(2);
			await append();
			await flush();
			await append();
			const measure = async (what: string, run: () => Promise<void>, cold: boolean): Promise<number> => {
				const trips = await roundTrips(fleet, client, { run, cold });
				session.figure(what, trips, "round trips");
				return trips;
			};
			const [appendTrips, queryTrips] = [
				await measure("append, warm", append, false),
				await measure("query over a file and a tail, warm", query, false),
			];
			session.bar({ what: "query, warm: round trips, the read of the file included", value: queryTrips, atMost: 3, unit: "" });
			session.bar({ what: "append, warm: round trips", value: appendTrips, atMost: 1, unit: "" });
			await measure("append, the first after minutes", append, true);
			await measure("query, the first after minutes", query, true);
		} finally {
			await littoral.stop();
		}
	},
};

async function roundTrips(fleet: CountedFleet, client: LittoralClient, work: { run: () => Promise<void>; cold: boolean }): Promise<number> {
	const times: number[] = [];
	for (let time = 0; time < (work.cold ? 1 : TIMES); time++) {
		if (work.cold) await fleet.pass(MINUTES_UNTIL_COLD);
		else {
			// Keys, tenants and directories are cached for seconds: they are read anew here, outside of what is timed.
			await work.run();
			await client.query("SELECT 1");
		}
		await fleet.delay(DELAY_MS);
		const startedMs = performance.now();
		await work.run();
		times.push(performance.now() - startedMs);
		await fleet.delay(0);
	}
	return Math.floor(median(times) / DELAY_MS);
}
