/** Totals of every series, merged from pushes: pure state that the hub keeps and stores. */
import type { MetricSample, MetricsPush } from "#shared/contracts/metrics.ts";
import { BoundedSeries } from "#shared/observability/bounded-series.ts";

/** Isolates whose last number is remembered; the least recently seen is forgotten first. */
const ISOLATE_COUNT_MAX = 10_000;

export interface HubState {
	series: BoundedSeries;
	/** Isolate id -> highest number counted; insertion order is order of last use. */
	sequences: Map<string, number>;
}

export function emptyState(): HubState {
	return { series: new BoundedSeries(), sequences: new Map() };
}

/** Counts a push once. @returns false when its number was counted before */
export function applyPush(state: HubState, push: MetricsPush): boolean {
	const last = state.sequences.get(push.isolateId) ?? 0;
	if (push.sequence <= last) return false;
	state.sequences.delete(push.isolateId);
	state.sequences.set(push.isolateId, push.sequence);
	if (state.sequences.size > ISOLATE_COUNT_MAX) state.sequences.delete(state.sequences.keys().next().value as string);
	for (const sample of push.samples) state.series.add(sample);
	return true;
}

/** The hub's own series, as it shows them. */
export function hubSamples({ series }: HubState): MetricSample[] {
	const counter = (name: string, value: number): MetricSample => ({ name, labels: { service: "monitoring" }, kind: "counter", value });
	return [
		...series.samples(),
		counter("littoral_metrics_dropped_samples_total", series.droppedSampleCount),
		counter("littoral_metrics_overflow_samples_total", series.overflowSampleCount),
	];
}

/** The stored form: JSON of arrays. */
export function encodeState({ series, sequences }: HubState): string {
	return JSON.stringify({
		version: 1,
		series: series.samples(),
		sequences: [...sequences],
		dropped: series.droppedSampleCount,
		overflow: series.overflowSampleCount,
	});
}

export function decodeState(text: string): HubState {
	const stored = JSON.parse(text) as { series: MetricSample[]; sequences: [string, number][]; dropped: number; overflow?: number };
	const series = new BoundedSeries();
	for (const sample of stored.series) series.add(sample);
	series.droppedSampleCount = stored.dropped;
	series.overflowSampleCount = stored.overflow ?? 0;
	return { series, sequences: new Map(stored.sequences) };
}
