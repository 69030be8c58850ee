/** The benches themselves: how the runner interleaves, records and voids, and that every answer they check is right, at a size whose figures mean nothing. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerDifference } from "../../bench/data/answers.ts";
import { BENCHES } from "../../bench/registry.ts";
import { type Bench, expectAnswer } from "../../bench/runner/bench.ts";
import type { Fact } from "../../bench/runner/record.ts";
import { runBench } from "../../bench/runner/run-bench.ts";
import { median, percentile } from "../../bench/runner/statistics.ts";

let resultsDir: string;
beforeAll(() => {
	resultsDir = mkdtempSync(join(tmpdir(), "littoral-bench-test-"));
});
afterAll(() => rmSync(resultsDir, { recursive: true, force: true }));

async function run(bench: Bench, repeatCount: number): Promise<{ valid: boolean; facts: Fact[] }> {
	const valid = await runBench(bench, { size: "smoke", repeatCount, resultsDir, command: "npm test", say: () => {} });
	const lines = readFileSync(join(resultsDir, `${bench.name}.jsonl`), "utf8")
		.trimEnd()
		.split("\n");
	return { valid, facts: lines.map((line) => JSON.parse(line) as Fact) };
}

/** Two peers that note their turns; `slow` answers wrongly in the repeat given. */
function twoPeers(turns: string[], wrongRepeat: number | null): Bench {
	const peer = (name: string) => ({
		name,
		cpuMs: () => 0,
		run: async (repeat: number) => {
			turns.push(name);
			return name === "slow" && repeat === wrongRepeat ? 41 : 42;
		},
	});
	return {
		name: "two-peers",
		title: "two peers",
		run: async (session) => {
			await session.interleave({
				what: "the answer",
				warmUpCount: 1,
				peers: [peer("fast"), peer("slow")],
				check: (answer, name) => expectAnswer(name, answer, 42),
			});
			session.bar({ what: "nothing", value: 1, atMost: 2, unit: "x" });
		},
	};
}

describe("the runner", () => {
	test("takes turns, each repeat beginning with another peer, and records every repeat", async () => {
		const turns: string[] = [];
		const { valid, facts } = await run(twoPeers(turns, null), 3);
		expect(valid).toBe(true);
		expect(turns).toEqual(["fast", "slow", "fast", "slow", "slow", "fast", "fast", "slow"]);
		expect(facts.map((fact) => fact.kind)).toEqual(["run", ...Array.from({ length: 6 }, () => "repeat"), "bar", "end"]);
		expect(facts[0]).toMatchObject({ bench: "two-peers", command: "npm test", machine: { node: process.version } });
	});

	test("a wrong answer voids the run: no bar, no end, and no success", async () => {
		const { valid, facts } = await run(twoPeers([], 1), 3);
		expect(valid).toBe(false);
		expect(facts.at(-1)).toEqual({ kind: "void", reason: "slow: 41 instead of 42" });
		expect(facts.some((fact) => fact.kind === "bar" || fact.kind === "end")).toBe(false);
	});

	test("answers: exact values exactly, floating-point ones to nine digits, rows in any order where none is asked for", () => {
		const expected = { rows: [["1.50", "0.30000000000000004", null]], isInexact: [false, true, false], isOrdered: true };
		expect(answerDifference([["1.5", "0.3", null]], expected)).toBeNull();
		expect(answerDifference([["1.51", "0.3", null]], expected)).toBe(
			'row 1 is ["1.51","0.3",null] instead of ["1.50","0.30000000000000004",null]',
		);
		expect(answerDifference([["1.5", "0.3001", null]], expected)).toMatch(/^row 1 is/);
		expect(answerDifference([["1.5", "0.3", ""]], expected)).toMatch(/^row 1 is/);
		expect(answerDifference([], expected)).toBe("0 rows instead of 1");
		expect(answerDifference([["530485260.39"]], { rows: [["530485260.38"]], isInexact: [false], isOrdered: true })).toMatch(/^row 1 is/);
		const two = { rows: [["a"], ["10"]], isInexact: [false], isOrdered: false };
		expect(answerDifference([["10"], ["a"]], two)).toBeNull();
		expect(answerDifference([["10"], ["a"]], { ...two, isOrdered: true })).toMatch(/^row 1 is/);
		expect(answerDifference([["1"], ["a"]], two)).toMatch(/^row 1 is/);
	});

	test("medians and percentiles", () => {
		expect(median([3, 1, 2])).toBe(2);
		expect(median([4, 1, 2, 3])).toBe(2.5);
		expect([percentile([5, 1, 3, 2, 4], 0.5), percentile([1, 2, 3], 0.99), percentile([7], 0)]).toEqual([3, 3, 7]);
	});
});

/** The others start workerd several times, or take long at any size. */
const SMOKED = ["import", "small-appends", "appends", "tpch", "clickbench", "parquet", "formats"];

test.each(BENCHES.filter((bench) => SMOKED.includes(bench.name)).map((bench) => [bench.name, bench] as const))(
	"%s: every answer is right",
	async (_, bench) => {
		const { valid, facts } = await run(bench, 1);
		expect(facts.filter((fact) => fact.kind === "void")).toEqual([]);
		expect(valid).toBe(true);
		expect(facts.filter((fact) => fact.kind === "failure")).toEqual([]);
		expect(facts.filter(({ kind }) => kind === "bar" || kind === "table" || kind === "figure").length).toBeGreaterThan(0);
	},
);
