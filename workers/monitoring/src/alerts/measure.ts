/** What the alerts need of the metrics, as few numbers: one per selector, kept for the longest window. */
import { unreachable } from "#shared/base/assert.ts";
import { bucketBounds, type MetricSample } from "#shared/contracts/metrics.ts";
import { ALERT_RULES, type Selector, type Signal } from "./rules.ts";

/** By selector: a counter's sum, a histogram's buckets (not cumulative), a gauge's series that are 0. */
export type Measurements = Record<string, number[]>;

function selectorsOf(signal: Signal): Selector[] {
	switch (signal.kind) {
		case "increase":
		case "quantile":
		case "zeros":
			return [signal.of];
		case "ratio":
			return [signal.part, signal.whole];
		default:
			return unreachable(signal);
	}
}

export function selectorKey({ metric, labels = {} }: Selector): string {
	return `${metric}${JSON.stringify(labels)}`;
}

const SELECTORS: readonly { key: string; matches: (sample: MetricSample) => boolean }[] = ALERT_RULES.flatMap(({ signal }) =>
	selectorsOf(signal),
).map((selector) => {
	const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
	const metric = whole(selector.metric);
	const labels = Object.entries(selector.labels ?? {}).map(([label, pattern]) => ({ label, pattern: whole(pattern) }));
	return {
		key: selectorKey(selector),
		matches: (sample) => metric.test(sample.name) && labels.every(({ label, pattern }) => pattern.test(sample.labels[label] ?? "")),
	};
});

export function measure(samples: readonly MetricSample[]): Measurements {
	const measurements: Measurements = {};
	for (const { key, matches } of SELECTORS) {
		if (measurements[key] !== undefined) continue;
		measurements[key] = samples.filter(matches).reduce<number[]>((sum, sample) => added(sum, numbersOf(sample)), []);
	}
	return measurements;
}

/** The sum of several hubs' measurements. */
export function addMeasurements(all: readonly Measurements[]): Measurements {
	const sum: Measurements = {};
	for (const measurements of all) {
		for (const [key, numbers] of Object.entries(measurements)) sum[key] = added(sum[key] ?? [], numbers);
	}
	return sum;
}

function numbersOf({ kind, value, buckets = [], name }: MetricSample): number[] {
	switch (kind) {
		case "counter":
			return [value];
		case "gauge":
			return [value === 0 ? 1 : 0];
		case "histogram":
			return Array.from({ length: bucketBounds(name).length + 1 }, (_, index) => buckets[index] ?? 0);
		default:
			return unreachable(kind);
	}
}

function added(left: readonly number[], right: readonly number[]): number[] {
	return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => (left[index] ?? 0) + (right[index] ?? 0));
}
