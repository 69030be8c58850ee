/**
 * Arena buffers that are returned one by one: pages and dictionaries of a reader. Small ones share arena pages (powers of two from 1 KB), so that a
 * table of 500 columns does not take 500 arena pages of 64 KB.
 */
import { assert } from "#shared/base/assert.ts";
import { ARENA_PAGE_BYTES } from "#shared/base/limits.ts";
import type { Pointer } from "#shared/engine/memory/arena.ts";
import type { Lease } from "#shared/engine/memory/lease.ts";

const CLASS_BYTES_MIN = 1024;
const CLASS_BYTES_MAX = ARENA_PAGE_BYTES / 2;

export class BufferPool {
	readonly #lease: Lease;
	/** Free pieces by size. */
	readonly #free = new Map<number, Pointer[]>();
	/** Size of each piece in use; 0 = a run of arena pages of its own. */
	readonly #used = new Map<Pointer, number>();
	readonly #shared: Pointer[] = [];

	constructor(lease: Lease) {
		this.#lease = lease;
	}

	/** At least `byteCount` bytes, 64-byte aligned, contents undefined. @throws as {@link Lease.allocatePages} */
	allocate(byteCount: number): Pointer {
		if (byteCount > CLASS_BYTES_MAX) {
			const pointer = this.#lease.allocatePages(byteCount);
			this.#used.set(pointer, 0);
			return pointer;
		}
		let size = CLASS_BYTES_MIN;
		while (size < byteCount) size *= 2;
		let free = this.#free.get(size);
		if (free === undefined) this.#free.set(size, (free = []));
		if (free.length === 0) {
			const page = this.#lease.allocatePages(ARENA_PAGE_BYTES);
			this.#shared.push(page);
			for (let offset = 0; offset < ARENA_PAGE_BYTES; offset += size) free.push(page + offset);
		}
		const pointer = free.pop() as Pointer;
		this.#used.set(pointer, size);
		return pointer;
	}

	/** Gives back what {@link allocate} gave; 0 is nothing. */
	release(pointer: Pointer): void {
		if (pointer === 0) return;
		const size = this.#used.get(pointer);
		assert(size !== undefined, "a released buffer was in use");
		this.#used.delete(pointer);
		if (size === 0) this.#lease.freePages(pointer);
		else this.#free.get(size)?.push(pointer);
	}

	/** Returns every page to the lease. */
	close(): void {
		for (const [pointer, size] of this.#used) if (size === 0) this.#lease.freePages(pointer);
		for (const page of this.#shared) this.#lease.freePages(page);
		this.#used.clear();
		this.#free.clear();
		this.#shared.length = 0;
	}
}
