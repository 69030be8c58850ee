/** Append ids in SQLite: hash, result and expiry of each append, and bulk claims (invariant W3). They expire lazily: no alarm waits for them. */
import type { AppendId, CommitId, TableId } from "#shared/base/ids.ts";
import { APPEND_ID_TTL_MS, BULK_CLAIM_MS } from "#shared/base/limits.ts";
import type { AppendResult, IdRecord } from "./contract.ts";

/** Each time so many appends have come, up to so many expired ids are removed: more than came, so that they never pile up. */
const REMOVE_EVERY_APPENDS = 16;
const EXPIRED_REMOVED_COUNT = 64;

export interface IdKey {
	tableId: TableId;
	appendId: AppendId;
}

/** An id that has expired counts as unknown. */
export function readId(sql: SqlStorage, key: IdKey, nowMs: number): IdRecord | null {
	const [row] = sql
		.exec("SELECT * FROM append_id WHERE table_id = ? AND append_id = ? AND expires_at_ms > ?", key.tableId, key.appendId, nowMs)
		.toArray();
	if (row === undefined) return null;
	const expiresAtMs = row["expires_at_ms"] as number;
	if (row["claim_expires_at_ms"] !== null) {
		return {
			state: "claimed",
			hash: row["hash"] as string | null,
			expiresAtMs,
			commitId: row["commit_id"] as CommitId,
			claimant: row["claimant"] as string,
			claimExpiresAtMs: row["claim_expires_at_ms"] as number,
			rowCount: row["row_count"] as number | null,
		};
	}
	const result: AppendResult = {
		rowCount: row["row_count"] as number,
		shard: row["shard"] as number,
		sequence: row["sequence"] as number,
		snapshotVersion: row["snapshot_version"] as number | null,
	};
	return { state: "done", hash: row["hash"] as string, expiresAtMs, result };
}

/** Also turns a claim into its result. */
export function storeResult(sql: SqlStorage, key: IdKey, hash: string, result: AppendResult, nowMs: number): void {
	sql.exec(
		`INSERT OR REPLACE INTO append_id (table_id, append_id, hash, expires_at_ms, row_count, shard, sequence, snapshot_version)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		key.tableId,
		key.appendId,
		hash,
		nowMs + APPEND_ID_TTL_MS,
		result.rowCount,
		result.shard,
		result.sequence,
		result.snapshotVersion,
	);
	if (result.sequence % REMOVE_EVERY_APPENDS === 0) removeExpired(sql, nowMs);
}

/** Grants a claim, or grants an expired one again: the commit id stays, so that at most one of the claimants commits. */
export function storeClaim(
	sql: SqlStorage,
	key: IdKey,
	claim: { hash: string | null; commitId: CommitId; claimant: string },
	nowMs: number,
): void {
	sql.exec(
		`INSERT OR REPLACE INTO append_id (table_id, append_id, hash, expires_at_ms, commit_id, claimant, claim_expires_at_ms)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
		key.tableId,
		key.appendId,
		claim.hash,
		nowMs + APPEND_ID_TTL_MS,
		claim.commitId,
		claim.claimant,
		nowMs + BULK_CLAIM_MS,
	);
	removeExpired(sql, nowMs);
}

/** A sealed claim as a former owner had it. */
export function storeExpiredClaim(
	sql: SqlStorage,
	key: IdKey,
	claim: { hash: string; rowCount: number; commitId: CommitId; claimant: string; claimExpiresAtMs: number },
	nowMs: number,
): void {
	sql.exec(
		`INSERT OR REPLACE INTO append_id (table_id, append_id, hash, expires_at_ms, row_count, commit_id, claimant, claim_expires_at_ms)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		key.tableId,
		key.appendId,
		claim.hash,
		nowMs + APPEND_ID_TTL_MS,
		claim.rowCount,
		claim.commitId,
		claim.claimant,
		claim.claimExpiresAtMs,
	);
}

/** Of a claim that stands. */
export function storeSeal(sql: SqlStorage, key: IdKey, seal: { hash: string; rowCount: number }, nowMs: number): void {
	sql.exec(
		"UPDATE append_id SET hash = ?, row_count = ?, claim_expires_at_ms = ? WHERE table_id = ? AND append_id = ?",
		seal.hash,
		seal.rowCount,
		nowMs + BULK_CLAIM_MS,
		key.tableId,
		key.appendId,
	);
}

export function removeId(sql: SqlStorage, key: IdKey): void {
	sql.exec("DELETE FROM append_id WHERE table_id = ? AND append_id = ?", key.tableId, key.appendId);
}

function removeExpired(sql: SqlStorage, nowMs: number): void {
	sql.exec(
		`DELETE FROM append_id WHERE (table_id, append_id) IN
			(SELECT table_id, append_id FROM append_id WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?)`,
		nowMs,
		EXPIRED_REMOVED_COUNT,
	);
}
