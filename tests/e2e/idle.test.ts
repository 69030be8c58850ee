/**
 * Idle costs nothing to speak of: ten minutes of a deployment with a hundred tenants, all of whose rows are flushed, wake no shard and ask D1 and R2 no more
 * than `docs/cost.md` says. The minutes are simulated: crons fire by their schedules, alarms ring, and everything is counted at the bindings.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../scripts/fleet.ts";
import { COUNTED_ENTRIES, CountedFleet } from "../counted/fleet.ts";
import { type Harness, startHarness } from "../harness.ts";

const TENANT_COUNT = 100;
const ROWS = JSON.stringify([{ id: 1 }, { id: 2 }]);
/** A minute until rows are flushed, fifteen until the flushed ones are purged, and some for what follows. */
const SETTLED_AFTER_MINUTES = 25;
const IDLE_MINUTES = 10;

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness({ entryPoints: COUNTED_ENTRIES });
});
afterAll(async () => harness.stop());

interface Stated {
	name: string;
	bound: number;
	/** When the page was written. */
	counted: number;
}

/** The page's table on idle minutes. */
function statedCounts(): Stated[] {
	const page = readFileSync(join(ROOT, "docs/cost.md"), "utf8");
	const section = page.slice(page.indexOf("## Idle"), page.indexOf("## ", page.indexOf("## Idle") + 1));
	const number = (text: string | undefined): number => Number(text?.replaceAll(",", ""));
	return [...section.matchAll(/^\| [^|]+ \| `([\w.]+)` \| at most ([\d,]+) \| ([\d,]+) \|$/gm)].map(([, name, bound, counted]) => ({
		name: name as string,
		bound: number(bound),
		counted: number(counted),
	}));
}

test("ten idle minutes of a hundred tenants", async () => {
	const fleet = new CountedFleet(harness.littoral);
	let made = 0;
	const makeTenants = async (): Promise<void> => {
		while (made++ < TENANT_COUNT) {
			const { owner } = await harness.tenant();
			await owner.execute("CREATE TABLE t (id INTEGER)");
			await owner.append("t", ROWS);
		}
	};
	await Promise.all([makeTenants(), makeTenants(), makeTenants(), makeTenants()]);
	const before = await fleet.counts();
	expect(before["TenantShard.requests"], "the counting of requests to shards").toBeGreaterThan(TENANT_COUNT);
	await fleet.pass(SETTLED_AFTER_MINUTES);
	await fleet.settle();
	const settled = await fleet.counts();
	expect(settled["TenantShard.alarms"], "the counting of alarms").toBeGreaterThanOrEqual(2 * TENANT_COUNT);
	expect(settled["r2.class_a"], "the counting of objects written").toBeGreaterThanOrEqual(TENANT_COUNT);
	expect(settled["d1.rows_written"], "the counting of rows in D1").toBeGreaterThan(TENANT_COUNT);
	expect((await fleet.alarms())["TenantShard"] ?? 0, "alarms of shards whose rows are flushed and purged").toBe(0);

	await fleet.reset();
	await fleet.pass(IDLE_MINUTES);
	await fleet.settle();
	const counts = await fleet.counts();
	expect(counts["d1.calls"], "crons ran").toBeGreaterThan(0);
	const stated = statedCounts();
	expect(stated.map(({ name }) => name)).toEqual(
		expect.arrayContaining([
			"TenantShard.wakes",
			"TenantShard.requests",
			"TenantShard.alarms",
			"d1.statements",
			"r2.class_a",
			"r2.class_b",
		]),
	);
	const above = stated
		.filter(({ name, bound }) => (counts[name] ?? 0) > bound)
		.map(({ name, bound }) => `${name}: ${counts[name]}, at most ${bound}`);
	expect(above, JSON.stringify(counts)).toEqual([]);
	// What was counted then may differ by what the hubs still had to store; the page must keep to its own bounds all the same.
	expect(stated.filter(({ bound, counted }) => counted > bound)).toEqual([]);
});
