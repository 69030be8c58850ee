/**
 * The bytes of a tail block: each native codec batch behind its length (u32, little-endian), and its runs. Pure.
 *
 * Blocks of one table never overlap, and lie in sequence order; so do the runs inside a block.
 */
import { assert } from "#shared/base/assert.ts";
import type { TailBlock } from "./contract.ts";

const LENGTH_BYTES = 4;

/** One append as a block. */
export function blockOf(append: { sequence: number; rowCount: number; batches: readonly Uint8Array[] }): TailBlock {
	return { runs: [append.sequence, append.rowCount], bytes: bytesOf(append.batches) };
}

/** The block with its rows in other batches. */
export function withBatches(block: TailBlock, batches: readonly Uint8Array[]): TailBlock {
	return { runs: block.runs, bytes: bytesOf(batches) };
}

function bytesOf(batches: readonly Uint8Array[]): Uint8Array {
	let byteCount = 0;
	for (const batch of batches) byteCount += LENGTH_BYTES + batch.byteLength;
	const bytes = new Uint8Array(byteCount);
	const view = new DataView(bytes.buffer);
	let offset = 0;
	for (const batch of batches) {
		view.setUint32(offset, batch.byteLength, true);
		bytes.set(batch, offset + LENGTH_BYTES);
		offset += LENGTH_BYTES + batch.byteLength;
	}
	return bytes;
}

/** The batches of a block, as views of its bytes. */
export function batchesOf(bytes: Uint8Array): Uint8Array[] {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const batches: Uint8Array[] = [];
	for (let offset = 0; offset < bytes.byteLength; ) {
		const start = offset + LENGTH_BYTES;
		const end = start + view.getUint32(offset, true);
		assert(end <= bytes.byteLength, "a batch ends inside its block");
		batches.push(bytes.subarray(start, end));
		offset = end;
	}
	return batches;
}

/** Neighbouring blocks, in sequence order, as one. */
export function concatenateBlocks(blocks: readonly TailBlock[]): TailBlock {
	const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + block.bytes.byteLength, 0));
	let offset = 0;
	for (const block of blocks) {
		bytes.set(block.bytes, offset);
		offset += block.bytes.byteLength;
	}
	return { runs: blocks.flatMap((block) => block.runs), bytes };
}

export interface RowRange {
	/** First row, counted in the block. */
	start: number;
	end: number;
}

/** The block's rows with a sequence number in (above, upTo]: one range, since runs ascend. */
export function rowRange(runs: readonly number[], above: number, upTo: number): RowRange {
	let start = 0;
	let end = 0;
	for (let index = 0; index < runs.length; index += 2) {
		const sequence = runs[index] as number;
		const rowCount = runs[index + 1] as number;
		if (sequence <= above) start += rowCount;
		if (sequence <= upTo) end += rowCount;
	}
	return { start, end: Math.max(start, end) };
}

export function rowCountOf(runs: readonly number[]): number {
	return rowRange(runs, -1, Number.MAX_SAFE_INTEGER).end;
}

export function firstSequence(block: TailBlock): number {
	return block.runs[0] as number;
}

export function lastSequence(block: TailBlock): number {
	return block.runs[block.runs.length - 2] as number;
}
