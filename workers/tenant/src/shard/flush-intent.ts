/** Flush intents in SQLite: one per table, durable, resumed and never replaced (design, section 6). */
import { randomHex, type TableId } from "#shared/base/ids.ts";

/** Rows in (lower, upper] of one table. */
export interface FlushIntent {
	intentId: string;
	lower: number;
	upper: number;
	/** Of the last data file tried; 0 before the first. */
	attempt: number;
}

export function readIntent(sql: SqlStorage, tableId: TableId): FlushIntent | null {
	const [row] = sql.exec("SELECT * FROM intent WHERE table_id = ?", tableId).toArray();
	if (row === undefined) return null;
	return {
		intentId: row["intent_id"] as string,
		lower: row["lower"] as number,
		upper: row["upper"] as number,
		attempt: row["attempt"] as number,
	};
}

export function createIntent(sql: SqlStorage, tableId: TableId, range: { lower: number; upper: number }): FlushIntent {
	const intent: FlushIntent = { intentId: `flush-${randomHex(12)}`, ...range, attempt: 0 };
	sql.exec(
		"INSERT INTO intent (table_id, intent_id, lower, upper, attempt) VALUES (?, ?, ?, ?, 0)",
		tableId,
		intent.intentId,
		intent.lower,
		intent.upper,
	);
	return intent;
}

/** Each try that may PUT is a new attempt, recorded before it: a path is never written twice with other bytes. */
export function nextAttempt(sql: SqlStorage, tableId: TableId, intentId: string): FlushIntent | null {
	sql.exec("UPDATE intent SET attempt = attempt + 1 WHERE table_id = ? AND intent_id = ?", tableId, intentId);
	const intent = readIntent(sql, tableId);
	return intent?.intentId === intentId ? intent : null;
}

export function deleteIntent(sql: SqlStorage, tableId: TableId): void {
	sql.exec("DELETE FROM intent WHERE table_id = ?", tableId);
}

export function intentCount(sql: SqlStorage): number {
	return sql.exec("SELECT count(*) AS count FROM intent").one()["count"] as number;
}
