/** The one row of a shard: who it is, its epoch, its last sequence number, and the usage that is billed (counted in the append's transaction). */
import type { ShardOrdinal, TenantId } from "#shared/base/ids.ts";
import type { ShardSet } from "#shared/contracts/directory.ts";
import { newerRouting, pruneHistory } from "./append-decision.ts";
import type { Routing, ShardIdentity } from "./contract.ts";

export interface ShardRow {
	tenantId: TenantId;
	ordinal: ShardOrdinal;
	routing: Routing;
	/** Of the last append, of any table. */
	sequence: number;
	unflushedBytes: number;
	/** Unflushed and flushed but not purged. */
	retainedBytes: number;
}

/** The sets of shards as they were last parsed: an append reads the row twice, and they change once in a while. */
let parsed: { text: string; history: ShardSet[] } = { text: "[]", history: [] };

function parseHistory(text: string): ShardSet[] {
	if (text !== parsed.text) parsed = { text, history: JSON.parse(text) as ShardSet[] };
	return parsed.history;
}

/** @returns null in a shard that was never opened or was emptied; its tables exist where this is asked */
export function readShard(sql: SqlStorage): ShardRow | null {
	const [row] = sql.exec("SELECT * FROM shard").toArray();
	if (row === undefined) return null;
	return {
		tenantId: row["tenant_id"] as TenantId,
		ordinal: row["ordinal"] as number,
		routing: { epoch: row["epoch"] as number, history: parseHistory(row["history"] as string) },
		sequence: row["sequence"] as number,
		unflushedBytes: row["unflushed_bytes"] as number,
		retainedBytes: row["retained_bytes"] as number,
	};
}

/** Stores who the shard is, before its first epoch; later calls change nothing. */
export function identify(sql: SqlStorage, { tenantId, ordinal }: ShardIdentity): void {
	sql.exec(
		"INSERT INTO shard (only, tenant_id, ordinal, epoch, history) VALUES (0, ?, ?, 0, '[]') ON CONFLICT DO NOTHING",
		tenantId,
		ordinal,
	);
}

/**
 * A shard that receives a newer epoch than its own first stores it (design, section 5). Writes only when something changes.
 * @param options `opens`: lets a shard begin to accept; others leave a shard that is not open as it is
 */
export function storeRouting(sql: SqlStorage, carried: Routing, { nowMs, opens }: { nowMs: number; opens: boolean }): void {
	const shard = readShard(sql);
	if (shard === null || (shard.routing.epoch === 0 && !opens)) return;
	const newer = newerRouting(shard.routing, carried);
	if (newer === shard.routing) return;
	const pruned = pruneHistory(newer, nowMs);
	sql.exec("UPDATE shard SET epoch = ?, history = ?", pruned.epoch, JSON.stringify(pruned.history));
}

/** @returns the append's sequence number, and the shard that it is now in */
export function countAppend(
	sql: SqlStorage,
	append: { rowCount: number; byteCount: number },
): { sequence: number; ordinal: ShardOrdinal; unflushedBytes: number } {
	const row = sql
		.exec(
			`UPDATE shard SET sequence = sequence + 1, unflushed_bytes = unflushed_bytes + ?1, retained_bytes = retained_bytes + ?1,
				appended_rows = appended_rows + ?2, appended_bytes = appended_bytes + ?1, appended_count = appended_count + 1
				RETURNING sequence, ordinal, unflushed_bytes`,
			append.byteCount,
			append.rowCount,
		)
		.one();
	return {
		sequence: row["sequence"] as number,
		ordinal: row["ordinal"] as number,
		unflushedBytes: row["unflushed_bytes"] as number,
	};
}

/** Bulk rows never pass through the tail; they are billed here all the same. */
export function countBulkUsage(sql: SqlStorage, rowCount: number): void {
	sql.exec("UPDATE shard SET appended_rows = appended_rows + ?, appended_count = appended_count + 1", rowCount);
}

export function countFlushed(sql: SqlStorage, byteCount: number): void {
	sql.exec("UPDATE shard SET unflushed_bytes = unflushed_bytes - ?", byteCount);
}

export function countPurged(sql: SqlStorage, byteCount: number): void {
	sql.exec("UPDATE shard SET retained_bytes = retained_bytes - ?", byteCount);
}
