/** Totals of every series, merged from pushes: pure state that the hub keeps and stores. */
import type { MetricSample, MetricsPush } from "#shared/contracts/metrics.ts";

/** Beyond this many series a hub drops new ones and counts them: labels are bounded, a mistake must not fill the object. */
const SERIES_MAX = 5000;
/** Isolates whose last number is remembered; the least recently seen is forgotten first. */
const ISOLATE_COUNT_MAX = 10_000;

export interface HubState {
	series: Map<string, MetricSample>;
	/** Isolate id -> highest number counted; insertion order is order of last use. */
	sequences: Map<string, number>;
	droppedSampleCount: number;
}

export function emptyState(): HubState {
	return { series: new Map(), sequences: new Map(), droppedSampleCount: 0 };
}

/** Counts a push once. @returns false when its number was counted before */
export function applyPush(state: HubState, push: MetricsPush): boolean {
	const last = state.sequences.get(push.isolateId) ?? 0;
	if (push.sequence <= last) return false;
	state.sequences.delete(push.isolateId);
	state.sequences.set(push.isolateId, push.sequence);
	if (state.sequences.size > ISOLATE_COUNT_MAX) state.sequences.delete(state.sequences.keys().next().value as string);
	for (const sample of push.samples) {
		const key = `${sample.name}|${JSON.stringify(sample.labels)}`;
		const total = state.series.get(key);
		if (total !== undefined) addSample(total, sample);
		else if (state.series.size < SERIES_MAX) state.series.set(key, structuredClone(sample));
		else state.droppedSampleCount++;
	}
	return true;
}

/** Adds `sample` to `total`, a series of the same name and labels. */
export function addSample(total: MetricSample, sample: MetricSample): void {
	total.value += sample.value;
	if (total.buckets && sample.buckets) {
		for (let index = 0; index < total.buckets.length; index++) {
			total.buckets[index] = (total.buckets[index] as number) + (sample.buckets[index] ?? 0);
		}
	}
}

/** The stored form: JSON of arrays. */
export function encodeState(state: HubState): string {
	return JSON.stringify({
		version: 1,
		series: [...state.series.values()],
		sequences: [...state.sequences],
		dropped: state.droppedSampleCount,
	});
}

export function decodeState(text: string): HubState {
	const stored = JSON.parse(text) as { series: MetricSample[]; sequences: [string, number][]; dropped: number };
	return {
		series: new Map(stored.series.map((sample) => [`${sample.name}|${JSON.stringify(sample.labels)}`, sample])),
		sequences: new Map(stored.sequences),
		droppedSampleCount: stored.dropped,
	};
}
