/**
 * How many shards a tenant shall have: a pure function of its shards' reports, its shard set, its past changes and the time.
 *
 * Growing is target tracking: a shard that was above the upper mark in each of its last samples (three, of the present epoch, so that they were taken
 * after the last change) makes the tenant grow to as many shards as the whole load keeps at the target. An overloaded shard does not wait for three
 * samples: waiting would refuse appends. It is bounded instead: one doubling, from a report that began after the last change, once per cooldown.
 *
 * Shrinking is slow: the highest load of the last 24 hours must keep the fewer shards below a lower mark. Slow because it is dear: for 24 hours each append
 * asks the shards that owned its id in former sets, which at any load worth a second shard costs more than the shard does (docs/scaling.md); an idle shard
 * costs nothing. The gap between the marks is so wide that no constant load crosses both.
 */
import {
	LOAD_SAMPLE_AGE_MS_MAX,
	SCALING_GROW_BUSY_FRACTION,
	SCALING_GROW_COOLDOWN_MS,
	SCALING_GROW_SAMPLE_COUNT,
	SCALING_RESUME_MS,
	SCALING_SHRINK_BUSY_FRACTION,
	SCALING_SHRINK_COOLDOWN_MS,
	SCALING_SHRINK_WINDOW_MS,
	SCALING_STEP_FACTOR,
	SCALING_TARGET_BUSY_FRACTION,
} from "#shared/base/limits.ts";
import { overridden } from "#shared/base/override.ts";
import { log } from "#shared/observability/log.ts";
import type { LoadSample, ScalingBounds, ScalingInputs, ScalingReason } from "#shared/contracts/scaling.ts";

export const SCALING_POLICY = {
	targetBusyFraction: SCALING_TARGET_BUSY_FRACTION,
	growBusyFraction: SCALING_GROW_BUSY_FRACTION,
	growSampleCount: SCALING_GROW_SAMPLE_COUNT,
	growCooldownMs: SCALING_GROW_COOLDOWN_MS,
	shrinkBusyFraction: SCALING_SHRINK_BUSY_FRACTION,
	shrinkWindowMs: SCALING_SHRINK_WINDOW_MS,
	shrinkCooldownMs: SCALING_SHRINK_COOLDOWN_MS,
	stepFactor: SCALING_STEP_FACTOR,
	sampleAgeMsMax: LOAD_SAMPLE_AGE_MS_MAX,
	/** A decision that has stood this long without an end was cut off, and is carried on by whoever looks next. */
	resumeMs: SCALING_RESUME_MS,
};
export type ScalingPolicy = typeof SCALING_POLICY;

/** @param text the binding SCALING_POLICY. What cannot be read changes nothing, and is logged */
export function policyOf(text: string | undefined): ScalingPolicy {
	try {
		return overridden(SCALING_POLICY, text);
	} catch (error) {
		log("error", "SCALING_POLICY cannot be read", { service: "operations", error: String(error) });
		return SCALING_POLICY;
	}
}

/** A change of the shard set that was made or is under way. */
export interface PastChange {
	from: number;
	to: number;
	atMs: number;
}

export interface ScalingSituation {
	/** At least those of the last sampleAgeMsMax, in any order. */
	samples: readonly LoadSample[];
	/** Highest loads of spans of time that lie in the shrink window or before it. */
	peaks: readonly { atMs: number; load: number }[];
	current: { epoch: number; shardCount: number };
	bounds: ScalingBounds;
	/** At least the last change. */
	history: readonly PastChange[];
	nowMs: number;
}

export interface Verdict {
	from: number;
	/** Equal to `from` where nothing is to change. */
	to: number;
	reason: ScalingReason;
	inputs: ScalingInputs;
}

