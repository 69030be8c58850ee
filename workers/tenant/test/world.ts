/**
 * A tenant with real shards and a real bucket, an in-memory catalog, a clock that tests move, and ports that fail on demand.
 *
 * Rows of these tests are opaque: an append's batches are texts, a "data file" is its batches joined by newlines.
 */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import { randomHex, type AppendId, type TableId, newTenantId, shardName, type TenantId } from "#shared/base/ids.ts";
import type { PlannedStatement, PlanRequest, Signal } from "#shared/contracts/rpc.ts";
import type { Directory } from "#shared/contracts/directory.ts";
import type { Env } from "../src/env.ts";
import { installPortWrapper, openPorts, type Ports } from "../src/ports.ts";
import { appendThroughDirectory } from "../src/ingest/append-router.ts";
import type { AppendOutcome, Birth, ShardRpc, TailPage } from "../src/shard/contract.ts";
import { batchesOf } from "../src/shard/tail-format.ts";
import type { TenantShard } from "../src/shard/tenant-shard.ts";
import { MemoryCatalog } from "./memory-catalog.ts";

export const testEnv = env as unknown as Env;
/**
 * `before`: nothing is done. `after`: it is done, and an error is answered. `lost`: it is done, and the connection breaks before the answer.
 * Broken connections are no answers: what is idempotent is tried again at once.
 */
export const FAILURES = ["before", "after", "lost"] as const;
export type Failure = (typeof FAILURES)[number];

/** Decides of each call through a port whether and when it fails; called in order. */
type Injector = (step: string) => Failure | null;

export const world = {
	catalog: new MemoryCatalog(),
	/** Added to the real time. */
	clockMs: 0,
	inject: (() => null) as Injector,
	/** Awaited before each call through a port: something else may happen first. */
	pauseAt: (async () => {}) as (step: string) => Promise<void>,
	/** Awaited before the answer of each call is handed on. */
	pauseAfter: (async () => {}) as (step: string) => Promise<void>,
	calls: [] as string[],
	signals: [] as Signal[],
	/** What the optimizer makes of the next statement. */
	plan: (_request: PlanRequest): PlannedStatement => {
		throw new Error("no statement is planned");
	},
};

function injected<Port extends object>(name: string, port: Port): Port {
	const wrapped = Object.entries(port).map(([step, call]) => [
		step,
		async (...input: unknown[]) => {
			const path = `${name}.${step}`;
			world.calls.push(path);
			await world.pauseAt(path);
			const failure = world.inject(path);
			if (failure === "before") throw new Error(`injected: ${path} fails before`);
			const answer = await (call as (...input: unknown[]) => unknown)(...input);
			await world.pauseAfter(path);
			if (failure === "after") throw new LittoralError("unavailable", `injected: ${path} fails after`);
			if (failure === "lost") throw new Error(`injected: the answer of ${path} is lost`);
			return answer;
		},
	]);
	return Object.fromEntries(wrapped) as Port;
}

function bound<Port extends object>(target: Port): Port {
	const names = Object.getOwnPropertyNames(Object.getPrototypeOf(target)).filter((name) => name !== "constructor");
	return Object.fromEntries(
		names.map((name) => [name, ((target as Record<string, unknown>)[name] as (...input: unknown[]) => unknown).bind(target)]),
	) as Port;
}

installPortWrapper(
	(real): Ports => ({
		now: () => Date.now() + world.clockMs,
		catalog: injected("catalog", bound(world.catalog)),
		optimizer: injected("optimizer", {
			plan: async (_context, request) => world.plan(request),
			learn: async () => {},
		}),
		signals: injected("signals", {
			send: async (signal: Signal) => {
				world.signals.push(signal);
			},
		}),
		objects: injected("objects", real.objects),
		encodeDataFile: async ({ batches }) => ({
			bytes: new TextEncoder().encode(batches.map((batch) => new TextDecoder().decode(batch)).join("\n")),
			rowCount: batches.length,
			columns: [],
			sketches: new Map(),
		}),
		background: (work) => real.background(work),
		shard: (tenantId, ordinal, location) => injected("shard", real.shard(tenantId, ordinal, location)),
	}),
);
export const ports: Ports = openPorts(testEnv);

/** The code of the error that a call fails with, or `ok`. */
export async function codeOf(call: () => Promise<unknown>): Promise<string> {
	try {
		await call();
		return "ok";
	} catch (error) {
		return isLittoralError(error) ? error.code : String(error);
	}
}

export class Tenant {
	readonly id: TenantId = newTenantId();
	table!: TableId;

