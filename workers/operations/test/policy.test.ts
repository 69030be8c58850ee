/** What the policy of scaling never does, and where it ends up; simulated shards report as real ones do. Each run prints its seed when it fails. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { LoadSample } from "#shared/contracts/scaling.ts";
import { decide, type PastChange, SCALING_POLICY, type ScalingSituation } from "../src/scaling/policy.ts";

const MINUTE_MS = 60_000;
const START_MS = 1_000_000_000;

function sample(shard: number, toMs: number, parts: Partial<LoadSample> = {}): LoadSample {
	return {
		shard,
		epoch: 1,
		activeCount: 1,
		fromMs: toMs - 30_000,
		toMs,
		appendCount: 1,
		appendedBytes: 1,
		busyFraction: 0.5,
		tailBytes: 0,
		refusedCount: 0,
		overloaded: false,
		...parts,
	};
}

function situation(parts: Partial<ScalingSituation> = {}): ScalingSituation {
	return {
		samples: [],
		peaks: [],
		current: { epoch: 1, shardCount: 1 },
		bounds: { shardCountMin: 1, shardCountMax: 8 },
		history: [],
		nowMs: START_MS,
		...parts,
	};
}

/** Reports of `count` shards, every 30 s up to now, each as busy as told. */
function reports(count: number, busyFraction: number, parts: Partial<LoadSample> = {}): LoadSample[] {
	return Array.from({ length: count }, (_, shard) =>
		[0, 1, 2, 3].map((age) => sample(shard, START_MS - age * 30_000, { busyFraction, activeCount: count, ...parts })),
	).flat();
}

const verdict = (parts: Partial<ScalingSituation>) => {
	const { to, reason } = decide(situation(parts));
	return [to, reason];
};

test("grows when a shard was busy in three reports, to what the load needs, at most to twice as many", () => {
	expect(verdict({ samples: reports(1, 0.8) })).toEqual([2, "busy"]);
	expect(verdict({ samples: reports(1, 0.74) })).toEqual([1, "steady"]);
	expect(verdict({ samples: reports(1, 0.8).slice(0, 2) })).toEqual([1, "steady"]);
	const four = { epoch: 1, shardCount: 4 };
	expect(verdict({ samples: reports(4, 0.8), current: four })).toEqual([7, "busy"]);
	expect(verdict({ samples: reports(4, 5), current: four })).toEqual([8, "busy"]);
	expect(verdict({ samples: reports(8, 0.8), current: { epoch: 1, shardCount: 8 } })).toEqual([8, "at_maximum"]);
	// Reports of an older set say nothing of this one.
	expect(verdict({ samples: reports(4, 0.8), current: { epoch: 2, shardCount: 4 } })).toEqual([4, "steady"]);
});

test("one overloaded report is enough, unless it began before the last change", () => {
	const overloaded = [sample(0, START_MS, { overloaded: true, busyFraction: 0.1, fromMs: START_MS - 5000 })];
	expect(verdict({ samples: overloaded })).toEqual([2, "overloaded"]);
	const change = (agoMs: number): PastChange[] => [{ from: 1, to: 2, atMs: START_MS - agoMs }];
	const current = { epoch: 1, shardCount: 2 };
	expect(verdict({ samples: overloaded, current, history: change(4000), peaks: [{ atMs: START_MS, load: 1 }] })).toEqual([2, "steady"]);
	expect(verdict({ samples: overloaded, current, history: change(20_000) })).toEqual([2, "cooldown"]);
	expect(verdict({ samples: overloaded, current, history: change(31_000) })).toEqual([4, "overloaded"]);
	// It was, but its newest report says that it is not.
	expect(verdict({ samples: [...overloaded, sample(0, START_MS + 1)] })).toEqual([1, "steady"]);
});

test("a tenant that says nothing shrinks by halves, once the day has passed", () => {
	const current = { epoch: 3, shardCount: 8 };
	const peak = (agoMs: number) => [{ atMs: START_MS - agoMs, load: 3 }];
	const { shrinkWindowMs, shrinkCooldownMs } = SCALING_POLICY;
	expect(verdict({ current, peaks: peak(shrinkWindowMs - 1) })).toEqual([8, "steady"]);
	expect(verdict({ current, peaks: peak(shrinkWindowMs) })).toEqual([4, "quiet"]);
	expect(verdict({ current: { epoch: 3, shardCount: 3 } })).toEqual([2, "quiet"]);
	const history = [{ from: 8, to: 4, atMs: START_MS - shrinkCooldownMs + 1 }];
	expect(verdict({ current: { epoch: 4, shardCount: 4 }, history })).toEqual([4, "cooldown"]);
});

