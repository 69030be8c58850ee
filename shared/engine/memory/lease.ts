/** A query's hold on arena pages: everything it allocates is returned at once when it ends, fails or is cancelled. */
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import { ARENA_PAGE_BYTES, QUERY_ARENA_BYTES_MAX } from "#shared/base/limits.ts";
import type { Arena, Pointer } from "./arena.ts";
import { Region } from "./region.ts";

export class Lease {
	readonly arena: Arena;
	/** Tenant for whom the pages are held. */
	readonly owner: string;
	readonly #pageCountMax: number;
	/** First page of each run -> its pages. */
	readonly #runs = new Map<number, number>();
	#pageCount = 0;
	#peakPageCount = 0;
	#released = false;

	constructor(arena: Arena, options: { owner: string; byteCountMax?: number }) {
		this.arena = arena;
		this.owner = options.owner;
		this.#pageCountMax = Math.floor((options.byteCountMax ?? QUERY_ARENA_BYTES_MAX) / ARENA_PAGE_BYTES);
	}

	get peakByteCount(): number {
		return this.#peakPageCount * ARENA_PAGE_BYTES;
	}

	/** Bytes this lease may still take before its own limit. */
	get remainingByteCount(): number {
		return (this.#pageCountMax - this.#pageCount) * ARENA_PAGE_BYTES;
	}

	/**
	 * Neighbouring pages of at least `byteCount` bytes, 64 KB aligned, contents undefined.
	 * @throws resource_exhausted (53200) above the query's own limit; overloaded when other queries hold the rest
	 */
	allocatePages(byteCount: number): Pointer {
		assert(!this.#released, "a released lease allocates nothing");
		const pageCount = Math.max(1, Math.ceil(byteCount / ARENA_PAGE_BYTES));
		if (this.#pageCount + pageCount > this.#pageCountMax) {
			throw new LittoralError(
				"resource_exhausted",
				`the query needs more than its ${this.#pageCountMax * ARENA_PAGE_BYTES} bytes of memory`,
				{ sqlstate: "53200" },
			);
		}
		const first = this.arena.takePages(pageCount, this.owner);
		if (first < 0) {
			if (this.arena.leasedPageCount === this.#pageCount) {
				throw new LittoralError("resource_exhausted", "the query needs more neighbouring memory than there is", { sqlstate: "53200" });
			}
			throw new LittoralError("overloaded", "other queries hold the memory that this one needs", { retryAfterSeconds: 1 });
		}
		this.#runs.set(first, pageCount);
		this.#pageCount += pageCount;
		this.#peakPageCount = Math.max(this.#peakPageCount, this.#pageCount);
		return first * ARENA_PAGE_BYTES;
	}

	/** Returns one run early. `pointer` is what {@link allocatePages} gave. */
	freePages(pointer: Pointer): void {
		const first = pointer / ARENA_PAGE_BYTES;
		const pageCount = this.#runs.get(first);
		assert(pageCount !== undefined, "only a leased run is freed");
		this.#runs.delete(first);
		this.#pageCount -= pageCount;
		this.arena.returnPages(first, pageCount);
	}

	/** A scope of small allocations, see {@link Region}. */
	region(): Region {
		return new Region(this);
	}

	/** Returns every page; may be called twice. */
	release(): void {
		this.#released = true;
		for (const [first, pageCount] of this.#runs) this.arena.returnPages(first, pageCount);
		this.#runs.clear();
		this.#pageCount = 0;
	}
}
