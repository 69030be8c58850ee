/** Every bound of the system, with its unit in its name (invariant B1). Thresholds are starting values: measure, then change them here. */
import { assert } from "./assert.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Memory of one isolate (128 MB in production)
export const ARENA_PAGE_BYTES = 64 * KIB;
const ARENA_BYTES = 64 * MIB;
export const ARENA_PAGE_COUNT = ARENA_BYTES / ARENA_PAGE_BYTES;
/** Most arena one query may hold; `settings.memory_bytes` only lowers it. */
export const QUERY_ARENA_BYTES_MAX = 48 * MIB;
/** JavaScript-heap bytes (R2 bodies, decompressed pages) reserved by all queries of an isolate. */
const HEAP_BYTES_MAX = 16 * MIB;
/** Statements of an isolate that hold arena memory at once. */
export const ADMISSION_RUNNING_MAX = 6;
export const ADMISSION_QUEUE_MAX = 16;
/** Blocks of data files kept by an isolate. */
export const BLOCK_CACHE_BYTES_MAX = 16 * MIB;
/** Footers of data files kept by an isolate, by their bytes in the file. */
export const FOOTER_CACHE_BYTES_MAX = 2 * MIB;
export const DIRECTORY_CACHE_COUNT_MAX = 1000;
/** Tables of a tenant of whose tails an isolate knows how many rows they held: they go with every request for a plan. */
export const TAIL_COUNT_TABLE_COUNT_MAX = 100;
export const SCHEMA_CACHE_COUNT_MAX = 1000;
export const ADMISSION_WAIT_MS_MAX = 5 * SECOND;

// Execution
export const BATCH_ROW_COUNT_MAX = 2048;
/** Of a scan whose rows are only counted, summed or compared: a whole page at a time, as long as the values of a batch stay about this small. */
export const WIDE_BATCH_ROW_COUNT_MAX = 8 * BATCH_ROW_COUNT_MAX;
export const WIDE_BATCH_BYTES = 256 * KIB;
/** Work units (rows x declared cost) between two yields to the event loop. */
export const YIELD_WORK_UNITS = 2_000_000;
export const QUERY_WORK_UNITS_MAX = 20_000_000_000;
export const QUERY_TIMEOUT_MS = 60 * SECOND;
export const QUERY_ROW_LIMIT_MAX = 10_000_000;
export const QUERY_BYTES_SCANNED_MAX = 20 * 1024 * MIB;
/** Spilled rows travel in blocks of about this size; so many writes of a query are under way at once. */
export const SPILL_BLOCK_BYTES = MIB;
export const SPILL_WRITES_IN_FLIGHT_MAX = 3;
/** Joins and aggregations share rows out over 2^bits files, and what still does not fit again, so often. */
export const SPILL_PARTITION_BITS = 3;
/** Of rows that are gathered before they are shared out, the first time: more files, the blocks of which are smaller by as much. */
export const SPILL_STAGED_PARTITION_BITS = 5;
export const SPILL_LEVEL_COUNT_MAX = 3;
/** Sorted runs merged at once: each holds a block on the heap. */
export const SPILL_MERGE_RUN_COUNT_MAX = 8;
/** Arena bytes of a merged run's slice. */
export const SPILL_MERGE_SLICE_BYTES = 256 * KIB;
/** Arena of one filter of a join's keys; a wider one only knows their range. */
export const KEY_FILTER_BYTES_MAX = 4 * MIB;
/** An operator spills when less than this part of the query's memory is left, or of the isolate's. */
export const SPILL_RESERVE_FRACTION = 0.25;
/** What DISTINCT has seen is not added to once no more than this is left beyond that: the groups that it is counted for still have room then. */
export const DISTINCT_RESERVE_FRACTION = 0.125;
/** Of one WITH RECURSIVE: rounds, and rows of all of them. */
export const RECURSION_ROUND_COUNT_MAX = 100_000;
export const RECURSION_ROW_COUNT_MAX = 10_000_000;
/** Texts that a function remembers the results of, twice over, and code units of one with its result: at the most some 4 MB of the heap. */
export const RECENT_TEXT_COUNT_MAX = 8192;
export const RECENT_TEXT_UNIT_COUNT_MAX = 256;
export const SELECTION_COMPACT_FRACTION = 0.25;
/** Entries of a dictionary that group-by keeps a word of each of, of 4 bytes; rows of a larger one are grouped by value. */
export const GROUP_DICTIONARY_ENTRY_COUNT_MAX = 128 * KIB;
/** Values of one key of several that are numbered; and bits of all keys' numbers together, which index an array of 4 bytes. */
export const KEY_ID_COUNT_MAX = 64 * KIB;
export const GROUP_ARRAY_BITS_MAX = 18;

