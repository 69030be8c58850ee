/** The rows [offset, offset + limit) of the input; the input is pulled no further than that. */
import type { PhysicalLimit } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { sliceBatch } from "../vector/slice.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

export class LimitOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #region: Region;
	#toSkip: number;
	#toEmit: number;

	constructor(context: ExecutionContext, node: Pick<PhysicalLimit, "limit" | "offset">, input: BatchSource) {
		this.#context = context;
		this.#input = input;
		this.#region = context.lease.region();
		this.#toSkip = node.offset;
		this.#toEmit = node.limit ?? Number.POSITIVE_INFINITY;
	}

	next(): Batch | "blocked" | null {
		while (this.#toEmit > 0) {
			const batch = this.#input.next();
			if (batch === null || batch === "blocked") return batch;
			const skipped = Math.min(this.#toSkip, batch.selectedCount);
			this.#toSkip -= skipped;
			const kept = Math.min(batch.selectedCount - skipped, this.#toEmit);
			if (kept === 0) continue;
			this.#toEmit -= kept;
			this.#region.reset();
			return sliceBatch(this.#context.engine, batch, { start: skipped, count: kept }, this.#region);
		}
		return null;
	}

	close(): void {
		this.#input.close();
	}
}
