/** Operations of the platform by activity, and the monthly bills of three workloads; rewrites the tables of `docs/cost.md`. */
import { ACTIVITIES, type Activity, BILLED, countActivities, type ShardWallMs } from "../cost/activities.ts";
import { billOf, CPU_MS, DURABLE_MS, LINES, OBJECT_MS, WORKLOADS } from "../cost/bill.ts";
import { writePage } from "../cost/page.ts";
import { measureProcessorTime } from "../cost/processor-time.ts";
import { COUNTED_ENTRIES, CountedFleet } from "../../tests/counted/fleet.ts";
import type { Bench } from "../runner/bench.ts";
import type { Session } from "../runner/session.ts";
import { startLittoralServer } from "../world/server.ts";

export const costBench: Bench = {
	name: "cost",
	title: "Operations counted at the bindings of all six Workers, and what three workloads cost a month; docs/cost.md has the tables",
	async run(session) {
		await measure(session);
		const littoral = await startLittoralServer({ entryPoints: COUNTED_ENTRIES });
		try {
			const wallMs: ShardWallMs = {};
			const counts = await countActivities(new CountedFleet(littoral.littoral), await littoral.tenant("cost"), wallMs);
			for (const [activity, measured] of Object.entries(wallMs) as [Activity, number][]) {
				const value = measured + DURABLE_MS[activity];
				session.bar({ what: `${activity}: time that a shard is awake, of the bill's`, value, atMost: OBJECT_MS[activity], unit: "ms" });
			}
			for (const activity of ACTIVITIES) {
				for (const name of BILLED) if (counts[activity][name] > 0) session.figure(`${activity}: ${name}`, counts[activity][name], "");
			}
			for (const workload of WORKLOADS) {
				const bill = billOf(workload, counts);
				session.figure(
					`${workload.name}, a month`,
					LINES.reduce((sum, line) => sum + bill[line], 0),
					"US dollars",
				);
			}
			if (session.size === "full") writePage(counts);
		} finally {
			await littoral.stop();
		}
	},
};

/** The bill's processor time of an append and of a query must not be less than what is measured. */
async function measure(session: Session): Promise<void> {
	const littoral = await startLittoralServer({ rateLimitRequestCount: null });
	try {
		const measured = await measureProcessorTime(littoral, session.sized({ full: 200, smoke: 3 }));
		for (const activity of ["append", "query"] as const) {
			session.bar({ what: `${activity}: processor time, of the bill's`, value: measured[activity], atMost: CPU_MS[activity], unit: "ms" });
		}
		// More than the bill's first query, whose Workers run: here they start.
		session.figure("the first query of a new process: processor time", measured.firstOfProcess, "ms");
	} finally {
		await littoral.stop();
	}
}
