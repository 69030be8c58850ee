/** Logs are JSON lines on the console, where Workers Logs and a tail pick them up, and go to monitoring's sinks where there are any. */
import type { AttributeValue, LogRecord } from "#shared/contracts/telemetry.ts";
import { telemetry } from "./telemetry.ts";

export type LogLevel = LogRecord["level"];

export interface LogFields {
	service: string;
	traceId?: string;
	spanId?: string;
	parentSpanId?: string | null;
	requestId?: string;
	tenant?: string;
	[field: string]: unknown;
}

/** One line. Fields must hold no secret, no SQL text and no row. */
export function log(level: LogLevel, message: string, fields: LogFields): void {
	const atMs = Date.now();
	console.log(JSON.stringify({ at: new Date(atMs).toISOString(), level, message, ...fields }));
	telemetry.recordLog({ atMs, level, message, fields: attributes(fields) });
}

function attributes(fields: LogFields): Record<string, AttributeValue> {
	const present = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
	return Object.fromEntries(present.map(([field, value]) => [field, isAttribute(value) ? value : JSON.stringify(value)]));
}

function isAttribute(value: unknown): value is AttributeValue {
	return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
