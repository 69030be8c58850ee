/** W3C trace context: one trace id per request from outside, one span id per hop. @see https://www.w3.org/TR/trace-context/ */
import { randomHex } from "#shared/base/ids.ts";

export interface Span {
	traceId: string;
	spanId: string;
	/** The span that called, null at the edge. */
	parentSpanId: string | null;
	/** Header value that names this span as the parent of what it calls. */
	traceparent: string;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** A child of `traceparent`; a missing or malformed one starts a new trace, as the recommendation asks. */
export function startSpan(traceparent?: string | null): Span {
	const match = TRACEPARENT.exec(traceparent ?? "");
	const valid = match !== null && !/^0+$/.test(match[1] as string) && !/^0+$/.test(match[2] as string);
	const traceId = valid ? (match[1] as string) : randomHex(16);
	const spanId = randomHex(8);
	return { traceId, spanId, parentSpanId: valid ? (match[2] as string) : null, traceparent: `00-${traceId}-${spanId}-01` };
}
