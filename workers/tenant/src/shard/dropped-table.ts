/** The end of a dropped table in a shard: its minimum kept late rows out, and is not needed for ever. */
import type { TableId } from "#shared/base/ids.ts";
import { DROPPED_TABLE_MEMORY_MS } from "#shared/base/limits.ts";
import type { ShardContext } from "./context.ts";
import type { MinimumRaise } from "./contract.ts";
import { finishWork, postponeWork, scheduleWork } from "./schedule.ts";
import { readTable } from "./table-row.ts";
import { blockHeads } from "./tail-store.ts";

/** With the raise of a dropped table's minimum. */
export function scheduleForgetting(sql: SqlStorage, { tableId, forgetAtMs }: MinimumRaise): void {
	if (forgetAtMs !== undefined) scheduleWork(sql, { kind: "forget", key: tableId, dueMs: forgetAtMs });
}

/** When the table is forgotten here; undefined of a table that was not dropped. */
export function forgottenAtMs(sql: SqlStorage, tableId: string): number | undefined {
	const [row] = sql.exec("SELECT due_ms FROM schedule WHERE kind = 'forget' AND key = ?", tableId).toArray();
	return row?.["due_ms"] as number | undefined;
}

/** Removes every row of the table, in shard 0 also its minimum in the directory; later where rows are left, of which the next flush learns that they are nobody's. */
export function forgetTable({ sql, storage, ports }: ShardContext, tableId: TableId): void {
	storage.transactionSync(() => {
		const [head] = blockHeads(sql, tableId, readTable(sql, tableId).purged, Number.MAX_SAFE_INTEGER);
		if (head !== undefined) {
			postponeWork(sql, { kind: "forget", key: tableId, dueMs: ports.now() + DROPPED_TABLE_MEMORY_MS, failures: 0 });
			return;
		}
		for (const table of ["shard_table", "minimum", "append_id", "intent"]) sql.exec(`DELETE FROM ${table} WHERE table_id = ?`, tableId);
		sql.exec(
			"DELETE FROM schedule WHERE (kind IN ('flush', 'merge') AND key = ?) OR (kind = 'purge' AND key LIKE ?)",
			tableId,
			`${tableId}:%`,
		);
		finishWork(sql, "forget", tableId);
	});
}
