/** Catalog: tables, snapshots and commits. Called by tenant, optimizer, operations and gateway. */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { TableId, TenantId } from "#shared/base/ids.ts";
import kernels from "#shared/engine/kernels/build/kernels.wasm";
import { installKernels } from "#shared/engine/kernels/kernels.ts";
import { COMPACTION_RETRY_SECONDS } from "#shared/base/limits.ts";
import type { DeadLetter, Job, JobPointer } from "#shared/contracts/job.ts";
import type {
	CallTrace,
	CatalogRpc,
	DroppedRelation,
	DropRequest,
	PageRequest,
	RebuildStep,
	SnapshotRequest,
	TableDescription,
	TablePage,
} from "#shared/contracts/rpc.ts";
import type { CommitAnswer, CommitRequest, TableSnapshot } from "#shared/contracts/snapshot.ts";
import { increment } from "#shared/observability/metrics.ts";
import { observed } from "#shared/observability/observed.ts";
import { serviceApp } from "#shared/observability/service-app.ts";
import { Catalog, CatalogCaches } from "./catalog.ts";
import { d1Database, databaseBindings, jobQueue, r2Objects } from "./database/bindings.ts";
import type { Env } from "./env.ts";
import type { CreateTableAnswer, CreateTableRequest } from "./schema/create-table.ts";
import type { CreateViewAnswer, CreateViewRequest } from "./schema/create-view.ts";
import type { ShardWatermark } from "./schema/list-tables.ts";

installKernels(kernels);

const caches = new CatalogCaches();

function openCatalog(env: Env, ctx: Pick<ExecutionContext, "waitUntil">): Catalog {
	const ports = {
		databases: databaseBindings(env).map(d1Database),
		objects: r2Objects(env.DATA),
		queue: jobQueue(env.COMPACTION),
		nowMs: () => Date.now(),
		wait: (milliseconds: number) => scheduler.wait(milliseconds),
		background: (work: Promise<void>) => ctx.waitUntil(work),
	};
	return new Catalog(ports, caches);
}

export class CatalogService extends WorkerEntrypoint<Env> implements CatalogRpc {
	async createTable(tenantId: TenantId, request: CreateTableRequest, trace?: CallTrace): Promise<CreateTableAnswer> {
		return await this.#observed("createTable", tenantId, trace, (catalog) => catalog.createTable(tenantId, request));
	}

	async createView(tenantId: TenantId, request: CreateViewRequest, trace?: CallTrace): Promise<CreateViewAnswer> {
		return await this.#observed("createView", tenantId, trace, (catalog) => catalog.createView(tenantId, request));
	}

	async dropTable(tenantId: TenantId, request: { commitId: string; name: string }, trace?: CallTrace): Promise<DroppedRelation | null> {
		return await this.#observed("dropTable", tenantId, trace, (catalog) => catalog.dropTable(tenantId, request));
	}

	async dropRelations(tenantId: TenantId, request: DropRequest, trace?: CallTrace): Promise<DroppedRelation[]> {
		return await this.#observed("dropRelations", tenantId, trace, (catalog) => catalog.dropRelations(tenantId, request));
	}

	async listTables(
		tenantId: TenantId,
		page: { limit: number; cursor: string | null; views?: boolean },
		trace?: CallTrace,
	): Promise<TablePage> {
		return await this.#observed("listTables", tenantId, trace, (catalog) => catalog.listTables(tenantId, page));
	}

	async describeTable(tenantId: TenantId, name: string, trace?: CallTrace): Promise<TableDescription> {
		return await this.#observed("describeTable", tenantId, trace, (catalog) => catalog.describeTable(tenantId, name));
	}

	async readSnapshots(tenantId: TenantId, requests: SnapshotRequest[], trace?: CallTrace): Promise<(TableSnapshot | null)[]> {
		return await this.#observed("readSnapshots", tenantId, trace, (catalog) => catalog.readSnapshots(tenantId, requests));
	}

	async tableNames(tenantId: TenantId, trace?: CallTrace): Promise<string[]> {
		return await this.#observed("tableNames", tenantId, trace, (catalog) => catalog.tableNames(tenantId));
	}

