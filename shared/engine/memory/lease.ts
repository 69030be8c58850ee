/** A query's hold on arena pages: everything it allocates is returned at once when it ends, fails or is cancelled. */
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import { ARENA_PAGE_BYTES, QUERY_ARENA_BYTES_MAX } from "#shared/base/limits.ts";
import type { Arena, Pointer } from "./arena.ts";
import { Region } from "./region.ts";

/** Whose pages are counted together: an operator's. */
export interface MemoryAccount {
	heldBytes: number;
	peakBytes: number;
}

interface Run {
	pageCount: number;
	account: MemoryAccount | null;
}

export class Lease {
	readonly arena: Arena;
	/** Tenant for whom the pages are held. */
	readonly owner: string;
	readonly #pageCountMax: number;
	readonly #parent: Lease | null;
	/** By its first page. */
	readonly #runs = new Map<number, Run>();
	/** Who is charged for pages leased from now on; of a child, the parent's counts. */
	account: MemoryAccount | null = null;
	#pageCount = 0;
	#peakPageCount = 0;
	#released = false;

	constructor(arena: Arena, options: { owner: string; byteCountMax?: number; parent?: Lease }) {
		this.arena = arena;
		this.#parent = options.parent ?? null;
		this.owner = options.owner;
		this.#pageCountMax = Math.floor((options.byteCountMax ?? QUERY_ARENA_BYTES_MAX) / ARENA_PAGE_BYTES);
	}

	get peakByteCount(): number {
		return this.#peakPageCount * ARENA_PAGE_BYTES;
	}

	/** Its own limit. */
	get byteCountMax(): number {
		return this.#parent?.byteCountMax ?? this.#pageCountMax * ARENA_PAGE_BYTES;
	}

	/** Bytes this lease may still take before its own limit. */
	get remainingByteCount(): number {
		if (this.#parent !== null) return this.#parent.remainingByteCount;
		return (this.#pageCountMax - this.#pageCount) * ARENA_PAGE_BYTES;
	}

	/**
	 * Neighbouring pages of at least `byteCount` bytes, 64 KB aligned, contents undefined.
	 * @throws resource_exhausted (53200) above the query's own limit; overloaded when other queries hold the rest
	 */
	allocatePages(byteCount: number): Pointer {
		assert(!this.#released, "a released lease allocates nothing");
		if (this.#parent !== null) return this.#allocateFrom(this.#parent, byteCount);
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
		this.#runs.set(first, { pageCount, account: this.account });
		this.#pageCount += pageCount;
		this.#peakPageCount = Math.max(this.#peakPageCount, this.#pageCount);
		charge(this.account, pageCount);
		return first * ARENA_PAGE_BYTES;
	}

	/** Returns one run early. `pointer` is what {@link allocatePages} gave. Of a released lease every run was returned. */
	freePages(pointer: Pointer): void {
		if (this.#released) return;
		this.#return(pointer);
	}

	#return(pointer: Pointer): void {
		const first = pointer / ARENA_PAGE_BYTES;
		const run = this.#runs.get(first);
		assert(run !== undefined, "only a leased run is freed");
		this.#runs.delete(first);
		if (this.#parent !== null) {
			this.#parent.freePages(pointer);
			return;
		}
		this.#pageCount -= run.pageCount;
		charge(run.account, -run.pageCount);
		this.arena.returnPages(first, run.pageCount);
	}

	/** A lease out of this one, whose pages can be returned together before it. Its limits and counts are this one's. */
	child(): Lease {
		return new Lease(this.arena, { owner: this.owner, parent: this });
	}

	/** A scope of small allocations, see {@link Region}. */
	region(): Region {
		return new Region(this);
	}

	/** Returns every page; may be called twice. */
	release(): void {
		this.#released = true;
		for (const first of this.#runs.keys()) this.#return(first * ARENA_PAGE_BYTES);
	}

	#allocateFrom(parent: Lease, byteCount: number): Pointer {
		const pointer = parent.allocatePages(byteCount);
		this.#runs.set(pointer / ARENA_PAGE_BYTES, { pageCount: 0, account: null });
		return pointer;
	}
}

function charge(account: MemoryAccount | null, pageCount: number): void {
	if (account === null) return;
	account.heldBytes += pageCount * ARENA_PAGE_BYTES;
	account.peakBytes = Math.max(account.peakBytes, account.heldBytes);
}
