/**
 * Stand-ins for the Workers behind the gateway, which answer with what they were given. Bundled by the project's vitest config; each of the four
 * auxiliary Workers exports all of them and uses one.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { type ErrorCode, LittoralError } from "#shared/base/errors.ts";
import { newTenantId, type TenantId } from "#shared/base/ids.ts";
import type { Directory } from "#shared/contracts/directory.ts";
import type { DeadLetter, Job } from "#shared/contracts/job.ts";
import type { MetricsPush } from "#shared/contracts/metrics.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type {
	AppendAnswer,
	DeadSignal,
	HealthRecord,
	IngestRequest,
	PageRequest,
	PlatformStatus,
	RebuildStep,
	QueryAnswer,
	QueryRequest,
	ServiceProbe,
	Signal,
	TableAnswer,
	TenantDescription,
} from "#shared/contracts/rpc.ts";
import type { ScalingBounds, ScalingDescription } from "#shared/contracts/scaling.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { TableId } from "#shared/base/ids.ts";

/** `throw:<code>` raises that code; `bug` what is not ours; `flooded` and `reset` what the platform raises. */
function raise(what: string): void {
	if (what === "bug") throw new TypeError("secret internals at line 7");
	if (what === "flooded") throw Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });
	if (what === "reset") throw Object.assign(new Error("Network connection lost."), { retryable: true });
	if (!what.startsWith("throw:")) return;
	const [code, details] = what.slice("throw:".length).split("|", 2) as [ErrorCode, string?];
	throw new LittoralError(code, `raised ${code}`, details === undefined ? {} : JSON.parse(details));
}

// ---------------------------------------------------------------- operations

const tenants = new Map<string, TenantDescription>();
const deleted = new Map<string, TenantId>();
/** Deletions by name that still need so many calls. */
const deletionSteps = new Map<string, number>();
const scalingBounds = new Map<string, ScalingBounds>();
let failNextCreation = false;

export class OperationsService extends WorkerEntrypoint {
	async createTenant(request: { id: string; location: string | null }): Promise<TenantDescription> {
		if (tenants.has(request.id)) throw new LittoralError("tenant_exists", `tenant "${request.id}" exists`);
		const tenant: TenantDescription = { id: request.id, tenantId: newTenantId(), status: "active", createdAt: "2026-11-23T00:00:00.000Z" };
		tenants.set(request.id, tenant);
		if (failNextCreation) {
			failNextCreation = false;
			throw new Error("the answer was lost");
		}
		return tenant;
	}

	async getTenant(id: string): Promise<TenantDescription> {
		const tenant = tenants.get(id);
		if (tenant === undefined) throw new LittoralError("tenant_not_found", `tenant "${id}" does not exist`);
		return tenant;
	}

	async tenantById(tenantId: TenantId): Promise<TenantDescription | null> {
		return [...tenants.values()].find((tenant) => tenant.tenantId === tenantId) ?? null;
	}

	async listTenants(page: { limit: number; cursor: string | null }): Promise<{ tenants: TenantDescription[]; nextCursor: string | null }> {
		const names = [...tenants.keys()].toSorted().filter((name) => page.cursor === null || name > page.cursor);
		const shown = names.slice(0, page.limit);
		return {
			tenants: shown.map((name) => tenants.get(name) as TenantDescription),
			nextCursor: names.length > page.limit ? (shown.at(-1) ?? null) : null,
		};
	}

	async suspendTenant(id: string): Promise<TenantDescription> {
		return await this.setStatus(id, "suspended");
	}

	async resumeTenant(id: string): Promise<TenantDescription> {
		return await this.setStatus(id, "active");
	}

