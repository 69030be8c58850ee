/** Operations: tenants' lives, shard sets, probes. Called by the gateway; wakes by cron and by the queue `signals`. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import type { DeadSignal, OperationsRpc, ServiceProbe, Signal, TenantDescription } from "#shared/contracts/rpc.ts";
import type { ScalingBounds, ScalingDescription } from "#shared/contracts/scaling.ts";
import { increment } from "#shared/observability/metrics.ts";
import { observed } from "#shared/observability/observed.ts";
import { serviceApp } from "#shared/observability/service-app.ts";
import { withDeadlines } from "./deadlines.ts";
import type { Env } from "./env.ts";
import { probe } from "./probes/probe.ts";
import { Autoscaler } from "./scaling/autoscaler.ts";
import { describeScaling } from "./scaling/describe.ts";
import { policyOf, type ScalingPolicy } from "./scaling/policy.ts";
import { ScalingStore } from "./scaling/store.ts";
import { DeadLetterStore } from "./signals/dead-letters.ts";
import { TenantLifecycle } from "./tenants/lifecycle.ts";
import { describe, type TenantRow, TenantStore } from "./tenants/store.ts";

/** Longer than any request of a deleted tenant can still be writing. */
const SWEEP_DELAY_SECONDS = 900;

function scalerOf(env: Env): { store: ScalingStore; policy: ScalingPolicy; scaler: Autoscaler } {
	const store = new ScalingStore(env.OPERATIONS_DB);
	const policy = policyOf(env.SCALING_POLICY);
	return { store, policy, scaler: new Autoscaler({ store, policy, tenant: env.TENANT, now: () => Date.now() }) };
}

function lifecycleOf(env: Env): { store: TenantStore; lifecycle: TenantLifecycle } {
	const store = new TenantStore(env.OPERATIONS_DB);
	const scaling = scalerOf(env);
	const lifecycle = new TenantLifecycle({
		store,
		tenant: env.TENANT,
		pinShards: (tenantId, count) => scaling.scaler.pin(tenantId, count),
		forgetScaling: (tenantId) => scaling.store.forgetTenants([tenantId]),
		optimizer: env.OPTIMIZER,
		catalog: env.CATALOG,
		signalStep: async (tenantId) => {
			await env.SIGNALS.send({ kind: "tenant_step", tenantId }, { delaySeconds: 2 });
		},
		signalSweep: async (tenantId) => {
			await env.SIGNALS.send({ kind: "tenant_sweep", tenantId }, { delaySeconds: SWEEP_DELAY_SECONDS });
		},
		now: () => Date.now(),
	});
	return { store, lifecycle };
}

/** The last cron of this isolate found a service that fails. */
let wasFailing = false;

async function probeOthers(env: Env): Promise<Record<"tenant" | "optimizer" | "catalog", ServiceProbe>> {
	const [tenant, optimizer, catalog] = await Promise.all([
		probe(() => env.TENANT.ready()),
		probe(() => env.OPTIMIZER.ready()),
		probe(() => env.CATALOG.ready()),
	]);
	return { tenant, optimizer, catalog };
}

async function probeAll(env: Env): Promise<Record<"tenant" | "optimizer" | "catalog" | "monitoring", ServiceProbe>> {
	const [others, monitoring] = await Promise.all([probeOthers(env), probe(() => env.MONITORING.ready())]);
	return { ...others, monitoring };
}

export class OperationsService extends WorkerEntrypoint<Env> implements OperationsRpc {
	constructor(ctx: ExecutionContext, env: Env) {
		super(ctx, withDeadlines(env));
	}

	async createTenant(request: { id: string; location: string | null; requestId: string }): Promise<TenantDescription> {
		return await this.#observed("createTenant", (lifecycle) => lifecycle.create(request), request.requestId);
	}

	async getTenant(id: string): Promise<TenantDescription> {
		return await this.#observed("getTenant", async (lifecycle) => describe(await lifecycle.require(id)));
	}

