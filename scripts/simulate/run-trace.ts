/**
 * Replays a trace against the policy and the shards' own meters, second by second, with the delays of the real thing: reports travel by queue, the cron
 * runs once a minute, a change takes some seconds. Beside it the all-knowing schedule.
 *
 * A second is overloaded when more is sent than the shards can take; the excess is refused, and clients come again with it in their own time, which
 * the trace does not know. Every shard gets the same share: ids are spread by hash.
 */
import { APPEND_ID_TTL_MS, SHARD_COMMITS_PER_SECOND } from "#shared/base/limits.ts";
import type { LoadSample, ScalingBounds } from "#shared/contracts/scaling.ts";
import { decide, type PastChange, SCALING_POLICY, type ScalingPolicy } from "../../workers/operations/src/scaling/policy.ts";
import { LoadMeter } from "../../workers/tenant/src/shard/load-meter.ts";
import { PRICES, questionsPerAppend } from "./prices.ts";
import { TRACE_SECONDS, type Trace } from "./traces.ts";

const CRON_SECONDS = 60;
const QUEUE_SECONDS = 2;
const CHANGE_SECONDS = 3;
const NOISE = 0.1;
/** Grown again within this time of shrinking: it should have stayed. */
const OSCILLATION_MS = 6 * 3_600_000;

export interface Run {
	shardsMin: number;
	shardsMean: number;
	shardsMax: number;
	changeCount: number;
	overloadSeconds: number;
	oscillationCount: number;
	/** Of the shards: awake, flushing, reporting. */
	shardDollars: number;
	/** Of the questions that changes of the set cause for a day. */
	questionDollars: number;
	/** Of the appends themselves, under any schedule. */
	appendDollars: number;
}

export interface ShardSet {
	active: number[];
	/** When the next one replaced it. */
	endedAtMs: number | null;
}

/** The same noise for every policy. */
function noisyLoads(trace: Trace): Float64Array {
	let state = 20_261_123;
	const random = (): number => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
	return Float64Array.from({ length: TRACE_SECONDS }, (_, second) => trace.load(second) * (1 + NOISE * (2 * random() - 1)));
}

export function runPolicy(trace: Trace, bounds: ScalingBounds, policy: ScalingPolicy = SCALING_POLICY): Run {
	const loads = noisyLoads(trace);
	const shards = new SimulatedShards();
	const counts = new Uint8Array(TRACE_SECONDS);
	let peaks: { atMs: number; load: number }[] = [];
	let samples: LoadSample[] = [];
	let arriving: { sample: LoadSample; second: number }[] = [];
	let pending: { to: number; second: number } | null = null;
	let [overloadSeconds, shardDollars, questionDollars, appendDollars] = [0, 0, 0, 0];

	for (let second = 0; second < TRACE_SECONDS; second++) {
		const nowMs = second * 1000;
		if (pending !== null && second >= pending.second) {
			shards.change(pending.to, nowMs);
			pending = null;
		}
		const count = shards.active.length;
		counts[second] = count;
		const sent = loads[second] as number;
		if (sent > count) overloadSeconds++;
		const appendCount = Math.min(sent, count) * SHARD_COMMITS_PER_SECOND;
		const reports = shards.work(appendCount, nowMs);
		shardDollars += count * (PRICES.shardSecond + PRICES.flush / 60) + reports.length * PRICES.report;
		questionDollars += appendCount * shards.questionsPerAppend * PRICES.question;
		appendDollars += appendCount * PRICES.append;

		arriving.push(...reports.map((sample) => ({ sample, second: second + QUEUE_SECONDS })));
		const arrived = arriving.filter((report) => report.second <= second).map(({ sample }) => sample);
		arriving = arriving.filter((report) => report.second > second);
		samples.push(...arrived);
		if (pending !== null || (second % CRON_SECONDS !== 0 && !arrived.some(({ overloaded }) => overloaded))) continue;
		samples = samples.filter(({ toMs }) => toMs > nowMs - policy.sampleAgeMsMax);
		const current = { epoch: shards.epoch, shardCount: count };
		const { to, inputs } = decide({ samples, peaks, current, bounds, history: shards.changes, nowMs }, policy);
		peaks = [...peaks.filter(({ atMs }) => atMs > nowMs - policy.shrinkWindowMs), { atMs: nowMs, load: inputs.load }];
		if (to !== count) pending = { to, second: second + CHANGE_SECONDS };
	}
	return { ...figures(counts, shards.changes), overloadSeconds, shardDollars, questionDollars, appendDollars };
}