	async deleteTenant(id: string, only?: TenantId): Promise<{ done: boolean; tenantId: TenantId }> {
		const tenant = tenants.get(id);
		if (only !== undefined && tenant?.tenantId !== only) return { done: true, tenantId: only };
		if (tenant === undefined) {
			const tenantId = deleted.get(id);
			if (tenantId === undefined) throw new LittoralError("tenant_not_found", `tenant "${id}" does not exist`);
			return { done: true, tenantId };
		}
		const { tenantId } = await this.setStatus(id, "deleting");
		const steps = deletionSteps.get(id) ?? 0;
		if (steps > 0) {
			deletionSteps.set(id, steps - 1);
			return { done: false, tenantId };
		}
		tenants.delete(id);
		deleted.set(id, tenantId);
		return { done: true, tenantId };
	}

	async changeShards(id: string, count: number): Promise<{ epoch: number; shards: { name: string; state: "active" | "draining" }[] }> {
		await this.getTenant(id);
		return { epoch: 2, shards: Array.from({ length: count }, (_, index) => ({ name: `shard-${index}`, state: "active" })) };
	}

	async scaling(id: string, { limit, cursor }: PageRequest): Promise<ScalingDescription> {
		await this.getTenant(id);
		if (cursor === "bad") throw new LittoralError("malformed_request", "cursor is not one that this list gave");
		const bounds = scalingBounds.get(id) ?? { shardCountMin: 1, shardCountMax: 8 };
		const inputs = { ...bounds, load: 1.25, peakLoad: 1.5, hottestBusyFraction: null, sampleCount: 1, lastChangeAtMs: 1000 };
		const sample = { shard: 0, epoch: 2, activeCount: 2, fromMs: 0, toMs: 2000, appendCount: 10, appendedBytes: 4096 };
		return {
			...bounds,
			shardCount: 2,
			epoch: 2,
			verdict: { to: 2, reason: "steady", inputs },
			samples: [{ ...sample, busyFraction: 0.5, tailBytes: 7, refusedCount: 0, overloaded: false }],
			decisions: [
				{
					number: 1,
					from: 1,
					to: 2,
					reason: "busy",
					trigger: "cron",
					inputs,
					outcome: "applied",
					epoch: 2,
					decidedAt: "2026-11-23T00:00:00.000Z",
					finishedAt: null,
				},
			],
			nextCursor: limit === 1 ? "1" : null,
		};
	}

	async setScaling(id: string, bounds: ScalingBounds): Promise<ScalingDescription> {
		scalingBounds.set(id, bounds);
		return await this.scaling(id, { limit: 1, cursor: null });
	}

	async deadLetters({ cursor }: PageRequest): Promise<{ deadLetters: DeadSignal[]; nextCursor: string | null }> {
		const at = "2026-11-23T00:00:03.000Z";
		if (cursor === null) return { deadLetters: [{ id: "signal-2", message: "{}", at }], nextCursor: "2" };
		return { deadLetters: [{ id: "signal-1", message: "{}", at }], nextCursor: null };
	}

	async redrive(id: string): Promise<Signal | null> {
		return id.startsWith("signal-") ? { kind: "tenant_step", tenantId: newTenantId() } : null;
	}

	async probe(): Promise<Record<string, ServiceProbe>> {
		const ok: ServiceProbe = { status: "ok", latencyMs: 1 };
		return { tenant: ok, optimizer: ok, catalog: ok, monitoring: ok };
	}

	async ready(): Promise<void> {}

	// For tests only, beside the contract.
	async setStatus(id: string, status: TenantDescription["status"]): Promise<TenantDescription> {
		const tenant: TenantDescription = { ...(await this.getTenant(id)), status };
		tenants.set(id, tenant);
		return tenant;
	}

	async setDeletionSteps(id: string, steps: number): Promise<void> {
		deletionSteps.set(id, steps);
	}

	async loseNextCreation(): Promise<void> {
		failNextCreation = true;
	}
}

// ---------------------------------------------------------------- tenant

const schema: TableSchema = {
	tableId: "0123456789abcdef01234567" as TableId,
	name: "flights",
	schemaVersion: 3,
	columns: [
		{ fieldId: 1, name: "date", type: { kind: "timestamp" }, nullable: false, default: { sql: "now()", value: { kind: "now" } } },
		{ fieldId: 4, name: "Fare", type: { kind: "numeric", precision: 18, scale: 4 }, nullable: true, default: null },
	],
	primaryKey: { fieldIds: [4], enforced: false },
	sortKey: [
		{ fieldId: 1, descending: true, nullsFirst: true },
		{ fieldId: 4, descending: false, nullsFirst: true },
	],
};