// SQL
export const SQL_BYTES_MAX = MIB;
/** Of a statement; of one with views, the sum along any chain of views that read one another. */
export const SQL_NESTING_MAX = 200;
/** Views over views that one statement may go through. */
export const VIEW_DEPTH_MAX = 32;
export const SQL_PARAMETER_COUNT_MAX = 1000;
export const IDENTIFIER_BYTES_MAX = 63;
/** Sets that one GROUP BY stands for; PostgreSQL's own bound. */
export const GROUPING_SET_COUNT_MAX = 4096;
/** Columns that all operators of one plan make, copies included. */
export const PLAN_COLUMN_COUNT_MAX = 50_000;
/** A run teaches where an estimate was off by this factor at least, and of so many operators. */
export const LEARNED_FACTOR_MIN = 2;
export const OBSERVATION_COUNT_MAX = 16;
/** Shapes of a tenant about which something is kept; the oldest go. */
export const CORRECTION_COUNT_MAX = 500;
/** After this time, half of what was learnt is left (in logarithms). */
export const LEARNED_HALF_LIFE_MS = 7 * DAY;
/** An isolate writes what it has learnt of a tenant this often at most. */
export const LEARNING_INTERVAL_MS = SECOND;
/** Corrections that an isolate keeps of all tenants, and how old they may be. */
export const CORRECTION_CACHE_COUNT_MAX = 20_000;
export const CORRECTION_CACHE_AGE_MS = MINUTE;
export const TABLE_COLUMN_COUNT_MAX = 500;
/** Entries of a select list, as in PostgreSQL. */
export const TARGET_COUNT_MAX = 1664;
/** Views among them. */
export const TABLE_COUNT_MAX = 10_000;

// Bodies
export const BODY_COMPRESSED_BYTES_MAX = 100 * MIB;
export const BODY_DECODED_BYTES_MAX = 1024 * MIB;
/** Body of every route that is not an append. */
export const REQUEST_BODY_BYTES_MAX = 2 * MIB;
export const ROW_ERRORS_REPORTED_MAX = 100;
/** A body up to this is read whole before its rows are decoded: streams cost more than all else that a small append does. */
export const WHOLE_BODY_BYTES_MAX = 256 * KIB;
/** Raw bytes of a body kept so that its rows can be validated anew when the schema changes meanwhile. */
export const RETAINED_BODY_BYTES_MAX = 4 * MIB;
/** A body that is read at random (Parquet) lies in memory up to this size, else in R2, in parts. */
export const SPOOL_MEMORY_BYTES_MAX = 8 * MIB;
export const SPOOL_PART_BYTES = 8 * MIB;
/** Arena of one append's decoder. */
export const INGEST_ARENA_BYTES_MAX = 16 * MIB;
/** One value of a row; also the largest JSON string and CSV field. */
export const VALUE_BYTES_MAX = MIB;
/** One row of a body, in its own format. */
export const ROW_BYTES_MAX = 8 * MIB;
/** Metadata and body of one Arrow message: a record batch of an upload. */
export const ARROW_MESSAGE_BYTES_MAX = 32 * MIB;
/** Lists inside lists of an Arrow schema. */
export const ARROW_NESTING_MAX = 8;
/** Values of all dictionaries of an Arrow stream, kept as long as it is read. */
export const ARROW_DICTIONARY_BYTES_MAX = 16 * MIB;
/** A batch of appended rows ends early when its variable-length values take this much. */
export const APPEND_BATCH_BYTES = 4 * MIB;
/** Arrays and objects inside one another, in a body and in a jsonb value. */
export const JSON_NESTING_MAX = 500;
/** Pairs of values that one `@>` of documents compares. */
export const JSON_CONTAINMENT_STEP_COUNT_MAX = 1_000_000;
export const RESULT_HOLD_BACK_BYTES = MIB;
/** The answer of a statement that inserts and returns rows: it is whole before the first row is stored. */
export const RETURNED_BYTES_MAX = 8 * MIB;

