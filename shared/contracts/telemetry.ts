/** Spans and log lines on their way from an isolate to monitoring, which sends them on where an operator has configured it to. */

export type AttributeValue = string | number | boolean;

/** As OpenTelemetry has them: a request or call that is answered, one that is made, work that nobody asked for just now, a message of a queue. */
export type SpanKind = "server" | "client" | "internal" | "consumer";

/** A span that has ended. */
export interface SpanRecord {
	/** 32 and 16 lower-case hex digits. */
	traceId: string;
	spanId: string;
	parentSpanId: string | null;
	name: string;
	kind: SpanKind;
	startMs: number;
	endMs: number;
	attributes: Record<string, AttributeValue>;
	/** Our failure, not a mistake of whoever called. */
	isError: boolean;
}

export interface LogRecord {
	atMs: number;
	level: "info" | "warn" | "error";
	message: string;
	/** Service, trace and request ids among them. */
	fields: Record<string, AttributeValue>;
}

/** What monitoring wants of the isolates: told in the answer to each push, so that all is configured in one place. */
export interface TelemetrySettings {
	/** Share of new traces that are recorded, from 0 (none, and no spans) to 1. */
	traceRatio: number;
	logs: boolean;
}
