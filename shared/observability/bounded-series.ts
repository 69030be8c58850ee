/**
 * Series by name and labels, in bounded number whatever their labels hold (invariant B1): an id that gets into a label by mistake must neither fill
 * an isolate or a hub nor lose what was counted. The first values of a label keep their own series and every later one is counted as `other`, so
 * that a metric's sum stays right and no series ever falls.
 */
import { METRIC_COUNT_MAX, METRIC_LABEL_LENGTH_MAX, METRIC_LABEL_VALUE_COUNT_MAX, METRIC_SERIES_COUNT_MAX } from "#shared/base/limits.ts";
import { bucketBounds, type MetricSample } from "#shared/contracts/metrics.ts";

export type Labels = Record<string, string>;

const OTHER = "other";

interface Metric {
	/** By labels, in order of their names. */
	series: Map<string, MetricSample>;
	/** Values that have a series of their own, by label. */
	values: Map<string, Set<string>>;
}

export class BoundedSeries {
	readonly #metrics = new Map<string, Metric>();
	/** Samples of metrics beyond METRIC_COUNT_MAX: lost. */
	droppedSampleCount = 0;
	/** Samples that were counted as `other`. */
	overflowSampleCount = 0;

	/** @returns the series to count in, made where there is none; null where there are too many metrics */
	find(kind: "counter" | "histogram", name: string, labels: Labels): MetricSample | null {
		let metric = this.#metrics.get(name);
		if (metric === undefined) {
			if (this.#metrics.size >= METRIC_COUNT_MAX) {
				this.droppedSampleCount++;
				return null;
			}
			metric = { series: new Map(), values: new Map() };
			this.#metrics.set(name, metric);
		}
		const bounded = boundedLabels(metric, labels);
		const key = seriesKey(bounded.labels);
		if (bounded.overflows) this.overflowSampleCount++;
		let sample = metric.series.get(key);
		if (sample === undefined) {
			sample = { name, labels: bounded.labels, kind, value: 0 };
			if (kind === "histogram") sample.buckets = Array.from({ length: bucketBounds(name).length + 1 }, () => 0);
			metric.series.set(key, sample);
		}
		return sample;
	}

	/** Adds a counter's or a histogram's delta. */
	add(delta: MetricSample): void {
		if (delta.kind === "gauge") return;
		const total = this.find(delta.kind, delta.name, delta.labels);
		if (total !== null) addSample(total, delta);
	}

	samples(): MetricSample[] {
		return [...this.#metrics.values()].flatMap(({ series }) => [...series.values()]);
	}

	get isEmpty(): boolean {
		return this.#metrics.size === 0;
	}
}

/** Adds `delta` to `total`, a series of the same name and labels. */
export function addSample(total: MetricSample, delta: MetricSample): void {
	total.value += delta.value;
	for (const [index, count] of (delta.buckets ?? []).entries()) {
		if (total.buckets?.[index] !== undefined) total.buckets[index] += count;
	}
}

/** The same for the same labels in any order. */
export function seriesKey(labels: Labels): string {
	return JSON.stringify(Object.entries(labels).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function boundedLabels(metric: Metric, labels: Labels): { labels: Labels; overflows: boolean } {
	let overflows = false;
	const bounded: Labels = {};
	for (const [label, full] of Object.entries(labels)) {
		const value = full.slice(0, METRIC_LABEL_LENGTH_MAX);
		let values = metric.values.get(label);
		if (values === undefined) metric.values.set(label, (values = new Set()));
		const isKnown = values.has(value) || values.size < METRIC_LABEL_VALUE_COUNT_MAX;
		if (isKnown) values.add(value);
		else overflows = true;
		bounded[label] = isKnown ? value : OTHER;
	}
	if (metric.series.size < METRIC_SERIES_COUNT_MAX || metric.series.has(seriesKey(bounded))) return { labels: bounded, overflows };
	// Many values of several labels: what is left of them is the service, which a scrape asks for.
	const collapsed = Object.entries(bounded).map(([label, value]) => [label, label === "service" ? value : OTHER]);
	return { labels: Object.fromEntries(collapsed) as Labels, overflows: true };
}
