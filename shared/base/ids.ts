/** Branded identifiers: a table's id cannot be passed where a tenant's is meant. */
import { toHex } from "./hash.ts";

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Random, never reused; every storage key, object name and cache key begins with it (invariant T1). 24 lower-case hex digits. */
export type TenantId = Branded<string, "TenantId">;
/** Random, never reused, also not by a table of the same name. 24 lower-case hex digits. */
export type TableId = Branded<string, "TableId">;
/** Stable number of a column within its table; also the Parquet field id. Counts from 1. */
export type FieldId = number;
/** Position of a shard in its tenant, from 0; never reused. Shard 0 hosts the directory. */
export type ShardOrdinal = number;
/** Names a change of a snapshot; a commit with a known id is answered from the first one. */
export type CommitId = Branded<string, "CommitId">;
/** Names an append; scoped to tenant and table (invariant W3). */
export type AppendId = Branded<string, "AppendId">;

/** Random bytes, drawn many at once: a draw costs more than the bytes. Filled at the first use, since workerd allows no randomness at module scope; none is given twice. */
const drawn = new Uint8Array(4096);
let drawnUsed = drawn.byteLength;

/** @param byteCount at most 4096 @returns so many random bytes as lower-case hex. */
export function randomHex(byteCount: number): string {
	if (drawnUsed + byteCount > drawn.byteLength) {
		crypto.getRandomValues(drawn);
		drawnUsed = 0;
	}
	return toHex(drawn.subarray(drawnUsed, (drawnUsed += byteCount)));
}

export const newTenantId = (): TenantId => randomHex(12) as TenantId;
export const newTableId = (): TableId => randomHex(12) as TableId;
export const newAppendId = (): AppendId => `auto-${randomHex(16)}` as AppendId;

/** 24 lower-case hex digits: the milliseconds since 1970, then random. In order of time as far as clocks agree. */
export function newSortableId(nowMs: number): string {
	return nowMs.toString(16).padStart(12, "0") + randomHex(6);
}

/** R2 key of a data file. An attempt is never written over: a retry with other bytes is a new attempt. */
export function dataFilePath(file: { tenantId: TenantId; tableId: TableId; intentId: string; attempt: number }): string {
	return `data/${file.tenantId}/${file.tableId}/${file.intentId}-${file.attempt}.parquet`;
}

export function manifestPath(manifest: { tenantId: TenantId; tableId: TableId; manifestId: string }): string {
	return `manifests/${manifest.tenantId}/${manifest.tableId}/${manifest.manifestId}.lman`;
}

/** R2 prefix of what a table can be rebuilt from, were D1 lost. */
export function backupPrefix(table: { tenantId: TenantId; tableId: TableId }): string {
	return `backup/${table.tenantId}/${table.tableId}/`;
}

/** R2 prefix of a query's spill blocks, or of a spooled upload. */
export function spillPrefix(spill: { tenantId: TenantId; queryId: string }): string {
	return `spill/${spill.tenantId}/${spill.queryId}/`;
}

/** Name of a shard's Durable Object. */
export function shardName(tenantId: TenantId, ordinal: ShardOrdinal): string {
	return `${tenantId}/${ordinal}`;
}
