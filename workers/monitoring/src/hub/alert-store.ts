/** The state of alerts as one stored value, with the time of the next evaluation. */
import { type AlertState, EMPTY_ALERT_STATE } from "../alerts/evaluate.ts";

export interface StoredAlerts {
	alerts: AlertState;
	/** Null while nothing happens: then there is nothing to evaluate, and no alarm. */
	evaluateAtMs: number | null;
}

export function loadAlerts(sql: SqlStorage): StoredAlerts {
	sql.exec("CREATE TABLE IF NOT EXISTS alerting (only INTEGER PRIMARY KEY CHECK (only = 0), text TEXT NOT NULL)");
	const [row] = sql.exec<{ text: string }>("SELECT text FROM alerting").toArray();
	return row === undefined ? { alerts: EMPTY_ALERT_STATE, evaluateAtMs: null } : (JSON.parse(row.text) as StoredAlerts);
}

export function storeAlerts(sql: SqlStorage, stored: StoredAlerts): void {
	sql.exec("INSERT OR REPLACE INTO alerting VALUES (0, ?)", JSON.stringify(stored));
}
