/**
 * Alerts as a pure function: the state before, what the metrics say now -> the state after, and which alerts begin to fire or are resolved. The
 * same rules as Prometheus's: a signal above its bound makes an alert pending, and, once it has stayed there for `forMinutes`, firing.
 */
import { assert, unreachable } from "#shared/base/assert.ts";
import { bucketBounds } from "#shared/contracts/metrics.ts";
import { type Measurements, selectorKey } from "./measure.ts";
import { ALERT_RULES, type AlertRule, type Selector, type Signal, type Unit } from "./rules.ts";

const MINUTE_MS = 60_000;
const WINDOW_MS_MAX = Math.max(...ALERT_RULES.map(({ signal }) => (signal.kind === "zeros" ? 0 : signal.minutes))) * MINUTE_MS;

interface Snapshot {
	atMs: number;
	measurements: Measurements;
}

export interface Episode {
	state: "pending" | "firing";
	/** When the signal went above its bound. */
	sinceMs: number;
	value: number;
}

/** What is stored between two evaluations: plain JSON. */
export interface AlertState {
	/** Oldest first: one from before the longest window, if there is one, and all since. */
	snapshots: Snapshot[];
	/** By name of the rule; absent is inactive. */
	episodes: Record<string, Episode>;
}

export interface Transition {
	kind: "firing" | "resolved";
	rule: AlertRule;
	episode: Episode;
}

export const EMPTY_ALERT_STATE: AlertState = { snapshots: [], episodes: {} };

export function evaluateAlerts(
	before: AlertState,
	measurements: Measurements,
	nowMs: number,
): { after: AlertState; transitions: Transition[] } {
	const episodes: Record<string, Episode> = {};
	const transitions: Transition[] = [];
	for (const rule of ALERT_RULES) {
		const value = signalValue(rule.signal, before.snapshots, measurements, nowMs);
		const was = before.episodes[rule.name];
		if (value === null || value <= rule.above) {
			if (was?.state === "firing") transitions.push({ kind: "resolved", rule, episode: was });
			continue;
		}
		const sinceMs = was?.sinceMs ?? nowMs;
		const isFiring = was?.state === "firing" || nowMs - sinceMs >= rule.forMinutes * MINUTE_MS;
		const episode: Episode = { state: isFiring ? "firing" : "pending", sinceMs, value };
		episodes[rule.name] = episode;
		if (isFiring && was?.state !== "firing") transitions.push({ kind: "firing", rule, episode });
	}
	const firstKept = before.snapshots.findLastIndex(({ atMs }) => atMs <= nowMs - WINDOW_MS_MAX);
	const snapshots = [...before.snapshots.slice(Math.max(0, firstKept)), { atMs: nowMs, measurements }];
	return { after: { snapshots, episodes }, transitions };
}

function signalValue(signal: Signal, snapshots: readonly Snapshot[], now: Measurements, nowMs: number): number | null {
	const increaseOf = (selector: Selector, minutes: number): number[] => increase(selector, snapshots, now, nowMs - minutes * MINUTE_MS);
	switch (signal.kind) {
		case "increase":
			return total(increaseOf(signal.of, signal.minutes));
		case "ratio": {
			const whole = total(increaseOf(signal.whole, signal.minutes));
			return whole < signal.atLeast || whole === 0 ? null : total(increaseOf(signal.part, signal.minutes)) / whole;
		}
		case "quantile": {
			const buckets = increaseOf(signal.of, signal.minutes);
			return total(buckets) < Math.max(1, signal.atLeast) ? null : quantileOf(bucketBounds(signal.of.metric), buckets, signal.quantile);
		}
		case "zeros":
			return total(now[selectorKey(signal.of)] ?? []);
		default:
			return unreachable(signal);
	}
}

/**
 * What was added since `fromMs`, by the newest snapshot that is not younger, or else the oldest there is. Before the first there is nothing to compare
 * with, and no increase. A counter that fell, as when a hub lost its last seconds, counts as not increased.
 */
function increase(selector: Selector, snapshots: readonly Snapshot[], now: Measurements, fromMs: number): number[] {
	const key = selectorKey(selector);
	const base = snapshots.findLast(({ atMs }) => atMs <= fromMs) ?? snapshots[0];
	if (base === undefined) return [];
	return (now[key] ?? []).map((value, index) => Math.max(0, value - (base.measurements[key]?.[index] ?? 0)));
}

function total(numbers: readonly number[]): number {
	return numbers.reduce((sum, value) => sum + value, 0);
}

/**
 * As `histogram_quantile`: linear inside the bucket; the last bound where it lies beyond all.
 *
 * @param buckets observations per bucket, not cumulative; not all 0
 */
function quantileOf(bounds: readonly number[], buckets: readonly number[], quantile: number): number {
	const rank = quantile * total(buckets);
	let below = 0;
	for (const [index, bound] of bounds.entries()) {
		const count = buckets[index] ?? 0;
		if (count > 0 && below + count >= rank) {
			const lower = index === 0 ? 0 : (bounds[index - 1] as number);
			return lower + (bound - lower) * ((rank - below) / count);
		}
		below += count;
	}
	const last = bounds.at(-1);
	assert(last !== undefined, "a histogram has bounds");
	return last;
}

const FORMATS: Record<Unit, (value: number) => string> = {
	ratio: (value) => `${Number((value * 100).toPrecision(4))}%`,
	seconds: (value) => `${value.toFixed(1)} s`,
	count: (value) => value.toFixed(0),
};

export function summaryOf({ summary, unit }: AlertRule, value: number): string {
	return summary.replace("{value}", FORMATS[unit](value));
}
