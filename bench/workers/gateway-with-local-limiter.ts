/**
 * The gateway with a limiter that counts where it runs, as production's does: "the counters are cached on the same machine that your Worker runs on", and nobody waits for
 * a network request (developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit). The local stand-in is a Worker and a Durable Object: two hops more.
 */
import worker from "../../workers/gateway/src/index.ts";
import type { Env } from "../../workers/gateway/src/env.ts";
import { RATE_LIMIT_PERIOD_SECONDS } from "#shared/base/limits.ts";

/** Far above what a bench sends. */
const REQUEST_COUNT = 100_000_000;

const counts = new Map<string, number>();
let periodStartMs = 0;

const limiter: RateLimit = {
	async limit({ key }) {
		const nowMs = Date.now();
		if (nowMs - periodStartMs > RATE_LIMIT_PERIOD_SECONDS * 1000) {
			counts.clear();
			periodStartMs = nowMs;
		}
		const count = (counts.get(key) ?? 0) + 1;
		counts.set(key, count);
		return { success: count <= REQUEST_COUNT };
	},
};

export default {
	...worker,
	fetch: (request: Request, env: Env, context: ExecutionContext) => worker.fetch(request, { ...env, RATE_LIMIT: limiter }, context),
};
