/** What wrangler.toml binds; see `workers/tenant/wrangler.toml`. */
import type { CatalogRpc, MonitoringRpc, OptimizerRpc, Signal } from "#shared/contracts/rpc.ts";
import type { TenantShard } from "./shard/tenant-shard.ts";

export interface Env {
	DATA: R2Bucket;
	CATALOG: CatalogRpc;
	OPTIMIZER: OptimizerRpc;
	MONITORING: MonitoringRpc;
	SHARDS: DurableObjectNamespace<TenantShard>;
	SIGNALS: Queue<Signal>;
	/** Replaces numbers of `shard/load-meter.ts`, as JSON. */
	LOAD_MEASURE?: string;
}
