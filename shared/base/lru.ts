/** A bounded map that forgets what was used longest ago (invariant B1). The sum of its entries' weights stays at or below the bound. */
export class Lru<Value> {
	readonly #weightMax: number;
	/** In order of use, the oldest first. */
	readonly #entries = new Map<string, { value: Value; weight: number }>();
	#weight = 0;

	/** @param weightMax in the caller's unit: bytes, files, or entries of weight 1 */
	constructor(weightMax: number) {
		this.#weightMax = weightMax;
	}

	get weight(): number {
		return this.#weight;
	}

	get(key: string): Value | undefined {
		const entry = this.#entries.get(key);
		if (entry === undefined) return undefined;
		this.#entries.delete(key);
		this.#entries.set(key, entry);
		return entry.value;
	}

	/** Without using it. */
	has(key: string): boolean {
		return this.#entries.has(key);
	}

	/** What is heavier than the bound is not kept. */
	set(key: string, value: Value, weight = 1): void {
		this.delete(key);
		if (weight > this.#weightMax) return;
		this.#entries.set(key, { value, weight });
		this.#weight += weight;
		for (const oldest of this.#entries.keys()) {
			if (this.#weight <= this.#weightMax) return;
			this.delete(oldest);
		}
	}

	delete(key: string): void {
		const entry = this.#entries.get(key);
		if (entry === undefined) return;
		this.#entries.delete(key);
		this.#weight -= entry.weight;
	}
}
