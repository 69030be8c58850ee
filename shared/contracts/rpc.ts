/**
 * The RPC interface of each Worker's entrypoint. Every method is annotated with its answer: a relayed stub's result without an annotation is typed `never`.
 *
 * Contracts are versioned by `contracts/version.ts`; deployments are not atomic, so a receiver accepts this version and the one before.
 * Errors are `LittoralError`s; workerd carries their own properties.
 */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import type { PhysicalPlan, PlanRelation } from "./plan/physical.ts";
import type { Directory, ShardDescription, TenantState } from "./directory.ts";
import type { DeadLetter, Job } from "./job.ts";
import type { MetricsPush } from "./metrics.ts";
import type { CallContext } from "./principal.ts";
import type { LoadSample, ScalingBounds, ScalingDescription } from "./scaling.ts";
import type { CommitAnswer, CommitRequest, SnapshotSummary, TableSnapshot } from "./snapshot.ts";
import type { TableDefinition, TableSchema, ViewDefinition } from "./table.ts";
import type { TelemetrySettings } from "./telemetry.ts";
import type { SqlValue } from "./value.ts";

// ---------------------------------------------------------------- catalog

export interface PageRequest {
	limit: number;
	cursor: string | null;
}

export interface TablePage {
	tables: TableSchema[];
	nextCursor: string | null;
}

export interface TableDescription {
	schema: TableSchema;
	/** Rows and bytes in data files; the tail is not the catalog's. */
	rowCount: number;
	byteCount: number;
	fileCount: number;
	snapshots: SnapshotSummary[];
	/** Watermarks of the newest snapshot. */
	snapshotVersion: number;
}

/** A table by name or id, and the lowest versions the caller may be given. */
export interface SnapshotRequest {
	table: { name: string } | { tableId: TableId };
	minimumSchemaVersion?: number;
	minimumSnapshotVersion?: number;
	/** Reads D1's primary instead of whatever the isolate has cached. */
	fresh?: boolean;
	/** A view is answered, too, as a table without rows: by callers that know what `schema.view` means. */
	views?: boolean;
}

/** A relation at a schema version above that of any cached snapshot of it. */
export interface DroppedRelation {
	tableId: TableId;
	schemaVersion: number;
}

export interface DropRequest {
	commitId: string;
	kind: "table" | "view";
	names: string[];
	ifExists: boolean;
	/** Views that use what is dropped are dropped with it. */
	cascade: boolean;
	/** Of one name: only this relation of it is meant. */
	onlyId?: TableId;
}

/** The caller's span and request, for logs; never part of what a call means. */
export interface CallTrace {
	traceparent: string;
	requestId: string;
}

export interface RebuiltTable {
	tenantId: TenantId;
	tableId: TableId;
	name: string;
	/** `present`: D1 had it. */
	outcome: "restored" | "present" | "failed";
	/** Why it failed. */
	problem: string | null;
	rowCount: number;
	fileCount: number;
}
export interface RebuildStep {
	tables: RebuiltTable[];
	cursor: string | null;
}

