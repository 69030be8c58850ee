/**
 * Looks at tenants, asks the policy, and carries its decisions out by the epoch protocol.
 *
 * A decision is recorded before it is carried out, under a number that only one of several deciders gets. It names the epoch that it starts from, so that it
 * does nothing where another change came first. Cut off anywhere it is due again, and carried on: each step may be repeated. No shard is ever asked
 * for its load: those that work report it, and a tenant whose shards say nothing is idle.
 */
import { hasCode } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { SCALING_CONCURRENCY, SHARD_COUNT_MAX } from "#shared/base/limits.ts";
import type { LoadSample, ScalingBounds, ScalingTrigger } from "#shared/contracts/scaling.ts";
import type { TenantRpc } from "#shared/contracts/rpc.ts";
import { increment } from "#shared/observability/metrics.ts";
import { log } from "#shared/observability/log.ts";
import { decide, type ScalingPolicy, type Verdict } from "./policy.ts";
import type { DecisionRow, ScalingRow, ScalingStore, TenantScaling } from "./store.ts";

/** After this time a decision whose steps keep failing is given up; the policy decides anew. */
const GIVE_UP_MS = 600_000;
/** How often, in the window that shrinking looks back at, the cron looks at a tenant with more than its least shards, none of which reports: each quarter of an hour. */
const IDLE_LOOK_COUNT = 96;
/** Reports are forgotten after this, once in as long: the age that the policy minds is far below. */
const FORGET_LOADS_MS = 3_600_000;
const CRON_MS = 60_000;
/** Spans of the window that shrinking looks back at, of each of which the highest load is kept. */
const PEAK_SPAN_COUNT = 24;
/** Steps of the epoch protocol that one run takes. */
const STEP_COUNT_MAX = 20;

type ChangeAnswer = Awaited<ReturnType<TenantRpc["changeShards"]>>;

const DEFAULT_BOUNDS: ScalingBounds = { shardCountMin: 1, shardCountMax: SHARD_COUNT_MAX };

export interface AutoscalerPorts {
	store: ScalingStore;
	tenant: Pick<TenantRpc, "changeShards">;
	policy: ScalingPolicy;
	now(): number;
}

export class Autoscaler {
	readonly #ports: AutoscalerPorts;

	constructor(ports: AutoscalerPorts) {
		this.#ports = ports;
	}

	/** Keeps what shards reported; looks at once at the tenants of those that are overloaded. */
	async reported(reports: readonly { tenantId: TenantId; sample: LoadSample }[]): Promise<void> {
		await this.#ports.store.recordSamples(reports);
		const overloaded = new Set(reports.filter(({ sample }) => sample.overloaded).map(({ tenantId }) => tenantId));
		for (const tenantId of overloaded) await this.#lookSafely(tenantId, "signal");
	}

