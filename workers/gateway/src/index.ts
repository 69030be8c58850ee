/** The gateway: the only Worker that the outside sees. HTTPS in, RPC out; what it owns is who may do what. */
import { log } from "#shared/observability/log.ts";
import { createApp } from "./app.ts";
import { withDeadlines } from "./deadlines.ts";
import type { Env } from "./env.ts";
import { finishChanges } from "./identity/tenant-changes.ts";

const app = createApp();

/** The cron's work: what was interrupted is finished. Monitoring hears of it only where that fails. */
async function everyMinute(env: Env): Promise<void> {
	const startedAtMs = Date.now();
	try {
		await finishChanges(env, startedAtMs);
	} catch (error) {
		log("error", "cron", { service: "gateway", error: String(error) });
		const atMs = Date.now();
		await env.MONITORING.recordHealth([{ service: "gateway", status: "failed", latencyMs: atMs - startedAtMs, atMs }]);
	}
}

export default {
	fetch: (request: Request, env: Env, context: ExecutionContext) => app.fetch(request, withDeadlines(env), context),
	async scheduled(_controller, env): Promise<void> {
		await everyMinute(withDeadlines(env));
	},
} satisfies ExportedHandler<Env>;
