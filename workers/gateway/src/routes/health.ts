/** `/health` says that this isolate runs; `/ready` asks all six Workers; `/metrics` shows what they counted. */
import { z } from "@hono/zod-openapi";
import type { ServiceProbe } from "#shared/contracts/rpc.ts";
import type { Env } from "../env.ts";
import { type App, json, jsonAnswer, serve } from "./define.ts";

/** A service that has not answered by then is not ready. */
const PROBE_MS_MAX = 5000;

const Status = z.enum(["ok", "failed"]);
const HealthSchema = z.object({ status: z.literal("ok"), service: z.literal("gateway") }).openapi("Health");
const ReadySchema = z
	.object({ status: Status, services: z.record(z.string(), z.object({ status: Status, latency_ms: z.number() })) })
	.openapi("Ready");

const BELOW_OPERATIONS = ["tenant", "optimizer", "catalog", "monitoring"] as const;
type Services = Record<"gateway" | "operations" | (typeof BELOW_OPERATIONS)[number], ServiceProbe>;

async function within<Result>(work: Promise<Result>): Promise<Result> {
	const { promise, reject } = Promise.withResolvers<never>();
	const timer = setTimeout(() => reject(new Error("no answer in time")), PROBE_MS_MAX);
	try {
		return await Promise.race([work, promise]);
	} finally {
		clearTimeout(timer);
	}
}

async function probe(check: () => Promise<unknown>): Promise<ServiceProbe> {
	const startedAtMs = Date.now();
	let status: ServiceProbe["status"] = "ok";
	try {
		await within(check());
	} catch {
		status = "failed";
	}
	return { status, latencyMs: Date.now() - startedAtMs };
}

/** All six. Operations answers for the four below it; where it does not answer, nothing is known of them, and that is a failure. */
async function probeAll(env: Env): Promise<Services> {
	const below = async (): Promise<Pick<Services, (typeof BELOW_OPERATIONS)[number]>> => {
		try {
			return await within(env.OPERATIONS.probe());
		} catch {
			const failed: ServiceProbe = { status: "failed", latencyMs: 0 };
			return { tenant: failed, optimizer: failed, catalog: failed, monitoring: failed };
		}
	};
	const [gateway, operations, { tenant, optimizer, catalog, monitoring }] = await Promise.all([
		probe(() => env.IDENTITY.prepare("SELECT count(*) FROM signing_keys").run()),
		probe(() => env.OPERATIONS.ready()),
		below(),
	]);
	return { gateway, operations, tenant, optimizer, catalog, monitoring };
}

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
