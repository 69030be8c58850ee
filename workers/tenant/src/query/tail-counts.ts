/** How many rows each table's tails held when this isolate last read them: a hint for the next plan, which is made while they are read anew. */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import { DIRECTORY_CACHE_COUNT_MAX, TAIL_COUNT_TABLE_COUNT_MAX } from "#shared/base/limits.ts";
import { Lru } from "#shared/base/lru.ts";
import { rowRange } from "../shard/tail-format.ts";
import type { OpenedTail } from "./tail-source.ts";

const cache = new Lru<Map<TableId, number>>(DIRECTORY_CACHE_COUNT_MAX);

/** Rows by table id; of all tables, since a statement's names are not resolved yet. Absent where nothing is known. */
export function recentTailCounts(tenantId: TenantId): Record<TableId, number> | undefined {
	const tables = cache.get(tenantId);
	return tables === undefined ? undefined : Object.fromEntries(tables);
}

/** Counts the first page of each tail: of a longer one the count is a lower bound. */
export function rememberTailCounts(tenantId: TenantId, tails: { tableId: TableId; shards: OpenedTail[] }[]): void {
	if (tails.length === 0) return;
	let tables = cache.get(tenantId);
	if (tables === undefined) cache.set(tenantId, (tables = new Map()));
	for (const { tableId, shards } of tails) {
		tables.delete(tableId);
		tables.set(
			tableId,
			shards.reduce((sum, tail) => sum + rowCountOfFirst(tail), 0),
		);
	}
	for (const longestAgo of tables.keys()) {
		if (tables.size <= TAIL_COUNT_TABLE_COUNT_MAX) break;
		tables.delete(longestAgo);
	}
}

function rowCountOfFirst({ first, above }: OpenedTail): number {
	return first.blocks.reduce((sum, { runs }) => {
		const { start, end } = rowRange(runs, above, first.upTo);
		return sum + end - start;
	}, 0);
}
