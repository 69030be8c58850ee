/** What a shard keeps of each table: minimum schema version, last sequence number, marked watermark, purge bound. */
import type { TableId } from "#shared/base/ids.ts";

export interface TableRow {
	tableId: TableId;
	minimumSchemaVersion: number;
	/** Of the table's last append here. */
	lastSequence: number;
	/** Rows at or below it are in a committed snapshot, and this shard knows. */
	watermark: number;
	/** Rows at or below it may be gone. */
	purged: number;
}

export function readTable(sql: SqlStorage, tableId: TableId): TableRow {
	const [row] = sql.exec("SELECT * FROM shard_table WHERE table_id = ?", tableId).toArray();
	return row === undefined ? { tableId, minimumSchemaVersion: 0, lastSequence: 0, watermark: 0, purged: 0 } : fromSql(row);
}

export function readTables(sql: SqlStorage): TableRow[] {
	return sql.exec("SELECT * FROM shard_table").toArray().map(fromSql);
}

function fromSql(row: Record<string, SqlStorageValue>): TableRow {
	return {
		tableId: row["table_id"] as TableId,
		minimumSchemaVersion: row["minimum_schema_version"] as number,
		lastSequence: row["last_sequence"] as number,
		watermark: row["watermark"] as number,
		purged: row["purged"] as number,
	};
}

/** None of the four ever decreases. */
export function raiseTable(sql: SqlStorage, tableId: TableId, raise: Partial<Omit<TableRow, "tableId">>): void {
	sql.exec(
		`INSERT INTO shard_table (table_id, minimum_schema_version, last_sequence, watermark, purged) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (table_id) DO UPDATE SET
				minimum_schema_version = max(minimum_schema_version, excluded.minimum_schema_version),
				last_sequence = max(last_sequence, excluded.last_sequence),
				watermark = max(watermark, excluded.watermark),
				purged = max(purged, excluded.purged)`,
		tableId,
		raise.minimumSchemaVersion ?? 0,
		raise.lastSequence ?? 0,
		raise.watermark ?? 0,
		raise.purged ?? 0,
	);
}
