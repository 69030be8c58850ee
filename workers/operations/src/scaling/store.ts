/** Reads and writes of autoscaling's tables in D1 `operations`. */
import { and, asc, desc, eq, gt, inArray, lt, lte } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import type { TenantId } from "#shared/base/ids.ts";
import { LOAD_SAMPLE_COUNT_MAX, SCALING_DECISION_COUNT_MAX, SCALING_TENANTS_PER_RUN_MAX } from "#shared/base/limits.ts";
import type { LoadSample, ScalingBounds } from "#shared/contracts/scaling.ts";
import { tenants } from "../tenants/tables.ts";
import { scaling, scalingDecisions, scalingPeaks, shardLoads } from "./tables.ts";

export type ScalingRow = typeof scaling.$inferSelect;
export type DecisionRow = typeof scalingDecisions.$inferSelect;

/** By hand: the driver cannot put a parametrised statement of free form into a batch. Parameters: tenant, shard, the sample as JSON, its end, how many are kept. */
const KEEP_SAMPLE = `
	INSERT INTO shard_loads (tenant_id, shard, samples, to_ms)
		SELECT ?1, ?2, json_array(json(?3)), ?4 WHERE EXISTS (SELECT 1 FROM tenants WHERE tenant_id = ?1)
	ON CONFLICT (tenant_id, shard) DO UPDATE SET to_ms = max(to_ms, excluded.to_ms), samples = (
		SELECT json_group_array(json(value)) FROM (
			SELECT value FROM json_each(json_insert(shard_loads.samples, '$[#]', json(?3))) ORDER BY value ->> 'toMs' DESC LIMIT ?5
		)
	)`;
const LEARN_SET = "UPDATE scaling SET epoch = ?2, shard_count = ?3 WHERE tenant_id = ?1 AND epoch < ?2";

/** All that a decision rests on. */
export interface TenantScaling {
	status: "creating" | "active" | "suspended" | "deleting";
	/** Null for a tenant whose set never changed. */
	row: ScalingRow | null;
	samples: LoadSample[];
	/** By the beginnings of their spans. */
	peaks: { fromMs: number; load: number }[];
	/** The newest few, newest first. */
	decisions: DecisionRow[];
}

export class ScalingStore {
	readonly #database: D1Database;
	readonly #db: DrizzleD1Database;

	constructor(database: D1Database) {
		this.#database = database;
		this.#db = drizzle(database);
	}

	/** Keeps a report with the shard's last ones, and learns from it the set in force. A tenant that is gone gets no row. */
	async recordSamples(reports: readonly { tenantId: TenantId; sample: LoadSample }[]): Promise<void> {
		const statements = reports.flatMap(({ tenantId, sample }) => [
			this.#database.prepare(KEEP_SAMPLE).bind(tenantId, sample.shard, JSON.stringify(sample), sample.toMs, LOAD_SAMPLE_COUNT_MAX),
			this.#database.prepare(LEARN_SET).bind(tenantId, sample.epoch, sample.activeCount),
		]);
		if (statements.length > 0) await this.#database.batch(statements);
	}

	/** Tenants of which a shard reported since, or that are due; at most SCALING_TENANTS_PER_RUN_MAX of each, who waited longest first. */
	async tenantsToLookAt(since: {
		reportedMs: number;
		dueMs: number;
	}): Promise<{ tenantId: TenantId; samples: LoadSample[]; row: ScalingRow | null }[]> {
		const reported = gt(shardLoads.toMs, since.reportedMs);
		const [loads, known, due] = await this.#db.batch([
			this.#db.select().from(shardLoads).where(reported).orderBy(asc(shardLoads.toMs)).limit(SCALING_TENANTS_PER_RUN_MAX),
			// Not joined: columns of one name would be one in a batch's answer.
			this.#db
				.select()
				.from(scaling)
				.where(inArray(scaling.tenantId, this.#db.select({ tenantId: shardLoads.tenantId }).from(shardLoads).where(reported))),
			this.#db.select().from(scaling).where(lte(scaling.dueMs, since.dueMs)).orderBy(asc(scaling.dueMs)).limit(SCALING_TENANTS_PER_RUN_MAX),
		]);
		const rows = new Map([...known, ...due].map((row) => [row.tenantId, row]));
		const found = new Map<string, { tenantId: TenantId; samples: LoadSample[]; row: ScalingRow | null }>();
		for (const row of due) found.set(row.tenantId, { tenantId: row.tenantId as TenantId, samples: [], row });
		for (const { tenantId, samples } of loads) {
			const one = found.get(tenantId) ?? { tenantId: tenantId as TenantId, samples: [], row: rows.get(tenantId) ?? null };
			one.samples.push(...(JSON.parse(samples) as LoadSample[]));
			found.set(tenantId, one);
		}
		return [...found.values()];
	}

