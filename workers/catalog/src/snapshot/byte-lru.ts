/** A cache bounded by the bytes of its values; the least recently used go first. */
export class ByteLru<Value> {
	readonly #byteCountMax: number;
	readonly #entries = new Map<string, { value: Value; byteCount: number }>();
	#byteCount = 0;

	constructor(byteCountMax: number) {
		this.#byteCountMax = byteCountMax;
	}

	get byteCount(): number {
		return this.#byteCount;
	}

	get(key: string): Value | undefined {
		const entry = this.#entries.get(key);
		if (entry === undefined) return undefined;
		this.#entries.delete(key);
		this.#entries.set(key, entry);
		return entry.value;
	}

	/** A value above the bound is not kept. */
	set(key: string, value: Value, byteCount: number): void {
		this.delete(key);
		if (byteCount > this.#byteCountMax) return;
		this.#entries.set(key, { value, byteCount });
		this.#byteCount += byteCount;
		for (const oldest of this.#entries.keys()) {
			if (this.#byteCount <= this.#byteCountMax) break;
			this.delete(oldest);
		}
	}

	delete(key: string): void {
		const entry = this.#entries.get(key);
		if (entry === undefined) return;
		this.#entries.delete(key);
		this.#byteCount -= entry.byteCount;
	}
}
