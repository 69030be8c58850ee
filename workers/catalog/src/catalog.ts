/** The catalog over its ports: what `CatalogService` does, without the platform. */
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import type { TableId, TenantId } from "#shared/base/ids.ts";
import {
	INLINE_FILE_COUNT_MAX,
	MANIFEST_CACHE_BYTES_MAX,
	MANIFEST_FILE_COUNT_MAX,
	SNAPSHOT_REQUEST_COUNT_MAX,
	SPILL_AGE_MS,
} from "#shared/base/limits.ts";
import type { DeadLetter, Job } from "#shared/contracts/job.ts";
import type {
	CatalogRpc,
	DroppedRelation,
	DropRequest,
	PageRequest,
	RebuildStep,
	SnapshotRequest,
	TableDescription,
	TablePage,
} from "#shared/contracts/rpc.ts";
import type { CommitAnswer, CommitRequest, FilePage, TableSnapshot } from "#shared/contracts/snapshot.ts";
import { log } from "#shared/observability/log.ts";
import { sql } from "drizzle-orm";
import { checkpoint } from "./backup/checkpoint.ts";
import { rebuildStep } from "./backup/rebuild.ts";
import { commit } from "./commit/commit.ts";
import { readCommitStatus } from "./commit/outcome.ts";
import { Compaction } from "./compaction/compaction.ts";
import { listDeadLetters, listJobs, redriveJob } from "./compaction/list-jobs.ts";
import { DatabaseAssignment } from "./database/assignment.ts";
import { repeated } from "./database/attempts.ts";
import { statement } from "./database/statement.ts";
import { collectGarbage } from "./garbage/collect.ts";
import { NO_TABLE, noteActivity } from "./garbage/collection-row.ts";
import { fold } from "./manifest/fold.ts";
import { isTooMuchInline } from "./manifest/inline-size.ts";
import type { CatalogDatabase, CatalogPorts } from "./ports.ts";
import { createTable, type CreateTableAnswer, type CreateTableRequest } from "./schema/create-table.ts";
import { createView, type CreateViewAnswer, type CreateViewRequest } from "./schema/create-view.ts";
import { dropRelations, missingRelation } from "./schema/drop-relations.ts";
import {
	describeTable,
	listTables,
	shardWatermarks,
	type ShardWatermark,
	tableNames,
	tableState,
	undefinedTable,
	unknownTable,
} from "./schema/list-tables.ts";
import { Lru } from "#shared/base/lru.ts";
import { readSnapshotsOf } from "./snapshot/read-snapshot.ts";
import { thinToFit } from "./snapshot/thin-pages.ts";
import { satisfies, SnapshotCache } from "./snapshot/snapshot-cache.ts";
import { deleteTenantStep } from "./tenant/delete-tenant.ts";

const FOLD_BOUNDS = { inlineFileCountMax: INLINE_FILE_COUNT_MAX, manifestFileCountMax: MANIFEST_FILE_COUNT_MAX };

/** What an isolate keeps between requests; every part is bounded. */
export class CatalogCaches {
	readonly assignment = new DatabaseAssignment();
	readonly snapshots = new SnapshotCache();
	readonly manifests = new Lru<FilePage>(MANIFEST_CACHE_BYTES_MAX);
}

export class Catalog implements CatalogRpc {
	readonly #ports: CatalogPorts;
	readonly #caches: CatalogCaches;

	constructor(ports: CatalogPorts, caches: CatalogCaches) {
		this.#ports = ports;
		this.#caches = caches;
	}

