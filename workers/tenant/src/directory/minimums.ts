/** Raising a table's minimum versions: in the directory first, then in every shard that accepts or is read (design, sections 6 and 7). */
import { assert } from "#shared/base/assert.ts";
import type { TenantId } from "#shared/base/ids.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";
import type { MinimumRaise } from "../shard/contract.ts";
import { readShards } from "./directory.ts";
import { rememberDirectory } from "./directory-cache.ts";

/** Before a bulk commit, or a duplicate of one, is acknowledged: cached snapshots below it are refetched from now on (invariant Q2). */
export async function raiseSnapshotMinimum(ports: Ports, tenantId: TenantId, raise: Omit<MinimumRaise, "schemaVersion">): Promise<void> {
	await untilKnown(() => ports.shard(tenantId, 0).raiseMinimum({ ...raise, schemaVersion: 0, ofDirectory: true }));
}

/** Before a schema change is acknowledged. The directory's answer names the shards: one that is added later is opened with the minimum. */
export async function raiseSchemaMinimum(ports: Ports, tenantId: TenantId, raise: MinimumRaise): Promise<void> {
	const directory = await untilKnown(() => ports.shard(tenantId, 0).raiseMinimum({ ...raise, ofDirectory: true }));
	assert(directory !== null, "shard 0 has the directory");
	rememberDirectory(ports, tenantId, directory);
	const others = readShards(directory).filter((ordinal) => ordinal !== 0);
	await Promise.all(others.map((ordinal) => untilKnown(() => ports.shard(tenantId, ordinal).raiseMinimum({ ...raise, tenantId }))));
}
