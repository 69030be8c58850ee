/**
 * Batches in the order in which they were appended, encoded, in blocks of about a megabyte: the open block on the heap, the others written as they fill. It may be read
 * while it grows, and often.
 */
import { concatBytes } from "#shared/base/bytes.ts";
import { SPILL_BLOCK_BYTES } from "#shared/base/limits.ts";
import { decodeBatch } from "../../codec/decode.ts";
import { encodeBatchWith } from "../../codec/encode.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { BatchSource } from "../source.ts";
import type { SpillHandle, SpillSpace } from "./spill-space.ts";

interface Block {
	/** Encoded batches; null once they are written. */
	batches: Uint8Array[] | null;
	/** Where they lie one after the other; null of a file's first block, which may stay small. */
	bytes: Uint8Array | null;
	byteCounts: number[];
	handle: SpillHandle | null;
}

export class SpillFile {
	readonly #context: ExecutionContext;
	readonly #space: SpillSpace;
	readonly #name: string;
	readonly #blockBytes: number;
	readonly #blocks: Block[] = [];
	#open: Block | null = null;
	#openBytes = 0;
	#dropped = false;
	rowCount = 0;

	/** @param blockBytes that a block has, about, when it is written */
	constructor(context: ExecutionContext, space: SpillSpace, blockBytes = SPILL_BLOCK_BYTES) {
		this.#blockBytes = blockBytes;
		this.#context = context;
		this.#space = space;
		this.#name = space.nextFileName();
	}

	/** Whoever appends asks `context.spillBlocked` between its batches. */
	append(batch: Batch): void {
		if (batch.selectedCount === 0) return;
		this.#context.spend(batch.selectedCount * batch.columns.length);
		const bytes = this.#encode(batch);
		const block = this.#open as Block;
		block.batches?.push(bytes);
		block.byteCounts.push(bytes.byteLength);
		this.#openBytes += bytes.byteLength;
		this.rowCount += batch.selectedCount;
	}

	#encode(batch: Batch): Uint8Array {
		const scratch = this.#context.lease.region();
		try {
			const fieldIds = batch.columns.map((_, index) => index);
			const allocate = (byteCount: number): Uint8Array => this.#allocate(byteCount);
			return encodeBatchWith(this.#context.engine, batch, { schemaVersion: 0, fieldIds, allocate }, scratch);
		} finally {
			scratch.free();
		}
	}

	/** Room in the open block; one that has none is written. */
	#allocate(byteCount: number): Uint8Array {
		if (this.#openBytes > 0 && this.#openBytes + byteCount > this.#blockBytes) this.finish();
		if (this.#open === null) {
			const bytes = this.#blocks.length === 0 ? null : new Uint8Array(Math.max(this.#blockBytes, byteCount));
			this.#open = { batches: [], bytes, byteCounts: [], handle: null };
			this.#blocks.push(this.#open);
		}
		return this.#open.bytes?.subarray(this.#openBytes, this.#openBytes + byteCount) ?? new Uint8Array(byteCount);
	}

	/** Writes the open block: nothing more comes for now. */
	finish(): void {
		const block = this.#open;
		if (block?.batches == null) return;
		this.#open = null;
		const bytes = block.bytes?.subarray(0, this.#openBytes) ?? concatBytes(block.batches);
		block.bytes = null;
		this.#openBytes = 0;
		this.#context.countSpilled(bytes.byteLength);
		this.#space.write(this.#name, bytes, (handle) => {
			block.handle = handle;
			block.batches = null;
			if (this.#dropped) this.#space.drop([handle]);
		});
	}

	/** A reader from the first batch on. */
	source(): BatchSource {
		return new SpillSource(this.#context, this.#space, this.#blocks);
	}

	/** Nobody reads it any more. */
	drop(): void {
		this.#dropped = true;
		this.#space.drop(this.#blocks.flatMap(({ handle }) => (handle === null ? [] : [handle])));
		for (const block of this.#blocks) {
			block.batches = null;
			block.bytes = null;
		}
		this.#blocks.length = 0;
	}
}

/** A block that is being fetched, or is there. */
interface Loading {
	promise: Promise<void>;
	batches: Uint8Array[] | null;
	failure: unknown;
}

class SpillSource implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #space: SpillSpace;
	/** Grows while the file does. */
	readonly #blocks: readonly Block[];
	readonly #region: Region;
	#block = 0;
	#batch = 0;
	#loading: Loading | null = null;

	constructor(context: ExecutionContext, space: SpillSpace, blocks: readonly Block[]) {
		this.#context = context;
		this.#space = space;
		this.#blocks = blocks;
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			const block = this.#blocks[this.#block];
			if (block === undefined) return null;
			if (this.#batch === block.byteCounts.length) {
				// The open block is the last one, and may grow.
				if (this.#block === this.#blocks.length - 1) return null;
				this.#block++;
				this.#batch = 0;
				this.#loading = null;
				continue;
			}
			const batches = this.#loading?.batches ?? block.batches;
			if (batches === null) {
				this.#load(block);
				return "blocked";
			}
			const bytes = batches[this.#batch++] as Uint8Array;
			this.#region.reset();
			const { batch } = decodeBatch(this.#context.engine, bytes, this.#region);
			this.#context.spend(batch.rowCount * batch.columns.length);
			return batch;
		}
	}

	close(): void {
		this.#loading = null;
		this.#region.free();
	}

	#load(block: Block): void {
		if (this.#loading?.failure != null) throw this.#loading.failure;
		if (this.#loading === null) {
			const loading: Loading = { promise: Promise.resolve(), batches: null, failure: null };
			loading.promise = this.#space.read(block.handle as SpillHandle).then(
				(bytes) => {
					let offset = 0;
					loading.batches = block.byteCounts.map((byteCount) => bytes.subarray(offset, (offset += byteCount)));
				},
				(error: unknown) => {
					loading.failure = error;
				},
			);
			this.#loading = loading;
		}
		this.#context.blockOn(this.#loading.promise);
	}
}
