/**
 * A bump allocator over leased pages. An operator keeps one for what lives as long as a batch and resets it at every `next()`, and another
 * for what it keeps. Reset keeps the pages for reuse; free returns them.
 */
import { ARENA_PAGE_BYTES } from "#shared/base/limits.ts";
import type { Pointer } from "./arena.ts";
import type { Lease } from "./lease.ts";

const ALIGNMENT_BYTES = 64;
/** Small allocations share runs of this size; a larger one gets a run of its own. */
const RUN_BYTES = ARENA_PAGE_BYTES;

interface Run {
	pointer: Pointer;
	byteCount: number;
}

export class Region {
	readonly lease: Lease;
	#runs: Run[] = [];
	#current = 0;
	#used = 0;

	constructor(lease: Lease) {
		this.lease = lease;
	}

	/** `byteCount` bytes, 64-byte aligned, contents undefined; 0 bytes still gives a valid pointer. @throws as {@link Lease.allocatePages} */
	allocate(byteCount: number): Pointer {
		const size = Math.max(ALIGNMENT_BYTES, (byteCount + ALIGNMENT_BYTES - 1) & ~(ALIGNMENT_BYTES - 1));
		for (; this.#current < this.#runs.length; this.#current++, this.#used = 0) {
			const run = this.#runs[this.#current] as Run;
			if (this.#used + size <= run.byteCount) {
				const pointer = run.pointer + this.#used;
				this.#used += size;
				return pointer;
			}
		}
		const byteCountOfRun = Math.ceil(Math.max(size, RUN_BYTES) / ARENA_PAGE_BYTES) * ARENA_PAGE_BYTES;
		const pointer = this.lease.allocatePages(byteCountOfRun);
		this.#runs.push({ pointer, byteCount: byteCountOfRun });
		this.#used = size;
		return pointer;
	}

	/** Like {@link allocate}, zeroed. */
	allocateZeroed(byteCount: number): Pointer {
		const pointer = this.allocate(byteCount);
		this.lease.arena.views.u8.fill(0, pointer, pointer + byteCount);
		return pointer;
	}

	/** Forgets every allocation, keeps the pages. */
	reset(): void {
		this.#current = 0;
		this.#used = 0;
	}

	/** Forgets every allocation and returns the pages. */
	free(): void {
		for (const run of this.#runs) this.lease.freePages(run.pointer);
		this.#runs = [];
		this.reset();
	}
}
