/**
 * The catalog's tables in D1. Every row carries its tenant (invariant T1). Constraints here are the preconditions of section 7: a commit
 * writes a NULL, a duplicate or a negative count where its precondition does not hold, and the whole batch fails.
 *
 * A row or manifest is part of the snapshot at version v when `added_version` <= v and (`until_version` is NULL or > v).
 */
import { sql } from "drizzle-orm";
import { check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** In the first database only: which database of the list holds a tenant. Never changes once written. */
export const tenantAssignment = sqliteTable("tenant_assignment", {
	tenantId: text("tenant_id").primaryKey(),
	database: integer("database").notNull(),
});

/**
 * One row a table ever made; `version` is its newest snapshot's. A dropped one stays, so that its watermarks and files can be found. A view is a table without rows whose
 * schema says what it is read as: names, versions, drops and the backup are the same for both.
 */
export const tables = sqliteTable(
	"tables",
	{
		tenantId: text("tenant_id").notNull(),
		tableId: text("table_id").notNull(),
		name: text("name").notNull(),
		kind: text("kind", { enum: ["table", "view"] })
			.notNull()
			.default("table"),
		/** Counts changes of the schema; dropping the table raises it, so that a schema cached elsewhere is known to be stale. */
		schemaVersion: integer("schema_version").notNull(),
		version: integer("version").notNull(),
		/** Field ids are stable and never reused. */
		nextFieldId: integer("next_field_id").notNull(),
		createdAtMs: integer("created_at_ms").notNull(),
		droppedAtMs: integer("dropped_at_ms"),
		/** When the files changed first since the compaction policy last looked; NULL when they did not. */
		changedAtMs: integer("changed_at_ms"),
		/** Version of the newest checkpoint in the backup. */
		checkpointVersion: integer("checkpoint_version").notNull().default(0),
		/** When the backup last learnt of the whole table, by its creation or a checkpoint; NULL until then. */
		backedUpAtMs: integer("backed_up_at_ms"),
	},
	(table) => [
		primaryKey({ columns: [table.tenantId, table.tableId] }),
		uniqueIndex("tables_live_name").on(table.tenantId, table.name).where(sql`dropped_at_ms IS NULL`),
		index("tables_changed").on(table.changedAtMs).where(sql`changed_at_ms IS NOT NULL`),
	],
);

/** What a view uses: a relation that a live view uses is not dropped without it. */
export const dependency = sqliteTable(
	"dependency",
	{
		tenantId: text("tenant_id").notNull(),
		viewId: text("view_id").notNull(),
		usedId: text("used_id").notNull(),
	},
	(table) => [
		primaryKey({ columns: [table.tenantId, table.viewId, table.usedId] }),
		index("dependency_used").on(table.tenantId, table.usedId),
	],
);

/** Every version of a table's schema, as JSON. */
export const tableSchema = sqliteTable(
	"table_schema",
	{
		tenantId: text("tenant_id").notNull(),
		tableId: text("table_id").notNull(),
		schemaVersion: integer("schema_version").notNull(),
		schema: text("schema").notNull(),
	},
	(table) => [primaryKey({ columns: [table.tenantId, table.tableId, table.schemaVersion] })],
);

/** One row a commit id, kept as long as the tenant: the id is what makes a commit happen once. */
export const commitLog = sqliteTable(
	"commit_log",
	{
		tenantId: text("tenant_id").notNull(),
		commitId: text("commit_id").notNull(),
		kind: text("kind").notNull(),
		tableId: text("table_id").notNull(),
		/** NULL, and so refused, where the table is dropped. */
		version: integer("version").notNull(),
		/** How many input files were live; NULL, and so refused, where it was not all of them. */
		inputCount: integer("input_count").notNull(),
		/** JSON array of the paths that were added. */
		paths: text("paths").notNull(),
		/** Random per call: tells a caller whose answer was lost that the commit is its own. */
		token: text("token").notNull(),
		createdAtMs: integer("created_at_ms").notNull(),
		/** 1 until the backup holds the commit; then NULL. */
		pending: integer("pending"),
	},
	(table) => [
		primaryKey({ columns: [table.tenantId, table.commitId] }),
		index("commit_log_pending").on(table.tenantId, table.tableId).where(sql`pending = 1`),
		index("commit_log_age").on(table.tenantId, table.tableId, table.createdAtMs),
	],
);

/** The newest retained snapshots of each table, with their sums. */
export const snapshot = sqliteTable(
	"snapshot",
	{
		tenantId: text("tenant_id").notNull(),
		tableId: text("table_id").notNull(),
		version: integer("version").notNull(),
		schemaVersion: integer("schema_version").notNull(),
		rowCount: integer("row_count").notNull(),
		byteCount: integer("byte_count").notNull(),
		fileCount: integer("file_count").notNull(),
		/** JSON object: shard ordinal to watermark. */
		watermarks: text("watermarks").notNull(),
		createdAtMs: integer("created_at_ms").notNull(),
	},
	(table) => [
		primaryKey({ columns: [table.tenantId, table.tableId, table.version] }),
		check("snapshot_counts", sql`row_count >= 0 AND byte_count >= 0 AND file_count >= 0`),
	],
);

/** Highest sequence number of a shard inside a table's files. Never decreases, and outlives shard and table. */
export const watermark = sqliteTable(
	"watermark",
	{
		tenantId: text("tenant_id").notNull(),
		tableId: text("table_id").notNull(),
		shard: integer("shard").notNull(),
		/** NULL, and so refused, where a flush did not start at the watermark. */
		sequenceNumber: integer("sequence_number").notNull(),
	},
	(table) => [
		primaryKey({ columns: [table.tenantId, table.tableId, table.shard] }),
		index("watermark_shard").on(table.tenantId, table.shard),
	],
);

/**
 * Every object in R2 that was ever committed or condemned. A path is never reused: a `condemned` row stays as long as the tenant. `live` data
 * files have `added_version`; replaced ones also `removed_version`, and turn `condemned` a grace period after `removed_at_ms`.
 */
export const object = sqliteTable(
	"object",
	{
		path: text("path").primaryKey(),
		tenantId: text("tenant_id").notNull(),
		tableId: text("table_id").notNull(),
		kind: text("kind", { enum: ["data", "manifest"] }).notNull(),
		state: text("state", { enum: ["live", "condemned"] }).notNull(),
		rowCount: integer("row_count").notNull(),
		byteCount: integer("byte_count").notNull(),
		addedVersion: integer("added_version").notNull(),
		removedVersion: integer("removed_version"),
		removedAtMs: integer("removed_at_ms"),
		condemnedAtMs: integer("condemned_at_ms"),
		/** When R2 was told to delete it; NULL again where the object was seen after that. */
		deletedAtMs: integer("deleted_at_ms"),
		/** The manifest that lists the file; NULL while it is inline. */
		manifestId: text("manifest_id"),
	},
	(table) => [
		check("object_state", sql`state IN ('live', 'condemned')`),
		index("object_tenant").on(table.tenantId, table.tableId),
		index("object_removed").on(table.tenantId, table.tableId, table.manifestId).where(sql`removed_version IS NOT NULL`),
		index("object_live").on(table.tenantId, table.tableId, table.removedVersion).where(sql`state = 'live'`),
		index("object_to_delete")
			.on(table.tenantId, table.tableId, table.condemnedAtMs)
			.where(sql`state = 'condemned' AND deleted_at_ms IS NULL`),
	],
);

/**
 * Sketches of a table's columns, merged at each commit: of its rows now, not of a version. They feed estimates only, so a commit that finds another
 * revision than it read leaves them as they are, and its rows out.
 */
export const tableSketches = sqliteTable(
	"table_sketches",
	{
		tenantId: text("tenant_id").notNull(),
		tableId: text("table_id").notNull(),
		/** Counts changes, from 1. */
		revision: integer("revision").notNull(),
		/** Base64 of `sketches/table-sketches.ts`. */
		sketches: text("sketches").notNull(),
	},
	(table) => [primaryKey({ columns: [table.tenantId, table.tableId] })],
);

/** The newest data files of a table, one row each with all its statistics as one compact value (`manifest/statistics.ts`). */
export const inlineFile = sqliteTable(
	"inline_file",
	{
		path: text("path").primaryKey(),
		tenantId: text("tenant_id").notNull(),
		tableId: text("table_id").notNull(),
		rowCount: integer("row_count").notNull(),
		byteCount: integer("byte_count").notNull(),
		schemaVersion: integer("schema_version").notNull(),
		statistics: text("statistics").notNull(),
		/** Of `statistics`: what stands inline is bounded in bytes too. */
		statisticsByteCount: integer("statistics_byte_count").notNull().default(0),
		addedVersion: integer("added_version").notNull(),
		/** Set when the file was replaced, or folded into a manifest. */
		untilVersion: integer("until_version"),
	},
	(table) => [index("inline_file_table").on(table.tenantId, table.tableId, table.untilVersion)],
);

/** Pointers to immutable manifests in R2. */
export const manifest = sqliteTable(
	"manifest",
	{
		tenantId: text("tenant_id").notNull(),
		tableId: text("table_id").notNull(),
		manifestId: text("manifest_id").notNull(),
		path: text("path").notNull(),
		fileCount: integer("file_count").notNull(),
		/** NULL, and so refused, where a file that the manifest lists was no longer inline. */
		addedVersion: integer("added_version").notNull(),
		untilVersion: integer("until_version"),
	},
	(table) => [primaryKey({ columns: [table.tenantId, table.tableId, table.manifestId] })],
);

/**
 * Where garbage collection has something to do, and when: a row per table whose files changed lately or whose replaced files wait, and one with the
 * empty table id for what belongs to no table (spill, commit ids). A tenant that is idle and clean has none.
 */
export const collection = sqliteTable(
	"collection",
	{
		tenantId: text("tenant_id").notNull(),
		tableId: text("table_id").notNull(),
		/** Last commit, or announcement of objects; older than the truth by at most ACTIVITY_NOTE_MS. */
		activeAtMs: integer("active_at_ms").notNull(),
		/** When the last sweep began; at first when the row was made. */
		sweptAtMs: integer("swept_at_ms").notNull(),
		/** The sweep under way has seen every key up to this one; NULL without one. */
		sweepAfter: text("sweep_after"),
		dueAtMs: integer("due_at_ms").notNull(),
	},
	(table) => [primaryKey({ columns: [table.tenantId, table.tableId] }), index("collection_due").on(table.dueAtMs)],
);

/** Background jobs. The message in the queue is a pointer; everything that a job is stands here. */
export const job = sqliteTable(
	"job",
	{
		/** Ascending with the time of creation. */
		jobId: text("job_id").primaryKey(),
		tenantId: text("tenant_id").notNull(),
		tableId: text("table_id").notNull(),
		state: text("state", { enum: ["queued", "running", "done", "failed", "dead"] }).notNull(),
		attempts: integer("attempts").notNull(),
		reason: text("reason").notNull(),
		/** JSON array of [path, bytes, rows], in the order in which equal rows stay. */
		inputs: text("inputs").notNull(),
		fileCount: integer("file_count").notNull(),
		rowCount: integer("row_count").notNull(),
		byteCount: integer("byte_count").notNull(),
		/** Random per attempt; only who holds it ends the attempt. */
		leaseToken: text("lease_token"),
		/** When the cron sends the job's message again: a lease's end, or a message that went astray. NULL in a state that is final. */
		dueAtMs: integer("due_at_ms"),
		/** JSON of `JobFigures`. */
		figures: text("figures"),
		error: text("error"),
		/** 1; NULL, and so refused, where the table has changed since the policy looked. */
		planned: integer("planned").notNull(),
		createdAtMs: integer("created_at_ms").notNull(),
		updatedAtMs: integer("updated_at_ms").notNull(),
	},
	(table) => [
		check("job_state", sql`state IN ('queued', 'running', 'done', 'failed', 'dead')`),
		index("job_tenant").on(table.tenantId, table.jobId),
		index("job_table").on(table.tenantId, table.tableId, table.state),
		index("job_due").on(table.dueAtMs).where(sql`due_at_ms IS NOT NULL`),
	],
);

/** Messages that the queue gave up: those of dead jobs, and those that name none. */
export const deadLetter = sqliteTable(
	"dead_letter",
	{
		/** The job's id, else the queue's own id of the message. */
		id: text("id").primaryKey(),
		/** Empty where the message names no tenant of this database. */
		tenantId: text("tenant_id").notNull(),
		message: text("message").notNull(),
		createdAtMs: integer("created_at_ms").notNull(),
	},
	(table) => [index("dead_letter_time").on(table.createdAtMs, table.id), index("dead_letter_tenant").on(table.tenantId)],
);
