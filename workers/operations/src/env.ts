import type { CatalogRpc, MonitoringRpc, OptimizerRpc, Signal, TenantRpc } from "#shared/contracts/rpc.ts";

export interface Env {
	OPERATIONS_DB: D1Database;
	TENANT: TenantRpc;
	CATALOG: CatalogRpc;
	OPTIMIZER: OptimizerRpc;
	MONITORING: MonitoringRpc;
	SIGNALS: Queue<Signal>;
	/** Replaces numbers of the policy of scaling (`scaling/policy.ts`), as JSON. */
	SCALING_POLICY?: string;
	SENTRY_DSN?: string;
}
