/** `/health` says that this isolate runs; `/ready` asks all six Workers; `/metrics` shows what they counted. */
import { z } from "@hono/zod-openapi";
import { probeAll } from "../probes.ts";
import { type App, json, jsonAnswer, serve } from "./define.ts";

const Status = z.enum(["ok", "failed"]);
const HealthSchema = z.object({ status: z.literal("ok"), service: z.literal("gateway") }).openapi("Health");
const ReadySchema = z
	.object({ status: Status, services: z.record(z.string(), z.object({ status: Status, latency_ms: z.number() })) })
	.openapi("Ready");

export function healthRoutes(app: App): void {
	serve(
		app,
		{
			method: "get",
			path: "/health",
			access: "public",
			tag: "Health",
			summary: "Whether the gateway runs",
			answers: { 200: jsonAnswer("It runs.", HealthSchema) },
		},
		() => json({ status: "ok", service: "gateway" }),
	);
	serve(
		app,
		{
			method: "get",
			path: "/ready",
			access: "public",
			tag: "Health",
			summary: "Whether all six services answer",
			answers: { 200: jsonAnswer("All do.", ReadySchema), 503: jsonAnswer("At least one does not.", ReadySchema) },
		},
		async ({ env }) => {
			const services = await probeAll(env);
			const ok = Object.values(services).every(({ status }) => status === "ok");
			const answer: z.infer<typeof ReadySchema> = {
				status: ok ? "ok" : "failed",
				services: Object.fromEntries(
					Object.entries(services).map(([name, { status, latencyMs }]) => [name, { status, latency_ms: latencyMs }]),
				),
			};
			return json(answer, ok ? 200 : 503, { "Cache-Control": "no-store" });
		},
	);
	serve(
		app,
		{
			method: "get",
			path: "/metrics",
			access: "platform",
			tag: "Health",
			summary: "Metrics of all six services",
			description: "What every isolate, this one included, has pushed to monitoring.",
			answers: {
				200: { description: "Prometheus text.", content: { "text/plain": { schema: z.string() } } },
			},
			errors: ["unavailable"],
		},
		async ({ env }) =>
			new Response(await env.MONITORING.scrape(), { headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" } }),
	);
}
