/** Tenant with its operations counted. */
import { countedHandlers, countedObject } from "../counted.ts";
import worker, { TenantShard as ProductShard } from "../../../workers/tenant/src/index.ts";

export * from "../../../workers/tenant/src/index.ts";
export const TenantShard = countedObject(ProductShard, "TenantShard");
export default countedHandlers(worker);
