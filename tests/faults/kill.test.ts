/** SIGKILL at ten random moments while writers write and readers check, the shard set changing from 1 to 3 to 2 meanwhile. */
import { expect, test } from "vitest";
import { SEED } from "../seed.ts";
import { Random } from "../sql/random.ts";
import { KillableLittoral } from "./killable.ts";
import { changeShards, CREATE_LOG, pause, Workload } from "./workload.ts";

const ROUND_COUNT = 10;
const WRITER_COUNT = 6;

test("ten times SIGKILL among writers and readers: nothing lost, nothing doubled, nothing halved", async () => {
	const random = new Random(SEED);
	const littoral = await KillableLittoral.start();
	try {
		const client = await littoral.newTenant("kill");
		await client.execute(CREATE_LOG);
		const workload = new Workload(client);
		const writers = Array.from({ length: WRITER_COUNT }, (_, writer) => workload.writeSmall(writer));
		const readers = [workload.read(100), workload.read(100)];
		let change: Promise<void> = Promise.resolve();
		for (let round = 0; round < ROUND_COUNT; round++) {
			const count = { 2: 3, 6: 2 }[round];
			if (count !== undefined) change = change.then(() => changeShards(() => littoral.admin, "kill", count));
			await pause(random.between(100, 1500));
			await littoral.killAndRestart();
		}
		await change;
		workload.stop();
		await Promise.all([...writers, ...readers]);
		await workload.readFinally();
		expect(workload.problems).toEqual([]);
		expect(workload.readCount).toBeGreaterThan(ROUND_COUNT);
		expect(workload.repeatCount).toBeGreaterThan(ROUND_COUNT);
		expect(workload.acknowledged.size).toBeGreaterThan(ROUND_COUNT * WRITER_COUNT);
	} finally {
		await littoral.stop();
	}
}, 240_000);