	static async open(): Promise<Tenant> {
		world.inject = () => null;
		world.pauseAt = async () => {};
		world.pauseAfter = async () => {};
		world.clockMs = 0;
		const tenant = new Tenant();
		await tenant.stub(0).openTenant({ tenantId: tenant.id, ordinal: 0 }, null);
		const definition = { name: `t_${randomHex(6)}`, ifNotExists: false, columns: [], primaryKey: null, sortKey: [] };
		const { schema } = await world.catalog.createTable(tenant.id, { commitId: randomHex(8), definition });
		if (schema === null) throw new Error("the name is free");
		tenant.table = schema.tableId;
		return tenant;
	}

	stub(ordinal: number): DurableObjectStub<TenantShard> & ShardRpc {
		return testEnv.SHARDS.get(testEnv.SHARDS.idFromName(shardName(this.id, ordinal))) as DurableObjectStub<TenantShard> & ShardRpc;
	}

	async changeShards(count: number): Promise<void> {
		for (let attempt = 0; attempt < 5; attempt++) if ((await this.stub(0).changeShards(count)).settled) return;
		throw new Error("the change does not settle");
	}

	async directory(): Promise<Directory> {
		return (await this.stub(0).readDirectory({ withTails: false })).directory;
	}

	/** One row, whose text is the append id; the way of TenantService, retries included. */
	async append(
		appendId: string,
		options: { hash?: string; rows?: string[]; hint?: Directory; birth?: Birth } = {},
	): Promise<AppendOutcome> {
		const rows = options.rows ?? [appendId];
		return await appendThroughDirectory(ports, this.id, options.hint ?? null, {
			tableId: this.table,
			appendId: appendId as AppendId,
			hash: options.hash ?? "hash",
			schemaVersion: 1,
			rowCount: rows.length,
			batches: rows.map((row) => new TextEncoder().encode(row)),
			birth: options.birth ?? null,
		});
	}

	/** Everything durable, through the directory and the newest snapshot, as a query reads it (Q1): rows sorted. */
	async read(): Promise<string[]> {
		const { directory, routing } = await this.stub(0).readDirectory({ withTails: false });
		const table = world.catalog.tables.get(this.table);
		if (table === undefined) throw new Error("no such table");
		const { files, watermarks } = table.versions.at(-1) as (typeof table.versions)[number];
		const rows: string[] = [];
		for (const { path } of files) {
			const text = await (await testEnv.DATA.get(path))?.text();
			if (text === undefined) throw new Error(`a committed file is missing: ${path}`);
			rows.push(...text.split("\n"));
		}
		for (const ordinal of [...(directory.history.at(-1)?.active ?? []), ...directory.draining]) {
			const above = watermarks[ordinal] ?? 0;
			for (let next: number | null = above, upTo: number | null = null; next !== null; ) {
				const read: number = next;
				const page: TailPage = await this.stub(ordinal).readTail({ routing, tableId: this.table, above: read, upTo });
				({ next, upTo } = page);
				for (const block of page.blocks) {
					let row = 0;
					const batches = batchesOf(block.bytes);
					for (let run = 0; run < block.runs.length; run += 2) {
						for (let count = 0; count < (block.runs[run + 1] as number); count++, row++) {
							if ((block.runs[run] as number) > read) rows.push(new TextDecoder().decode(batches[row]));
						}
					}
				}
			}
		}
		return rows.toSorted();
	}

	/** Makes everything due and runs the alarms of all shards until nothing is left, or `rounds` have passed. */
	async work(clockMs = 0, rounds = 12): Promise<void> {
		world.clockMs += clockMs;
		for (let round = 0; round < rounds; round++) {
			let ran = false;
			for (let ordinal = 0; ordinal < 8; ordinal++) {
				if ((await this.alarmDueMs(ordinal)) === null) continue;
				ran = (await runDurableObjectAlarm(this.stub(ordinal))) || ran;
			}
			if (!ran) return;
		}
	}

	/** The alarm's time if it is due by the tests' clock. */
	async alarmDueMs(ordinal: number): Promise<number | null> {
		const alarm = await runInDurableObject(this.stub(ordinal), (_, state) => state.storage.getAlarm());
		return alarm !== null && alarm <= Date.now() + world.clockMs ? alarm : null;
	}

	async sql(ordinal: number, query: string): Promise<Record<string, unknown>[]> {
		return runInDurableObject(this.stub(ordinal), (_, state) => state.storage.sql.exec(query).toArray());
	}
}
