/**
 * SIGKILL in the middle of the changes that autoscaling makes, growing and shrinking, while writers write and readers check: the decision is carried on, and
 * nothing is lost, doubled or halved (invariants W1, W2, W3, Q1, Q2).
 */
import { expect, test } from "vitest";
import { HASTY_SCALING, readScaling, runCron, setBounds } from "../scaling.ts";
import { FaultLog, FAULTY_TENANT, orderHold } from "./faulty-tenant.ts";
import { KillableLittoral } from "./killable.ts";
import { CREATE_LOG, pause, Workload } from "./workload.ts";

/** Steps that a change of the set takes beyond shard 0, and what of it is done when they are held. */
const KILLS = [
	{ step: "shard.open before", to: 2 },
	{ step: "shard.storeEpoch before", to: 1 },
	{ step: "shard.open after", to: 2 },
	{ step: "shard.storeEpoch after", to: 1 },
];

test("killed at each step of a change: it is finished after the restart, every row once", async () => {
	const log = new FaultLog();
	const littoral = await KillableLittoral.start({ entryPoints: FAULTY_TENANT, vars: HASTY_SCALING, onLog: log.note });
	try {
		const client = await littoral.newTenant("scaling");
		await client.execute(CREATE_LOG);
		await setBounds(littoral.admin, "scaling", { min_shards: 1, max_shards: 2 });
		const workload = new Workload(client);
		const readers = [workload.read(100), workload.read(150)];
		for (const [round, { step, to }] of KILLS.entries()) {
			await orderHold(littoral.littoral, step);
			let isBusy = to === 2;
			const writers = [0, 1, 2, 3].map((writer) => workload.writeSmall(4 * round + writer, () => isBusy));
			// The cron that comes to the step never ends.
			for (let tries = 0; !log.holds(step); tries++) {
				expect(tries, `${step} is not reached`).toBeLessThan(400);
				void runCron(littoral.littoral).catch(() => {});
				await pause(200);
			}
			await littoral.killAndRestart();
			await expect
				.poll(
					async () => {
						await runCron(littoral.littoral);
						const { shards, decisions } = await readScaling(littoral.admin, "scaling");
						return [shards, decisions[0]?.to, decisions[0]?.outcome];
					},
					{ timeout: 60_000, interval: 200, message: `after a kill at ${step}` },
				)
				.toEqual([to, to, "applied"]);
			isBusy = false;
			await Promise.all(writers);
		}
		const { decisions } = await readScaling(littoral.admin, "scaling");
		expect(decisions.filter(({ outcome }) => outcome === "applied").length).toBeGreaterThanOrEqual(KILLS.length);
		workload.stop();
		await Promise.all(readers);
		await workload.readFinally();
		expect(workload.problems).toEqual([]);
		expect(workload.readCount).toBeGreaterThan(KILLS.length);
	} finally {
		await littoral.stop();
	}
}, 240_000);