test("new bounds are reached step by step", () => {
	expect(verdict({ bounds: { shardCountMin: 3, shardCountMax: 8 } })).toEqual([2, "below_minimum"]);
	expect(verdict({ bounds: { shardCountMin: 1, shardCountMax: 2 }, current: { epoch: 2, shardCount: 3 } })).toEqual([2, "above_maximum"]);
	expect(verdict({ bounds: { shardCountMin: 2, shardCountMax: 2 }, current: { epoch: 1, shardCount: 2 }, samples: reports(2, 2) })).toEqual(
		[2, "at_maximum"],
	);
});

const bounds = fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 })).map(([left, right]) => ({
	shardCountMin: Math.min(left, right),
	shardCountMax: Math.max(left, right),
}));

/** The same policy in less time. */
const HASTY = { ...SCALING_POLICY, shrinkWindowMs: 60 * MINUTE_MS, shrinkCooldownMs: 10 * MINUTE_MS };

/** Minutes of reports and looks; the load of each minute, in shards, is given. @returns the changes, and the number of shards at the end */
function live(
	loads: number[],
	limits: { shardCountMin: number; shardCountMax: number },
	startCount: number,
): { changes: PastChange[]; count: number } {
	let count = startCount;
	let epoch = 1;
	let peaks: { atMs: number; load: number }[] = [];
	const changes: PastChange[] = [];
	let samples: LoadSample[] = [];
	for (const [minute, load] of loads.entries()) {
		const nowMs = START_MS + minute * MINUTE_MS;
		const busyFraction = Math.min(1, load / count);
		const taken = Array.from({ length: load === 0 ? 0 : count }, (_, shard) =>
			[nowMs - 30_000, nowMs].map((toMs) =>
				sample(shard, toMs, { epoch, activeCount: count, busyFraction, overloaded: busyFraction >= 0.95 }),
			),
		).flat();
		samples = [...samples.filter(({ toMs }) => toMs > nowMs - 5 * MINUTE_MS), ...taken];
		const made = decide({ samples, peaks, current: { epoch, shardCount: count }, bounds: limits, history: changes, nowMs }, HASTY);
		peaks = [...peaks.filter(({ atMs }) => atMs > nowMs - HASTY.shrinkWindowMs), { atMs: nowMs, load: made.inputs.load }];
		if (made.to === count) continue;
		changes.push({ from: count, to: made.to, atMs: nowMs });
		count = made.to;
		epoch++;
	}
	return { changes, count };
}

const steps = fc.array(fc.tuple(fc.double({ min: 0, max: 12, noNaN: true }), fc.integer({ min: 1, max: 400 })), {
	minLength: 1,
	maxLength: 8,
});

test("whatever the load: never outside the bounds, never two steps within a cooldown, never more than a factor at once", () => {
	fc.assert(
		fc.property(bounds, steps, (limits, plan) => {
			const loads = plan.flatMap(([load, minutes]) => Array.from({ length: minutes }, () => load));
			const { changes } = live(loads, limits, limits.shardCountMin);
			for (const [index, { from, to, atMs }] of changes.entries()) {
				expect(to).toBeGreaterThanOrEqual(limits.shardCountMin);
				expect(to).toBeLessThanOrEqual(limits.shardCountMax);
				expect(Math.max(to / from, from / to)).toBeLessThanOrEqual(SCALING_POLICY.stepFactor);
				const before = changes[index - 1];
				const cooldownMs = to > from ? HASTY.growCooldownMs : HASTY.shrinkCooldownMs;
				if (before !== undefined) expect(atMs - before.atMs).toBeGreaterThanOrEqual(cooldownMs);
			}
		}),
		{ numRuns: 60 },
	);
});

test("constant load: it comes to rest where the load fits, and never turns back on its way", () => {
	fc.assert(
		fc.property(fc.double({ min: 0, max: 12, noNaN: true }), fc.integer({ min: 1, max: 8 }), (load, startCount) => {
			const minutes = 6 * 60;
			const { changes, count } = live(
				Array.from({ length: minutes }, () => load),
				{ shardCountMin: 1, shardCountMax: 8 },
				startCount,
			);
			const directions = new Set(changes.map(({ from, to }) => Math.sign(to - from)));
			expect(directions.size).toBeLessThanOrEqual(1);
			// At rest: the second half of the time saw no change.
			expect(changes.filter(({ atMs }) => atMs > START_MS + (minutes / 2) * MINUTE_MS)).toEqual([]);
			if (count < 8) expect(load / count).toBeLessThanOrEqual(SCALING_POLICY.growBusyFraction);
			if (count > 1) expect(load / (count - 1)).toBeGreaterThan(SCALING_POLICY.shrinkBusyFraction);
		}),
		{ numRuns: 60 },
	);
});
