/** Wraps one call of a Worker: a span, a log line, a counter, a latency; then the isolate's counters go to monitoring. */
import { isLittoralError } from "#shared/base/errors.ts";
import type { SpanKind } from "#shared/contracts/telemetry.ts";
import { log } from "./log.ts";
import { increment, observe, schedulePush } from "./metrics.ts";
import { reportError } from "./sentry.ts";
import type { ObservedEnv } from "./service-app.ts";
import { endSpan, startSpan, type Span } from "./trace.ts";

const PUSH_INTERVAL_MS = 1000;

export interface Observation {
	service: string;
	/** The RPC method or route: bounded, never with an id in it. */
	operation: string;
	env: ObservedEnv;
	ctx: { waitUntil(promise: Promise<unknown>): void };
	/** The caller's span, where there is one. */
	traceparent?: string | null | undefined;
	requestId?: string | undefined;
	tenant?: string | undefined;
	/** Of its span; an RPC method that is answered where it is absent. */
	kind?: SpanKind;
	/** A call that goes well is neither counted nor logged: a cron that found nothing to do must not wake a hub each minute. */
	isQuiet?: boolean;
	/** Of a call that goes well there is no log line: the caller's own says so, once for each request. It is counted, and has its span. */
	logsFailuresOnly?: boolean;
}

/**
 * Runs `work` and observes it. Errors pass through unchanged.
 *
 * @param work gets the new span; what it calls carries `span.traceparent`
 */
export async function observed<Result>(observation: Observation, work: (span: Span) => Promise<Result>): Promise<Result> {
	const { service, operation, env, ctx } = observation;
	const span = startSpan(observation.traceparent);
	const startedAtMs = Date.now();
	const { MONITORING } = env;
	const push = (): void => {
		if (MONITORING) schedulePush(service, { waitUntil: (promise) => ctx.waitUntil(promise), push: (delta) => MONITORING.push(delta) });
	};
	// What a long call counts is seen while it runs.
	const timer = setInterval(push, PUSH_INTERVAL_MS);
	let code = "ok";
	try {
		return await work(span);
	} catch (error) {
		code = isLittoralError(error) ? error.code : "internal_error";
		if (!isLittoralError(error)) reportError(env, ctx, error, { service, operation, traceId: span.traceId });
		throw error;
	} finally {
		clearInterval(timer);
		const elapsedMs = Date.now() - startedAtMs;
		if (code !== "ok" || observation.isQuiet !== true) {
			report(observation, span, { code, elapsedMs });
		}
		push();
	}
}

/** The counters, the span and the log line of a call that has ended. */
function report(observation: Observation, span: Span, { code, elapsedMs }: { code: string; elapsedMs: number }): void {
	const { service, operation } = observation;
	increment("littoral_calls_total", { service, operation, code });
	observe("littoral_call_duration_seconds", { service, operation }, elapsedMs / 1000);
	if (code !== "ok") increment("littoral_errors_total", { service, code });
	const isRpc = (observation.kind ?? "server") === "server";
	const target = `${service.charAt(0).toUpperCase()}${service.slice(1)}Service`;
	endSpan(span, {
		name: isRpc ? `${target}/${operation}` : operation,
		kind: observation.kind ?? "server",
		attributes: {
			...(isRpc ? { "rpc.system": "workers", "rpc.service": target, "rpc.method": operation } : {}),
			"littoral.request.id": observation.requestId,
			"littoral.tenant.id": observation.tenant,
			"error.type": code === "ok" ? undefined : code,
		},
		isError: code === "internal_error" || code === "unavailable",
	});
	if (code === "ok" && observation.logsFailuresOnly === true) return;
	log(code === "internal_error" ? "error" : "info", operation, {
		service,
		traceId: span.traceId,
		spanId: span.spanId,
		parentSpanId: span.parentSpanId,
		...(observation.requestId === undefined ? {} : { requestId: observation.requestId }),
		...(observation.tenant === undefined ? {} : { tenant: observation.tenant }),
		code,
		elapsedMs,
	});
}
