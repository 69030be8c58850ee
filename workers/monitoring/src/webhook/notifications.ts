/**
 * Notifications of alerts on their way to the webhook: stored, in order, each repeated with the same id until the receiver takes it. One for the
 * beginning of an episode and one for its end, named after it, so that nothing is sent twice that was taken once; a receiver that lost its answer sees
 * the id again.
 */
import { ALERT_NOTIFICATION_ATTEMPT_COUNT_MAX, ALERT_NOTIFICATION_COUNT_MAX, ALERT_WEBHOOK_TIMEOUT_MS } from "#shared/base/limits.ts";
import { summaryOf, type Transition } from "../alerts/evaluate.ts";
import { signedHeaders } from "./sign.ts";

const BACKOFF_FIRST_MS = 10_000;
const BACKOFF_LAST_MS = 900_000;

export interface WebhookTarget {
	url: string;
	secret: string;
}

interface Notification {
	sequence: number;
	id: string;
	body: string;
	attempts: number;
	dueMs: number;
}

/** Of one attempt or one notification. */
type Outcome = "delivered" | "failed" | "dropped";

/** Bytes of an answer are never read; its status is what counts. */
type Send = (url: string, init: RequestInit) => Promise<{ ok: boolean }>;

export class NotificationQueue {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		sql.exec(
			"CREATE TABLE IF NOT EXISTS notification (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL)",
		);
	}

	/** @returns how many older ones had to go, because the webhook has failed for so long */
	add(transitions: readonly Transition[], nowMs: number): number {
		for (const transition of transitions) {
			const { id, body } = notificationOf(transition, nowMs);
			this.#sql.exec("INSERT OR IGNORE INTO notification (id, body, due_ms) VALUES (?, ?, ?)", id, body, nowMs);
		}
		const surplus = Math.max(0, this.#count() - ALERT_NOTIFICATION_COUNT_MAX);
		this.#sql.exec("DELETE FROM notification WHERE sequence IN (SELECT sequence FROM notification ORDER BY sequence LIMIT ?)", surplus);
		return surplus;
	}

	/** When the first of them is due; null without any. */
	dueMs(): number | null {
		return this.#first()?.dueMs ?? null;
	}

	/** Sends what is due, in order, up to the first that fails: a resolved alert is never announced before its beginning. */
	async deliver(target: WebhookTarget, clock: { now(): number }, count: (outcome: Outcome) => void, send: Send = fetch): Promise<void> {
		for (let next = this.#first(); next !== null && next.dueMs <= clock.now(); next = this.#first()) {
			const taken = await attempt(next, target, clock.now(), send);
			count(taken ? "delivered" : "failed");
			const attempts = next.attempts + 1;
			if (!taken && attempts < ALERT_NOTIFICATION_ATTEMPT_COUNT_MAX) {
				const dueMs = clock.now() + backoffMs(attempts);
				this.#sql.exec("UPDATE notification SET attempts = ?, due_ms = ? WHERE sequence = ?", attempts, dueMs, next.sequence);
				return;
			}
			if (!taken) count("dropped");
			this.#sql.exec("DELETE FROM notification WHERE sequence = ?", next.sequence);
		}
	}

	#count(): number {
		return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM notification").one().count;
	}

	#first(): Notification | null {
		const [row] = this.#sql.exec("SELECT * FROM notification ORDER BY sequence LIMIT 1").toArray();
		if (row === undefined) return null;
		const { sequence, id, body, attempts, due_ms: dueMs } = row;
		return { sequence, id, body, attempts, dueMs } as Notification;
	}
}

/** @param attempts made so far, at least 1 */
export function backoffMs(attempts: number): number {
	return Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempts - 1, 10));
}

function notificationOf({ kind, rule, episode }: Transition, nowMs: number): { id: string; body: string } {
	const data = {
		name: rule.name,
		severity: rule.severity,
		since: new Date(episode.sinceMs).toISOString(),
		summary: summaryOf(rule, episode.value),
	};
	return {
		id: `${rule.name}-${episode.sinceMs}-${kind}`,
		body: JSON.stringify({ type: `alert.${kind}`, timestamp: new Date(nowMs).toISOString(), data }),
	};
}

async function attempt(notification: Notification, target: WebhookTarget, nowMs: number, send: Send): Promise<boolean> {
	try {
		const headers = { "Content-Type": "application/json", ...(await signedHeaders(notification, target.secret, nowMs)) };
		const { ok } = await send(target.url, {
			method: "POST",
			headers,
			body: notification.body,
			// A redirect would take the signed body to where nobody configured it to go.
			redirect: "manual",
			signal: AbortSignal.timeout(ALERT_WEBHOOK_TIMEOUT_MS),
		});
		return ok;
	} catch {
		return false;
	}
}
