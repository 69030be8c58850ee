/** `docs/cost.md` says what is counted: operations by activity, measured anew here, and the bills that follow from them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ACTIVITIES, BILLED, countActivities } from "../../bench/cost/activities.ts";
import { billsTable, operationsTable, readTable, statedCounts } from "../../bench/cost/page.ts";
import { COUNTED_ENTRIES, CountedFleet } from "../counted/fleet.ts";
import { type Harness, startHarness } from "../harness.ts";

/** Caches expire by the second, and counters are pushed by it: a read of a key or a push more or less is no change. */
const TOLERATED_SHARE = 0.25;
const TOLERATED_COUNT = 2;
/** Which hubs count is drawn with each isolate's id: some more or fewer have something to store, two rows each. */
const TOLERATED_HUB_COUNT = 5;

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness({ entryPoints: COUNTED_ENTRIES });
});
afterAll(async () => harness.stop());

test("the tables are whole, and the bills follow from the operations", () => {
	const stated = statedCounts();
	expect(readTable("operations")).toBe(operationsTable(stated));
	expect(readTable("bills")).toBe(billsTable(stated));
});

test("the operations are those that are counted; else `npm run bench -- cost` rewrites the page", async () => {
	const { owner } = await harness.tenant();
	const counted = await countActivities(new CountedFleet(harness.littoral), owner);
	const stated = statedCounts();
	const moved = ACTIVITIES.flatMap((activity) =>
		BILLED.filter((name) => {
			const [now, then] = [counted[activity][name], stated[activity][name]];
			const tolerated = name.startsWith("MetricsHub.") ? TOLERATED_HUB_COUNT : TOLERATED_COUNT;
			return !(Math.abs(now - then) <= tolerated + TOLERATED_SHARE * then);
		}).map((name) => `${activity}: ${counted[activity][name]} ${name}, stated ${stated[activity][name]}`),
	);
	expect(moved).toEqual([]);
});
