/**
 * Sends an append to the shard that owns its id, through epoch changes and lost answers, under one append id (invariant W3).
 *
 * The directory that the caller remembers is a hint: the shard checks the epoch. A stale one is refreshed and the same append goes again.
 */
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import type { AppendId, TableId, TenantId } from "#shared/base/ids.ts";
import { RPC_ATTEMPT_COUNT_MAX } from "#shared/base/limits.ts";
import type { Directory } from "#shared/contracts/directory.ts";
import { routingOf } from "../directory/directory.ts";
import { rememberDirectory } from "../directory/directory-cache.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";
import { ownerOf } from "../shard/append-decision.ts";
import type { AppendOutcome, AppendRequest, Birth, Routing, ShardRpc } from "../shard/contract.ts";

/** A change of the shard set takes a few round trips; an append that meets one waits this long and tries again. */
const STALE_WAIT_MS = 50;

/** @param hint the directory as last seen, or null */
export async function appendThroughDirectory(
	ports: Ports,
	tenantId: TenantId,
	hint: Directory | null,
	append: Omit<AppendRequest, "routing" | "bornEpoch"> & { birth?: Birth | null },
): Promise<AppendOutcome> {
	const { birth = null, ...request } = append;
	return routed(ports, { tenantId, appendId: append.appendId, birth }, hint, (shard, sent) => shard.append({ ...request, ...sent }));
}

/**
 * Runs one call on the shard that owns an append id now.
 * @throws unavailable when the shard set keeps changing or an answer stays unknown; whatever else the shard throws
 */
export async function routed<Answer>(
	ports: Ports,
	id: { tenantId: TenantId; appendId: AppendId; birth: Birth | null },
	hint: Directory | null,
	call: (shard: ShardRpc, sent: { routing: Routing; bornEpoch?: number }, ordinal: number) => Promise<Answer>,
): Promise<Answer> {
	let directory = hint ?? (await readDirectory(ports, id.tenantId));
	for (let attempt = 1; ; attempt++) {
		const routing = routingOf(directory);
		const ordinal = ownerOf(id.appendId, routing);
		if (id.birth !== null) id.birth.epoch ??= routing.epoch;
		const sent = { routing, ...(id.birth === null ? {} : { bornEpoch: id.birth.epoch as number }) };
		try {
			return await untilKnown(() => call(ports.shard(id.tenantId, ordinal), sent, ordinal));
		} catch (error) {
			if (!hasCode(error, "stale_epoch")) throw error;
			if (attempt >= RPC_ATTEMPT_COUNT_MAX) {
				throw new LittoralError("unavailable", "the tenant's shards are changing; try again", { retryAfterSeconds: 1 });
			}
			if (attempt > 1) await scheduler.wait(STALE_WAIT_MS * attempt);
			directory = await readDirectory(ports, id.tenantId);
		}
	}
}

async function readDirectory(ports: Ports, tenantId: TenantId): Promise<Directory> {
	const { directory } = await untilKnown(() => ports.shard(tenantId, 0).readDirectory({ withTails: false }));
	rememberDirectory(ports, tenantId, directory);
	return directory;
}

/** Names of things in an append's key, for those who hold only its parts. */
export interface AppendKey {
	tenantId: TenantId;
	tableId: TableId;
	appendId: AppendId;
}
