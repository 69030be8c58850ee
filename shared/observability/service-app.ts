/** The Hono app that every Worker exports by default, with what all six have in common. */
import { isLittoralError } from "#shared/base/errors.ts";
import type { MetricsPush } from "#shared/contracts/metrics.ts";
import type { TelemetrySettings } from "#shared/contracts/telemetry.ts";
import { Hono } from "hono";
import { reportError, type SentryEnv } from "./sentry.ts";

/** A Worker's environment as far as observability needs it. */
export interface ObservedEnv extends SentryEnv {
	MONITORING?: { push(push: MetricsPush): Promise<TelemetrySettings>; scrape(service?: string): Promise<string> };
}

/**
 * `/health` says that the isolate runs, `/metrics` what monitoring has counted for this service. An internal Worker has no route from outside;
 * these answer over a service binding, `wrangler dev` and tests.
 */
export function serviceApp<Env extends ObservedEnv>(service: string): Hono<{ Bindings: Env }> {
	const app = new Hono<{ Bindings: Env }>();
	app.get("/health", (context) => context.json({ status: "ok", service }));
	app.get("/metrics", async (context) => {
		const text = (await context.env.MONITORING?.scrape(service)) ?? "";
		return context.text(text, 200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" });
	});
	app.notFound((context) => context.json({ status: 404, code: "not_found" }, 404));
	app.onError((error, context) => {
		if (!isLittoralError(error)) reportError(context.env, context.executionCtx, error, { service });
		return context.json({ status: 500, code: isLittoralError(error) ? error.code : "internal_error" }, 500);
	});
	return app;
}
