/**
 * How busy a shard is, measured by what can be measured.
 *
 * A Worker's clock stands still while its code runs, so the time that the shard computes cannot be taken. Its work can be counted: a commit is one of
 * the {@link SHARD_COMMITS_PER_SECOND} that a Durable Object stores in a second, an append one of the {@link SHARD_REQUESTS_PER_SECOND} requests that it serves,
 * and its bytes have their share of what one shard takes in and flushes. Small appends share commits, so that whichever of the two is nearer to its end counts.
 * The busy fraction of a window is that work over the window. Reading is left out: every query reads every shard, so more shards do not
 * make less of it. What a shard never sees is its own queue: requests that wait for it count once they are served, so that a shard which cannot keep
 * up reports a fraction about 1, never its demand.
 *
 * Counts live in memory and end with the instance: whatever is lost so was not load worth scaling for. Pure: the time is given.
 */
import {
	LOAD_SAMPLE_MS,
	LOAD_SIGNAL_MS,
	OVERLOADED_BUSY_FRACTION,
	OVERLOADED_TAIL_BYTES,
	SHARD_APPENDED_BYTES_PER_SECOND,
	SHARD_COMMITS_PER_SECOND,
	SHARD_REQUESTS_PER_SECOND,
} from "#shared/base/limits.ts";
import { overridden } from "#shared/base/override.ts";
import { log } from "#shared/observability/log.ts";
import type { LoadSample } from "#shared/contracts/scaling.ts";

const LOAD_MEASURE = {
	commitsPerSecond: SHARD_COMMITS_PER_SECOND,
	requestsPerSecond: SHARD_REQUESTS_PER_SECOND,
	appendedBytesPerSecond: SHARD_APPENDED_BYTES_PER_SECOND,
	sampleMs: LOAD_SAMPLE_MS,
	signalMs: LOAD_SIGNAL_MS,
	overloadedBusyFraction: OVERLOADED_BUSY_FRACTION,
	overloadedTailBytes: OVERLOADED_TAIL_BYTES,
};
export type LoadMeasure = typeof LOAD_MEASURE;

/** @param text the binding LOAD_MEASURE. What cannot be read changes nothing: a slip in a tuning knob must not keep shards from storing rows */
export function measureOf(text: string | undefined): LoadMeasure {
	try {
		return overridden(LOAD_MEASURE, text);
	} catch (error) {
		log("error", "LOAD_MEASURE cannot be read", { service: "tenant", error: String(error) });
		return LOAD_MEASURE;
	}
}

export class LoadMeter {
	readonly #measure: LoadMeasure;
	#fromMs: number | null = null;
	#appendCount = 0;
	#commitCount = 0;
	#appendedBytes = 0;
	#refusedCount = 0;

	constructor(measure: LoadMeasure = LOAD_MEASURE) {
		this.#measure = measure;
	}

	/** Appends that were handled, and the commits that they took: a duplicate is work all the same. The first one opens a window. */
	count({ appendCount, commitCount, byteCount }: { appendCount: number; commitCount: number; byteCount: number }, nowMs: number): void {
		this.#fromMs ??= nowMs;
		this.#appendCount += appendCount;
		this.#commitCount += commitCount;
		this.#appendedBytes += byteCount;
	}

	countRefusal(nowMs: number): void {
		this.#fromMs ??= nowMs;
		this.#refusedCount++;
	}

	/** The window that is over, or null while it goes on. It begins anew where it ended, so that a shard at work leaves no gap. */
	take(describe: () => Pick<LoadSample, "shard" | "epoch" | "activeCount" | "tailBytes">, nowMs: number): LoadSample | null {
		const { sampleMs, signalMs, overloadedBusyFraction, overloadedTailBytes } = this.#measure;
		if (this.#fromMs === null) return null;
		const elapsedMs = nowMs - this.#fromMs;
		if (elapsedMs < signalMs) return null;
		const shard = describe();
		const busyFraction = this.#busyFraction(elapsedMs);
		const overloaded = this.#refusedCount > 0 || busyFraction >= overloadedBusyFraction || shard.tailBytes >= overloadedTailBytes;
		if (!overloaded && elapsedMs < sampleMs) return null;
		const sample: LoadSample = {
			...shard,
			fromMs: this.#fromMs,
			toMs: nowMs,
			appendCount: this.#appendCount,
			appendedBytes: this.#appendedBytes,
			busyFraction,
			refusedCount: this.#refusedCount,
			overloaded,
		};
		// After a long rest the next append opens a window of its own.
		this.#fromMs = elapsedMs > 2 * sampleMs ? null : nowMs;
		this.#appendCount = 0;
		this.#commitCount = 0;
		this.#appendedBytes = 0;
		this.#refusedCount = 0;
		return sample;
	}

	#busyFraction(elapsedMs: number): number {
		const { commitsPerSecond, requestsPerSecond, appendedBytesPerSecond } = this.#measure;
		const storedSeconds = Math.max(this.#commitCount / commitsPerSecond, this.#appendCount / requestsPerSecond);
		const workSeconds = storedSeconds + this.#appendedBytes / appendedBytesPerSecond;
		return (workSeconds * 1000) / elapsedMs;
	}
}
