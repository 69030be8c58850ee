/**
 * Whether each service answers: asked by `/ready`, and with the first request of a minute, for the health history. An idle platform is not asked, and costs
 * nothing.
 */
import { answeredWithin } from "#shared/base/answered-within.ts";
import { PROBE_ANSWER_MS_MAX } from "#shared/base/limits.ts";
import type { ServiceProbe } from "#shared/contracts/rpc.ts";
import { log } from "#shared/observability/log.ts";
import type { Env } from "./env.ts";

const BELOW_OPERATIONS = ["tenant", "optimizer", "catalog", "monitoring"] as const;
export type Services = Record<"gateway" | "operations" | (typeof BELOW_OPERATIONS)[number], ServiceProbe>;

async function probe(check: () => Promise<unknown>): Promise<ServiceProbe> {
	const startedAtMs = Date.now();
	let status: ServiceProbe["status"] = "ok";
	try {
		await answeredWithin(PROBE_ANSWER_MS_MAX, "a service", check());
	} catch {
		status = "failed";
	}
	return { status, latencyMs: Date.now() - startedAtMs };
}

/** Asks all six. Operations answers for the four below it; where it does not answer, nothing is known of them, and that is a failure. */
export async function probeAll(env: Env): Promise<Services> {
	const below = async (): Promise<Pick<Services, (typeof BELOW_OPERATIONS)[number]>> => {
		try {
			return await answeredWithin(PROBE_ANSWER_MS_MAX, "the operations Worker", env.OPERATIONS.probe());
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

const MINUTE_MS = 60_000;
/** Of the last heartbeat of this isolate. */
let lastMinute = 0;

/** Asks all six in the background, once a minute and isolate, and has monitoring record the answers. */
export function beat(env: Env, context: { waitUntil(promise: Promise<unknown>): void }): void {
	const minute = Math.floor(Date.now() / MINUTE_MS);
	if (minute === lastMinute) return;
	lastMinute = minute;
	context.waitUntil(recordProbes(env));
}

async function recordProbes(env: Env): Promise<void> {
	try {
		const services = Object.entries(await probeAll(env));
		const atMs = Date.now();
		await env.MONITORING.recordHealth(services.map(([service, { status, latencyMs }]) => ({ service, status, latencyMs, atMs })));
	} catch (error) {
		log("warn", "heartbeat", { service: "gateway", error: String(error) });
	}
}
