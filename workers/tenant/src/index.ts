/** Tenant: ingest, tails, flush, query coordination. Called by the gateway and operations; owns the shards of every tenant. */
import kernels from "#shared/engine/kernels/build/kernels.wasm";
import { installKernels } from "#shared/engine/kernels/kernels.ts";
import { serviceApp } from "#shared/observability/service-app.ts";
import type { Env } from "./env.ts";

export { TenantService } from "./service.ts";
export { TenantShard } from "./shard/tenant-shard.ts";

installKernels(kernels);

const app = serviceApp<Env>("tenant");
export default app;
