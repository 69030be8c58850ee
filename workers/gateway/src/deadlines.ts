/** Every call of a Worker behind the gateway has its time: one that never answers ends the request as unavailable, and holds up nobody else (invariant B1). */
import { WORKER_ANSWER_MS_MAX } from "#shared/base/limits.ts";
import { timedCalls } from "#shared/base/timed-calls.ts";
import type { TenantRpc } from "#shared/contracts/rpc.ts";
import type { Env } from "./env.ts";

export const TENANT_WORKER = "the tenant Worker";

/** Bodies and results take as long as they take: their routes say how long that may be. */
const TIMED_BY_ROUTE: readonly (keyof TenantRpc)[] = ["ingest", "query"];

let limitMs = (): number => WORKER_ANSWER_MS_MAX;

/** For tests, which do not wait so long; asked once a call has begun. */
export function installAnswerLimit(limit: () => number): void {
	limitMs = limit;
}

/** The bindings, whose calls end as `unavailable` where no answer comes. */
export function withDeadlines(env: Env): Env {
	return {
		...env,
		OPERATIONS: timed("the operations Worker", env.OPERATIONS),
		TENANT: timed(TENANT_WORKER, env.TENANT, TIMED_BY_ROUTE),
		CATALOG: timed("the catalog Worker", env.CATALOG),
		MONITORING: timed("the monitoring Worker", env.MONITORING),
	};
}

/** @param what as the error's text names it */
function timed<Rpc extends object>(what: string, service: Rpc, untimed: readonly string[] = []): Rpc {
	return timedCalls(service, { what: () => what, limitMs: (method) => (untimed.includes(method) ? null : limitMs()) });
}