// Appends and shards
/** Above this (decoded, native codec) an append is bulk. */
export const APPEND_BYTES_MAX = 8 * MIB;
/** One BLOB in a shard's SQLite; the platform's limit is 2 MB. */
export const TAIL_BLOB_BYTES_MAX = 1_900_000;
/** Small appends are merged into blocks up to this size. */
export const TAIL_BLOCK_BYTES = MIB;
/** Rows of one shard not yet flushed; above it appends are refused as overloaded. */
export const TAIL_BYTES_MAX = 256 * MIB;
/** Rows of one shard, flushed ones in their grace period included; the platform's limit is 10 GB. */
export const TAIL_RETAINED_BYTES_MAX = 4 * 1024 * MIB;
/** One page of a tail read; an RPC message may have 32 MiB. */
export const TAIL_PAGE_BYTES = 8 * MIB;
/** Shard 0 sends its tails along with the directory up to this size. */
export const TAIL_RIDE_ALONG_BYTES = MIB;
/** Appends of up to this size wait for the shard's commit under way, and so many at most: what waits is held in memory. */
export const COMMIT_GROUP_APPEND_BYTES_MAX = 64 * KIB;
export const COMMIT_GROUP_COUNT_MAX = 256;
/** Rows of one flush, or of one file of a bulk append whose rows came in any order, in native bytes: they are sorted in the arena. */
export const FLUSH_RANGE_BYTES = 12 * MIB;
/** A file of a bulk append whose rows came in order is cut at this size, about: it is put as a whole, while the next is made. */
export const BULK_FILE_BYTES = 8 * MIB;
export const FLUSH_TAIL_BYTES = 32 * MIB;
export const FLUSH_AGE_MS = 60 * SECOND;
/** A flush or a bulk file waits this often, this long, while queries hold the arena. */
export const ENCODE_RETRY_COUNT_MAX = 40;
export const ENCODE_RETRY_WAIT_MS = 250;
export const SHARD_COUNT_MAX = 8;
export const APPEND_ID_TTL_MS = 24 * HOUR;
export const BULK_CLAIM_MS = 10 * MINUTE;
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;
export const RPC_ATTEMPT_COUNT_MAX = 4;
/** How long the tenant Worker waits for one answer: of a shard, the catalog, the optimizer, R2, a queue. */
export const PORT_ANSWER_MS_MAX = 30 * SECOND;
/** How long the optimizer waits for the catalog: less than the tenant Worker waits for the plan. */
export const OPTIMIZER_CATALOG_ANSWER_MS_MAX = 20 * SECOND;
assert(OPTIMIZER_CATALOG_ANSWER_MS_MAX < PORT_ANSWER_MS_MAX, "whoever waits for a plan hears that the catalog is silent");
/** How long the gateway waits for a Worker behind it (`workers/gateway/src/deadlines.ts`) where all that is asked for is small. */
export const WORKER_ANSWER_MS_MAX = 90 * SECOND;
/** How long operations waits for a Worker below it (`workers/operations/src/deadlines.ts`), whose own calls may take PORT_ANSWER_MS_MAX each. */
export const BELOW_OPERATIONS_ANSWER_MS_MAX = 60 * SECOND;
assert(
	PORT_ANSWER_MS_MAX < BELOW_OPERATIONS_ANSWER_MS_MAX && BELOW_OPERATIONS_ANSWER_MS_MAX < WORKER_ANSWER_MS_MAX,
	"the one furthest down gives up first, and who asked is told which it was",
);
/** A service that has not said by then whether it can serve has failed its probe. */
export const PROBE_ANSWER_MS_MAX = 5 * SECOND;

