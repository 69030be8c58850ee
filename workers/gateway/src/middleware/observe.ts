/** What every request gets: an id, a span, one log line, its counters. Nothing of the credential, the SQL or the rows is logged. */
import { increment, observe as observeSeconds, schedulePush } from "#shared/observability/metrics.ts";
import { log } from "#shared/observability/log.ts";
import { endSpan, startSpan } from "#shared/observability/trace.ts";
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../env.ts";
import { beat } from "../probes.ts";

const SERVICE = "gateway";

/** A path from outside may be long. */
const SPAN_PATH_LENGTH_MAX = 256;

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** A label's values are few: a client may invent methods. */
function metricMethod(method: string): string {
	return METHODS.includes(method) ? method : "other";
}

/** Outermost: what is inside has been turned into an answer when this ends. */
export function observe(): MiddlewareHandler<AppEnv> {
	return async (context, next) => {
		const { env } = context;
		const span = startSpan(context.req.header("traceparent"));
		const requestId = crypto.randomUUID();
		context.set("requestId", requestId);
		context.set("span", span);
		context.set("route", "unmatched");
		context.set("outcome", "ok");
		context.set("queryId", undefined);
		const startedAtMs = Date.now();
		await next();
		const elapsedMs = Date.now() - startedAtMs;
		const code = context.get("outcome");
		// Hono's own way to set a header of an answer that is made copies the answer each time.
		const { headers } = context.res;
		headers.set("Request-Id", requestId);
		headers.set("traceparent", span.traceparent);
		const queryId = context.get("queryId");
		if (queryId !== undefined) headers.set("Query-Id", queryId);

		const { route } = context.var;
		increment("littoral_http_requests_total", {
			service: SERVICE,
			route,
			method: metricMethod(context.req.method),
			status: `${context.res.status}`,
		});
		observeSeconds("littoral_http_request_duration_seconds", { service: SERVICE, route }, elapsedMs / 1000);
		if (code !== "ok") increment("littoral_errors_total", { service: SERVICE, code });
		const principal: AppEnv["Variables"]["principal"] | undefined = context.get("principal");
		const { status } = context.res;
		if (span.isSampled) {
			const { protocol, hostname, pathname } = new URL(context.req.url);
			endSpan(span, {
				name: `${metricMethod(context.req.method)} ${route}`,
				kind: "server",
				attributes: {
					"http.request.method": metricMethod(context.req.method),
					"http.route": route,
					"http.response.status_code": status,
					"url.scheme": protocol.slice(0, -1),
					"url.path": pathname.slice(0, SPAN_PATH_LENGTH_MAX),
					"server.address": hostname,
					"littoral.request.id": requestId,
					"littoral.query.id": queryId,
					"littoral.tenant.id": principal?.tenantId,
					"error.type": code === "ok" ? undefined : code,
				},
				isError: status >= 500,
			});
		}
		log(status >= 500 ? "error" : "info", `${context.req.method} ${route}`, {
			service: SERVICE,
			traceId: span.traceId,
			spanId: span.spanId,
			parentSpanId: span.parentSpanId,
			requestId,
			...(principal === undefined ? {} : { tenant: principal.tenantId, keyId: principal.keyId }),
			...(queryId === undefined ? {} : { queryId }),
			status,
			code,
			elapsedMs,
		});
		const { executionCtx } = context;
		beat(env, executionCtx);
		schedulePush(SERVICE, {
			waitUntil: (promise) => executionCtx.waitUntil(promise),
			push: (push) => env.MONITORING.push(push),
		});
	};
}