function table(name: string): TableAnswer {
	return {
		schema: { ...schema, name },
		rowCount: 10,
		byteCount: 1000,
		fileCount: 2,
		tailRows: 5,
		snapshotVersion: 7,
		snapshots: [{ version: 7, createdAt: "2026-11-23T00:00:00.000Z", rowCount: 10, fileCount: 2 }],
	};
}

let cancelledQueryCount = 0;

/** Chunks without end, until the reader goes away. */
function endless(): ReadableStream<Uint8Array> {
	return new ReadableStream({
		type: "bytes",
		async pull(controller) {
			await scheduler.wait(1);
			controller.enqueue(new TextEncoder().encode("row\n"));
		},
		cancel() {
			cancelledQueryCount++;
		},
	});
}

/** Some bytes, then an error: what the tenant does when a query fails after the first 1 MiB. */
function broken(): ReadableStream<Uint8Array> {
	let pulls = 0;
	return new ReadableStream({
		type: "bytes",
		async pull(controller) {
			await scheduler.wait(20);
			if (pulls++ === 0) controller.enqueue(new TextEncoder().encode("a,b\n"));
			else controller.error(new Error("failed half way"));
		},
	});
}

export class TenantService extends WorkerEntrypoint {
	/** Epoch 2 drains shard 1. */
	async directory(): Promise<Directory> {
		const history = [
			{ epoch: 1, active: [0, 1], storedAtMs: 0 },
			{ epoch: 2, active: [0, 2], storedAtMs: null },
		];
		return { state: "active", epoch: 2, history, draining: [1], minimums: {} };
	}

	/** The bookmark tells what came: context, request, and the bytes of the body. */
	async ingest(context: CallContext, request: IngestRequest): Promise<AppendAnswer> {
		raise(request.table);
		const { body, ...rest } = request;
		const { byteLength: byteCount } = body instanceof Uint8Array ? body : await new Response(body).arrayBuffer();
		return { accepted: byteCount, bookmark: JSON.stringify({ context, request: rest }), duplicate: request.idempotencyKey === "again" };
	}

	/** The rows are the request itself as JSON, unless the SQL asks for something else. */
	async query(context: CallContext, request: QueryRequest): Promise<QueryAnswer> {
		const { sql } = request;
		raise(sql);
		if (sql === "command") return { kind: "command", command: "CREATE TABLE", rowCount: 0, bookmark: "mark" };
		if (sql === "insert") return { kind: "command", command: "INSERT", rowCount: 2, bookmark: "mark", duplicate: false };
		if (sql === "endless") return { kind: "rows", body: endless() };
		if (sql === "broken") return { kind: "rows", body: broken() };
		const body = new Response(JSON.stringify({ context, request })).body as ReadableStream<Uint8Array>;
		return { kind: "rows", body };
	}

	async listTables(
		_context: CallContext,
		page: { limit: number; cursor: string | null },
	): Promise<{ tables: TableAnswer[]; nextCursor: string | null }> {
		if (page.cursor === "bad") throw new LittoralError("malformed_request", "cursor is not one that this list gave");
		return { tables: [table("flights")], nextCursor: page.limit === 1 ? "flights" : null };
	}

	async describeTable(_context: CallContext, name: string): Promise<TableAnswer> {
		raise(name);
		if (name === "missing") throw new LittoralError("undefined_table", 'relation "missing" does not exist', { hint: 'Perhaps "flights".' });
		return table(name);
	}

	// For tests only, beside the contract.
	async cancelledQueries(): Promise<number> {
		return cancelledQueryCount;
	}
}

// ---------------------------------------------------------------- catalog, monitoring