export interface CatalogRpc {
	/**
	 * Idempotent by `commitId`.
	 * @param request `raised`: the last table of the name that was dropped, as far as the caller knows, whose minimum schema version it has raised; null where it
	 * knows of none. The table is created only if that is so. Older callers do not say, and raise `replaced` afterwards
	 * @returns `schema` null: nothing was created; raise `replaced`, then try again
	 * @throws duplicate_table (42P07) unless `ifNotExists`
	 */
	createTable(
		tenantId: TenantId,
		request: { commitId: string; definition: TableDefinition; raised?: TableId | null },
		trace?: CallTrace,
	): Promise<{ schema: TableSchema | null; created: boolean; replaced?: DroppedRelation | null }>;
	/**
	 * Idempotent by `commitId`. `raised`, `schema` null and `replaced` as in createTable.
	 * @throws duplicate_table (42P07), wrong_object_type (42809), invalid_table_definition (42P16); schema_changed where something that the view uses is gone
	 */
	createView(
		tenantId: TenantId,
		request: { commitId: string; definition: ViewDefinition; raised: TableId | null },
		trace?: CallTrace,
	): Promise<{ schema: TableSchema | null; replaced: DroppedRelation | null }>;
	/** One table, by a caller of the version before. @returns where no table has the name now, the last one that had; null where there never was one */
	dropTable(tenantId: TenantId, request: { commitId: string; name: string }, trace?: CallTrace): Promise<DroppedRelation | null>;
	/**
	 * Marks tables or views dropped, all in one batch; their files become garbage. Idempotent by `commitId`.
	 * @returns what was dropped, CASCADE included, and where a name had no relation before, the last that had it
	 * @throws undefined_table (42P01), wrong_object_type (42809), dependent_objects_still_exist (2BP01): then nothing was dropped
	 */
	dropRelations(tenantId: TenantId, request: DropRequest, trace?: CallTrace): Promise<DroppedRelation[]>;
	/** @param page with `views`, views are listed among the tables */
	listTables(tenantId: TenantId, page: { limit: number; cursor: string | null; views?: boolean }, trace?: CallTrace): Promise<TablePage>;
	/** Of a table, no view. @throws undefined_table (42P01) */
	describeTable(tenantId: TenantId, name: string, trace?: CallTrace): Promise<TableDescription>;
	/** One answer per request, null where there is no such table. */
	readSnapshots(tenantId: TenantId, requests: SnapshotRequest[], trace?: CallTrace): Promise<(TableSnapshot | null)[]>;
	/** Nearest names to suggest for an unknown table. */
	tableNames(tenantId: TenantId, trace?: CallTrace): Promise<string[]>;
	/**
	 * Section 7: one D1 batch, atomic, idempotent by commit id, rebased onto the newest snapshot.
	 * @throws commit_precondition_failed (watermark), commit_object_condemned (PUT a new attempt), conflict (an input file is gone), undefined_table (dropped)
	 */
	commit(request: CommitRequest, trace?: CallTrace): Promise<CommitAnswer>;
	/** What became of a commit id; null when it never committed. */
	commitStatus(tenantId: TenantId, commitId: string, trace?: CallTrace): Promise<CommitAnswer | null>;
	/** Highest watermark of a shard for each of its tables, dropped tables included. */
	shardWatermarks(
		tenantId: TenantId,
		shard: number,
		trace?: CallTrace,
	): Promise<{ tableId: TableId; watermark: number; snapshotVersion: number; dropped: boolean }[]>;
	/** Whether a table is there; `unknown` is not dropped: the catalog has lost it, or never had it. */
	tableState(tenantId: TenantId, tableId: TableId, trace?: CallTrace): Promise<"live" | "dropped" | "unknown">;
	/**
	 * Whoever writes objects that no commit names yet says so before, and again when an hour has passed: if it is cut off, they are found. Of a data file its table; null for what lies
	 * under `spill/`. A flush need not: its intent is durable, and ends in a commit.
	 */
	announceObjects(tenantId: TenantId, tableId: TableId | null, trace?: CallTrace): Promise<void>;
	/** One bounded step of restoring tables that D1 has lost from their backup in R2; call again with the cursor until it is null. */
	rebuild(cursor: string | null, trace?: CallTrace): Promise<RebuildStep>;
	/** One bounded step of removing every R2 object and D1 row of a tenant; call again until `done`. */
	deleteTenant(tenantId: TenantId, trace?: CallTrace): Promise<{ done: boolean }>;
	/** Background jobs, the newest first, of one tenant or of all. @throws malformed_request for a cursor that no page gave */
	jobs(tenantId: TenantId | null, page: PageRequest, trace?: CallTrace): Promise<{ jobs: Job[]; nextCursor: string | null }>;
	/** Messages that were given up, the newest first. @throws malformed_request for a cursor that no page gave */
	deadLetters(page: PageRequest, trace?: CallTrace): Promise<{ deadLetters: DeadLetter[]; nextCursor: string | null }>;
	/**
	 * Tries a dead letter's job anew, from its first attempt; the dead letter is gone.
	 * @param id of the dead letter
	 * @throws not_found where there is no such dead letter; conflict where it names no job that can be tried
	 */
	redrive(id: string, trace?: CallTrace): Promise<Job>;
	ready(): Promise<void>;
}

// ---------------------------------------------------------------- optimizer

/** `settings` of `/v1/sql`, validated by the gateway: each only lowers a limit. */
export interface QuerySettings {
	timeoutMs?: number;
	rowLimit?: number;
	memoryBytes?: number;
	bytesScanned?: number;
	timeZone?: string;
	bigintAsString?: boolean;
}

export interface PlanRequest {
	sql: string;
	/** JSON values; typed by context when bound. */
	parameters: unknown[];
	settings: QuerySettings;
	nowMicroseconds: bigint;
	/** By table id: plans must use at least these (from the directory); absent on the first try. */
	minimums?: Record<string, { schemaVersion: number; snapshotVersion: number }>;
	/** Bypass caches for every table named. */
	fresh?: boolean;
	/** By table id: rows that the table's tails held when they were last read, for estimates alone. */
	tailRowCounts?: Record<string, number>;
}

