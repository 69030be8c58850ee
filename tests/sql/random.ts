/** A seeded generator of numbers and choices (mulberry32): the same seed gives the same test. */
export class Random {
	#state: number;

	constructor(seed: number) {
		this.#state = seed >>> 0;
	}

	/** In [0, 1). */
	fraction(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	}

	/** An integer in [0, bound). */
	below(bound: number): number {
		return Math.floor(this.fraction() * bound);
	}

	/** An integer in [low, high]. */
	between(low: number, high: number): number {
		return low + this.below(high - low + 1);
	}

	chance(probability: number): boolean {
		return this.fraction() < probability;
	}

	pick<Item>(items: readonly Item[]): Item {
		return items[this.below(items.length)] as Item;
	}

	/** Small numbers are likelier: the density falls with the cube. */
	skewed(bound: number): number {
		return Math.floor(this.fraction() ** 3 * bound);
	}
}
