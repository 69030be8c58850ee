/** Directories as this isolate last saw them: routing hints for appends, which the shard checks, and tenant states no older than the API promises. */
import type { TenantId } from "#shared/base/ids.ts";
import { DIRECTORY_CACHE_COUNT_MAX, PRINCIPAL_CACHE_MS } from "#shared/base/limits.ts";
import type { Directory } from "#shared/contracts/directory.ts";
import { Lru } from "#shared/base/lru.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";

const cache = new Lru<{ directory: Directory; readAtMs: number }>(DIRECTORY_CACHE_COUNT_MAX);

export function rememberDirectory(ports: Ports, tenantId: TenantId, directory: Directory): void {
	cache.set(tenantId, { directory, readAtMs: ports.now() });
}

/** @throws tenant_not_found */
export async function recentDirectory(ports: Ports, tenantId: TenantId): Promise<Directory> {
	const known = cache.get(tenantId);
	if (known !== undefined && ports.now() - known.readAtMs < PRINCIPAL_CACHE_MS) return known.directory;
	const { directory } = await untilKnown(() => ports.shard(tenantId, 0).readDirectory({ withTails: false }));
	rememberDirectory(ports, tenantId, directory);
	return directory;
}
