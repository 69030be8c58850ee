import type { CatalogRpc, MonitoringRpc } from "#shared/contracts/rpc.ts";

export interface Env {
	OPTIMIZER_DB: D1Database;
	CATALOG: CatalogRpc;
	MONITORING: MonitoringRpc;
	SENTRY_DSN?: string;
}
