/** `GET /v1/status`: alerts that fire, and what probes have found within a day. For the platform's operator. */
import { z } from "@hono/zod-openapi";
import type { PlatformStatus } from "#shared/contracts/rpc.ts";
import { type App, json, jsonAnswer, serve } from "./define.ts";

const StatusSchema = z
	.object({
		status: z.enum(["ok", "warning", "critical"]).openapi({ description: "The gravest severity of the alerts." }),
		alerts: z.array(
			z.object({
				name: z.string().openapi({ example: "LittoralHighErrorRate" }),
				severity: z.enum(["warning", "critical"]),
				since: z.iso.datetime().openapi({ description: "When its condition began to hold." }),
				summary: z.string().openapi({ example: "12.5% of requests ended with a 5xx." }),
			}),
		),
		history: z
			.record(z.string(), z.array(z.object({ at: z.iso.datetime(), status: z.enum(["ok", "failed"]), latency_ms: z.number() })))
			.openapi({ description: "By service, oldest first: the last 24 hours, a probe a minute while there were requests." }),
	})
	.openapi("Status");

function statusBody({ alerts, history }: PlatformStatus): z.infer<typeof StatusSchema> {
	const byService = Object.groupBy(history, ({ service }) => service);
	return {
		status: alerts.some(({ severity }) => severity === "critical") ? "critical" : alerts.length > 0 ? "warning" : "ok",
		alerts: alerts.map(({ name, severity, sinceMs, summary }) => ({ name, severity, since: new Date(sinceMs).toISOString(), summary })),
		history: Object.fromEntries(
			Object.entries(byService).map(([service, records = []]) => [
				service,
				records.map(({ atMs, status, latencyMs }) => ({ at: new Date(atMs).toISOString(), status, latency_ms: latencyMs })),
			]),
		),
	};
}

export function statusRoutes(app: App): void {
	serve(
		app,
		{
			method: "get",
			path: "/v1/status",
			access: "platform",
			tag: "Health",
			summary: "Alerts and health history",
			description:
				"Alerts are evaluated once a minute while there are requests. The same rules for Prometheus: `deploy/prometheus/rules.yml`.",
			answers: { 200: jsonAnswer("What fires now, and what probes have found.", StatusSchema) },
			errors: ["unavailable"],
		},
		async ({ env }) => json(statusBody(await env.MONITORING.status()), 200, { "Cache-Control": "no-store" }),
	);
}
