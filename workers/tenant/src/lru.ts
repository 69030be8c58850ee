/** A bounded map that forgets what was used longest ago. Each entry has a weight; their sum stays at or below the bound. */
export class Lru<Value> {
	readonly #weightMax: number;
	readonly #weigh: (value: Value) => number;
	/** In order of use, the oldest first. */
	readonly #entries = new Map<string, Value>();
	#weight = 0;

	constructor(weightMax: number, weigh: (value: Value) => number = () => 1) {
		this.#weightMax = weightMax;
		this.#weigh = weigh;
	}

	get(key: string): Value | undefined {
		const value = this.#entries.get(key);
		if (value === undefined) return undefined;
		this.#entries.delete(key);
		this.#entries.set(key, value);
		return value;
	}

	/** Without using it. */
	has(key: string): boolean {
		return this.#entries.has(key);
	}

	set(key: string, value: Value): void {
		this.delete(key);
		this.#entries.set(key, value);
		this.#weight += this.#weigh(value);
		for (const oldest of this.#entries.keys()) {
			if (this.#weight <= this.#weightMax) return;
			this.delete(oldest);
		}
	}

	delete(key: string): void {
		const value = this.#entries.get(key);
		if (value === undefined) return;
		this.#entries.delete(key);
		this.#weight -= this.#weigh(value);
	}
}
