/** The hub's totals as one stored value, in pieces below the 2 MB that SQLite takes here. */
import { decodeState, emptyState, encodeState, type HubState } from "./series.ts";

const CHUNK_CHARACTERS = 500_000;

export function loadTotals(sql: SqlStorage): HubState {
	sql.exec("CREATE TABLE IF NOT EXISTS state (chunk INTEGER PRIMARY KEY, text TEXT NOT NULL)");
	const text = sql
		.exec<{ text: string }>("SELECT text FROM state ORDER BY chunk")
		.toArray()
		.map((row) => row.text)
		.join("");
	return text === "" ? emptyState() : decodeState(text);
}

export function storeTotals(storage: DurableObjectStorage, state: HubState): void {
	const text = encodeState(state);
	storage.transactionSync(() => {
		storage.sql.exec("DELETE FROM state");
		for (let start = 0; start < text.length; start += CHUNK_CHARACTERS) {
			storage.sql.exec("INSERT INTO state VALUES (?, ?)", start / CHUNK_CHARACTERS, text.slice(start, start + CHUNK_CHARACTERS));
		}
	});
}
