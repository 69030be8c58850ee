/** What an isolate sends to monitoring: deltas since its last push. */
import { assert } from "#shared/base/assert.ts";
import type { LogRecord, SpanRecord } from "./telemetry.ts";

/** Histogram buckets, upper bounds in seconds. */
export const LATENCY_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
/** Of background work that waits for minutes, or, when it fails, for hours. */
const DELAY_BUCKETS_SECONDS = [1, 5, 15, 30, 60, 90, 120, 180, 300, 600, 1800, 3600, 21_600, 86_400] as const;
const ROW_BUCKETS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000] as const;
const BYTE_BUCKETS = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864, 268_435_456] as const;

/** Upper bounds of a histogram's buckets, by the unit that its name ends with; one more bucket lies beyond them. */
export function bucketBounds(name: string): readonly number[] {
	if (name.endsWith("_delay_seconds")) return DELAY_BUCKETS_SECONDS;
	if (name.endsWith("_seconds")) return LATENCY_BUCKETS_SECONDS;
	if (name.endsWith("_rows")) return ROW_BUCKETS;
	assert(name.endsWith("_bytes"), "a histogram's name ends with its unit");
	return BYTE_BUCKETS;
}

export interface MetricSample {
	name: string;
	labels: Record<string, string>;
	/** Isolates count and observe; only monitoring itself knows values that go up and down. */
	kind: "counter" | "histogram" | "gauge";
	/** Counter: the increment. Histogram: the sum of the observations. Gauge: its value. */
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
	/** Sent along where monitoring has asked for them; a repetition of the push is not sent on again. */
	spans?: SpanRecord[];
	logs?: LogRecord[];
}