/** A statement, bound and planned. The coordinator checks `action` against the role before it runs anything. */
export type PlannedStatement =
	| { kind: "query"; plan: PhysicalPlan }
	/** `json` in its format, else `lines`; with `analyze` the plan is run and shown again with what each operator did. */
	| { kind: "explain"; lines: string[]; json: string | null; analyze: boolean; plan: PhysicalPlan }
	| { kind: "create_table"; definition: TableDefinition }
	/** `plan` gives the table's columns in order; it is not run where `isEmpty` (WITH NO DATA). */
	| { kind: "create_table_as"; definition: TableDefinition; plan: PhysicalPlan; isEmpty: boolean }
	/** `uses`: the versions that it was bound to. */
	| { kind: "create_view"; definition: ViewDefinition; uses: PlanRelation[] }
	| { kind: "drop_table"; names: string[]; ifExists: boolean; cascade?: boolean }
	| { kind: "drop_view"; names: string[]; ifExists: boolean; cascade: boolean }
	/**
	 * `plan` gives all columns of `table` in schema order, cast, defaults filled in. NOT NULL is checked by the writer. Where `stored` is a subplan's number, that subplan gives
	 * them, and the plan's own rows are the answer: RETURNING, or the query of a WITH that inserts.
	 */
	| { kind: "insert"; table: TableSchema; plan: PhysicalPlan; stored: number | null };

/** What a run found of one operator's estimate. */
export interface Observation {
	/** `Estimate.shape` of the plan, with its `shapeRowCount` and `learned` (1 where absent). */
	shape: string;
	rowCount: number;
	learned: number;
	/** Natural logarithm of true rows by estimated ones, what the inputs were off taken out. */
	logRatio: number;
}

export interface OptimizerRpc {
	/** @throws LittoralError with sqlstate and position */
	plan(context: CallContext, request: PlanRequest): Promise<PlannedStatement>;
	/** Takes in what a run has taught, for the tenant of `context` alone. Nobody waits for it. */
	learn(context: CallContext, observations: Observation[]): Promise<void>;
	/** Forgets what was learnt of a tenant. Idempotent. */
	forgetTenant(tenantId: TenantId): Promise<void>;
	ready(): Promise<void>;
}

// ---------------------------------------------------------------- tenant

export type ResultFormat = "json" | "ndjson" | "csv" | "arrow" | "parquet";
export type RowsFormat = "json" | "ndjson" | "csv" | "arrow" | "parquet";

export interface IngestRequest {
	table: string;
	format: RowsFormat;
	gzip: boolean;
	idempotencyKey: string | null;
	/** A small one whole; of another, compressed bytes are counted by the gateway: over the limit the stream fails with body_too_large. */
	body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
}
export interface AppendAnswer {
	accepted: number;
	bookmark: string;
	duplicate: boolean;
}

export interface QueryRequest {
	queryId: string;
	sql: string;
	parameters: unknown[];
	settings: QuerySettings;
	format: ResultFormat;
	idempotencyKey: string | null;
	/** A bookmark to verify (tenant, form); invariant Q2 makes waiting unnecessary. */
	bookmark: string | null;
}
export type QueryAnswer =
	/** `body` is the result in the asked format, statistics included; the first 1 MiB was held back, so errors before it were thrown. */
	| { kind: "rows"; body: ReadableStream<Uint8Array> }
	| { kind: "command"; command: string; rowCount: number; bookmark: string; duplicate?: boolean };

export interface TableAnswer extends TableDescription {
	tailRows: number;
}

export interface TenantRpc {
	/** @throws table_not_found, malformed_body, invalid_rows, body_too_large, idempotency_key_reused, in_progress, overloaded, tenant_suspended */
	ingest(context: CallContext, request: IngestRequest): Promise<AppendAnswer>;
	query(context: CallContext, request: QueryRequest): Promise<QueryAnswer>;
	listTables(
		context: CallContext,
		page: { limit: number; cursor: string | null },
	): Promise<{ tables: TableAnswer[]; nextCursor: string | null }>;
	describeTable(context: CallContext, name: string): Promise<TableAnswer>;
	// lifecycle, for operations; each idempotent
	openTenant(tenantId: TenantId, location: string | null): Promise<Directory>;
	setTenantState(tenantId: TenantId, state: TenantState): Promise<Directory>;
	directory(tenantId: TenantId): Promise<Directory>;
	/**
	 * One bounded step of the epoch protocol towards `count` active shards; call again until `settled`. Draining goes on by alarms.
	 * @param fromEpoch begins a change only from this epoch: another change that came first is left alone
	 */
	changeShards(
		tenantId: TenantId,
		count: number,
		fromEpoch?: number,
	): Promise<{ epoch: number; shards: ShardDescription[]; settled: boolean }>;
	/** One bounded step of emptying every shard that the tenant ever had: rows, ids, keys and alarms; call again until `done`. */
	deleteTenant(tenantId: TenantId): Promise<{ done: boolean }>;
	ready(): Promise<void>;
}

