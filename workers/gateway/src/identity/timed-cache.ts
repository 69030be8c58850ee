/** Decisions that an isolate may repeat for a short time. Values only, never promises: I/O of one request must not be awaited by another. */

interface Entry<Value> {
	value: Value;
	readAtMs: number;
}

/** At most `countMax` entries, oldest out first, none older than `ageMsMax` when given. */
export class TimedCache<Value> {
	readonly #entries = new Map<string, Entry<Value>>();
	readonly #ageMsMax: number;
	readonly #countMax: number;

	constructor(bounds: { ageMsMax: number; countMax: number }) {
		this.#ageMsMax = bounds.ageMsMax;
		this.#countMax = bounds.countMax;
	}

	/**
	 * The cached value, or what `read` answers. The age counts from before the read, so that a change made during it is seen in time.
	 * What `read` throws is not kept.
	 */
	async get(key: string, read: () => Promise<Value>): Promise<Value> {
		const nowMs = Date.now();
		const entry = this.#entries.get(key);
		if (entry !== undefined && nowMs - entry.readAtMs < this.#ageMsMax) return entry.value;
		const value = await read();
		this.#entries.delete(key);
		if (this.#entries.size >= this.#countMax) {
			const oldest = this.#entries.keys().next();
			if (!oldest.done) this.#entries.delete(oldest.value);
		}
		this.#entries.set(key, { value, readAtMs: nowMs });
		return value;
	}

	/** This isolate changed what is behind `key`. */
	forget(key: string): void {
		this.#entries.delete(key);
	}
}