export function decide(situation: ScalingSituation, policy: ScalingPolicy = SCALING_POLICY): Verdict {
	const { current, bounds, history, peaks, nowMs } = situation;
	const from = current.shardCount;
	const recent = recentSamples(situation, policy);
	const lastChangeAtMs = history.length === 0 ? null : Math.max(...history.map((change) => change.atMs));
	const load = loadNow(recent);
	const inputs: ScalingInputs = {
		...bounds,
		load,
		peakLoad: Math.max(load, ...peaks.filter((peak) => peak.atMs > nowMs - policy.shrinkWindowMs).map((peak) => peak.load)),
		hottestBusyFraction: hottest(recent, current.epoch, policy),
		sampleCount: recent.length,
		lastChangeAtMs,
	};
	const verdict = (to: number, reason: ScalingReason): Verdict => ({ from, to, reason, inputs });
	const wanted = wish(situation, inputs, recent, policy);
	const to = clamp(wanted.to, Math.ceil(from / policy.stepFactor), from * policy.stepFactor);
	if (to === from) return verdict(from, wanted.reason);
	const cooldownMs = to > from ? policy.growCooldownMs : policy.shrinkCooldownMs;
	if (lastChangeAtMs !== null && nowMs - lastChangeAtMs < cooldownMs) return verdict(from, "cooldown");
	return verdict(to, wanted.reason);
}

/** Before step limits and cooldowns. */
function wish(
	{ current, bounds, history }: ScalingSituation,
	inputs: ScalingInputs,
	recent: readonly LoadSample[],
	policy: ScalingPolicy,
): { to: number; reason: ScalingReason } {
	const { shardCountMin, shardCountMax } = bounds;
	const count = current.shardCount;
	if (count < shardCountMin) return { to: shardCountMin, reason: "below_minimum" };
	if (count > shardCountMax) return { to: shardCountMax, reason: "above_maximum" };
	const lastChangeAtMs = Math.max(0, ...history.map((change) => change.atMs));
	const newest = byShard(recent).map(([sample]) => sample as LoadSample);
	const overloaded = newest.some((sample) => sample.overloaded && sample.epoch === current.epoch && sample.fromMs >= lastChangeAtMs);
	if (overloaded || (inputs.hottestBusyFraction ?? 0) > policy.growBusyFraction) {
		const tracked = Math.ceil(inputs.load / policy.targetBusyFraction);
		const to = overloaded ? count * policy.stepFactor : Math.max(count + 1, tracked);
		if (count === shardCountMax) return { to: count, reason: "at_maximum" };
		return { to: Math.min(shardCountMax, to), reason: overloaded ? "overloaded" : "busy" };
	}
	const fitting = Math.max(shardCountMin, Math.ceil(inputs.peakLoad / policy.shrinkBusyFraction));
	return fitting < count ? { to: fitting, reason: "quiet" } : { to: count, reason: "steady" };
}

/** Each shard's last samples, the newest first, as far as they are of now. */
function recentSamples({ samples, nowMs }: ScalingSituation, policy: ScalingPolicy): LoadSample[] {
	return samples.filter((sample) => sample.toMs > nowMs - policy.sampleAgeMsMax).toSorted((left, right) => right.toMs - left.toMs);
}

function byShard(samples: readonly LoadSample[]): LoadSample[][] {
	return [...Map.groupBy(samples, (sample) => sample.shard).values()];
}

function loadNow(recent: readonly LoadSample[]): number {
	const means = byShard(recent).map((samples) => {
		const durationMs = samples.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
		return samples.reduce((sum, { fromMs, toMs, busyFraction }) => sum + busyFraction * (toMs - fromMs), 0) / durationMs;
	});
	return means.reduce((sum, mean) => sum + mean, 0);
}

function hottest(recent: readonly LoadSample[], epoch: number, policy: ScalingPolicy): number | null {
	const least = byShard(recent.filter((sample) => sample.epoch === epoch))
		.filter((samples) => samples.length >= policy.growSampleCount)
		.map((samples) => Math.min(...samples.slice(0, policy.growSampleCount).map((sample) => sample.busyFraction)));
	return least.length === 0 ? null : Math.max(...least);
}

function clamp(value: number, least: number, most: number): number {
	return Math.min(most, Math.max(least, value));
}
