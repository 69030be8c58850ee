/** What an isolate sends to monitoring: deltas since its last push. */

/** Histogram buckets, upper bounds in seconds. */
export const LATENCY_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

export interface MetricSample {
	name: string;
	labels: Record<string, string>;
	kind: "counter" | "histogram";
	/** Counter: the increment. Histogram: the sum of the observations. */
	value: number;
	/** Histogram: observations per bucket (not cumulative), the last beyond every bound. */
	buckets?: number[];
}

export interface MetricsPush {
	/** Random id of the pushing isolate. */
	isolateId: string;
	/** From 1, per isolate; a number seen before is not counted again. */
	sequence: number;
	service: string;
	samples: MetricSample[];
}
