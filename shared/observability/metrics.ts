/**
 * Counters and histograms of this isolate, pushed to monitoring as numbered deltas.
 *
 * A delta is cut once and kept until monitoring has answered for it: a repetition carries the same number and is not counted again. At most
 * one push of an isolate is under way; what is counted meanwhile goes with the next.
 */
import { randomHex } from "#shared/base/ids.ts";
import { bucketBounds, type MetricsPush } from "#shared/contracts/metrics.ts";
import type { TelemetrySettings } from "#shared/contracts/telemetry.ts";
import { BoundedSeries, type Labels } from "./bounded-series.ts";
import { telemetry, TelemetryBuffer } from "./telemetry.ts";

/** Counted things are gathered this long before they are pushed. */
const PUSH_DELAY_MS = 250;
/** A push older than this belonged to a request that was cut off; another takes over. */
const PUSH_STALE_MS = 20_000;

/** The accumulator, separate from the isolate's one for tests. */
export class MetricsRegistry {
	/** Made at the first push: workerd allows no randomness at module scope. */
	#isolateId = "";
	#series = new BoundedSeries();
	#sequence = 0;
	#unanswered: MetricsPush | null = null;
	/** Goes along with each delta. */
	readonly #telemetry: TelemetryBuffer;

	constructor(buffer: TelemetryBuffer = new TelemetryBuffer()) {
		this.#telemetry = buffer;
	}

	increment(name: string, labels: Labels = {}, by = 1): void {
		const sample = this.#series.find("counter", name, labels);
		if (sample) sample.value += by;
	}

	observe(name: string, labels: Labels, value: number): void {
		const sample = this.#series.find("histogram", name, labels);
		if (!sample) return;
		sample.value += value;
		const bounds = bucketBounds(name);
		const bucket = bounds.findIndex((bound) => value <= bound);
		const buckets = sample.buckets as number[];
		const index = bucket < 0 ? bounds.length : bucket;
		buckets[index] = (buckets[index] as number) + 1;
	}

	/** The delta to push now: the unanswered one again, or a new one; null when there is nothing. */
	cut(service: string): MetricsPush | null {
		if (this.#unanswered !== null) return this.#unanswered;
		if (this.#series.isEmpty) return null;
		const lost: [name: string, labels: Labels, count: number][] = [
			["littoral_metrics_overflow_samples_total", { service }, this.#series.overflowSampleCount],
			["littoral_metrics_dropped_samples_total", { service }, this.#series.droppedSampleCount],
			["littoral_telemetry_dropped_total", { service, where: "isolate" }, this.#telemetry.takeDroppedCount()],
		];
		for (const [name, labels, count] of lost) if (count > 0) this.increment(name, labels, count);
		const { spans, logs } = this.#telemetry.take();
		this.#isolateId ||= randomHex(8);
		this.#unanswered = { isolateId: this.#isolateId, sequence: ++this.#sequence, service, samples: this.#series.samples(), spans, logs };
		this.#series = new BoundedSeries();
		return this.#unanswered;
	}

	/** Monitoring has counted the delta that {@link cut} gave. */
	answered(): void {
		this.#unanswered = null;
	}

	get empty(): boolean {
		return this.#unanswered === null && this.#series.isEmpty;
	}
}

const registry = new MetricsRegistry(telemetry);
let pushStartedAtMs = 0;

/** Adds to a counter of this isolate. Names end in `_total`; label values are few and bounded. */
export function increment(name: string, labels: Labels = {}, by = 1): void {
	registry.increment(name, labels, by);
}

/** Adds an observation to a histogram of this isolate. Names end in the unit: `_seconds`, `_rows` or `_bytes`; a `_delay_seconds` may be hours. */
export function observe(name: string, labels: Labels, value: number): void {
	registry.observe(name, labels, value);
}

/** What a push needs of `ctx` and `env`. */
export interface PushTarget {
	waitUntil(promise: Promise<unknown>): void;
	push(push: MetricsPush): Promise<TelemetrySettings>;
}

/** Sees to it that what was counted reaches monitoring soon, outside the request's own time. */
export function schedulePush(service: string, target: PushTarget): void {
	if (registry.empty || Date.now() - pushStartedAtMs < PUSH_STALE_MS) return;
	pushStartedAtMs = Date.now();
	target.waitUntil(pushAll(service, target));
}

async function pushAll(service: string, target: PushTarget): Promise<void> {
	try {
		await new Promise((wake) => setTimeout(wake, PUSH_DELAY_MS));
		for (let delta = registry.cut(service); delta !== null; delta = registry.cut(service)) {
			telemetry.configure(await target.push(delta));
			registry.answered();
		}
	} catch {
		// The delta is kept and goes again with the next request: observability never fails what it observes.
	} finally {
		pushStartedAtMs = 0;
	}
}