// Scaling of shards. The numbers and what they were weighed against: docs/scaling.md
/** Commits that one shard stores in a second: the platform's figure for transactions of a Durable Object. */
export const SHARD_COMMITS_PER_SECOND = 400;
/** Requests that an object serves in a second: the platform's soft limit (developers.cloudflare.com/durable-objects/platform/limits). */
export const SHARD_REQUESTS_PER_SECOND = 1000;
/** Bytes that one shard takes in and flushes in a second: a flush of FLUSH_RANGE_BYTES is encoded, stored and committed in about 0.75 s. */
export const SHARD_APPENDED_BYTES_PER_SECOND = 16 * MIB;
/** A busy shard reports its load this often; an idle one never. */
export const LOAD_SAMPLE_MS = 30 * SECOND;
/** A shard that does not keep up says so this long after its last report, or later. */
export const LOAD_SIGNAL_MS = 5 * SECOND;
/** From this fraction on, over a window of LOAD_SIGNAL_MS, a shard counts as overloaded. */
export const OVERLOADED_BUSY_FRACTION = 0.95;
/** From this tail on as well: half of what makes it refuse appends. */
export const OVERLOADED_TAIL_BYTES = TAIL_BYTES_MAX / 2;
/** A report older than this says nothing of the load now. */
export const LOAD_SAMPLE_AGE_MS_MAX = 2 * MINUTE;
/** Reports kept of each shard. */
export const LOAD_SAMPLE_COUNT_MAX = 10;
/** A shard above it in each of its last SCALING_GROW_SAMPLE_COUNT reports makes the tenant grow. */
export const SCALING_GROW_BUSY_FRACTION = 0.75;
export const SCALING_GROW_SAMPLE_COUNT = 3;
/** Busy fraction of each shard that growing aims at. */
export const SCALING_TARGET_BUSY_FRACTION = 0.5;
export const SCALING_GROW_COOLDOWN_MS = 30 * SECOND;
/** The tenant shrinks to as many shards as its highest load of SCALING_SHRINK_WINDOW_MS keeps no busier than this. */
export const SCALING_SHRINK_BUSY_FRACTION = 0.35;
export const SCALING_SHRINK_WINDOW_MS = 24 * HOUR;
export const SCALING_SHRINK_COOLDOWN_MS = HOUR;
/** A change at most multiplies or divides the number of shards by this. */
export const SCALING_STEP_FACTOR = 2;
/** A decision under way is carried on by another after this. */
export const SCALING_RESUME_MS = 30 * SECOND;
/** Decisions kept of each tenant. */
export const SCALING_DECISION_COUNT_MAX = 200;
/** Tenants that one run of the cron looks at. */
export const SCALING_TENANTS_PER_RUN_MAX = 1000;
/** Tenants looked at side by side. */
export const SCALING_CONCURRENCY = 6;
/** Sets of a tenant's shards that may still own an append id; a change beyond it waits. */
export const SHARD_SET_COUNT_MAX = 64;

