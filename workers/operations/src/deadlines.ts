/** Every call of a Worker below operations has its time: one that never answers ends what waits for it as unavailable, and holds up nobody else (invariant B1). */
import { BELOW_OPERATIONS_ANSWER_MS_MAX } from "#shared/base/limits.ts";
import { timedCalls } from "#shared/base/timed-calls.ts";
import type { Env } from "./env.ts";

/** The bindings, whose calls end as `unavailable` where no answer comes. What has changed by then is found and carried on by whoever asks again. */
export function withDeadlines(env: Env): Env {
	return {
		...env,
		TENANT: timed("the tenant Worker", env.TENANT),
		CATALOG: timed("the catalog Worker", env.CATALOG),
		OPTIMIZER: timed("the optimizer Worker", env.OPTIMIZER),
		MONITORING: timed("the monitoring Worker", env.MONITORING),
	};
}

/** @param what as the error's text names it */
function timed<Rpc extends object>(what: string, service: Rpc): Rpc {
	return timedCalls(service, { what: () => what, limitMs: () => BELOW_OPERATIONS_ANSWER_MS_MAX });
}
