/** Table schemas by name as this isolate last saw them. A hint: the shard refuses rows below the table's minimum schema version. */
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { SCHEMA_CACHE_AGE_MS_MAX, SCHEMA_CACHE_COUNT_MAX } from "#shared/base/limits.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { Lru } from "#shared/base/lru.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";

const cache = new Lru<{ schema: TableSchema; readAtMs: number }>(SCHEMA_CACHE_COUNT_MAX);

/** Where a table of the name was made or dropped by this isolate: an upload too large to be read again would be refused for the old schema. */
export function forgetSchema(tenantId: TenantId, table: string): void {
	cache.delete(`${tenantId}/${table}`);
}

/**
 * @param options `fresh`: asks the catalog's primary
 * @throws table_not_found
 */
export async function schemaOf(ports: Ports, tenantId: TenantId, table: string, options: { fresh: boolean }): Promise<TableSchema> {
	const key = `${tenantId}/${table}`;
	const known = options.fresh ? undefined : cache.get(key);
	if (known !== undefined && ports.now() - known.readAtMs < SCHEMA_CACHE_AGE_MS_MAX) return known.schema;
	cache.delete(key);
	const readAtMs = ports.now();
	for (const fresh of options.fresh ? [true] : [false, true]) {
		const [snapshot] = await untilKnown(() => ports.catalog.readSnapshots(tenantId, [{ table: { name: table }, fresh }]));
		if (!snapshot) continue;
		cache.set(key, { schema: snapshot.schema, readAtMs });
		return snapshot.schema;
	}
	throw new LittoralError("table_not_found", `table "${table}" does not exist`);
}
