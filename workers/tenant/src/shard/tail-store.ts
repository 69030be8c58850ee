/** Tail blocks in SQLite: insert, read in sequence order, merge small neighbours, purge. */
import { concatBytes } from "#shared/base/bytes.ts";
import { assert } from "#shared/base/assert.ts";
import type { TableId } from "#shared/base/ids.ts";
import { TAIL_BLOB_BYTES_MAX, TAIL_BLOCK_BYTES } from "#shared/base/limits.ts";
import type { TailBlock } from "./contract.ts";
import { batchesOf, concatenateBlocks, firstSequence, lastSequence, rowCountOf, withBatches } from "./tail-format.ts";

/** A block's parts have ids `first_sequence * PART_COUNT_MAX + part`: no index is needed to find them. */
const PART_COUNT_MAX = 1024;

/** A block without its bytes. */
export interface BlockHead {
	firstSequence: number;
	lastSequence: number;
	rowCount: number;
	byteCount: number;
	runs: number[];
}

export function insertBlock(sql: SqlStorage, tableId: TableId, block: TailBlock): void {
	const first = firstSequence(block);
	const byteCount = block.bytes.byteLength;
	assert(Math.ceil(byteCount / TAIL_BLOB_BYTES_MAX) <= PART_COUNT_MAX, "an append is far smaller than its parts may be");
	sql.exec(
		"INSERT INTO tail_block (table_id, first_sequence, last_sequence, row_count, byte_count, runs) VALUES (?, ?, ?, ?, ?, ?)",
		tableId,
		first,
		lastSequence(block),
		rowCountOf(block.runs),
		byteCount,
		JSON.stringify(block.runs),
	);
	for (let part = 0; part * TAIL_BLOB_BYTES_MAX < byteCount; part++) {
		const bytes = block.bytes.slice(part * TAIL_BLOB_BYTES_MAX, (part + 1) * TAIL_BLOB_BYTES_MAX);
		sql.exec("INSERT INTO tail_part (part_id, bytes) VALUES (?, ?)", first * PART_COUNT_MAX + part, bytes.buffer);
	}
}

/** Blocks with a row above `above` and none that begins above `upTo`, in sequence order; read one at a time. */
export function* blockHeads(sql: SqlStorage, tableId: TableId, above: number, upTo: number): Generator<BlockHead> {
	const cursor = sql.exec(
		"SELECT * FROM tail_block WHERE table_id = ? AND last_sequence > ? AND first_sequence <= ? ORDER BY first_sequence",
		tableId,
		above,
		upTo,
	);
	for (const row of cursor.toArray()) {
		yield {
			firstSequence: row["first_sequence"] as number,
			lastSequence: row["last_sequence"] as number,
			rowCount: row["row_count"] as number,
			byteCount: row["byte_count"] as number,
			runs: JSON.parse(row["runs"] as string) as number[],
		};
	}
}

export function readBlock(sql: SqlStorage, head: BlockHead): TailBlock {
	const from = head.firstSequence * PART_COUNT_MAX;
	const parts = sql.exec("SELECT bytes FROM tail_part WHERE part_id >= ? AND part_id < ? ORDER BY part_id", from, from + PART_COUNT_MAX);
	const bytes = concatBytes([...parts].map((row) => new Uint8Array(row["bytes"] as ArrayBuffer)));
	assert(bytes.byteLength === head.byteCount, "a block's parts make up its bytes");
	return { runs: head.runs, bytes };
}

function deleteBlock(sql: SqlStorage, tableId: TableId, head: BlockHead): void {
	const from = head.firstSequence * PART_COUNT_MAX;
	sql.exec("DELETE FROM tail_block WHERE table_id = ? AND first_sequence = ?", tableId, head.firstSequence);
	sql.exec("DELETE FROM tail_part WHERE part_id >= ? AND part_id < ?", from, from + PART_COUNT_MAX);
}

/**
 * Removes the blocks whose every row is at or below `upTo`.
 * @returns their bytes
 */
export function purgeBlocks(sql: SqlStorage, tableId: TableId, upTo: number): number {
	let byteCount = 0;
	for (const head of blockHeads(sql, tableId, 0, upTo)) {
		if (head.lastSequence > upTo) continue;
		deleteBlock(sql, tableId, head);
		byteCount += head.byteCount;
	}
	return byteCount;
}

/** Bytes of the blocks in (above, upTo]; merging never crosses a watermark or an intent, so blocks are wholly inside or outside. */
export function rangeBytes(sql: SqlStorage, tableId: TableId, above: number, upTo: number): number {
	let byteCount = 0;
	for (const head of blockHeads(sql, tableId, above, upTo)) byteCount += head.byteCount;
	return byteCount;
}

/**
 * The end of a flush that begins above `above`: as many whole blocks as fit `byteCountMax`, at least one.
 * @returns null when there is nothing above
 */
export function flushEnd(sql: SqlStorage, tableId: TableId, above: number, byteCountMax: number): number | null {
	let end: number | null = null;
	let byteCount = 0;
	for (const head of blockHeads(sql, tableId, above, Number.MAX_SAFE_INTEGER)) {
		if (end !== null && byteCount + head.byteCount > byteCountMax) break;
		byteCount += head.byteCount;
		end = head.lastSequence;
	}
	return end;
}

export interface MergeGroup {
	heads: BlockHead[];
}

/** Neighbouring small blocks that together fit TAIL_BLOCK_BYTES; pure. A block of more than half of that is left alone. */
export function mergeGroups(heads: Iterable<BlockHead>): MergeGroup[] {
	const groups: MergeGroup[] = [];
	let group: BlockHead[] = [];
	let byteCount = 0;
	const close = () => {
		if (group.length > 1) groups.push({ heads: group });
		group = [];
		byteCount = 0;
	};
	for (const head of heads) {
		if (head.byteCount > TAIL_BLOCK_BYTES / 2) {
			close();
			continue;
		}
		if (byteCount + head.byteCount > TAIL_BLOCK_BYTES) close();
		group.push(head);
		byteCount += head.byteCount;
	}
	close();
	return groups;
}

/**
 * Puts one block in the place of its neighbours; inside a transaction.
 *
 * @param mergeBatches the same rows in the same order, in fewer batches
 * @returns by how many bytes the tail is smaller now
 */
export function mergeBlocks(
	sql: SqlStorage,
	tableId: TableId,
	{ heads }: MergeGroup,
	mergeBatches: (batches: Uint8Array[]) => Uint8Array[],
): number {
	const joined = concatenateBlocks(heads.map((head) => readBlock(sql, head)));
	const merged = withBatches(joined, mergeBatches(batchesOf(joined.bytes)));
	for (const head of heads) deleteBlock(sql, tableId, head);
	insertBlock(sql, tableId, merged);
	return joined.bytes.byteLength - merged.bytes.byteLength;
}