// ---------------------------------------------------------------- operations

export interface TenantDescription {
	id: string;
	tenantId: TenantId;
	status: "creating" | "active" | "suspended" | "deleting";
	createdAt: string;
}
export interface ServiceProbe {
	status: "ok" | "failed";
	latencyMs: number;
}

export interface OperationsRpc {
	/** Creates or continues. @throws tenant_exists */
	createTenant(request: { id: string; location: string | null; requestId: string }): Promise<TenantDescription>;
	/** @throws tenant_not_found */
	getTenant(id: string): Promise<TenantDescription>;
	/** By internal id; null once deleted. The gateway caches it for at most PRINCIPAL_CACHE_MS. */
	tenantById(tenantId: TenantId): Promise<TenantDescription | null>;
	listTenants(page: { limit: number; cursor: string | null }): Promise<{ tenants: TenantDescription[]; nextCursor: string | null }>;
	suspendTenant(id: string): Promise<TenantDescription>;
	resumeTenant(id: string): Promise<TenantDescription>;
	/**
	 * @param tenantId where the caller means one tenant and no later one of its name
	 * @returns done false while steps go on by queue
	 */
	deleteTenant(id: string, tenantId?: TenantId): Promise<{ done: boolean; tenantId: TenantId }>;
	/** Also pins the number: autoscaling leaves it alone until it gets other bounds. @throws conflict where another change goes on, or the tenant is being deleted */
	changeShards(id: string, count: number): Promise<{ epoch: number; shards: ShardDescription[] }>;
	/** @param page of the decisions. @throws tenant_not_found */
	scaling(id: string, page: { limit: number; cursor: string | null }): Promise<ScalingDescription>;
	/** Lets autoscaling move between these bounds, from now on and at once. @throws tenant_not_found */
	setScaling(id: string, bounds: ScalingBounds): Promise<ScalingDescription>;
	/** Messages of queue `signals` that failed every time, newest first. */
	deadLetters(page: { limit: number; cursor: string | null }): Promise<{ deadLetters: DeadSignal[]; nextCursor: string | null }>;
	/** Puts one back into the queue. @returns the signal; null where there is none of this id */
	redrive(id: string): Promise<Signal | null>;
	/** Probes the four Workers below it. */
	probe(): Promise<Record<"tenant" | "optimizer" | "catalog" | "monitoring", ServiceProbe>>;
	ready(): Promise<void>;
}

// ---------------------------------------------------------------- monitoring

export interface HealthRecord {
	service: string;
	status: "ok" | "failed";
	latencyMs: number;
	atMs: number;
}

export interface AlertDescription {
	name: string;
	severity: "warning" | "critical";
	/** When its condition began to hold. */
	sinceMs: number;
	summary: string;
}

export interface PlatformStatus {
	/** Those that fire now. */
	alerts: AlertDescription[];
	/** Of the last 24 hours, at most one record a minute and service, oldest first. */
	history: HealthRecord[];
}

export interface MonitoringRpc {
	/** Counts a numbered delta once. @returns what to send along from now on */
	push(push: MetricsPush): Promise<TelemetrySettings>;
	recordHealth(records: HealthRecord[]): Promise<void>;
	status(): Promise<PlatformStatus>;
	/** Prometheus text of everything pushed, or of one service. */
	scrape(service?: string): Promise<string>;
	ready(): Promise<void>;
}

// ---------------------------------------------------------------- queue

/** Messages of queue `signals`, consumed by operations. */
export type Signal =
	/** The next bounded step of a deletion. */
	| { kind: "tenant_step"; tenantId: TenantId }
	/** A last look, after every request of the tenant must have ended, for objects written behind the deletion's back. */
	| { kind: "tenant_sweep"; tenantId: TenantId }
	/** What a shard at work did lately. */
	| { kind: "load"; tenantId: TenantId; sample: LoadSample };

/** A signal that failed every time. */
export interface DeadSignal {
	/** The queue's own id of the message. */
	id: string;
	/** The signal as JSON. */
	message: string;
	at: string;
}

export type { SqlValue };
