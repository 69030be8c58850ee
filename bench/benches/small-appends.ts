/** A query over many appends of one row, beside the same query over one append of as many rows. */
import { type Bench, expectAnswer } from "../runner/bench.ts";
import { load } from "../runner/load.ts";
import { EVENTS_DDL, EVENTS_TOTAL, eventsJson, eventsTotal } from "../world/events.ts";
import { startLittoralServer } from "../world/server.ts";

/** At most so many times the time over one append. */
const FACTOR = 3;
const CLIENT_COUNT = 16;
/** A merge of small blocks is due within a second of the appends that ask for it. */
const SETTLING_MS = 3000;

export const smallAppendsBench: Bench = {
	name: "small-appends",
	title: "The same query over 10,000 appends of one row and over one append of 10,000 rows, both still in the tail",
	async run(session) {
		const rowCount = session.sized({ full: 10_000, smoke: 200 });
		const littoral = await startLittoralServer();
		try {
			const [many, one] = [await littoral.tenant("many"), await littoral.tenant("one")];
			for (const client of [many, one]) await client.execute(EVENTS_DDL);
			await load(rowCount, CLIENT_COUNT, async (index) => void (await many.append("events", eventsJson(index, 1))));
			await one.append("events", eventsJson(0, rowCount));
			for (const when of ["at once", "after the merge"]) {
				if (when !== "at once") await new Promise((wake) => setTimeout(wake, session.sized({ full: SETTLING_MS, smoke: 0 })));
				const measured = await session.interleave({
					what: when,
					warmUpCount: 2,
					peers: [
						{ name: "many appends", cpuMs: littoral.cpuMs, run: () => many.query(EVENTS_TOTAL) },
						{ name: "one append", cpuMs: littoral.cpuMs, run: () => one.query(EVENTS_TOTAL) },
					],
					check: ({ rows }, peer) => expectAnswer(`${when}, ${peer}`, rows[0]?.map(String), eventsTotal(rowCount)),
					figures: ({ statistics }) => ({ filesScanned: statistics.files_scanned }),
				});
				const ratio = (measured["many appends"]?.wallMs as number) / (measured["one append"]?.wallMs as number);
				session.bar({ what: `${when}: time over many appends of that over one`, value: ratio, atMost: FACTOR, unit: "x" });
			}
		} finally {
			await littoral.stop();
		}
	},
};
