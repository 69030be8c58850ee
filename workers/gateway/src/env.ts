/** What the gateway is bound to; `wrangler.toml` of the root is its configuration. */
import type { CatalogRpc, MonitoringRpc, OperationsRpc, TenantRpc } from "#shared/contracts/rpc.ts";
import type { Span } from "#shared/observability/trace.ts";
import type { Principal } from "./identity/principal.ts";

export interface Env {
	IDENTITY: D1Database;
	OPERATIONS: OperationsRpc;
	TENANT: TenantRpc;
	CATALOG: CatalogRpc;
	MONITORING: MonitoringRpc;
	/** Absent: no limit per key. */
	RATE_LIMIT?: RateLimit;
	/** `iss` of the tokens made here. */
	TOKEN_ISSUER: string;
	/** Secret: bearer of platform administration. Absent: nobody may administer. */
	ADMIN_KEY?: string;
	/** Secret: seals the private signing keys in D1; ADMIN_KEY serves where it is absent. */
	TOKEN_KEY?: string;
	SENTRY_DSN?: string;
}

/** Hono's view: the bindings, and what middleware learns about a request. */
export interface AppEnv {
	Bindings: Env;
	Variables: {
		requestId: string;
		span: Span;
		/** Path pattern, for metrics and logs: bounded, never with a name in it. */
		route: string;
		/** Error code of the answer; `ok` without one. */
		outcome: string;
		/** Set on routes that act for a tenant, once its credential is verified. */
		principal: Principal;
		/** Set on `/v1/sql` from the start, so that its errors carry it too. */
		queryId: string | undefined;
	};
}
