/**
 * Spans and log lines of this isolate, held until the next push of its metrics takes them to monitoring. Bounded, and dropped with a count where that is
 * not enough: nothing here waits for anything.
 */
import { TELEMETRY_BUFFER_COUNT_MAX } from "#shared/base/limits.ts";
import type { LogRecord, SpanRecord, TelemetrySettings } from "#shared/contracts/telemetry.ts";

/** The buffers, separate from the isolate's own for tests. */
export class TelemetryBuffer {
	#spans: SpanRecord[] = [];
	#logs: LogRecord[] = [];
	/** Null before the first answer of monitoring: what happens until then is kept. */
	#settings: TelemetrySettings | null = null;
	#droppedCount = 0;

	recordSpan(span: SpanRecord): void {
		if (this.#settings?.traceRatio === 0) return;
		if (this.#spans.length < TELEMETRY_BUFFER_COUNT_MAX) this.#spans.push(span);
		else this.#droppedCount++;
	}

	recordLog(record: LogRecord): void {
		if (this.#settings?.logs === false) return;
		if (this.#logs.length < TELEMETRY_BUFFER_COUNT_MAX) this.#logs.push(record);
		else this.#droppedCount++;
	}

	/** Empties the buffers. */
	take(): { spans: SpanRecord[]; logs: LogRecord[] } {
		const taken = { spans: this.#spans, logs: this.#logs };
		this.#spans = [];
		this.#logs = [];
		return taken;
	}

	/** How many have been dropped since it was asked last. */
	takeDroppedCount(): number {
		const count = this.#droppedCount;
		this.#droppedCount = 0;
		return count;
	}

	/** @param settings of monitoring; an older one says nothing, and wants nothing */
	configure(settings: TelemetrySettings = { traceRatio: 0, logs: false }): void {
		this.#settings = settings;
		if (settings.traceRatio === 0) this.#spans = [];
		if (!settings.logs) this.#logs = [];
	}

	/** Of new traces; all, until monitoring has said. */
	get traceRatio(): number {
		return this.#settings?.traceRatio ?? 1;
	}
}

export const telemetry = new TelemetryBuffer();
