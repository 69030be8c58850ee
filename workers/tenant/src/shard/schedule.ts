/**
 * Due work of a shard: one row per piece, one alarm at the earliest. A piece that fails is due again later, the longer the more often it failed.
 * An idle tenant's table is empty, and it has no alarm.
 */
const WORK_KINDS = ["flush", "purge", "merge", "change", "drain", "forget", "empty"] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

export interface Work {
	kind: WorkKind;
	/** A table id; "" for work on the whole shard; of a purge, also the bound. */
	key: string;
	dueMs: number;
	failures: number;
}

const BACKOFF_FIRST_MS = 500;
const BACKOFF_LAST_MS = 60_000;

/**
 * Adds a piece, or makes it due earlier; never later. A piece that failed keeps its time: whoever is in a hurry would make it fail in a loop. Where nothing
 * changes no row is written, and none is paid for: most appends find their table's flush due already.
 *
 * @returns whether something changed, so that the alarm may have to
 */
export function scheduleWork(sql: SqlStorage, work: { kind: WorkKind; key?: string; dueMs: number }): boolean {
	const cursor = sql.exec(
		`INSERT INTO schedule (kind, key, due_ms) VALUES (?, ?, ?)
			ON CONFLICT (kind, key) DO UPDATE SET due_ms = excluded.due_ms WHERE failures = 0 AND excluded.due_ms < due_ms`,
		work.kind,
		work.key ?? "",
		work.dueMs,
	);
	return cursor.rowsWritten > 0;
}

/** Replaces the time at which a piece is due. */
export function postponeWork(sql: SqlStorage, work: { kind: WorkKind; key: string; dueMs: number; failures: number }): void {
	sql.exec("UPDATE schedule SET due_ms = ?, failures = ? WHERE kind = ? AND key = ?", work.dueMs, work.failures, work.kind, work.key);
}

export function finishWork(sql: SqlStorage, kind: WorkKind, key: string): void {
	sql.exec("DELETE FROM schedule WHERE kind = ? AND key = ?", kind, key);
}

export function dueWork(sql: SqlStorage, nowMs: number): Work[] {
	return sql.exec("SELECT * FROM schedule WHERE due_ms <= ? ORDER BY due_ms", nowMs).toArray().map(fromSql);
}

export function earliestDueMs(sql: SqlStorage): number | null {
	return sql.exec("SELECT min(due_ms) AS due_ms FROM schedule").one()["due_ms"] as number | null;
}

function fromSql(row: Record<string, SqlStorageValue>): Work {
	return {
		kind: row["kind"] as WorkKind,
		key: row["key"] as string,
		dueMs: row["due_ms"] as number,
		failures: row["failures"] as number,
	};
}

export function backoffMs(failures: number): number {
	return Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures, 10));
}

/** How long a piece has been due, its failures and the waits after them included. */
export function delayMs({ dueMs, failures }: Work, nowMs: number): number {
	let waitedMs = 0;
	for (let failure = 0; failure < failures; failure++) waitedMs += backoffMs(failure);
	return Math.max(0, nowMs - dueMs) + waitedMs;
}