/** Two jobs of each tenant: one done, one dead. Redriven, the dead one is queued. */
function job(tenantId: TenantId, dead: boolean): Job {
	return {
		jobId: `${dead ? "d" : "0"}${tenantId.slice(1)}`,
		kind: "compaction",
		tenantId,
		tableId: schema.tableId,
		tableName: "flights",
		state: dead ? "dead" : "done",
		attempts: dead ? 5 : 1,
		reason: "8 files become 1",
		inputs: { fileCount: 8, rowCount: 100, byteCount: 4000 },
		figures: dead ? null : { fileCount: 1, rowCount: 100, bytesRead: 4100, bytesWritten: 2000, arenaPeakBytes: 65_536, elapsedMs: 12 },
		error: dead ? "internal_error: broken" : null,
		createdAt: "2026-11-23T00:00:00.000Z",
		updatedAt: "2026-11-23T00:00:01.000Z",
	};
}

const jobTenants: TenantId[] = [];

export class CatalogService extends WorkerEntrypoint {
	// For tests only, beside the contract.
	async addJobs(tenantId: TenantId): Promise<void> {
		jobTenants.push(tenantId);
	}

	async jobs(tenantId: TenantId | null, { limit, cursor }: PageRequest): Promise<{ jobs: Job[]; nextCursor: string | null }> {
		if (cursor === "bad") throw new LittoralError("malformed_request", "cursor is not one that this list gave");
		const ids = tenantId === null ? jobTenants : [tenantId];
		const jobs = ids.flatMap((id) => [job(id, false), job(id, true)]);
		return { jobs: jobs.slice(0, limit), nextCursor: jobs.length > limit ? "next" : null };
	}

	async deadLetters(): Promise<{ deadLetters: DeadLetter[]; nextCursor: string | null }> {
		const at = "2026-11-23T00:00:02.000Z";
		const [first] = jobTenants;
		const gone = job(newTenantId(), true);
		const letters: DeadLetter[] = [
			{ id: gone.jobId, job: gone, message: "{}", at },
			{ id: "queue-1", job: null, message: '"nonsense"', at },
		];
		if (first !== undefined) letters.push({ id: "x", job: job(first, true), message: "{}", at });
		return { deadLetters: letters, nextCursor: null };
	}

	async redrive(id: string): Promise<Job> {
		raise(id);
		return { ...job(jobTenants[0] ?? newTenantId(), true), state: "queued", attempts: 0 };
	}

	/** Two steps: the first tenant with jobs, then nobody's table. */
	async rebuild(cursor: string | null): Promise<RebuildStep> {
		const tenantId = cursor === null ? (jobTenants[0] ?? newTenantId()) : newTenantId();
		const table = { tenantId, tableId: schema.tableId, name: cursor === null ? "flights" : "", rowCount: 100, fileCount: 2 };
		if (cursor === null) return { tables: [{ ...table, outcome: "restored", problem: null }], cursor: `${tenantId}/${schema.tableId}` };
		return { tables: [{ ...table, outcome: "failed", problem: "its backup has no checkpoint" }], cursor: null };
	}

	async ready(): Promise<void> {}
}

const pushes: MetricsPush[] = [];
const health: HealthRecord[] = [];
let firing: PlatformStatus["alerts"] = [];

export class MonitoringService extends WorkerEntrypoint {
	async push(push: MetricsPush): Promise<void> {
		pushes.push(push);
	}

	async recordHealth(records: HealthRecord[]): Promise<void> {
		health.push(...records);
	}

	async status(): Promise<PlatformStatus> {
		return { alerts: firing, history: health };
	}

	// For tests only, beside the contract.
	async fire(alerts: PlatformStatus["alerts"]): Promise<void> {
		firing = alerts;
	}

	async scrape(): Promise<string> {
		return pushes
			.flatMap(({ samples }) => samples)
			.filter(({ kind }) => kind === "counter")
			.map(({ name, labels, value }) => `${name}${JSON.stringify(labels)} ${value}\n`)
			.join("");
	}

	async ready(): Promise<void> {}
}

export default { fetch: (): Response => new Response("stand-in") };
