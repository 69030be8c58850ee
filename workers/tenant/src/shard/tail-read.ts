/** Tail reads: the rows of one table in (above, upTo], page by page, out of SQLite (design, section 8; invariant Q1). */
import { LittoralError } from "#shared/base/errors.ts";
import type { TableId } from "#shared/base/ids.ts";
import { TAIL_PAGE_BYTES, TAIL_RIDE_ALONG_BYTES } from "#shared/base/limits.ts";
import type { OpenTail, TailBlock, TailPage } from "./contract.ts";
import { readTable, readTables } from "./table-row.ts";
import { rowRange } from "./tail-format.ts";
import { blockHeads, rangeBytes, readBlock } from "./tail-store.ts";

/**
 * @param range `upTo` null: up to the last append
 * @throws snapshot_too_old when rows above `above` are purged
 */
export function readTailPage(sql: SqlStorage, tableId: TableId, range: { above: number; upTo: number | null }): TailPage {
	const table = readTable(sql, tableId);
	if (table.purged > range.above) {
		throw new LittoralError("snapshot_too_old", `rows up to ${table.purged} are purged, the snapshot has those up to ${range.above}`);
	}
	return pageAbove(sql, tableId, range.above, range.upTo ?? table.lastSequence);
}

function pageAbove(sql: SqlStorage, tableId: TableId, above: number, upTo: number): TailPage {
	const blocks: TailBlock[] = [];
	let byteCount = 0;
	let last = above;
	for (const head of blockHeads(sql, tableId, above, upTo)) {
		if (blocks.length > 0 && byteCount + head.byteCount > TAIL_PAGE_BYTES) return { blocks, upTo, next: last };
		blocks.push(readBlock(sql, head));
		byteCount += head.byteCount;
		last = head.lastSequence;
	}
	return { blocks, upTo, next: null };
}

/** Every table's rows not yet purged, with the purge bound; null when they are more than ride along. */
export function readOpenTails(sql: SqlStorage): OpenTail[] | null {
	const tables = readTables(sql);
	let byteCount = 0;
	for (const table of tables) {
		byteCount += rangeBytes(sql, table.tableId, table.purged, table.lastSequence);
		if (byteCount > TAIL_RIDE_ALONG_BYTES) return null;
	}
	return tables.map(({ tableId, purged, lastSequence }) => ({ tableId, purged, page: pageAbove(sql, tableId, purged, lastSequence) }));
}

export function countTailRows(sql: SqlStorage, tableId: TableId, above: number): number {
	let rowCount = 0;
	for (const head of blockHeads(sql, tableId, above, Number.MAX_SAFE_INTEGER)) {
		const { start, end } = rowRange(head.runs, above, Number.MAX_SAFE_INTEGER);
		rowCount += end - start;
	}
	return rowCount;
}
