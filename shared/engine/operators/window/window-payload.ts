/**
 * The columns of a window's input that no call reads, in the rows' order: a queue, for rows leave in the order in which they came. Once memory is tight its oldest rows go to a file, so that
 * a partition's memory is that of its keys and the calls' arguments. In order: the chunk that is leaving, the file, the chunks that are held.
 */
import { assert } from "#shared/base/assert.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { compactBatch, copyBatch } from "../../vector/copy.ts";
import { sliceBatch } from "../../vector/slice.ts";
import type { Vector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { BatchSource } from "../source.ts";
import { SpillFile } from "../spill/spill-file.ts";

/** Chunks that go to the file for one batch that comes, so that writes do not pile up on the heap. */
const SPILLED_CHUNK_COUNT_MAX = 2;

/** Batches that share memory, until all have left. */
interface Chunk {
	region: Region;
	batches: Batch[];
	rowCount: number;
}

export class WindowPayload {
	readonly #context: ExecutionContext;
	/** Positions of the input's columns. */
	readonly #columns: readonly number[];
	#leaving: Chunk | null = null;
	readonly #held: Chunk[] = [];
	#file: SpillFile | null = null;
	#reader: BatchSource | null = null;
	/** The batch whose rows leave next, and how many of them have left. */
	#front: Batch | null = null;
	#left = 0;

	constructor(context: ExecutionContext, columns: readonly number[]) {
		this.#context = context;
		this.#columns = columns;
	}

	get isEmpty(): boolean {
		return this.#columns.length === 0;
	}

	/** Adds the live rows of an input batch. */
	append(input: Batch): void {
		if (this.isEmpty) return;
		const batch = { ...input, columns: this.#columns.map((column) => input.columns[column] as Vector) };
		this.#context.spend(batch.selectedCount * batch.columns.length);
		let chunk = this.#held.at(-1);
		if (chunk === undefined || chunk.rowCount >= BATCH_ROW_COUNT_MAX) {
			chunk = { region: this.#context.lease.region(), batches: [], rowCount: 0 };
			this.#held.push(chunk);
		}
		chunk.batches.push(copyBatch(this.#context.engine, batch, chunk.region));
		chunk.rowCount += batch.selectedCount;
		this.#spillOldest();
	}

	#spillOldest(): void {
		const { spill } = this.#context;
		for (let count = 0; count < SPILLED_CHUNK_COUNT_MAX && spill !== null && this.#context.memoryTight(0); count++) {
			const chunk = this.#held.shift();
			if (chunk === undefined) return;
			this.#file ??= new SpillFile(this.#context, spill);
			for (const batch of chunk.batches) this.#file.append(batch);
			chunk.region.free();
		}
	}

	/** No more come: what waits on the heap is written too. */
	finish(): void {
		this.#file?.finish();
	}

	/** How many rows {@link take} has at once, of rows that were appended and have not left; "blocked" while they are read. */
	get ready(): number | "blocked" {
		if (this.#front !== null && this.#left < this.#front.selectedCount) return this.#front.selectedCount - this.#left;
		const front = this.#next();
		if (front === "blocked") return front;
		this.#front = front;
		this.#left = 0;
		return front.selectedCount;
	}

	/** The next rows, packed, valid until the next call. @param count at most as many as are ready */
	take(count: number, region: Region): Vector[] {
		const { engine } = this.#context;
		const rows = sliceBatch(engine, this.#front as Batch, { start: this.#left, count }, region);
		this.#left += count;
		return compactBatch(engine, rows, region).columns;
	}

	#next(): Batch | "blocked" {
		for (;;) {
			const batch = this.#leaving?.batches.shift();
			if (batch !== undefined) return batch;
			this.#leaving?.region.free();
			this.#leaving = null;
			this.#reader ??= this.#file?.source() ?? null;
			const spilled = this.#reader?.next() ?? null;
			if (spilled !== null) return spilled;
			this.#leaving = this.#held.shift() ?? null;
			assert(this.#leaving !== null, "rows that leave were appended");
		}
	}
}