	async commit(request: CommitRequest, trace?: CallTrace): Promise<CommitAnswer> {
		return await this.#observed("commit", request.tenantId, trace, async (catalog) => {
			const answer = await catalog.commit(request);
			if (!answer.repeated) increment("littoral_commits_total", { service: "catalog", kind: request.change.kind });
			return answer;
		});
	}

	async commitStatus(tenantId: TenantId, commitId: string, trace?: CallTrace): Promise<CommitAnswer | null> {
		return await this.#observed("commitStatus", tenantId, trace, (catalog) => catalog.commitStatus(tenantId, commitId));
	}

	async shardWatermarks(tenantId: TenantId, shard: number, trace?: CallTrace): Promise<ShardWatermark[]> {
		return await this.#observed("shardWatermarks", tenantId, trace, (catalog) => catalog.shardWatermarks(tenantId, shard));
	}

	async tableState(tenantId: TenantId, tableId: TableId, trace?: CallTrace): Promise<"live" | "dropped" | "unknown"> {
		return await this.#observed("tableState", tenantId, trace, (catalog) => catalog.tableState(tenantId, tableId));
	}

	async announceObjects(tenantId: TenantId, tableId: TableId | null, trace?: CallTrace): Promise<void> {
		await this.#observed("announceObjects", tenantId, trace, (catalog) => catalog.announceObjects(tenantId, tableId));
	}

	async rebuild(cursor: string | null, trace?: CallTrace): Promise<RebuildStep> {
		return await this.#observed("rebuild", "", trace, (catalog) => catalog.rebuild(cursor));
	}

	async deleteTenant(tenantId: TenantId, trace?: CallTrace): Promise<{ done: boolean }> {
		return await this.#observed("deleteTenant", tenantId, trace, (catalog) => catalog.deleteTenant(tenantId));
	}

	async jobs(tenantId: TenantId | null, page: PageRequest, trace?: CallTrace): Promise<{ jobs: Job[]; nextCursor: string | null }> {
		return await this.#observed("jobs", tenantId ?? undefined, trace, (catalog) => catalog.jobs(tenantId, page));
	}

	async deadLetters(page: PageRequest, trace?: CallTrace): Promise<{ deadLetters: DeadLetter[]; nextCursor: string | null }> {
		return await this.#observed("deadLetters", undefined, trace, (catalog) => catalog.deadLetters(page));
	}

	async redrive(id: string, trace?: CallTrace): Promise<Job> {
		return await this.#observed("redrive", undefined, trace, (catalog) => catalog.redrive(id));
	}

	async ready(): Promise<void> {
		await this.#catalog().ready();
	}

	#catalog(): Catalog {
		return openCatalog(this.env, this.ctx);
	}

	async #observed<Result>(
		operation: string,
		tenant: string | undefined,
		trace: CallTrace | undefined,
		work: (catalog: Catalog) => Promise<Result>,
	): Promise<Result> {
		return await observed({ service: "catalog", operation, env: this.env, ctx: this.ctx, tenant, ...trace }, () => work(this.#catalog()));
	}
}

const app = serviceApp<Env>("catalog");
/** The dead-letter queue, in every environment. */
const DEAD_LETTERS = /-compaction-dead$/;

export default {
	fetch: app.fetch,

	/** Every minute. A minute in which nothing was due pushes no counters, and so wakes no one. */
	async scheduled(_controller, env, ctx): Promise<void> {
		const catalog = openCatalog(env, ctx);
		const compaction = catalog.compaction();
		const compact = async () => {
			const due = await compaction.due();
			if (due.length > 0) await observed({ service: "catalog", operation: "cron", env, ctx }, () => compaction.tick(due));
		};
		const collect = () => observed({ service: "catalog", operation: "garbage", env, ctx, isQuiet: true }, () => catalog.collectGarbage());
		await Promise.all([compact(), collect()]);
	},

	async queue(batch, env, ctx): Promise<void> {
		const compaction = openCatalog(env, ctx).compaction();
		const isDead = DEAD_LETTERS.test(batch.queue);
		for (const message of batch.messages) {
			try {
				await observed({ service: "catalog", operation: isDead ? "dead_letter" : "compaction", env, ctx }, async () => {
					if (isDead) await compaction.handleDeadLetter(message.body, message.id);
					else await compaction.handle(message.body);
				});
				message.ack();
			} catch {
				message.retry({ delaySeconds: COMPACTION_RETRY_SECONDS * message.attempts });
			}
		}
	},
} satisfies ExportedHandler<Env, JobPointer>;
