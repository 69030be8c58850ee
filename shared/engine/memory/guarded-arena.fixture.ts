/**
 * An arena that finds misuse. Freed pages are poisoned: who gets them next finds the poison whole, or another tenant's page zeroed, else somebody wrote to memory that was not theirs
 * any more. Behind each run lies a page of canaries, which nobody may touch. A reservation can be made to fail.
 */
import { ARENA_PAGE_BYTES } from "#shared/base/limits.ts";
import { Arena } from "./arena.ts";

const POISON = 0xa5;
const CANARY = 0xc3;
const PAGE_OF: ReadonlyMap<number, Uint8Array> = new Map(
	[0, POISON, CANARY].map((byte) => [byte, new Uint8Array(ARENA_PAGE_BYTES).fill(byte)]),
);

export class GuardedArena extends Arena {
	/** Runs taken since {@link failAt} was set. */
	takenCount = 0;
	/** What was found, at most a few; empty as long as all is well. */
	readonly violations: string[] = [];
	/** Bytes that were compared with poison, and with canaries. */
	checkedBytes = 0;
	readonly #owners = new Map<number, string>();
	readonly #free = new Set<number>();
	#failAt = 0;

	/** The run taken as number `number` from now on cannot be had; 0: every one can. */
	set failAt(number: number) {
		this.#failAt = number;
		this.takenCount = 0;
	}

	override takePages(pageCount: number, owner: string): number {
		if (++this.takenCount === this.#failAt) return -1;
		const first = super.takePages(pageCount + 1, owner);
		if (first < 0) return first;
		for (let page = first; page <= first + pageCount; page++) {
			const before = this.#owners.get(page);
			if (before !== undefined && before !== owner) this.#expect(page, 0, "a page that another tenant had is not zeroed");
			else if (this.#free.has(page)) this.#expect(page, POISON, "a freed page was written to");
			this.#owners.set(page, owner);
			this.#free.delete(page);
		}
		this.#fill(first + pageCount, CANARY);
		return first;
	}

	override returnPages(firstPage: number, pageCount: number): void {
		this.#expect(firstPage + pageCount, CANARY, "a run was written beyond its end");
		super.returnPages(firstPage, pageCount + 1);
		for (let page = firstPage; page <= firstPage + pageCount; page++) {
			this.#fill(page, POISON);
			this.#free.add(page);
		}
	}

	#fill(page: number, byte: number): void {
		this.views.u8.fill(byte, page * ARENA_PAGE_BYTES, (page + 1) * ARENA_PAGE_BYTES);
	}

	#expect(page: number, byte: number, otherwise: string): void {
		this.checkedBytes += ARENA_PAGE_BYTES;
		const found = this.views.u8.subarray(page * ARENA_PAGE_BYTES, (page + 1) * ARENA_PAGE_BYTES);
		if (Buffer.compare(found, PAGE_OF.get(byte) as Uint8Array) === 0) return;
		this.violations.push(`${otherwise} (page ${page})`);
	}
}