// Catalog
export const INLINE_FILE_COUNT_MAX = 1000;
export const MANIFEST_FILE_COUNT_MAX = 1000;
/** Statistics as text, of a table's inline files and of one manifest's: a table of 500 columns has 40 KB of them a file. */
export const INLINE_STATISTICS_BYTES_MAX = 4 * MIB;
export const MANIFEST_STATISTICS_BYTES_MAX = 4 * MIB;
/** Small manifests that are written together as one. */
export const MANIFEST_MERGE_COUNT = 8;
/** A lone manifest, half of whose files are gone, is written anew once so many are. */
export const MANIFEST_GONE_COUNT_MIN = 64;
/** File pages of all snapshots of one answer: above it bounds are left out, which only prune. An RPC message may have 32 MiB. */
export const SNAPSHOT_ANSWER_BYTES_MAX = 24 * MIB;
/** Sketches of a table: as many of its first columns as fit. D1 holds them as one text of at most 2 MB. */
export const TABLE_SKETCHES_BYTES_MAX = 384 * KIB;
/** Sketches of all snapshots of one answer: beyond it tables go without. */
export const SNAPSHOT_ANSWER_SKETCHES_BYTES_MAX = 4 * MIB;
/** Files that one commit adds, and files that it removes. */
export const COMMIT_FILE_COUNT_MAX = 10_000;
/** Most statements of one D1 batch carry many values as one JSON parameter; D1 allows 100 parameters of 2 MB. */
export const D1_PARAMETER_COUNT_MAX = 100;
export const D1_PARAMETER_BYTES_MAX = 500_000;
/** Rows or objects that one step of deleting a tenant removes per table or prefix. */
export const DELETE_STEP_COUNT_MAX = 1000;
export const ASSIGNMENT_CACHE_COUNT_MAX = 10_000;
export const SNAPSHOT_CACHE_BYTES_MAX = 24 * MIB;
export const MANIFEST_CACHE_BYTES_MAX = 24 * MIB;
assert(
	SNAPSHOT_CACHE_BYTES_MAX + MANIFEST_CACHE_BYTES_MAX <= 48 * MIB,
	"the catalog's caches leave a compaction job its 48 MB, and the isolate 32 for the rest",
);
export const SNAPSHOT_REQUEST_COUNT_MAX = 100;
/** Text bounds of statistics are cut to this many bytes; the upper bound is rounded up. */
export const STATISTICS_BOUND_BYTES_MAX = 32;
export const SNAPSHOT_RETAINED_COUNT_MAX = 100;
/** Commits of a table after which its backup begins anew with a checkpoint: so many records a rebuild reads at most (late ones apart). */
export const CHECKPOINT_COMMIT_COUNT = 256;
/** How far back a checkpoint remembers commit ids: longer than any claim or append id that can name one lives. */
export const COMMIT_ID_RETENTION_MS = 48 * HOUR;
/** Added to a rebuilt table's version: what was cached under versions that nobody acknowledged can never be taken for what comes after. */
export const REBUILD_VERSION_STEP = 1000;
/** Tables that one step of a rebuild restores. */
export const REBUILD_TABLE_COUNT_MAX = 10;
/** R2 reads under way at once. */
export const OBJECT_READ_CONCURRENCY = 6;
assert(
	COMMIT_ID_RETENTION_MS > APPEND_ID_TTL_MS + BULK_CLAIM_MS,
	"a commit id outlives the append ids and claims that name it (design, section 6)",
);
/** A replaced file, and flushed tail rows, are kept this long. */
export const GRACE_PERIOD_MS = 15 * MINUTE;
export const SNAPSHOT_CACHE_AGE_MS_MAX = 5 * MINUTE;
/** In the catalog's isolate, from which the optimizer fills its own cache: the two ages add up. */
export const CATALOG_CACHE_AGE_MS_MAX = 2 * MINUTE;
/** Running plus sending of one query. */
export const QUERY_LIFETIME_MS_MAX = 5 * MINUTE;
const CLOCK_SKEW_MS_MAX = MINUTE;
assert(
	GRACE_PERIOD_MS > CATALOG_CACHE_AGE_MS_MAX + SNAPSHOT_CACHE_AGE_MS_MAX + QUERY_LIFETIME_MS_MAX + CLOCK_SKEW_MS_MAX,
	"the grace period outlives every cached snapshot and running query (design, section 7)",
);

