/** Logs are JSON lines on the console, where Workers Logs and a tail pick them up. */
export type LogLevel = "info" | "warn" | "error";

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
	console.log(JSON.stringify({ at: new Date().toISOString(), level, message, ...fields }));
}
