/** Operations of the platform by activity, and the monthly bills of three workloads; rewrites the tables of `docs/cost.md`. */
import { ACTIVITIES, BILLED, countActivities } from "../cost/activities.ts";
import { billOf, LINES, WORKLOADS } from "../cost/bill.ts";
import { writePage } from "../cost/page.ts";
import { COUNTED_ENTRIES, CountedFleet } from "../../tests/counted/fleet.ts";
import type { Bench } from "../runner/bench.ts";
import { startLittoralServer } from "../world/server.ts";

export const costBench: Bench = {
	name: "cost",
	title: "Operations counted at the bindings of all six Workers, and what three workloads cost a month; docs/cost.md has the tables",
	async run(session) {
		const littoral = await startLittoralServer({ entryPoints: COUNTED_ENTRIES });
		try {
			const counts = await countActivities(new CountedFleet(littoral.littoral), await littoral.tenant("cost"));
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