// Garbage collection
/** A table shows its newest 100 snapshots of the last seven days, and its newest always. */
export const SNAPSHOT_RETAINED_MS = 7 * DAY;
/** An object that no commit names for so long was written by somebody who is gone. */
export const ORPHAN_AGE_MS = DAY;
/** Spill blocks and spooled uploads older than this are left-overs. */
export const SPILL_AGE_MS = HOUR;
/** A table's activity is noted at most this often: a row written for thousands of commits. */
export const ACTIVITY_NOTE_MS = HOUR;
/** Sweeps of an active table are this far apart. */
export const SWEEP_PERIOD_MS = DAY;
/** The sweep that begins this long after a table's last activity finds every orphan old enough, and is the last. */
export const SWEEP_SETTLE_MS = ORPHAN_AGE_MS + 2 * ACTIVITY_NOTE_MS + HOUR;
assert(
	ORPHAN_AGE_MS > BULK_CLAIM_MS + GRACE_PERIOD_MS,
	"an orphan's age outlives claims and their retries; who is slower still finds its object condemned and writes a new attempt",
);
assert(SPILL_AGE_MS > QUERY_LIFETIME_MS_MAX + BULK_CLAIM_MS + CLOCK_SKEW_MS_MAX, "spilled blocks outlive their query");
/** Rows or objects that one statement or call of a step takes; R2 lists and deletes at most 1,000. */
export const COLLECTION_STEP_COUNT_MAX = 1000;
/** Steps of one table, and tables of one database, in one tick. */
export const COLLECTION_STEPS_PER_TICK_MAX = 10;
export const COLLECTION_TABLES_PER_TICK_MAX = 100;
export const COLLECTION_TICK_MS = 20 * SECOND;
/** Schemas by name, as an isolate of the tenant Worker remembers them: hints that the shards check. */
export const SCHEMA_CACHE_AGE_MS_MAX = HOUR;
/** Shards refuse rows for a dropped table as long as anybody may take it for live. */
export const DROPPED_TABLE_MEMORY_MS = DAY;
assert(
	DROPPED_TABLE_MEMORY_MS >
		SCHEMA_CACHE_AGE_MS_MAX + CATALOG_CACHE_AGE_MS_MAX + SNAPSHOT_CACHE_AGE_MS_MAX + GRACE_PERIOD_MS + CLOCK_SKEW_MS_MAX,
	"no cache remembers a dropped table for longer than its shards refuse its rows",
);
/** A table whose collection failed is due again after this. */
export const COLLECTION_RETRY_MS = 5 * MINUTE;

// Parquet
export const ROW_GROUP_ROW_COUNT = 131_072;
export const PARQUET_PAGE_ROW_COUNT = 16_384;
export const PARQUET_PAGE_BYTES = MIB;
export const PARQUET_PAGE_BYTES_MAX = 16 * MIB;
export const PARQUET_FOOTER_BYTES_MAX = 8 * MIB;
export const PARQUET_DICTIONARY_ENTRY_COUNT_MAX = 65_536;
export const PARQUET_DICTIONARY_BYTES_MAX = MIB;
/**
 * Compressed bytes that one reader holds on the heap, shared by its columns; what it may hold where less runs than may; and the least of one column. A row group that fits is read
 * once and looked at where it lies; one that does not is copied, window by window.
 */
