/** Empties every shard that the tenant ever had, the newest first; shard 0 comes last, since it knows the others. */
import { SHARD_COUNT_MAX } from "#shared/base/limits.ts";
import type { ShardContext } from "../shard/context.ts";
import { untilKnown } from "../retry.ts";
import { loadDirectory, storeDirectory } from "./directory-store.ts";

/**
 * One bounded step, resumable.
 * @returns whether only shard 0 is left
 */
export async function deleteTenantStep(context: ShardContext): Promise<boolean> {
	const directory = loadDirectory(context.sql);
	const end = directory.emptyFrom ?? directory.nextOrdinal;
	const start = Math.max(1, end - SHARD_COUNT_MAX);
	context.storage.transactionSync(() => storeDirectory(context.sql, { ...loadDirectory(context.sql), state: "deleting" }));
	const ordinals = Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
	await Promise.all(ordinals.map((ordinal) => untilKnown(() => context.ports.shard(context.tenantId(), ordinal).empty())));
	context.storage.transactionSync(() => storeDirectory(context.sql, { ...loadDirectory(context.sql), emptyFrom: start }));
	return start === 1;
}
