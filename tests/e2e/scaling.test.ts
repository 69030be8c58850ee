/** Under load a tenant goes from one shard to two, idle back to one, by itself; who reads meanwhile sees every acknowledged row, once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { CREATE_LOG, Workload } from "../faults/workload.ts";
import { type Harness, startHarness } from "../harness.ts";
import { HASTY_SCALING, readScaling, runCron, setBounds } from "../scaling.ts";

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness({ vars: HASTY_SCALING });
});
afterAll(async () => harness.stop());

test("one shard, two under load, one again when nobody writes", async () => {
	const { id, owner } = await harness.tenant();
	await owner.execute(CREATE_LOG);
	expect(await readScaling(harness.admin, id)).toMatchObject({ shards: 1, epoch: 1, decisions: [], verdict: { to: 1, reason: "steady" } });
	await setBounds(harness.admin, id, { min_shards: 1, max_shards: 2 });
	const shards = async (): Promise<number> => {
		await runCron(harness.littoral);
		return (await readScaling(harness.admin, id)).shards;
	};

	const workload = new Workload(owner);
	let isBusy = true;
	const writers = [0, 1, 2, 3].map((writer) => workload.writeSmall(writer, () => isBusy));
	const readers = [workload.read(100), workload.read(150)];
	await expect.poll(shards, { timeout: 60_000, interval: 200 }).toBe(2);
	const grown = await readScaling(harness.admin, id);
	expect(grown).toMatchObject({ epoch: 2, decisions: [{ from: 1, to: 2, outcome: "applied", epoch: 2 }] });
	expect(["busy", "overloaded"]).toContain(grown.decisions[0]?.reason);
	expect(grown.decisions[0]?.inputs.load).toBeGreaterThan(0.75);
	// Both shards get their part of the appends.
	await expect
		.poll(
			async () =>
				new Set(
					(await harness.admin.json<{ samples: { shard: string }[] }>(`/v1/tenants/${id}/scaling`)).samples.map(({ shard }) => shard),
				),
			{
				timeout: 30_000,
			},
		)
		.toEqual(new Set(["shard-0", "shard-1"]));

	isBusy = false;
	await Promise.all(writers);
	await expect.poll(shards, { timeout: 60_000, interval: 200 }).toBe(1);
	const shrunk = await readScaling(harness.admin, id);
	expect(shrunk.decisions[0]).toMatchObject({ from: 2, to: 1, reason: "quiet", trigger: "cron", outcome: "applied" });
	await workload.writeSmall(4, oneMore());
	workload.stop();
	await Promise.all(readers);
	await workload.readFinally();
	expect(workload.problems).toEqual([]);
	expect(workload.readCount).toBeGreaterThan(3);
});

function oneMore(): () => boolean {
	let left = 1;
	return () => left-- > 0;
}