	/** @returns null for a tenant that is gone */
	async read(tenantId: TenantId): Promise<TenantScaling | null> {
		const [[tenant], [row], loads, peaks, decisions] = await this.#db.batch([
			this.#db.select({ status: tenants.status }).from(tenants).where(eq(tenants.tenantId, tenantId)),
			this.#db.select().from(scaling).where(eq(scaling.tenantId, tenantId)),
			this.#db.select().from(shardLoads).where(eq(shardLoads.tenantId, tenantId)),
			this.#db.select().from(scalingPeaks).where(eq(scalingPeaks.tenantId, tenantId)),
			this.#decisionsBelow(tenantId, null, 10),
		]);
		if (tenant === undefined) return null;
		return {
			status: tenant.status,
			row: row ?? null,
			samples: loads.flatMap(({ samples }) => JSON.parse(samples) as LoadSample[]),
			peaks,
			decisions,
		};
	}

	/** Newest first. */
	async decisions(tenantId: TenantId, page: { limit: number; below: number | null }): Promise<DecisionRow[]> {
		return await this.#decisionsBelow(tenantId, page.below, page.limit);
	}

	#decisionsBelow(tenantId: TenantId, below: number | null, limit: number) {
		const isBelow = below === null ? undefined : lt(scalingDecisions.number, below);
		return this.#db
			.select()
			.from(scalingDecisions)
			.where(and(eq(scalingDecisions.tenantId, tenantId), isBelow))
			.orderBy(desc(scalingDecisions.number))
			.limit(limit);
	}

	/** The load of a span is the highest seen in it. Forgets the spans before `forgetMs`. */
	async recordPeak(tenantId: TenantId, peak: { fromMs: number; load: number; forgetMs: number }): Promise<void> {
		const { fromMs, load, forgetMs } = peak;
		await this.#db.batch([
			this.#db
				.insert(scalingPeaks)
				.values({ tenantId, fromMs, load })
				.onConflictDoUpdate({
					target: [scalingPeaks.tenantId, scalingPeaks.fromMs],
					set: { load },
					setWhere: lt(scalingPeaks.load, load),
				}),
			this.#db.delete(scalingPeaks).where(and(eq(scalingPeaks.tenantId, tenantId), lt(scalingPeaks.fromMs, forgetMs))),
		]);
	}

	/**
	 * Records a decision before it is carried out; it is due again at `dueMs`, when whoever carries it out may have been cut off. An older one that is still
	 * under way is superseded.
	 * @returns false where another decision has taken the number
	 */
	async begin(decision: DecisionRow, row: ScalingRow): Promise<boolean> {
		const { tenantId, number } = decision;
		const [inserted] = await this.#db.batch([
			this.#db.insert(scalingDecisions).values(decision).onConflictDoNothing().returning({ number: scalingDecisions.number }),
			this.#db
				.update(scalingDecisions)
				.set({ outcome: "superseded", finishedAtMs: decision.decidedAtMs })
				.where(and(eq(scalingDecisions.tenantId, tenantId), lt(scalingDecisions.number, number), eq(scalingDecisions.outcome, "applying"))),
			this.#db
				.delete(scalingDecisions)
				.where(and(eq(scalingDecisions.tenantId, tenantId), lte(scalingDecisions.number, number - SCALING_DECISION_COUNT_MAX))),
			this.#db
				.insert(scaling)
				.values(row)
				.onConflictDoUpdate({ target: scaling.tenantId, set: { dueMs: row.dueMs } }),
		]);
		return inserted.length === 1;
	}

	/** What became of a decision, and the set now in force where it is known. */
	async finish(
		{ tenantId, number }: Pick<DecisionRow, "tenantId" | "number">,
		end: { outcome: "applied" | "failed" | "superseded"; epoch: number | null; finishedAtMs: number },
		next: { set: Pick<ScalingRow, "epoch" | "shardCount"> | null; dueMs: number },
	): Promise<void> {
		const isThis = and(eq(scalingDecisions.tenantId, tenantId), eq(scalingDecisions.number, number));
		const isOlder = next.set === null ? undefined : lte(scaling.epoch, next.set.epoch);
		await this.#db.batch([
			this.#db
				.update(scalingDecisions)
				.set(end)
				.where(and(isThis, eq(scalingDecisions.outcome, "applying"))),
			this.#db
				.update(scaling)
				.set({ ...next.set, dueMs: next.dueMs })
				.where(and(eq(scaling.tenantId, tenantId), isOlder)),
		]);
	}

	/** When the cron looks at the tenant next; makes the row of one that has none. */
	async track(row: ScalingRow): Promise<void> {
		await this.#db
			.insert(scaling)
			.values(row)
			.onConflictDoUpdate({ target: scaling.tenantId, set: { dueMs: row.dueMs } });
	}

	/** @param row for a tenant that has none yet */
	async setBounds(row: ScalingRow, bounds: ScalingBounds): Promise<void> {
		await this.#db
			.insert(scaling)
			.values({ ...row, ...bounds })
			.onConflictDoUpdate({ target: scaling.tenantId, set: { ...bounds, dueMs: row.dueMs } });
	}

	/** Reports of shards that have been quiet for long. */
	async forgetLoads(beforeMs: number): Promise<void> {
		await this.#db.delete(shardLoads).where(lt(shardLoads.toMs, beforeMs));
	}

	/** With a tenant goes all that is known of it. */
	async forgetTenants(tenantIds: readonly TenantId[]): Promise<void> {
		const ids = [...tenantIds];
		await this.#db.batch([
			this.#db.delete(shardLoads).where(inArray(shardLoads.tenantId, ids)),
			this.#db.delete(scaling).where(inArray(scaling.tenantId, ids)),
			this.#db.delete(scalingPeaks).where(inArray(scalingPeaks.tenantId, ids)),
			this.#db.delete(scalingDecisions).where(inArray(scalingDecisions.tenantId, ids)),
		]);
	}
}