/** A tenant's shards: one at first; new ones get new ordinals, shrinking keeps the lowest. */
class SimulatedShards {
	readonly changes: PastChange[] = [];
	epoch = 1;
	questionsPerAppend = 0;
	#sets: ShardSet[] = [{ active: [0], endedAtMs: null }];
	#nextOrdinal = 1;
	readonly #meters = new Map<number, LoadMeter>();

	get active(): number[] {
		return (this.#sets.at(-1) as ShardSet).active;
	}

	change(count: number, nowMs: number): void {
		const before = this.#sets.at(-1) as ShardSet;
		before.endedAtMs = nowMs;
		const kept = before.active.slice(0, count);
		const added = Array.from({ length: count - kept.length }, () => this.#nextOrdinal++);
		this.changes.push({ from: before.active.length, to: count, atMs: nowMs });
		this.#sets.push({ active: [...kept, ...added], endedAtMs: null });
		this.#forgetOld(nowMs);
		this.questionsPerAppend = questionsPerAppend(this.#sets);
		this.epoch++;
	}

	/** @returns the reports that are due */
	work(appendCount: number, nowMs: number): LoadSample[] {
		if (this.#forgetOld(nowMs)) this.questionsPerAppend = questionsPerAppend(this.#sets);
		const { active, epoch } = this;
		return active.flatMap((shard) => {
			const meter = this.#meters.get(shard) ?? new LoadMeter();
			this.#meters.set(shard, meter);
			// At worst: no two appends share a commit.
			meter.count({ appendCount: appendCount / active.length, commitCount: appendCount / active.length, byteCount: 0 }, nowMs);
			return meter.take(() => ({ shard, epoch, activeCount: active.length, tailBytes: 0 }), nowMs) ?? [];
		});
	}

	#forgetOld(nowMs: number): boolean {
		const [oldest] = this.#sets;
		if (oldest?.endedAtMs == null || oldest.endedAtMs > nowMs - APPEND_ID_TTL_MS) return false;
		this.#sets.shift();
		return true;
	}
}

/**
 * Knows the days beforehand: in each minute as few shards as keep up with all of it, changed for nothing, asking nobody. No policy reaches it; it says
 * what the shards alone must cost.
 */
export function runAllKnowing(trace: Trace, { shardCountMin, shardCountMax }: ScalingBounds): Run {
	const loads = noisyLoads(trace);
	const counts = new Uint8Array(TRACE_SECONDS);
	for (let start = 0; start < TRACE_SECONDS; start += 60) {
		const peak = Math.ceil(Math.max(...loads.subarray(start, start + 60)));
		counts.fill(Math.min(shardCountMax, Math.max(shardCountMin, peak)), start, start + 60);
	}
	const changes: PastChange[] = [];
	let [overloadSeconds, shardDollars, appendDollars] = [0, 0, 0];
	for (const [second, sent] of loads.entries()) {
		const count = counts[second] as number;
		const from = counts[second - 1] ?? count;
		if (from !== count) changes.push({ from, to: count, atMs: second * 1000 });
		if (sent > count) overloadSeconds++;
		shardDollars += count * (PRICES.shardSecond + PRICES.flush / 60);
		appendDollars += Math.min(sent, count) * SHARD_COMMITS_PER_SECOND * PRICES.append;
	}
	return { ...figures(counts, changes), overloadSeconds, shardDollars, questionDollars: 0, appendDollars };
}

function figures(
	counts: Uint8Array,
	changes: readonly PastChange[],
): Pick<Run, "shardsMin" | "shardsMean" | "shardsMax" | "changeCount" | "oscillationCount"> {
	return {
		shardsMin: counts.reduce((least, count) => Math.min(least, count)),
		shardsMean: counts.reduce((sum, count) => sum + count, 0) / counts.length,
		shardsMax: counts.reduce((most, count) => Math.max(most, count)),
		changeCount: changes.length,
		oscillationCount: changes.filter((change, index) => {
			const before = changes[index - 1];
			return before !== undefined && before.to < before.from && change.to > change.from && change.atMs - before.atMs < OSCILLATION_MS;
		}).length,
	};
}
