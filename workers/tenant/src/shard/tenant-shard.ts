/**
 * The Durable Object of one shard: a thin shell that stores what the parts decide, and keeps the alarm in step with the due work.
 * Shard 0 hosts the tenant's directory as well.
 */
import { DurableObject } from "cloudflare:workers";
import { assert } from "#shared/base/assert.ts";
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import type { TableId, TenantId } from "#shared/base/ids.ts";
import { APPEND_ID_TTL_MS, COMMIT_GROUP_APPEND_BYTES_MAX, SHARD_COUNT_MAX } from "#shared/base/limits.ts";
import type { Directory, ShardDescription, TenantState } from "#shared/contracts/directory.ts";
import { log } from "#shared/observability/log.ts";
import { increment } from "#shared/observability/metrics.ts";
import { observed } from "#shared/observability/observed.ts";
import { carryChange, startChange } from "../directory/change-shards.ts";
import { deleteTenantStep } from "../directory/delete-tenant.ts";
import { activeShards, describeShards, newDirectory, routingOf } from "../directory/directory.ts";
import { findDirectory, loadDirectory, publicDirectory, storeDirectory, storeMinimum } from "../directory/directory-store.ts";
import type { Env } from "../env.ts";
import { openPorts } from "../ports.ts";
import { untilKnown } from "../retry.ts";
import { newerRouting } from "./append-decision.ts";
import { answerQuestion, append, claim, finishClaim, releaseClaim, sealClaim } from "./append.ts";
import { CommitGroup } from "./commit-group.ts";
import { identityOf, openShard, type ShardContext } from "./context.ts";
import type {
	AppendOutcome,
	AppendRequest,
	ClaimOutcome,
	ClaimRequest,
	DirectoryAnswer,
	DrainAnswer,
	HeldClaim,
	IdQuestion,
	IdRecord,
	MinimumRaise,
	Routing,
	ShardIdentity,
	ShardRpc,
	TailPage,
	TailRequest,
} from "./contract.ts";
import { scheduleForgetting } from "./dropped-table.ts";
import { intentCount } from "./flush-intent.ts";
import { LoadMeter, measureOf } from "./load-meter.ts";
import { earliestDueMs, scheduleWork } from "./schedule.ts";
import { createSchema, hasSchema } from "./schema.ts";
import { identify, readShard, storeRouting } from "./shard-row.ts";
import { raiseTable, readTables } from "./table-row.ts";
import { countTailRows, readOpenTails, readTailPage } from "./tail-read.ts";
import { runDueWork } from "./work.ts";

/** Added to the life of the last append id before a retired shard is emptied. */
const TOMBSTONE_MARGIN_MS = 3_600_000;

export class TenantShard extends DurableObject<Env> implements ShardRpc {
	readonly #context: ShardContext;
	readonly #meter: LoadMeter;
	readonly #group: CommitGroup;
	/** False before the first call that opens the shard, and after it was emptied: there are no tables. */
	#hasTables: boolean;
	/** Emptied in this instance's life: its rows went with their tenant, and whoever still reads must not take that for a shard without rows. */
	#wasEmptied = false;
	/** Due time of the alarm, as far as this instance knows. */
	#armedAtMs: number | null = null;
	/** The alarm's run, while it goes on. */
	#running: Promise<void> | null = null;

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		const { storage } = ctx;
		const { sql } = storage;
		this.#context = { storage, sql, ports: openPorts(env), tenantId: () => identityOf(sql) };
		this.#meter = new LoadMeter(measureOf(env.LOAD_MEASURE));
		this.#group = new CommitGroup(() => storage.sync());
		this.#hasTables = hasSchema(sql);
		if (!this.#hasTables) return;
		void ctx.blockConcurrencyWhile(async () => {
			this.#armedAtMs = await storage.getAlarm();
			await this.#arm();
		});
	}

