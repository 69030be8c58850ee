/** What the tests of the catalog share: real D1 and R2 behind ports that can fail, and small definitions of tables and files. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type CommitId, dataFilePath, newTenantId, type TableId, type TenantId } from "#shared/base/ids.ts";
import { filePaths } from "#shared/contracts/file-page.ts";
import type { CommitAnswer, CommitChange, DataFile, TableSnapshot } from "#shared/contracts/snapshot.ts";
import type { JobPointer } from "#shared/contracts/job.ts";
import type { RebuildStep, RebuiltTable } from "#shared/contracts/rpc.ts";
import type { TableDefinition, TableSchema } from "#shared/contracts/table.ts";
import { emptyColumnSketches, encodeSketches } from "#shared/sketches/table-sketches.ts";
import { hashed, hashWords } from "#shared/sketches/value-hash.ts";
import { Catalog, CatalogCaches } from "../src/catalog.ts";
import { d1Database, r2Objects } from "../src/database/bindings.ts";
import type { Env } from "../src/env.ts";
import { Lru } from "#shared/base/lru.ts";
import { readSnapshotsOf } from "../src/snapshot/read-snapshot.ts";
import type { CatalogDatabase, CatalogPorts, DatabaseStep, JobQueue, ObjectStep, ObjectStore, QueueStep } from "../src/ports.ts";

export const testEnv = env as unknown as Env & { CATALOG_1: D1Database; MIGRATIONS: Parameters<typeof applyD1Migrations>[1] };

export async function migrate(): Promise<void> {
	await applyD1Migrations(testEnv.CATALOG_0, testEnv.MIGRATIONS);
	await applyD1Migrations(testEnv.CATALOG_1, testEnv.MIGRATIONS);
}

export type Step = DatabaseStep | ObjectStep | QueueStep;
/** `before`: the step is not done. `lost`: it is done and its answer is lost. `late`: it fails now and is done soon after, while others run. */
export type Failure = "before" | "lost" | "late";

/** Counts every step and fails those that are planned, the next calls of a step first. */
export class FaultyPorts implements CatalogPorts {
	readonly databases: readonly CatalogDatabase[];
	readonly objects: ObjectStore;
	readonly queue: JobQueue;
	/** What was sent and not yet taken. */
	readonly messages: JobPointer[] = [];
	readonly counts = new Map<Step, number>();
	readonly #planned: { step: Step; failure: Failure }[] = [];
	readonly #interruptions = new Map<Step, () => Promise<void>>();
	readonly #running: Promise<unknown>[] = [];
	/** Makes the pages of listings smaller than R2 would. */
	listedCountMax = 1000;
	clockMs = Date.UTC(2026, 0, 1);

