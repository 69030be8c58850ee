/** Load of shards, as they report it through the queue `signals`, and what autoscaling makes of it. */
import type { ShardOrdinal } from "#shared/base/ids.ts";

/** What one shard did in a window of time. Only shards that work report: no sample means no load. */
export interface LoadSample {
	shard: ShardOrdinal;
	/** The shard's epoch at the end of the window, and how many shards accept appends in it. */
	epoch: number;
	activeCount: number;
	fromMs: number;
	toMs: number;
	appendCount: number;
	appendedBytes: number;
	/** Work done over work that fits the window; above 1 where the shard is faster than it is taken to be. */
	busyFraction: number;
	/** Rows not yet flushed, at the end of the window. */
	tailBytes: number;
	/** Appends refused because the tail was full. */
	refusedCount: number;
	/** The shard does not keep up: it asks for help at once. */
	overloaded: boolean;
}

/** The least and the most shards that autoscaling gives a tenant; equal, it keeps that number. */
export interface ScalingBounds {
	shardCountMin: number;
	shardCountMax: number;
}

/** `cron`: each minute. `signal`: an overloaded shard. `manual`: the administrator. */
export type ScalingTrigger = "cron" | "signal" | "manual";

export type ScalingReason =
	/** A shard did not keep up. */
	| "overloaded"
	/** A shard was above the upper mark in each of its last samples. */
	| "busy"
	/** The highest load of the last while fits fewer shards. */
	| "quiet"
	| "below_minimum"
	| "above_maximum"
	| "manual"
	// No change:
	| "steady"
	| "cooldown"
	| "at_maximum";

/** What a decision rested on. Loads are in shards: 1.5 keeps one and a half of them busy. */
export interface ScalingInputs extends ScalingBounds {
	/** Load now: of each shard the mean of its last samples. */
	load: number;
	/** Highest load in the window that shrinking looks at. */
	peakLoad: number;
	/** Least of its last samples' busy fractions, of the busiest shard that has enough of them; null where none has. */
	hottestBusyFraction: number | null;
	sampleCount: number;
	/** End of the last change; null where none is known. */
	lastChangeAtMs: number | null;
}

/** `applying` until the shard set is settled; `superseded`: another change came first. */
export type ScalingOutcome = "applying" | "applied" | "failed" | "superseded";

export interface ScalingDecision {
	/** Counts a tenant's decisions from 1. */
	number: number;
	from: number;
	to: number;
	reason: ScalingReason;
	trigger: ScalingTrigger;
	/** Null for a manual change. */
	inputs: ScalingInputs | null;
	outcome: ScalingOutcome;
	/** Of the set that it made. */
	epoch: number | null;
	decidedAt: string;
	finishedAt: string | null;
}

export interface ScalingDescription extends ScalingBounds {
	/** As operations knows it: from the last change or a shard's report. */
	shardCount: number;
	epoch: number;
	/** What the policy would do now, and why. */
	verdict: { to: number; reason: ScalingReason; inputs: ScalingInputs };
	/** Newest first, of the last minutes. */
	samples: LoadSample[];
	/** Newest first. */
	decisions: ScalingDecision[];
	nextCursor: string | null;
}