	/** Looks at the tenants that reported or are due, as far as they could change. */
	async cron(): Promise<void> {
		const { store, policy } = this.#ports;
		const nowMs = this.#ports.now();
		const found = await store.tenantsToLookAt({ reportedMs: nowMs - policy.sampleAgeMsMax, dueMs: nowMs });
		const tenantIds = found.filter((one) => mayChange(one, nowMs, policy)).map(({ tenantId }) => tenantId);
		for (let start = 0; start < tenantIds.length; start += SCALING_CONCURRENCY) {
			await Promise.all(tenantIds.slice(start, start + SCALING_CONCURRENCY).map((tenantId) => this.#lookSafely(tenantId, "cron")));
		}
		if (nowMs % FORGET_LOADS_MS < CRON_MS) await store.forgetLoads(nowMs - FORGET_LOADS_MS);
	}

	/** One tenant's trouble keeps nobody else from being looked at. */
	async #lookSafely(tenantId: TenantId, trigger: "cron" | "signal"): Promise<void> {
		try {
			await this.look(tenantId, trigger);
		} catch (error) {
			increment("littoral_scaling_failures_total", { service: "operations" });
			log("error", "scaling failed", { service: "operations", tenant: tenantId, error: String(error) });
		}
	}

	async look(tenantId: TenantId, trigger: "cron" | "signal"): Promise<void> {
		const { store, policy } = this.#ports;
		const known = await store.read(tenantId);
		if (known === null) return store.forgetTenants([tenantId]);
		const nowMs = this.#ports.now();
		const [last] = known.decisions;
		if (last?.outcome === "applying") {
			if (nowMs - last.decidedAtMs >= policy.resumeMs) await this.#carry(last);
			return;
		}
		const row = rowOf(tenantId, known);
		if (known.status !== "active" && known.status !== "suspended") return store.track({ ...row, dueMs: null });
		const verdict = verdictOf(known, row, nowMs, policy);
		const { from, to, reason, inputs } = verdict;
		const isAboveMinimum = row.shardCount > boundsOf(row).shardCountMin;
		if (isAboveMinimum || to > from) {
			const spanMs = peakSpanMs(policy);
			const forgetMs = nowMs - policy.shrinkWindowMs - spanMs;
			await store.recordPeak(tenantId, { fromMs: nowMs - (nowMs % spanMs), load: inputs.load, forgetMs });
		}
		if (to === from) {
			const dueMs = isAboveMinimum ? nowMs + idleLookMs(policy) : null;
			const isDue = known.row === null || known.row.dueMs === null || known.row.dueMs <= nowMs;
			if ((isAboveMinimum && isDue) || (known.row !== null && !isAboveMinimum && known.row.dueMs !== null))
				await store.track({ ...row, dueMs });
			return;
		}
		const decision = this.#decision(row, known, { to, reason, trigger, inputs, fromEpoch: row.epoch });
		if (await store.begin(decision, { ...row, dueMs: nowMs + policy.resumeMs })) await this.#carry(decision);
	}

	/**
	 * The administrator's number: it becomes both bounds, so that the policy leaves it alone.
	 * @returns the set as far as it has come; what is left of the change goes on by itself
	 * @throws conflict when the tenant's shards changed too often within a day
	 */
	async pin(tenantId: TenantId, count: number): Promise<ChangeAnswer> {
		return await this.#setBounds(tenantId, { shardCountMin: count, shardCountMax: count }, count);
	}

	/** Lets the policy move between these bounds; a number of shards outside them is brought to the nearer one at once. */
	async setBounds(tenantId: TenantId, bounds: ScalingBounds): Promise<void> {
		const known = await this.#ports.store.read(tenantId);
		if (known === null) return;
		const { shardCount } = rowOf(tenantId, known);
		const count = Math.min(bounds.shardCountMax, Math.max(bounds.shardCountMin, shardCount));
		if (count !== shardCount) await this.#setBounds(tenantId, bounds, count);
		else await this.#ports.store.setBounds({ ...rowOf(tenantId, known), dueMs: this.#ports.now() }, bounds);
	}

	async #setBounds(tenantId: TenantId, bounds: ScalingBounds, count: number): Promise<ChangeAnswer> {
		const { store, tenant, policy } = this.#ports;
		for (;;) {
			const known = await store.read(tenantId);
			if (known === null) return await tenant.changeShards(tenantId, count);
			const row = { ...rowOf(tenantId, known), dueMs: this.#ports.now() + policy.resumeMs };
			await store.setBounds(row, bounds);
			const decision = this.#decision(row, known, { to: count, reason: "manual", trigger: "manual", inputs: null, fromEpoch: null });
			// Where another has just decided, its number is taken: this one comes after it.
			if (await store.begin(decision, row)) return (await this.#carry(decision)) ?? (await tenant.changeShards(tenantId, count));
		}
	}

	#decision(
		row: ScalingRow,
		known: TenantScaling,
		made: { to: number; reason: Verdict["reason"]; trigger: ScalingTrigger; inputs: Verdict["inputs"] | null; fromEpoch: number | null },
	): DecisionRow {
		const { to, reason, trigger, inputs, fromEpoch } = made;
		return {
			tenantId: row.tenantId,
			number: (known.decisions[0]?.number ?? 0) + 1,
			fromCount: row.shardCount,
			toCount: to,
			fromEpoch,
			reason,
			trigger,
			inputs,
			outcome: "applying",
			epoch: null,
			decidedAtMs: this.#ports.now(),
			finishedAtMs: null,
		};
	}

	/** @returns the last answer; null when the decision came to nothing and the error was its end */
	async #carry(decision: DecisionRow): Promise<ChangeAnswer | null> {
		const { tenant } = this.#ports;
		const tenantId = decision.tenantId as TenantId;
		let answer: ChangeAnswer | null = null;
		try {
			for (let step = 0; step < STEP_COUNT_MAX; step++) {
				answer = await tenant.changeShards(tenantId, decision.toCount, decision.fromEpoch ?? undefined);
				if (answer.settled) return await this.#end(decision, "applied", answer);
				if (isSuperseded(decision, answer)) return await this.#end(decision, "superseded", answer);
			}
			if (this.#ports.now() - decision.decidedAtMs >= GIVE_UP_MS) await this.#end(decision, "failed", answer);
			return answer;
		} catch (error) {
			const isFinal = hasCode(error, "tenant_not_found") || hasCode(error, "conflict");
			if (isFinal || this.#ports.now() - decision.decidedAtMs >= GIVE_UP_MS) await this.#end(decision, "failed", null);
			throw error;
		}
	}

	async #end(
		decision: DecisionRow,
		outcome: "applied" | "failed" | "superseded",
		answer: ChangeAnswer | null,
	): Promise<ChangeAnswer | null> {
		const { store, policy } = this.#ports;
		const nowMs = this.#ports.now();
		const set = answer && { epoch: answer.epoch, shardCount: activeCount(answer) };
		await store.finish(
			decision,
			{ outcome, epoch: answer?.epoch ?? null, finishedAtMs: nowMs },
			{ set, dueMs: nowMs + idleLookMs(policy) },
		);
		increment("littoral_scaling_decisions_total", { service: "operations", reason: decision.reason, outcome });
		return answer;
	}
}

/** Most tenants have one shard that is far from busy: what their reports say is enough to leave them. */
function mayChange(
	{ samples, row }: { samples: readonly LoadSample[]; row: ScalingRow | null },
	nowMs: number,
	policy: ScalingPolicy,
): boolean {
	const shardCount = row?.shardCount ?? Math.max(1, ...samples.map((sample) => sample.activeCount));
	if (row?.dueMs != null && row.dueMs <= nowMs) return true;
	if (shardCount !== boundsOf(row).shardCountMin) return true;
	return samples.some((sample) => sample.overloaded || sample.busyFraction > policy.growBusyFraction);
}

function peakSpanMs({ shrinkWindowMs }: ScalingPolicy): number {
	return Math.ceil(shrinkWindowMs / PEAK_SPAN_COUNT);
}

function idleLookMs({ shrinkWindowMs }: ScalingPolicy): number {
	return Math.ceil(shrinkWindowMs / IDLE_LOOK_COUNT);
}

function activeCount({ shards }: ChangeAnswer): number {
	return shards.filter((shard) => shard.state === "active").length;
}

/** Another change was made from the epoch that the decision named. */
function isSuperseded({ fromEpoch, toCount }: DecisionRow, answer: ChangeAnswer): boolean {
	return fromEpoch !== null && (answer.epoch > fromEpoch + 1 || (answer.epoch === fromEpoch + 1 && activeCount(answer) !== toCount));
}

export function boundsOf(row: ScalingRow | null): ScalingBounds {
	return {
		shardCountMin: row?.shardCountMin ?? DEFAULT_BOUNDS.shardCountMin,
		shardCountMax: row?.shardCountMax ?? DEFAULT_BOUNDS.shardCountMax,
	};
}

/** As operations has it; else as the newest report says; else as every tenant begins. */
export function rowOf(tenantId: TenantId, { row, samples }: TenantScaling): ScalingRow {
	if (row !== null) return row;
	const newest = samples.toSorted((left, right) => right.epoch - left.epoch)[0];
	const { epoch, activeCount: shardCount } = newest ?? { epoch: 1, activeCount: 1 };
	return { tenantId, epoch, shardCount, shardCountMin: null, shardCountMax: null, dueMs: null };
}

export function verdictOf(known: TenantScaling, row: ScalingRow, nowMs: number, policy: ScalingPolicy): Verdict {
	const history = known.decisions
		.filter(({ outcome }) => outcome === "applied" || outcome === "applying")
		.map(({ fromCount, toCount, decidedAtMs, finishedAtMs }) => ({ from: fromCount, to: toCount, atMs: finishedAtMs ?? decidedAtMs }));
	const current = { epoch: row.epoch, shardCount: row.shardCount };
	// A span's peak counts until all of the span is out of the window.
	const peaks = known.peaks.map(({ fromMs, load }) => ({ atMs: fromMs + peakSpanMs(policy), load }));
	return decide({ samples: known.samples, peaks, current, bounds: boundsOf(row), history, nowMs }, policy);
}