	constructor(databases: readonly D1Database[] = [testEnv.CATALOG_0]) {
		this.databases = databases.map((binding) => {
			const database = d1Database(binding);
			return { batch: async (step, statements) => await this.#run(step, () => database.batch(step, statements)) };
		});
		const objects = r2Objects(testEnv.DATA);
		this.objects = {
			get: async (step, path) => await this.#run(step, () => objects.get(step, path)),
			read: async (step, path, offset, count) => await this.#run(step, () => objects.read(step, path, offset, count)),
			head: async (step, path) => await this.#run(step, () => objects.head(step, path)),
			beginUpload: async (step, path) => await this.#run(step, () => objects.beginUpload(step, path)),
			uploadPart: async (step, part) => await this.#run(step, () => objects.uploadPart(step, part)),
			completeUpload: async (step, upload) => await this.#run(step, () => objects.completeUpload(step, upload)),
			abortUpload: async (step, upload) => await this.#run(step, () => objects.abortUpload(step, upload)),
			put: async (step, path, bytes) => await this.#run(step, () => objects.put(step, path, bytes)),
			list: async (step, prefix, limit, after) => await this.#run(step, () => objects.list(step, prefix, limit, after)),
			listObjects: async (step, prefix, limit, after) =>
				await this.#run(step, () => objects.listObjects(step, prefix, Math.min(limit, this.listedCountMax), after)),
			delete: async (step, paths) => await this.#run(step, () => objects.delete(step, paths)),
		};
		this.queue = { send: async (step, pointer) => await this.#run(step, async () => void this.messages.push(pointer)) };
	}

	/** Something else happens right before the next call of a step. */
	before(step: Step, act: () => Promise<void>): void {
		this.#interruptions.set(step, act);
	}

	fail(step: Step, failure: Failure, times = 1): void {
		for (let count = 0; count < times; count++) this.#planned.push({ step, failure });
	}

	/** How many planned failures of a step have not come about. */
	unused(step: Step): number {
		return this.#planned.filter((planned) => planned.step === step).length;
	}

	nowMs(): number {
		return this.clockMs;
	}

	async wait(): Promise<void> {
		await scheduler.wait(0);
	}

	background(work: Promise<void>): void {
		this.#running.push(work);
	}

	/** From the real time on, by which R2 dates objects, the clock is moved by hand. */
	moveClock(milliseconds: number): void {
		this.clockMs = Math.max(this.clockMs, Date.now()) + milliseconds;
	}

	/** Waits for what goes on in the background. */
	async settle(): Promise<void> {
		while (this.#running.length > 0) await this.#running.shift();
	}

	async #run<Answer>(step: Step, work: () => Promise<Answer>): Promise<Answer> {
		const interruption = this.#interruptions.get(step);
		this.#interruptions.delete(step);
		await interruption?.();
		this.counts.set(step, (this.counts.get(step) ?? 0) + 1);
		const index = this.#planned.findIndex((planned) => planned.step === step);
		const failure = index < 0 ? undefined : this.#planned.splice(index, 1)[0]?.failure;
		if (failure === "before") throw new Error(`injected: ${step} fails before`);
		if (failure === "late") {
			this.#running.push(scheduler.wait(1).then(() => work().catch(() => undefined)));
			throw new Error(`injected: ${step} fails now`);
		}
		const answer = await work();
		if (failure === "lost") throw new Error(`injected: the answer of ${step} is lost`);
		return answer;
	}
}

export interface Fixture {
	ports: FaultyPorts;
	catalog: Catalog;
	tenantId: TenantId;
	tableId: TableId;
}

/** The answer of a creation that must have found or made the table. */
export async function made<Answer extends { schema: TableSchema | null }>(
	creation: Promise<Answer>,
): Promise<Answer & { schema: TableSchema }> {
	const answer = await creation;
	const { schema } = answer;
	if (schema === null) throw new Error("no table was created");
	return { ...answer, schema };
}

/** A new tenant with an empty table `t` (a bigint). */
export async function newTable(ports = new FaultyPorts()): Promise<Fixture> {
	const catalog = new Catalog(ports, new CatalogCaches());
	const tenantId = newTenantId();
	const { schema } = await made(catalog.createTable(tenantId, { commitId: "create t", definition: definition("t") }));
	return { ports, catalog, tenantId, tableId: schema.tableId };
}

/** Another isolate's catalog over the same storage: nothing cached. */
export function otherIsolate(ports: FaultyPorts = new FaultyPorts()): Catalog {
	return new Catalog(ports, new CatalogCaches());
}

export function definition(name: string, ifNotExists = false): TableDefinition {
	return {
		name,
		ifNotExists,
		columns: [{ name: "a", type: { kind: "bigint" }, nullable: true, default: null }],
		primaryKey: null,
		sortKey: [],
	};
}

/** A file named by its intent; its rows and bounds follow from `rowCount`. */
export function dataFile(
	{ tenantId, tableId }: Pick<Fixture, "tenantId" | "tableId">,
	intentId: string,
	rowCount = 1,
	attempt = 1,
): DataFile {
	return {
		path: dataFilePath({ tenantId, tableId, intentId, attempt }),
		rowCount,
		byteCount: rowCount * 10,
		schemaVersion: 1,
		columns: [
			{ fieldId: 1, nullCount: 0, minimum: Uint8Array.of(1, rowCount % 256), maximum: Uint8Array.of(2, rowCount % 256), hasNaN: false },
		],
	};
}

export async function commitTo(fixture: Fixture, commitId: string, change: CommitChange, catalog = fixture.catalog): Promise<CommitAnswer> {
	return await catalog.commit({ tenantId: fixture.tenantId, tableId: fixture.tableId, commitId: commitId as CommitId, change });
}

export async function commitSketched(
	{ catalog, tenantId, tableId }: Fixture,
	commitId: string,
	change: CommitChange,
	sketches: Uint8Array,
): Promise<CommitAnswer> {
	return await catalog.commit({ tenantId, tableId, commitId: commitId as CommitId, change, sketches });
}

/** Of field 1, as if a file had these values. */
export function sketchesOf(values: readonly number[], fieldId = 1): Uint8Array {
	const column = emptyColumnSketches();
	for (const value of values) {
		hashWords(value, 0);
		column.distinct.add(hashed.high, hashed.low);
		column.quantiles.add(value);
		column.frequent.add(String(value));
	}
	column.rowCount = values.length;
	return encodeSketches(new Map([[fieldId, column]]));
}

export async function readFresh(fixture: Fixture, catalog = fixture.catalog): Promise<TableSnapshot> {
	const [snapshot] = await catalog.readSnapshots(fixture.tenantId, [{ table: { tableId: fixture.tableId }, fresh: true }]);
	if (!snapshot) throw new Error("the table exists");
	return snapshot;
}

/** The table at a retained version, with nothing cached; null where the version is not retained. */
export async function readVersion({ ports, tenantId, tableId }: Fixture, version: number): Promise<TableSnapshot | null> {
	const [database] = ports.databases;
	if (!database) throw new Error("there is a database");
	const [snapshot] = await readSnapshotsOf(ports, database, new Lru(1), { tenantId, targets: [{ tableId, version }] });
	return snapshot ?? null;
}

/** Loses all that D1 holds of a tenant. */
export async function loseRows(tenantId: TenantId): Promise<void> {
	const tables = await testEnv.CATALOG_0.prepare(
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'd1_%' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
	).all<{ name: string }>();
	await testEnv.CATALOG_0.batch(
		tables.results.map(({ name }) => testEnv.CATALOG_0.prepare(`DELETE FROM "${name}" WHERE tenant_id = ?`).bind(tenantId)),
	);
}

/** The steps of a rebuild that reach a tenant. @returns what became of its tables */
export async function rebuildAll(catalog: Catalog, tenantId: TenantId): Promise<RebuiltTable[]> {
	const tables: RebuiltTable[] = [];
	// A cursor that sorts before the tenant's own: the bucket is shared with the tests before.
	for (let cursor: string | null = tenantId.slice(0, -1); cursor !== null && !tables.some((table) => table.tenantId > tenantId); ) {
		const step: RebuildStep = await catalog.rebuild(cursor);
		tables.push(...step.tables);
		cursor = step.cursor;
	}
	return tables.filter((table) => table.tenantId === tenantId);
}

/** Intent ids of a snapshot's files, sorted. */
export function intents(snapshot: TableSnapshot): string[] {
	return snapshot.pages
		.flatMap(filePaths)
		.map((path) => path.slice(path.lastIndexOf("/") + 1, path.lastIndexOf("-")))
		.toSorted();
}

/** `ok`, or the code and message of the error. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
	try {
		await promise;
		return "ok";
	} catch (error) {
		if (!(error instanceof Error)) throw error;
		const code = (error as Error & { code?: unknown }).code;
		return typeof code === "string" ? `${code}: ${error.message}` : `${error.name}: ${error.message}`;
	}
}

/** A job that was given up, and its dead letter. */
export async function insertDeadJob(
	job: { tenantId: TenantId; tableId: TableId; jobId: string; atMs: number },
	database = testEnv.CATALOG_0,
): Promise<void> {
	const { tenantId, tableId, jobId, atMs } = job;
	await database.batch([
		database
			.prepare(
				`INSERT INTO job (job_id, tenant_id, table_id, state, attempts, reason, inputs, file_count, row_count, byte_count, error, planned, created_at_ms, updated_at_ms)
			VALUES (?, ?, ?, 'dead', 5, 'why', '[]', 2, 10, 100, 'internal_error: broken', 1, ?, ?)`,
			)
			.bind(jobId, tenantId, tableId, atMs, atMs),
		database.prepare("INSERT INTO dead_letter (id, tenant_id, message, created_at_ms) VALUES (?, ?, '{}', ?)").bind(jobId, tenantId, atMs),
	]);
}