export const PARQUET_READ_WINDOW_BYTES = 2 * MIB;
export const PARQUET_READ_WINDOW_BYTES_MAX = 6 * MIB;
export const PARQUET_READ_WINDOW_BYTES_MIN = 16 * KIB;
assert(
	ADMISSION_RUNNING_MAX * PARQUET_READ_WINDOW_BYTES <= HEAP_BYTES_MAX,
	"the windows of all running queries fit the heap that is theirs (engine.md, memory)",
);
/** Compressed bytes of the row group being written, which wait on the heap; a row group ends early above this. */
export const PARQUET_WRITE_BYTES_MAX = 8 * MIB;
/** Arena for the dictionaries of a writer's columns; a column that finds no room is written PLAIN. */
export const PARQUET_WRITE_DICTIONARY_BYTES_MAX = 12 * MIB;
/** Arena for the open pages of a writer's columns: a wide table gets shorter pages. */
export const PARQUET_WRITE_PAGES_BYTES_MAX = 16 * MIB;
/** Ranges closer than this are read as one. */
export const READ_COALESCE_GAP_BYTES = 64 * KIB;
export const READ_BLOCK_BYTES = MIB;
/** The same where a large scan reads past the cache of blocks: a request costs as much as some 18 ms of processor time, reading this much in vain a tenth of one. */
export const READ_SCAN_GAP_BYTES = 256 * KIB;
/** Read ahead of scans of data files, by all running queries of an isolate together. */
export const READ_AHEAD_BYTES_MAX = 8 * MIB;

// Identity
export const TOKEN_TTL_SECONDS = 900;
/** Longest time for which a decision about a key, a role or a tenant's state is cached. */
export const PRINCIPAL_CACHE_MS = 4 * SECOND;
export const RATE_LIMIT_REQUEST_COUNT = 5000;
export const RATE_LIMIT_PERIOD_SECONDS = 10;
/** Entries of each of the gateway's caches of keys and tenants. */
export const PRINCIPAL_CACHE_COUNT_MAX = 5000;
/** Keys of a tenant that are not revoked. */
export const API_KEY_COUNT_MAX = 1000;
export const KEY_NAME_LENGTH_MAX = 200;

// Compaction
/** Everything that one job holds, whatever its files: the parts below. The catalog's caches have as much again, of an isolate's 128 MB. */
const COMPACTION_BYTES_MAX = 48 * MIB;
/** Arena of one job; it has an arena of its own, of this size. */
export const COMPACTION_ARENA_BYTES = 30 * MIB;
/** Of that, what the inputs may take: open pages, dictionaries, a batch and a slice of rows each. The rest is the writer's and the batch under way. */
export const COMPACTION_INPUT_ARENA_BYTES = 15 * MIB;
/** A file is written within less than {@link PARQUET_WRITE_PAGES_BYTES_MAX} and the other bounds of writers. */
export const COMPACTION_WRITE_PAGES_BYTES = 3 * MIB;
export const COMPACTION_WRITE_DICTIONARY_BYTES = 3 * MIB;
/** On the heap: compressed bytes and footers of the inputs, the row group being written, and the part being filled. */
export const COMPACTION_READ_BYTES = 8 * MIB;
export const COMPACTION_ROW_GROUP_BYTES = 5 * MIB;
/** All parts of an upload but the last have one size, at least 5 MiB. */
export const COMPACTION_PART_BYTES = 5 * MIB;
assert(
	COMPACTION_ARENA_BYTES + COMPACTION_READ_BYTES + COMPACTION_ROW_GROUP_BYTES + COMPACTION_PART_BYTES <= COMPACTION_BYTES_MAX,
	"the parts of a job fit what it may hold",
);
/** Files merged at once; fewer where their memory says so. */
export const COMPACTION_FAN_IN_MAX = 64;
/** Rows of an input's batch; bytes of stored rows that all inputs hold together. */
export const COMPACTION_BATCH_ROW_COUNT = 1024;
export const COMPACTION_SLICES_BYTES = 4 * MIB;
/** What a merged file is cut at, about. */
export const COMPACTION_FILE_BYTES = 64 * MIB;
/** Upper sizes of the levels in which small files gather; a file above the last is settled. */
export const COMPACTION_LEVEL_BYTES = [64 * KIB, 512 * KIB, 4 * MIB, COMPACTION_FILE_BYTES / 2] as const;
/** Files of one level that are merged, and settled runs that may overlap before they are. */
export const COMPACTION_LEVEL_COUNT = 8;
/** What one job reads. */
export const COMPACTION_JOB_FILE_COUNT_MAX = 128;
export const COMPACTION_JOB_BYTES_MAX = 512 * MIB;
assert(
	COMPACTION_JOB_BYTES_MAX >= 2 * COMPACTION_FILE_BYTES && COMPACTION_JOB_BYTES_MAX >= COMPACTION_LEVEL_COUNT * COMPACTION_FILE_BYTES,
	"any two files that are not settled, and as many settled ones as may overlap, fit one job",
);
/** Tables that one tick of the cron looks at, and jobs that it sends again. */
export const COMPACTION_TABLES_PER_TICK = 200;
export const COMPACTION_JOBS_PER_TICK = 200;
/** Jobs of one table made at once: when they are done, the policy looks again. */
export const COMPACTION_JOBS_PER_TABLE_MAX = 16;
/** Longer than the platform lets a queue's consumer run. */
export const COMPACTION_LEASE_MS = 16 * MINUTE;
/** A job that the queue has not brought after this is sent again by the cron. */
export const COMPACTION_REDELIVERY_MS = 5 * MINUTE;
export const COMPACTION_ATTEMPT_COUNT_MAX = 5;
/** Delay before the nth retry: n times this. */
export const COMPACTION_RETRY_SECONDS = 30;
/** How long a message waits for the isolate's job before it. */
export const COMPACTION_SLOT_WAIT_MS = MINUTE;
/** Queries of a table a day, counted by nobody: from 5 to 10 on the policy chooses the same (docs/storage.md). */
export const COMPACTION_QUERIES_PER_DAY = 100;
/** Finished jobs are listed this long. */
export const JOB_RETAINED_MS = 7 * 24 * HOUR;
export const JOB_ERROR_LENGTH_MAX = 500;
/** Of a message that names no job. */
export const DEAD_LETTER_BYTES_MAX = 1000;

