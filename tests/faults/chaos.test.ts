/**
 * Thirty seconds of all at once: small and bulk appends, twenty parallel copies of one append, flushes and purges within a second, the shard set changing
 * from 1 to 3 to 2 to 1, ports of the tenant Worker that fail by chance (before, late, with a lost answer), and readers that check all the while.
 */
import { expect, test } from "vitest";
import { SEED } from "../seed.ts";
import { FaultLog, FAULTY_TENANT } from "./faulty-tenant.ts";
import { KillableLittoral } from "./killable.ts";
import { changeShards, CREATE_LOG, pause, Workload } from "./workload.ts";

const DURATION_MS = 30_000;
const FAULT_CHANCE = 0.06;
const SHARD_COUNTS = [3, 2, 1];

test("thirty seconds of faults: readers never see too few rows, too many, or a double", async () => {
	const log = new FaultLog();
	const littoral = await KillableLittoral.start({
		entryPoints: FAULTY_TENANT,
		vars: { tenant: { FAULT_CHANCE: String(FAULT_CHANCE), FAULT_SEED: String(SEED) } },
		onLog: log.note,
	});
	try {
		const client = await littoral.newTenant("chaos");
		await client.execute(CREATE_LOG);
		const workload = new Workload(client);
		const changes = async (): Promise<void> => {
			for (const count of SHARD_COUNTS) {
				await pause(DURATION_MS / (SHARD_COUNTS.length + 1));
				await changeShards(() => littoral.admin, "chaos", count);
			}
		};
		// Who waits in vain fails the test at once.
		const running = Promise.all([
			...[0, 1, 2].map((writer) => workload.writeSmall(writer)),
			workload.writeBulk(3),
			workload.writeCopies(4, 20),
			workload.read(200),
			workload.read(300),
			changes(),
		]);
		await Promise.race([pause(DURATION_MS), running]);
		workload.stop();
		await running;
		await workload.readFinally();
		expect(workload.problems).toEqual([]);
		expect(workload.readCount).toBeGreaterThan(10);
		expect(workload.repeatCount).toBeGreaterThan(0);
		expect(log.injectedCount).toBeGreaterThan(50);
		expect([...workload.acknowledged.keys()].some((id) => id.startsWith("3:"))).toBe(true);
	} finally {
		await littoral.stop();
	}
});
