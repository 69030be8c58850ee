/** Rows of an event table, small and all different, as clients of an append API send them. */

export const EVENTS_DDL =
	"CREATE TABLE events (id BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL, kind TEXT NOT NULL, amount NUMERIC(12,2)) WITH (sort_key = 'at')";

const KINDS = ["sale", "refund", "visit", "signup"];
const FIRST_MS = Date.UTC(2026, 0, 1);

function event(id: number): Record<string, unknown> {
	return { id, at: new Date(FIRST_MS + id * 1000).toISOString(), kind: KINDS[id % KINDS.length], amount: (id % 1000) / 4 };
}

/** `count` rows from number `first`, as a JSON array. */
export function eventsJson(first: number, count: number): string {
	return JSON.stringify(Array.from({ length: count }, (_, index) => event(first + index)));
}

/** Of ids that begin at 0. */
export const EVENTS_TOTAL = "SELECT count(*), sum(id), count(DISTINCT kind), sum(amount) FROM events";

/** What {@link EVENTS_TOTAL} answers over the first `count` events. */
export function eventsTotal(count: number): string[] {
	let [idSum, cents] = [0, 0];
	for (let id = 0; id < count; id++) {
		idSum += id;
		cents += (id % 1000) * 25;
	}
	return [String(count), String(idSum), String(Math.min(count, KINDS.length)), (cents / 100).toFixed(2)];
}
