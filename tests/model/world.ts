/**
 * The outside of the model's system: a clock that only commands move, and ports that can be cut off. Shards, ingest, commits, folds, compaction and collection are the product's; D1, R2 and
 * SQLite are real.
 *
 * A crash is a step at which everything stops: the call is not made, or made and its answer lost, and no other call gets through until the system is started again.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { PlannedStatement, PlanRequest } from "#shared/contracts/rpc.ts";
import { Catalog, CatalogCaches } from "../../workers/catalog/src/catalog.ts";
import { d1Database, r2Objects } from "../../workers/catalog/src/database/bindings.ts";
import type { CatalogDatabase, CatalogPorts, ObjectStore } from "../../workers/catalog/src/ports.ts";
import { testEnv } from "../../workers/catalog/test/fixture.ts";
import type { Env as TenantEnv } from "../../workers/tenant/src/env.ts";
import { installPortWrapper, openPorts, type Ports } from "../../workers/tenant/src/ports.ts";

/** Calls to count until the crash, and whether the last of them is still made. */
export interface Crash {
	countdown: number;
	answerLost: boolean;
}

class World {
	clockMs = Date.UTC(2027, 0, 1);
	crash: Crash | null = null;
	/** Steps so far, for the report. */
	crashCount = 0;
	#isDown = false;
	/** What one isolate of the catalog remembers. */
	#caches = new CatalogCaches();
	#readerCaches = new CatalogCaches();
	readonly #background: Promise<void>[] = [];
	/** By this clock; R2 dates by the real one. */
	readonly uploadedAtMs = new Map<string, number>();
	readonly messages: unknown[] = [];
	plan: (request: PlanRequest) => Promise<PlannedStatement> = () => Promise.reject(new Error("no statement is planned"));

	get isDown(): boolean {
		return this.#isDown;
	}

	/** The isolate that queries ask: nobody commits there, so its snapshots may be stale. */
	get reader(): Catalog {
		return new Catalog(this.catalogPorts, this.#readerCaches);
	}

	get catalog(): Catalog {
		return new Catalog(this.catalogPorts, this.#caches);
	}

	/** Every isolate anew. */
	restart(): void {
		if (this.#isDown) this.crashCount++;
		this.#isDown = false;
		this.crash = null;
		this.#caches = new CatalogCaches();
		this.#readerCaches = new CatalogCaches();
	}

	async settle(): Promise<void> {
		while (this.#background.length > 0) await this.#background.shift();
	}

	/** Every call to the outside. */
	async call<Answer>(step: string, work: () => Promise<Answer>): Promise<Answer> {
		if (this.#isDown) throw crashed(step);
		if (this.crash !== null && this.crash.countdown-- === 0) {
			this.#isDown = true;
			if (this.crash.answerLost) await work();
			throw crashed(step);
		}
		const answer = await work();
		// The call was made; who waited for it is gone.
		if (this.#isDown) throw crashed(step);
		return answer;
	}

	noteUpload(path: string): void {
		if (!this.uploadedAtMs.has(path)) this.uploadedAtMs.set(path, this.clockMs);
	}

	readonly catalogPorts: CatalogPorts = {
		databases: [interrupted("d1", d1Database(testEnv.CATALOG_0))] as CatalogDatabase[],
		objects: interrupted("r2", datedObjects(r2Objects(testEnv.DATA))),
		queue: { send: async (_step, pointer) => void this.messages.push(pointer) },
		nowMs: () => this.clockMs,
		wait: async () => {},
		background: (work) => void this.#background.push(work.catch(() => {})),
	};
}

function crashed(step: string): LittoralError {
	return new LittoralError("unavailable", `crashed at ${step}`);
}

/** Methods whose first argument names their step. */
function interrupted<Port extends object>(name: string, port: Port): Port {
	return Object.fromEntries(
		Object.entries(port).map(([method, call]) => [
			method,
			(step: string, ...input: unknown[]) =>
				world.call(`${name}.${step}`, () => (call as (...input: unknown[]) => Promise<unknown>)(step, ...input)),
		]),
	) as Port;
}

/** Methods each of which is a step. */
function steps<Port extends object>(name: string, port: Port): Port {
	return Object.fromEntries(
		Object.entries(port).map(([method, call]) => [
			method,
			(...input: unknown[]) => world.call(`${name}.${method}`, async () => (call as (...input: unknown[]) => unknown)(...input)),
		]),
	) as Port;
}

function datedObjects(objects: ObjectStore): ObjectStore {
	return {
		...objects,
		put: async (step, path, bytes) => {
			await objects.put(step, path, bytes);
			world.noteUpload(path);
		},
		listObjects: async (step, prefix, limit, after) => {
			const page = await objects.listObjects(step, prefix, limit, after);
			return { ...page, objects: page.objects.map((object) => ({ ...object, uploadedAtMs: world.uploadedAtMs.get(object.path) ?? 0 })) };
		},
		delete: async (step, paths) => {
			await objects.delete(step, paths);
			for (const path of paths) world.uploadedAtMs.delete(path);
		},
	};
}

export const world = new World();

/** The tenant Worker calls this catalog; only the calls below it can be cut off, as for the catalog's other callers. */
const catalogMethods = <Port extends object>(real: Port): Port =>
	Object.fromEntries(
		Object.keys(real).map((method) => [
			method,
			async (...input: unknown[]) =>
				(world.catalog as unknown as Record<string, (...input: unknown[]) => Promise<unknown>>)[method]?.(...input),
		]),
	) as Port;

installPortWrapper(
	(real): Ports => ({
		now: () => world.clockMs,
		catalog: steps("catalog", catalogMethods(real.catalog)),
		optimizer: { plan: (_context, request) => world.plan(request), learn: async () => {} },
		background: () => {},
		objects: {
			...steps("objects", real.objects),
			putNew: (path, bytes) =>
				world.call("objects.putNew", async () => {
					const outcome = await real.objects.putNew(path, bytes);
					world.noteUpload(path);
					return outcome;
				}),
		},
		encodeDataFile: real.encodeDataFile,
		signals: steps("signals", real.signals),
		shard: (tenantId, ordinal, location) => steps("shard", real.shard(tenantId, ordinal, location)),
	}),
);
export const tenantEnv = testEnv as unknown as TenantEnv;
export const ports: Ports = openPorts(tenantEnv);
