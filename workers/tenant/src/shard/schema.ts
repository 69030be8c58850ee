/**
 * The SQLite schema of a shard. Made when a shard is opened, not before: touching an emptied shard leaves nothing behind.
 *
 * Never one SQLite row per data row: an append is one `tail_block` and a `tail_part` per TAIL_BLOB_BYTES_MAX of native codec bytes. The parts lie
 * apart so that reading ranges does not read bytes.
 */
const STATEMENTS = [
	`CREATE TABLE IF NOT EXISTS shard (
		only INTEGER PRIMARY KEY CHECK (only = 0),
		tenant_id TEXT NOT NULL,
		ordinal INTEGER NOT NULL,
		epoch INTEGER NOT NULL,
		history TEXT NOT NULL,
		sequence INTEGER NOT NULL DEFAULT 0,
		unflushed_bytes INTEGER NOT NULL DEFAULT 0,
		retained_bytes INTEGER NOT NULL DEFAULT 0,
		appended_rows INTEGER NOT NULL DEFAULT 0,
		appended_bytes INTEGER NOT NULL DEFAULT 0,
		appended_count INTEGER NOT NULL DEFAULT 0
	)`,
	`CREATE TABLE IF NOT EXISTS shard_table (
		table_id TEXT PRIMARY KEY,
		minimum_schema_version INTEGER NOT NULL DEFAULT 0,
		last_sequence INTEGER NOT NULL DEFAULT 0,
		watermark INTEGER NOT NULL DEFAULT 0,
		purged INTEGER NOT NULL DEFAULT 0
	) WITHOUT ROWID`,
	`CREATE TABLE IF NOT EXISTS append_id (
		table_id TEXT NOT NULL,
		append_id TEXT NOT NULL,
		hash TEXT,
		expires_at_ms INTEGER NOT NULL,
		row_count INTEGER,
		shard INTEGER,
		sequence INTEGER,
		snapshot_version INTEGER,
		commit_id TEXT,
		claimant TEXT,
		claim_expires_at_ms INTEGER,
		PRIMARY KEY (table_id, append_id)
	) WITHOUT ROWID`,
	"CREATE INDEX IF NOT EXISTS append_id_expiry ON append_id (expires_at_ms)",
	`CREATE TABLE IF NOT EXISTS tail_block (
		table_id TEXT NOT NULL,
		first_sequence INTEGER NOT NULL,
		last_sequence INTEGER NOT NULL,
		row_count INTEGER NOT NULL,
		byte_count INTEGER NOT NULL,
		runs TEXT NOT NULL,
		PRIMARY KEY (table_id, first_sequence)
	) WITHOUT ROWID`,
	"CREATE TABLE IF NOT EXISTS tail_part (part_id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
	`CREATE TABLE IF NOT EXISTS intent (
		table_id TEXT PRIMARY KEY,
		intent_id TEXT NOT NULL,
		lower INTEGER NOT NULL,
		upper INTEGER NOT NULL,
		attempt INTEGER NOT NULL
	) WITHOUT ROWID`,
	`CREATE TABLE IF NOT EXISTS schedule (
		kind TEXT NOT NULL,
		key TEXT NOT NULL,
		due_ms INTEGER NOT NULL,
		failures INTEGER NOT NULL DEFAULT 0,
		PRIMARY KEY (kind, key)
	) WITHOUT ROWID`,
	"CREATE TABLE IF NOT EXISTS directory (only INTEGER PRIMARY KEY CHECK (only = 0), value TEXT NOT NULL)",
	"CREATE TABLE IF NOT EXISTS minimum (table_id TEXT PRIMARY KEY, schema_version INTEGER NOT NULL, snapshot_version INTEGER NOT NULL) WITHOUT ROWID",
];

export function createSchema(sql: SqlStorage): void {
	for (const statement of STATEMENTS) sql.exec(statement);
}

export function hasSchema(sql: SqlStorage): boolean {
	return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'minimum'").toArray().length > 0;
}
