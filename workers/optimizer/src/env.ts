import type { CatalogRpc, MonitoringRpc } from "#shared/contracts/rpc.ts";

export interface Env {
	OPTIMIZER_DB: D1Database;
	CATALOG: CatalogRpc;
	MONITORING: MonitoringRpc;
	/** "off": estimates do not learn from runs. */
	LEARNING?: string;
	SENTRY_DSN?: string;
}
