/** W3C trace context: one trace id per request from outside, one span id per hop. @see https://www.w3.org/TR/trace-context/ */
import { randomHex } from "#shared/base/ids.ts";
import type { AttributeValue, SpanKind } from "#shared/contracts/telemetry.ts";
import { telemetry } from "./telemetry.ts";

export interface Span {
	traceId: string;
	spanId: string;
	/** The span that called, null at the edge. */
	parentSpanId: string | null;
	/** Header value that names this span as the parent of what it calls. */
	traceparent: string;
	/** Whether the trace is recorded: decided where it begins, the same in all of it. */
	isSampled: boolean;
	startMs: number;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 0x01;

/** A child of `traceparent`; a missing or malformed one starts a new trace, as the recommendation asks. */
export function startSpan(traceparent?: string | null): Span {
	const match = TRACEPARENT.exec(traceparent ?? "");
	const valid = match !== null && !/^0+$/.test(match[1] as string) && !/^0+$/.test(match[2] as string);
	const traceId = valid ? (match[1] as string) : randomHex(16);
	const spanId = randomHex(8);
	const isSampled = valid ? (Number.parseInt(match[3] as string, 16) & SAMPLED) === SAMPLED : isInRatio(traceId, telemetry.traceRatio);
	return {
		traceId,
		spanId,
		parentSpanId: valid ? (match[2] as string) : null,
		traceparent: `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`,
		isSampled,
		startMs: Date.now(),
	};
}

/** By the 56 random bits at the id's end, as OpenTelemetry samples: whoever else decides by them decides the same. */
export function isInRatio(traceId: string, ratio: number): boolean {
	return Number.parseInt(traceId.slice(-14), 16) < ratio * 2 ** 56;
}

/** Records a span that has ended, where its trace is recorded. */
export function endSpan(
	span: Span,
	ended: { name: string; kind: SpanKind; attributes: Record<string, AttributeValue | undefined>; isError: boolean },
): void {
	if (!span.isSampled) return;
	const { traceId, spanId, parentSpanId, startMs } = span;
	const attributes: Record<string, AttributeValue> = {};
	for (const [name, value] of Object.entries(ended.attributes)) if (value !== undefined) attributes[name] = value;
	telemetry.recordSpan({ ...ended, attributes, traceId, spanId, parentSpanId, startMs, endMs: Date.now() });
}
