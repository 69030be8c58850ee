/**
 * The isolate's one WebAssembly memory, cut into 64 KB pages which queries lease.
 *
 * The memory has a fixed size: growth would detach every view. Page 0 is never leased, so that pointer 0 can mean "none". Pages are zeroed
 * before a tenant other than their last one gets them. After a trap the memory is replaced and leases of the old one fail.
 */
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import { ARENA_PAGE_BYTES, ARENA_PAGE_COUNT } from "#shared/base/limits.ts";

/** Byte offset into the arena; 0 is "none". Held across an `await` where a view must not be. */
export type Pointer = number;

/** Typed views of the whole arena. Index by `pointer >> shift`. Take them anew after every `await`. */
export interface ArenaViews {
	u8: Uint8Array;
	i8: Int8Array;
	u16: Uint16Array;
	i32: Int32Array;
	u32: Uint32Array;
	i64: BigInt64Array;
	u64: BigUint64Array;
	f32: Float32Array;
	f64: Float64Array;
	data: DataView;
}

export class Arena {
	readonly memory: WebAssembly.Memory;
	readonly views: ArenaViews;
	readonly pageCount: number;
	/** 1 = leased. Page 0 is taken for ever. */
	readonly #taken: Uint8Array;
	/** Who held each page last: pages pass between tenants only zeroed. */
	readonly #lastOwner: string[];
	#freePageCount: number;
	#poisoned = false;

	constructor(pageCount: number = ARENA_PAGE_COUNT) {
		assert(pageCount >= 2, "an arena has at least two pages");
		this.pageCount = pageCount;
		this.memory = new WebAssembly.Memory({ initial: pageCount, maximum: pageCount });
		const { buffer } = this.memory;
		this.views = {
			u8: new Uint8Array(buffer),
			i8: new Int8Array(buffer),
			u16: new Uint16Array(buffer),
			i32: new Int32Array(buffer),
			u32: new Uint32Array(buffer),
			i64: new BigInt64Array(buffer),
			u64: new BigUint64Array(buffer),
			f32: new Float32Array(buffer),
			f64: new Float64Array(buffer),
			data: new DataView(buffer),
		};
		this.#taken = new Uint8Array(pageCount);
		this.#taken[0] = 1;
		this.#lastOwner = Array.from({ length: pageCount }, () => "");
		this.#freePageCount = pageCount - 1;
	}

	get freePageCount(): number {
		return this.#freePageCount;
	}

	/** Pages now leased, by every query together. */
	get leasedPageCount(): number {
		return this.pageCount - 1 - this.#freePageCount;
	}

	/** Set after a kernel trapped: nothing in this memory can be trusted; see `kernels/kernels.ts`. */
	poison(): void {
		this.#poisoned = true;
	}

	get poisoned(): boolean {
		return this.#poisoned;
	}

	/** First fit of `pageCount` neighbouring pages. @returns the run's first page, or -1 */
	takePages(pageCount: number, owner: string): number {
		if (this.#poisoned) throw new LittoralError("unavailable", "the query's memory was lost; try again", { retryAfterSeconds: 1 });
		if (pageCount > this.#freePageCount) return -1;
		let run = 0;
		for (let page = 1; page < this.pageCount; page++) {
			run = this.#taken[page] === 0 ? run + 1 : 0;
			if (run < pageCount) continue;
			const first = page - pageCount + 1;
			for (let index = first; index <= page; index++) {
				this.#taken[index] = 1;
				if (this.#lastOwner[index] !== owner) {
					this.views.u8.fill(0, index * ARENA_PAGE_BYTES, (index + 1) * ARENA_PAGE_BYTES);
					this.#lastOwner[index] = owner;
				}
			}
			this.#freePageCount -= pageCount;
			return first;
		}
		return -1;
	}

	returnPages(firstPage: number, pageCount: number): void {
		for (let index = firstPage; index < firstPage + pageCount; index++) {
			assert(this.#taken[index] === 1 && index > 0, "a returned page was leased");
			this.#taken[index] = 0;
		}
		this.#freePageCount += pageCount;
	}
}