	async tenantById(tenantId: TenantId): Promise<TenantDescription | null> {
		return await this.#observed("tenantById", async (_, store) => {
			const row = await store.byTenantId(tenantId);
			return row === null ? null : describe(row);
		});
	}

	async listTenants(page: { limit: number; cursor: string | null }): Promise<{ tenants: TenantDescription[]; nextCursor: string | null }> {
		return await this.#observed("listTenants", async (_, store) => {
			const rows = await store.list(page.limit + 1, page.cursor);
			const shown = rows.slice(0, page.limit);
			return { tenants: shown.map(describe), nextCursor: rows.length > page.limit ? (shown.at(-1)?.id ?? null) : null };
		});
	}

	async suspendTenant(id: string): Promise<TenantDescription> {
		return await this.#observed("suspendTenant", (lifecycle) => lifecycle.suspend(id));
	}

	async resumeTenant(id: string): Promise<TenantDescription> {
		return await this.#observed("resumeTenant", (lifecycle) => lifecycle.resume(id));
	}

	async deleteTenant(id: string, tenantId?: TenantId): Promise<{ done: boolean; tenantId: TenantId }> {
		return await this.#observed("deleteTenant", (lifecycle) => lifecycle.delete(id, tenantId));
	}

	async changeShards(id: string, count: number): Promise<{ epoch: number; shards: { name: string; state: "active" | "draining" }[] }> {
		return await this.#observed("changeShards", async (lifecycle) => {
			const { epoch, shards } = await lifecycle.changeShards(id, count);
			return { epoch, shards };
		});
	}

	async scaling(id: string, page: { limit: number; cursor: string | null }): Promise<ScalingDescription> {
		return await this.#observed("scaling", async (lifecycle) => this.#describeScaling(await lifecycle.require(id), page));
	}

	async setScaling(id: string, bounds: ScalingBounds): Promise<ScalingDescription> {
		return await this.#observed("setScaling", async (lifecycle) => {
			const row = await lifecycle.require(id);
			if (row.status !== "active" && row.status !== "suspended") throw new LittoralError("conflict", `tenant "${id}" is ${row.status}`);
			await scalerOf(this.env).scaler.setBounds(row.tenantId as TenantId, bounds);
			return await this.#describeScaling(row, { limit: 1, cursor: null });
		});
	}

	async #describeScaling({ tenantId }: TenantRow, page: { limit: number; cursor: string | null }): Promise<ScalingDescription> {
		const { store, policy } = scalerOf(this.env);
		return await describeScaling({ store, policy, nowMs: Date.now() }, tenantId as TenantId, page);
	}

	async deadLetters(page: { limit: number; cursor: string | null }): Promise<{ deadLetters: DeadSignal[]; nextCursor: string | null }> {
		return await this.#observed("deadLetters", () => new DeadLetterStore(this.env.OPERATIONS_DB).list(page));
	}

	async redrive(id: string): Promise<Signal | null> {
		const send = async (signal: Signal): Promise<void> => void (await this.env.SIGNALS.send(signal));
		return await this.#observed("redrive", () => new DeadLetterStore(this.env.OPERATIONS_DB).redrive(id, send));
	}

	async probe(): Promise<Record<"tenant" | "optimizer" | "catalog" | "monitoring", ServiceProbe>> {
		return await probeAll(this.env);
	}

	async ready(): Promise<void> {
		await this.env.OPERATIONS_DB.prepare("SELECT 1 FROM tenants LIMIT 1").run();
	}

	async #observed<Result>(
		operation: string,
		work: (lifecycle: TenantLifecycle, store: TenantStore) => Promise<Result>,
		requestId?: string,
	): Promise<Result> {
		return await observed({ service: "operations", operation, env: this.env, ctx: this.ctx, requestId }, async () => {
			const { lifecycle, store } = lifecycleOf(this.env);
			return await work(lifecycle, store);
		});
	}
}

/** What shards reported, all of a batch at once. A report that is lost is worth nothing later: none is tried again. */
async function takeReports(batch: MessageBatch<Signal>, env: Env, ctx: ExecutionContext): Promise<void> {
	const reports = batch.messages.flatMap(({ body }) => (body.kind === "load" ? [body] : []));
	if (reports.length === 0) return;
	await observed({ service: "operations", operation: "load", env, ctx, kind: "consumer" }, () =>
		scalerOf(env).scaler.reported(reports),
	).catch(() => {});
	for (const message of batch.messages) if (message.body.kind === "load") message.ack();
}

/** The dead letter queue, in every environment. */
const DEAD_LETTERS = /-signals-dead$/;

/** Where D1 does not answer the whole batch comes again. */
async function keepDeadLetters(batch: MessageBatch<Signal>, env: Env, ctx: ExecutionContext): Promise<void> {
	await observed({ service: "operations", operation: "dead_letters", env, ctx, kind: "consumer" }, async () => {
		const count = await new DeadLetterStore(env.OPERATIONS_DB).record([...batch.messages], Date.now());
		if (count > 0) increment("littoral_dead_letters_total", { service: "operations", queue: "signals" }, count);
	});
	batch.ackAll();
}

const app = serviceApp<Env>("operations");

export default {
	fetch: app.fetch,

	/**
	 * Every minute: looks at the tenants whose shards are at work, or were; probes the services below, and records what they answered while one fails and
	 * once when all do again. While all is well and nobody works this wakes no object: what is recorded then comes from the gateway, with requests.
	 */
	async scheduled(_controller, bindings, ctx): Promise<void> {
		const env = withDeadlines(bindings);
		const cron = { service: "operations", env, ctx, kind: "internal", isQuiet: true } as const;
		await observed({ ...cron, operation: "scaling" }, () => scalerOf(env).scaler.cron()).catch(() => {});
		await observed({ ...cron, operation: "cron" }, async () => {
			const atMs = Date.now();
			// Not monitoring: it answers by waking a hub, and where it does not, there is nobody to tell.
			const answers = Object.entries(await probeOthers(env));
			const isFailing = answers.some(([, { status }]) => status === "failed");
			if (isFailing || wasFailing) {
				await env.MONITORING.recordHealth(answers.map(([service, { status, latencyMs }]) => ({ service, status, latencyMs, atMs })));
			}
			wasFailing = isFailing;
		});
	},

	/** A step that is not the last, or fails, is taken again after the queue's delay; what fails every time comes here once more, to be kept. */
	async queue(batch, bindings, ctx): Promise<void> {
		const env = withDeadlines(bindings);
		if (DEAD_LETTERS.test(batch.queue)) return keepDeadLetters(batch, env, ctx);
		await takeReports(batch, env, ctx);
		for (const message of batch.messages) {
			const signal = message.body;
			if (signal.kind === "load") continue;
			const done = await observed({ service: "operations", operation: signal.kind, env, ctx, kind: "consumer" }, async () => {
				if (signal.kind === "tenant_sweep") {
					// Also a directory that a creation under way has opened behind the deletion.
					return (await env.TENANT.deleteTenant(signal.tenantId)).done && (await env.CATALOG.deleteTenant(signal.tenantId)).done;
				}
				return await lifecycleOf(env).lifecycle.continueDeletion(signal.tenantId);
			}).catch(() => false);
			if (done) message.ack();
			else message.retry();
		}
	},
} satisfies ExportedHandler<Env, Signal>;
