/** What the policy of scaling may cost and miss on the traces of `npm run simulate -- scaling`; a change that makes it worse fails here. About 3 s. */
import { expect, test } from "vitest";
import { SHARD_COUNT_MAX } from "#shared/base/limits.ts";
import { compareAll, scalingTable, total } from "../../scripts/simulate/report.ts";

/** In three days: seconds in which more was sent than the shards could take, changes of the set, and dollars over the all-knowing schedule's. */
const BOUNDS: Record<string, { overloadSeconds: number; changes: number; costRatio: number }> = {
	steady: { overloadSeconds: 15, changes: 1, costRatio: 1.005 },
	diurnal: { overloadSeconds: 0, changes: 4, costRatio: 1.015 },
	"50x spike": { overloadSeconds: 90, changes: 6, costRatio: 1.035 },
	leak: { overloadSeconds: 0, changes: 5, costRatio: 1.012 },
	sawtooth: { overloadSeconds: 0, changes: 3, costRatio: 1.01 },
};

const comparisons = compareAll({ shardCountMin: 1, shardCountMax: SHARD_COUNT_MAX });

test.each(comparisons)("$trace: overload, changes and cost stay within their bounds", ({ trace, policy, allKnowing }) => {
	const bounds = BOUNDS[trace];
	expect(bounds).toBeDefined();
	expect(policy.overloadSeconds).toBeLessThanOrEqual(bounds?.overloadSeconds ?? 0);
	expect(policy.changeCount).toBeLessThanOrEqual(bounds?.changes ?? 0);
	expect(policy.oscillationCount).toBe(0);
	expect(total(policy) / total(allKnowing)).toBeLessThanOrEqual(bounds?.costRatio ?? 0);
	expect(allKnowing.overloadSeconds).toBe(0);
	// It does the tenant's work: what was refused is little.
	expect(policy.appendDollars / allKnowing.appendDollars).toBeGreaterThan(0.99);
});

test("the table has a row for each schedule of each trace", () => {
	const rows = scalingTable(comparisons)
		.split("\n")
		.filter((line) => /policy|all-knowing/.test(line));
	expect(rows).toHaveLength(2 * Object.keys(BOUNDS).length);
});
