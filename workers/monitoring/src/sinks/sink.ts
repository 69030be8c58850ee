/**
 * What waits for one place outside: bounded, sent in batches, one batch at a time. A place that is unreachable, slow or failing costs a bounded time in the
 * background and bounded memory, and nothing else: after a failure nothing is tried for a while that doubles with each further one, and what finds no room
 * meanwhile is dropped and counted.
 */
import { SINK_BATCH_COUNT_MAX, SINK_BUFFER_COUNT_MAX, SINK_TIMEOUT_MS } from "#shared/base/limits.ts";

const PAUSE_FIRST_MS = 1000;
const PAUSE_LAST_MS = 300_000;
/** A batch under way for longer belonged to a request that was cut off; another takes over. */
const STALE_MS = 3 * SINK_TIMEOUT_MS;

/** `refused`: these items will never be taken. */
export type SinkOutcome = "taken" | "refused" | "failed";

export class Sink<Item> {
	readonly #items: Item[] = [];
	readonly #now: () => number;
	/** Identifies the batch under way. */
	#batchId = 0;
	#startedAtMs: number | null = null;
	#failureCount = 0;
	#pausedUntilMs = 0;

	constructor(now: () => number) {
		this.#now = now;
	}

	/** @returns how many found no room */
	offer(items: readonly Item[]): number {
		const room = Math.max(0, SINK_BUFFER_COUNT_MAX - this.#items.length);
		for (const item of items.slice(0, room)) this.#items.push(item);
		return items.length - Math.min(room, items.length);
	}

	/** Sends what waits, unless a batch is under way or a pause goes on. Never rejects. */
	async drain(
		send: (batch: readonly Item[]) => Promise<SinkOutcome>,
		report: (outcome: SinkOutcome, itemCount: number) => void,
	): Promise<void> {
		if (this.#startedAtMs !== null && this.#now() - this.#startedAtMs < STALE_MS) return;
		const batchId = ++this.#batchId;
		try {
			while (this.#items.length > 0 && this.#now() >= this.#pausedUntilMs) {
				this.#startedAtMs = this.#now();
				const batch = this.#items.slice(0, SINK_BATCH_COUNT_MAX);
				const outcome = await send(batch).catch((): SinkOutcome => "failed");
				// Somebody else has taken over: the items are his.
				if (this.#batchId !== batchId) return;
				report(outcome, batch.length);
				if (outcome === "failed") this.#pause();
				else {
					this.#failureCount = 0;
					this.#items.splice(0, batch.length);
				}
			}
		} finally {
			if (this.#batchId === batchId) this.#startedAtMs = null;
		}
	}

	#pause(): void {
		this.#pausedUntilMs = this.#now() + Math.min(PAUSE_LAST_MS, PAUSE_FIRST_MS * 2 ** Math.min(this.#failureCount++, 20));
	}
}