	async createTable(tenantId: TenantId, request: CreateTableRequest): Promise<CreateTableAnswer> {
		const database = await this.#caches.assignment.assign(this.#ports, tenantId);
		return await createTable(this.#ports, database, tenantId, request);
	}

	async createView(tenantId: TenantId, request: CreateViewRequest): Promise<CreateViewAnswer> {
		const database = await this.#caches.assignment.assign(this.#ports, tenantId);
		const answer = await createView(this.#ports, database, tenantId, request);
		if (answer.schema !== null) this.#caches.snapshots.delete(tenantId, answer.schema.tableId);
		return answer;
	}

	async dropTable(tenantId: TenantId, { commitId, name }: { commitId: string; name: string }): Promise<DroppedRelation | null> {
		const request = { commitId, kind: "table", names: [name], ifExists: true, cascade: false } as const;
		return (await this.dropRelations(tenantId, { ...request, names: [name] }))[0] ?? null;
	}

	async dropRelations(tenantId: TenantId, request: DropRequest): Promise<DroppedRelation[]> {
		const database = await this.#database(tenantId);
		if (database === null) {
			if (request.ifExists) return [];
			throw missingRelation(request.kind, request.names[0] ?? "");
		}
		const dropped = await dropRelations(this.#ports, database, tenantId, request);
		for (const { tableId } of dropped) this.#caches.snapshots.delete(tenantId, tableId);
		return dropped;
	}

	async listTables(tenantId: TenantId, page: { limit: number; cursor: string | null; views?: boolean }): Promise<TablePage> {
		const database = await this.#database(tenantId);
		return database === null ? { tables: [], nextCursor: null } : await listTables(this.#ports, database, tenantId, page);
	}

	async describeTable(tenantId: TenantId, name: string): Promise<TableDescription> {
		const database = await this.#database(tenantId);
		if (database === null) throw undefinedTable(name);
		return await describeTable(this.#ports, database, tenantId, name);
	}

	async readSnapshots(tenantId: TenantId, requests: SnapshotRequest[]): Promise<(TableSnapshot | null)[]> {
		const answers = await this.#readSnapshots(tenantId, requests);
		return thinToFit(
			answers.map((answer, index) => (answer?.schema.view === undefined || requests[index]?.views === true ? answer : null)),
		);
	}

	async #readSnapshots(tenantId: TenantId, requests: SnapshotRequest[]): Promise<(TableSnapshot | null)[]> {
		if (requests.length > SNAPSHOT_REQUEST_COUNT_MAX) {
			throw new LittoralError("program_limit_exceeded", `a statement can name at most ${SNAPSHOT_REQUEST_COUNT_MAX} tables`);
		}
		const readAtMs = this.#ports.nowMs();
		const answers = requests.map((request) => this.#caches.snapshots.get(tenantId, request, readAtMs));
		const missing = requests.flatMap((_, index) => (answers[index] === null ? [index] : []));
		const database = missing.length === 0 ? null : await this.#database(tenantId);
		if (database === null) return answers;
		const targets = missing.map((index) => (requests[index] as SnapshotRequest).table);
		const read = await readSnapshotsOf(this.#ports, database, this.#caches.manifests, { tenantId, targets });
		for (const [position, index] of missing.entries()) {
			const snapshot = read[position] ?? null;
			answers[index] = snapshot;
			if (snapshot === null) continue;
			const request = requests[index] as SnapshotRequest;
			// A minimum is a table's, and a name may have gone to another table since the caller learnt it.
			assert(
				"name" in request.table || satisfies(snapshot, request),
				`version ${snapshot.version} of table ${snapshot.schema.tableId}, read from the primary, is not below a minimum`,
			);
			this.#caches.snapshots.set(tenantId, snapshot, readAtMs);
		}
		return answers;
	}

	async tableNames(tenantId: TenantId): Promise<string[]> {
		const database = await this.#database(tenantId);
		return database === null ? [] : await tableNames(this.#ports, database, tenantId);
	}

	async commit(request: CommitRequest): Promise<CommitAnswer> {
		const database = await this.#database(request.tenantId);
		if (database === null) throw unknownTable(request.tableId);
		const { answer, inline } = await commit(this.#ports, database, request);
		this.#caches.snapshots.delete(request.tenantId, request.tableId);
		if (inline !== null && isTooMuchInline(inline)) this.#ports.background(this.#fold(database, request));
		return answer;
	}

	async commitStatus(tenantId: TenantId, commitId: string): Promise<CommitAnswer | null> {
		const database = await this.#database(tenantId);
		if (database === null) return null;
		const status = await repeated(this.#ports, () => readCommitStatus(database, tenantId, commitId));
		if (status?.pending) await checkpoint(this.#ports, database, { tenantId, tableId: status.tableId });
		return status && { version: status.version, paths: status.paths, repeated: true };
	}

	async shardWatermarks(tenantId: TenantId, shard: number): Promise<ShardWatermark[]> {
		const database = await this.#database(tenantId);
		return database === null ? [] : await shardWatermarks(this.#ports, database, tenantId, shard);
	}

	async tableState(tenantId: TenantId, tableId: TableId): Promise<"live" | "dropped" | "unknown"> {
		const database = await this.#database(tenantId);
		return database === null ? "unknown" : await tableState(this.#ports, database, { tenantId, tableId });
	}

	async announceObjects(tenantId: TenantId, tableId: TableId | null): Promise<void> {
		const database = await this.#caches.assignment.findOrChoose(this.#ports, tenantId);
		const nowMs = this.#ports.nowMs();
		const exists = sql`EXISTS (SELECT 1 FROM tables WHERE tenant_id = ${tenantId})`;
		const note =
			tableId === null
				? // A tenant without any table spills, too. The row of one that was deleted meanwhile goes with its first collection.
					noteActivity({ tenantId, tableId: NO_TABLE }, { nowMs, dueAtMs: sql`${nowMs + 2 * SPILL_AGE_MS}` })
				: noteActivity({ tenantId, tableId }, { nowMs, where: exists });
		await repeated(this.#ports, () => database.batch("announce", [note]));
	}

	/** What is due of every tenant's garbage, as far as one tick goes. */
	async collectGarbage(): Promise<number> {
		return await collectGarbage(this.#ports);
	}

	async rebuild(cursor: string | null): Promise<RebuildStep> {
		return await rebuildStep(this.#ports, this.#caches.assignment, cursor);
	}

	async deleteTenant(tenantId: TenantId): Promise<{ done: boolean }> {
		const answer = await deleteTenantStep(this.#ports, await this.#database(tenantId), tenantId);
		if (answer.done) this.#caches.assignment.forget(tenantId);
		return answer;
	}

	async jobs(tenantId: TenantId | null, page: PageRequest): Promise<{ jobs: Job[]; nextCursor: string | null }> {
		if (tenantId === null) return await listJobs(this.#ports, this.#ports.databases, null, page);
		const database = await this.#database(tenantId);
		return await listJobs(this.#ports, database === null ? [] : [database], tenantId, page);
	}

	async deadLetters(page: PageRequest): Promise<{ deadLetters: DeadLetter[]; nextCursor: string | null }> {
		return await listDeadLetters(this.#ports, page);
	}

	async redrive(id: string): Promise<Job> {
		return await redriveJob(this.#ports, id);
	}

	/** Jobs in the background, over the same ports and caches. */
	compaction(): Compaction {
		return new Compaction(this.#ports, { assignment: this.#caches.assignment, commit: (request) => this.commit(request) });
	}

	async ready(): Promise<void> {
		const probe = [statement(sql`SELECT 1 AS ready FROM tables LIMIT 1`)];
		await Promise.all(this.#ports.databases.map((database) => database.batch("read_tables", probe)));
	}

	/** Null while the tenant has no tables. */
	async #database(tenantId: TenantId): Promise<CatalogDatabase | null> {
		return await this.#caches.assignment.find(this.#ports, tenantId);
	}

	/** A fold that fails is no error of the commit: the next commit begins it again. */
	async #fold(database: CatalogDatabase, table: { tenantId: TenantId; tableId: TableId }): Promise<void> {
		try {
			await fold(this.#ports, database, { tenantId: table.tenantId, tableId: table.tableId }, FOLD_BOUNDS);
		} catch (error) {
			log("warn", "a fold failed", { service: "catalog", tenant: table.tenantId, tableId: table.tableId, cause: String(error) });
		}
	}
}
