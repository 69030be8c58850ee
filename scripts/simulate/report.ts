/** What a simulation prints: the policy's figures of three days, beside those of the all-knowing schedule. */
import Table from "cli-table3";
import type { ScalingBounds } from "#shared/contracts/scaling.ts";
import { type Run, runAllKnowing, runPolicy } from "./run-trace.ts";
import { TRACES } from "./traces.ts";

export interface Comparison {
	trace: string;
	policy: Run;
	allKnowing: Run;
}

export function compareAll(bounds: ScalingBounds): Comparison[] {
	return TRACES.map((trace) => ({ trace: trace.name, policy: runPolicy(trace, bounds), allKnowing: runAllKnowing(trace, bounds) }));
}

export function scalingTable(comparisons: readonly Comparison[]): string {
	const table = new Table({
		head: [
			"three days of",
			"",
			"shards min/mean/max",
			"changes",
			"overload s",
			"oscillations",
			"shards $",
			"questions $",
			"appends $",
			"in all",
		],
		style: { head: [], border: [] },
	});
	for (const { trace, policy, allKnowing } of comparisons) {
		table.push(row(trace, "policy", policy, `${(total(policy) / total(allKnowing)).toFixed(3)}x`));
		table.push(row("", "all-knowing", allKnowing, "1x"));
	}
	return table.toString();
}

/** Dollars of the three days. */
export function total({ shardDollars, questionDollars, appendDollars }: Run): number {
	return shardDollars + questionDollars + appendDollars;
}

function row(trace: string, schedule: string, run: Run, ratio: string): (string | number)[] {
	const { shardsMin, shardsMean, shardsMax, changeCount, overloadSeconds, oscillationCount } = run;
	const dollars = [run.shardDollars, run.questionDollars, run.appendDollars].map((amount) => amount.toFixed(2));
	return [
		trace,
		schedule,
		`${shardsMin} / ${shardsMean.toFixed(2)} / ${shardsMax}`,
		changeCount,
		overloadSeconds,
		oscillationCount,
		...dollars,
		ratio,
	];
}
