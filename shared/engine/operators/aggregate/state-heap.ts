/** Room for the strings of aggregates' states that live outside a group table. */
import { ARENA_PAGE_BYTES } from "#shared/base/limits.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { ExecutionContext } from "../execution-context.ts";

/** Words of the state that kernels read, as those of a group table: 2 next free byte, 3 end, 7 bytes that were missing. */
const WORD_COUNT = 8;

export class StateHeap {
	readonly state: Pointer;
	readonly #context: ExecutionContext;
	readonly #region: Region;

	constructor(context: ExecutionContext) {
		this.#context = context;
		this.state = context.lease.region().allocateZeroed(WORD_COUNT * 4);
		this.#region = context.lease.region();
	}

	grow(): void {
		const { i32 } = this.#context.engine.arena.views;
		const byteCount = Math.max(ARENA_PAGE_BYTES, i32[this.state / 4 + 7] as number);
		const pointer = this.#region.allocate(byteCount);
		i32[this.state / 4 + 2] = pointer;
		i32[this.state / 4 + 3] = pointer + byteCount;
	}

	/** Forgets every string: no state that holds one is read again. */
	reset(): void {
		this.#region.reset();
		this.#context.engine.arena.views.i32.fill(0, this.state / 4 + 2, this.state / 4 + 4);
	}
}
