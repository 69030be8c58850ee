/** What the parts of one shard share. */
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import type { Ports } from "../ports.ts";
import { readShard, type ShardRow } from "./shard-row.ts";

export interface ShardContext {
	storage: DurableObjectStorage;
	sql: SqlStorage;
	ports: Ports;
	/** Of a shard that is open. */
	tenantId(): TenantId;
}

/** @throws stale_epoch in a shard that is not open: whoever sends to it has an old directory, or a new shard is about to open */
export function openShard(sql: SqlStorage): ShardRow {
	const shard = readShard(sql);
	if (shard === null || shard.routing.epoch === 0) throw new LittoralError("stale_epoch", "the shard is not open");
	return shard;
}

export function identityOf(sql: SqlStorage): TenantId {
	const shard = readShard(sql);
	assert(shard !== null, "a shard that works for a tenant knows its id");
	return shard.tenantId;
}