// Lists
/** Tables described at once by a list. */
export const TABLE_DESCRIBE_CONCURRENCY = 6;
/** Tenants whose public names a list asks for at once. */
export const TENANT_LOOKUP_CONCURRENCY = 6;
export const LIST_LIMIT_DEFAULT = 100;
export const LIST_LIMIT_MAX = 1000;

// Observability
/** Metrics of one isolate or hub; beyond them samples are dropped and counted. */
export const METRIC_COUNT_MAX = 300;
/** Values of one label of a metric with a series of their own; the others share one. A hub counts its own, so there may be HUB_COUNT times as many. */
export const METRIC_LABEL_VALUE_COUNT_MAX = 300;
/** Series of one metric; further combinations of labels share one series per service. */
export const METRIC_SERIES_COUNT_MAX = 1000;
export const METRIC_LABEL_LENGTH_MAX = 100;
/** Probe results kept of each service, one a minute. */
export const HEALTH_HISTORY_MINUTE_COUNT = 24 * 60;
/** A probe older than this says nothing about now. */
export const HEALTH_STALE_MS = 5 * MINUTE;
/** Notifications of alerts that wait for a webhook that fails; the oldest go first. */
export const ALERT_NOTIFICATION_COUNT_MAX = 100;
/** About two hours, with the waits between them. */
export const ALERT_NOTIFICATION_ATTEMPT_COUNT_MAX = 15;
export const ALERT_WEBHOOK_TIMEOUT_MS = 10 * SECOND;
/** Spans, and log lines, that wait in an isolate for its next push to monitoring; beyond them they are dropped and counted. */
export const TELEMETRY_BUFFER_COUNT_MAX = 1000;
/** Spans of calls that one request makes of one port: reads of ranges, say. */
export const SPAN_PER_PORT_COUNT_MAX = 64;
/** Spans, or log lines, that an isolate of monitoring holds for one sink, and sends to it at once. */
export const SINK_BUFFER_COUNT_MAX = 10_000;
export const SINK_BATCH_COUNT_MAX = 500;
export const SINK_TIMEOUT_MS = 5 * SECOND;

// Queues
/** Messages that failed every time, kept for the administrator; older ones are forgotten. */
export const DEAD_LETTER_COUNT_MAX = 1000;
