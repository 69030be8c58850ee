/** A bounded map that drops what was used longest ago (invariant B1). */
export class LruCache<Key, Value> {
	private readonly entries = new Map<Key, { value: Value; weight: number }>();
	private readonly weightMax: number;
	private weight = 0;

	/** @param weightMax sum of the entries' weights, in the caller's unit */
	constructor(weightMax: number) {
		this.weightMax = weightMax;
	}

	get(key: Key): Value | undefined {
		const entry = this.entries.get(key);
		if (entry === undefined) return undefined;
		this.entries.delete(key);
		this.entries.set(key, entry);
		return entry.value;
	}

	/** An entry heavier than the whole cache is not kept. */
	set(key: Key, value: Value, weight: number): void {
		this.delete(key);
		if (weight > this.weightMax) return;
		this.entries.set(key, { value, weight });
		this.weight += weight;
		for (const [oldest] of this.entries) {
			if (this.weight <= this.weightMax) break;
			this.delete(oldest);
		}
	}

	delete(key: Key): void {
		const entry = this.entries.get(key);
		if (entry === undefined) return;
		this.entries.delete(key);
		this.weight -= entry.weight;
	}
}
