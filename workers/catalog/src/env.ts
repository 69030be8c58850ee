import type { JobPointer } from "#shared/contracts/job.ts";
import type { MonitoringRpc } from "#shared/contracts/rpc.ts";

/** `CATALOG_1` and so on are added as bindings only: `database/bindings.ts` finds them by name. */
export interface Env {
	CATALOG_0: D1Database;
	DATA: R2Bucket;
	COMPACTION: Queue<JobPointer>;
	MONITORING: MonitoringRpc;
	SENTRY_DSN?: string;
}