	async open({ identity, routing, minimums }: { identity: ShardIdentity; routing: Routing; minimums: MinimumRaise[] }): Promise<void> {
		if (!this.#isOpen()) await this.#requireTenant(identity.tenantId);
		this.#write((sql) => {
			identify(sql, identity);
			for (const minimum of minimums) {
				raiseTable(sql, minimum.tableId, { minimumSchemaVersion: minimum.schemaVersion });
				scheduleForgetting(sql, minimum);
			}
			storeRouting(sql, routing, { nowMs: this.#now(), opens: true });
		});
		await this.#arm();
	}

	async storeEpoch(routing: Routing): Promise<void> {
		this.#adoptOpen(routing);
	}

	async append(request: AppendRequest): Promise<AppendOutcome> {
		const byteCount = request.batches.reduce((sum, batch) => sum + batch.byteLength, 0);
		const shares = byteCount <= COMMIT_GROUP_APPEND_BYTES_MAX && (await this.#group.turn());
		this.#adoptOpen(request.routing);
		try {
			const { outcome, hasScheduled } = await append(this.#context, request);
			const begins = this.#group.written();
			this.#meter.count({ appendCount: 1, commitCount: begins || !shares ? 1 : 0, byteCount }, this.#now());
			if (hasScheduled || this.#armedAtMs === null) await this.#arm();
			return outcome;
		} catch (error) {
			if (hasCode(error, "overloaded")) this.#meter.countRefusal(this.#now());
			throw error;
		} finally {
			this.#reportLoad();
		}
	}

	async askId(question: IdQuestion): Promise<IdRecord | null> {
		// A shard that is not open has no ids, and cannot get any before it stores an epoch as new as the asker's.
		if (!this.#isOpen()) return null;
		this.#adopt(question.routing);
		return answerQuestion(this.#context, question);
	}

	async claim(request: ClaimRequest): Promise<ClaimOutcome> {
		this.#adoptOpen(request.routing);
		return await claim(this.#context, request);
	}

	async sealClaim(seal: Parameters<ShardRpc["sealClaim"]>[0]): Promise<void> {
		this.#requireHeld();
		sealClaim(this.#context, seal);
	}

	async finishClaim(finish: Parameters<ShardRpc["finishClaim"]>[0]): Promise<void> {
		this.#requireHeld();
		finishClaim(this.#context, finish);
	}

	async releaseClaim(held: HeldClaim): Promise<void> {
		this.#requireHeld();
		releaseClaim(this.#context, held);
	}

	async raiseMinimum(raise: Parameters<ShardRpc["raiseMinimum"]>[0]): Promise<Directory | null> {
		if (raise.ofDirectory === true) this.#requireDirectory();
		else if (!this.#hasTables && raise.tenantId !== undefined) await this.#requireTenant(raise.tenantId);
		this.#write((sql) => {
			raiseTable(sql, raise.tableId, { minimumSchemaVersion: raise.schemaVersion });
			if (findDirectory(sql) !== null) storeMinimum(sql, raise);
			// One that is about to open is told so again.
			if (readShard(sql) !== null) scheduleForgetting(sql, raise);
		});
		await this.#arm();
		return findDirectory(this.#context.sql) === null ? null : publicDirectory(this.#context.sql);
	}

	async readTail({ routing, tableId, above, upTo }: TailRequest): Promise<TailPage> {
		// The directory names a new shard before it is open: nothing was acknowledged there yet (invariant Q2). A range once begun does not end so.
		if (upTo === null && !this.#isOpen() && !this.#wasEmptied) return { blocks: [], upTo: above, next: null };
		this.#adoptOpen(routing);
		const { epoch } = openShard(this.#context.sql).routing;
		// A later page is of a range that is fixed: a change of the shard set adds nothing to it.
		if (upTo === null && epoch > routing.epoch)
			throw new LittoralError("stale_epoch", `the shard is at epoch ${epoch}, the read at ${routing.epoch}`);
		return readTailPage(this.#context.sql, tableId, { above, upTo });
	}

	async tailRowCount({ tableId, above }: { tableId: TableId; above: number }): Promise<number> {
		return this.#isOpen() ? countTailRows(this.#context.sql, tableId, above) : 0;
	}

	async drain(routing: Routing): Promise<DrainAnswer> {
		this.#adoptOpen(routing);
		const { sql } = this.#context;
		const tables = readTables(sql);
		const unflushed = tables.filter((table) => table.lastSequence > table.watermark);
		this.#write(() => {
			for (const { tableId } of unflushed) scheduleWork(sql, { kind: "flush", key: tableId, dueMs: this.#now() });
		});
		await this.#arm();
		return {
			drained: unflushed.length === 0 && intentCount(sql) === 0,
			tables: tables.map(({ tableId, lastSequence }) => ({ tableId, lastSequence })),
		};
	}

	async retire(): Promise<void> {
		// Emptied already: this is a repetition.
		if (!this.#isOpen()) return;
		const dueMs = this.#now() + APPEND_ID_TTL_MS + TOMBSTONE_MARGIN_MS;
		this.#write((sql) => scheduleWork(sql, { kind: "empty", dueMs }));
		await this.#arm();
	}

	async empty(): Promise<void> {
		// A flush under way would write an object after its tenant's objects are deleted.
		await this.#running;
		await this.#empty();
	}

	async openTenant(identity: ShardIdentity, location: string | null): Promise<Directory> {
		assert(identity.ordinal === 0, "the directory lives in shard 0");
		this.#write((sql) => {
			if (findDirectory(sql) !== null) return;
			const directory = newDirectory(location, this.#now());
			storeDirectory(sql, directory);
			identify(sql, identity);
			storeRouting(sql, routingOf(directory), { nowMs: this.#now(), opens: true });
		});
		return publicDirectory(this.#context.sql);
	}

	async setTenantState(state: TenantState): Promise<Directory> {
		this.#requireDirectory();
		this.#write((sql) => {
			const directory = loadDirectory(sql);
			if (directory.state === "deleting" && state !== "deleting")
				throw new LittoralError("tenant_not_found", "the tenant is being deleted");
			if (directory.state !== state) storeDirectory(sql, { ...directory, state });
		});
		return publicDirectory(this.#context.sql);
	}

	async readDirectory({ withTails }: { withTails: boolean }): Promise<DirectoryAnswer> {
		this.#requireDirectory();
		const directory = publicDirectory(this.#context.sql);
		return { directory, routing: routingOf(directory), tails: withTails ? readOpenTails(this.#context.sql) : null };
	}

	async changeShards(count: number, fromEpoch?: number): Promise<{ epoch: number; shards: ShardDescription[]; settled: boolean }> {
		assert(count >= 1 && count <= SHARD_COUNT_MAX, "the shard count is in its bounds");
		this.#requireDirectory();
		startChange(this.#context, count, fromEpoch ?? null);
		try {
			await carryChange(this.#context);
		} catch (error) {
			this.#reportFailure("change", error);
		}
		await this.#arm();
		const directory = loadDirectory(this.#context.sql);
		const settled = directory.change === null && activeShards(directory).length === count;
		return { epoch: directory.epoch, shards: describeShards(directory), settled };
	}

	async deleteTenant(): Promise<{ done: boolean }> {
		if (!this.#isOpen() || findDirectory(this.#context.sql) === null) return { done: true };
		// A change of the shard set that the alarm carries out ends before its shards are emptied.
		await this.#running;
		if (!(await deleteTenantStep(this.#context))) return { done: false };
		await this.empty();
		return { done: true };
	}

	override async alarm(): Promise<void> {
		this.#armedAtMs = null;
		if (!this.#hasTables) return;
		this.#running = this.#runDueWork();
		try {
			await this.#running;
		} finally {
			this.#running = null;
			await this.#arm();
		}
	}

	async #runDueWork(): Promise<void> {
		const { env, ctx } = this;
		const observation = {
			service: "tenant",
			operation: "shard_alarm",
			kind: "internal",
			env,
			ctx,
			tenant: this.#context.tenantId(),
		} as const;
		try {
			await observed(observation, (span) => {
				// A trace of its own: what it flushes came with many requests.
				const ports = openPorts(env, { traceparent: span.traceparent, requestId: `alarm-${span.spanId}` });
				return runDueWork(
					{ ...this.#context, ports },
					{
						empty: () => this.#empty(),
						reportFailure: (work, error) => this.#reportFailure(work.kind, error),
					},
				);
			});
		} catch (error) {
			this.#reportFailure("alarm", error);
		}
	}

	/** Within work that it does anyway: an idle shard is woken by nobody and says nothing. A report that is lost is worth nothing later. */
	#reportLoad(): void {
		if (!this.#hasTables) return;
		const { sql, ports } = this.#context;
		const sample = this.#meter.take(() => {
			const { ordinal, routing, unflushedBytes } = openShard(sql);
			const activeCount = activeShards(routing).length;
			return { shard: ordinal, epoch: routing.epoch, activeCount, tailBytes: unflushedBytes };
		}, this.#now());
		if (sample === null) return;
		const sent = ports.signals.send({ kind: "load", tenantId: this.#context.tenantId(), sample });
		this.ctx.waitUntil(sent.catch((error: unknown) => this.#reportFailure("load", error)));
	}

	#reportFailure(work: string, error: unknown): void {
		increment("littoral_shard_work_failures_total", { service: "tenant", work });
		log("error", `shard work failed: ${work}`, { service: "tenant", detail: String(error) });
	}

	async #empty(): Promise<void> {
		this.#hasTables = false;
		this.#wasEmptied = true;
		this.#armedAtMs = null;
		await this.ctx.storage.deleteAlarm();
		await this.ctx.storage.deleteAll();
	}

	/** The alarm stands at the earliest due work; without work there is none. */
	async #arm(): Promise<void> {
		if (!this.#hasTables) return;
		const dueMs = earliestDueMs(this.#context.sql);
		if (dueMs === this.#armedAtMs) return;
		if (dueMs === null) await this.ctx.storage.deleteAlarm();
		else if (this.#armedAtMs === null || dueMs < this.#armedAtMs) await this.ctx.storage.setAlarm(dueMs);
		else return;
		this.#armedAtMs = dueMs;
	}

	/** One transaction; makes the tables of a shard that has none yet. */
	#write(change: (sql: SqlStorage) => void): void {
		const { storage, sql } = this.#context;
		storage.transactionSync(() => {
			if (!this.#hasTables) createSchema(sql);
			change(sql);
		});
		this.#hasTables = true;
	}

	#adopt(routing: Routing): void {
		this.#context.storage.transactionSync(() => storeRouting(this.#context.sql, routing, { nowMs: this.#now(), opens: false }));
	}

	#isOpen(): boolean {
		return this.#hasTables && (readShard(this.#context.sql)?.routing.epoch ?? 0) > 0;
	}

	/** One read where nothing is new, as mostly. @throws stale_epoch when the shard is not open */
	#adoptOpen(routing: Routing): void {
		if (!this.#hasTables) throw new LittoralError("stale_epoch", "the shard is not open");
		const stored = openShard(this.#context.sql).routing;
		if (newerRouting(stored, routing) !== stored) this.#adopt(routing);
	}

	/** A shard in which somebody held a claim is only closed when it was emptied with its tenant. @throws tenant_not_found */
	#requireHeld(): void {
		if (!this.#isOpen()) throw new LittoralError("tenant_not_found", "the tenant was deleted meanwhile");
	}

	/**
	 * A call that comes late must not make anew what was emptied with its tenant: the directory says so if that was before it answers, this instance
	 * if it was after, as it lives as long as the call.
	 *
	 * @throws tenant_not_found
	 */
	async #requireTenant(tenantId: TenantId): Promise<void> {
		const { directory } = await untilKnown(() => this.#context.ports.shard(tenantId, 0).readDirectory({ withTails: false }));
		if (directory.state === "deleting" || this.#wasEmptied) throw new LittoralError("tenant_not_found", "the tenant was deleted meanwhile");
	}

	/** @throws tenant_not_found */
	#requireDirectory(): void {
		if (!this.#hasTables) throw new LittoralError("tenant_not_found", "there is no such tenant");
		loadDirectory(this.#context.sql);
	}

	#now(): number {
		return this.#context.ports.now();
	}
}
