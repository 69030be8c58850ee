/**
 * Corrections in D1 `optimizer`, by tenant (T1) and shape, and the isolate's copy of them. Nothing here may fail a plan or a query: without D1 there are no corrections, and what
 * cannot be written is not learnt.
 */
import {
	CORRECTION_CACHE_AGE_MS,
	CORRECTION_CACHE_COUNT_MAX,
	CORRECTION_COUNT_MAX,
	LEARNING_INTERVAL_MS,
	OBSERVATION_COUNT_MAX,
} from "#shared/base/limits.ts";
import type { TenantId } from "#shared/base/ids.ts";
import type { Observation } from "#shared/contracts/rpc.ts";
import { Lru } from "#shared/base/lru.ts";
import { corrected, type Correction, type Corrections, isObservation, NO_CORRECTIONS } from "./corrections.ts";

/** The part of a D1 database that is used. */
export type CorrectionDatabase = Pick<D1Database, "prepare" | "batch">;

interface Known {
	corrections: Map<string, Correction>;
	readAtMs: number;
	/** Of the isolate's last write for the tenant. */
	writtenAtMs: number;
}

export class CorrectionStore {
	readonly #known = new Lru<Known>(CORRECTION_CACHE_COUNT_MAX);

	/**
	 * The tenant's corrections. What is old is given all the same, and read anew behind the answer.
	 *
	 * @param background `waitUntil`
	 */
	async read(
		database: CorrectionDatabase,
		tenantId: TenantId,
		{ nowMs, background }: { nowMs: number; background: (work: Promise<void>) => void },
	): Promise<Corrections> {
		const known = this.#known.get(tenantId);
		if (known === undefined) return (await this.#load(database, tenantId, nowMs))?.corrections ?? NO_CORRECTIONS;
		if (nowMs - known.readAtMs > CORRECTION_CACHE_AGE_MS) {
			known.readAtMs = nowMs;
			background(this.#load(database, tenantId, nowMs).then(() => {}));
		}
		return known.corrections;
	}

	/** Writes what a run has taught, at most every LEARNING_INTERVAL_MS for a tenant and isolate; what comes between is left to the next run. */
	async learn(database: CorrectionDatabase, tenantId: TenantId, observations: readonly Observation[], nowMs: number): Promise<void> {
		const useful = observations.slice(0, OBSERVATION_COUNT_MAX).filter(isObservation);
		const known = this.#known.get(tenantId) ?? (await this.#load(database, tenantId, nowMs));
		if (useful.length === 0 || known === null || nowMs - known.writtenAtMs < LEARNING_INTERVAL_MS) return;
		known.writtenAtMs = nowMs;
		const rows = useful.map((observation) => ({ shape: observation.shape, ...corrected(observation, nowMs) }));
		const values = rows.map(({ shape, logFactor, rowCount }) => [shape, logFactor, rowCount]);
		await database.batch([
			database
				.prepare(
					`INSERT INTO correction (tenant_id, shape, log_factor, sample_count, row_count, updated_at_ms)
					SELECT ?1, value ->> 0, value ->> 1, 1, value ->> 2, ?2 FROM json_each(?3) WHERE TRUE
					ON CONFLICT (tenant_id, shape) DO UPDATE SET log_factor = excluded.log_factor, sample_count = sample_count + 1,
						row_count = excluded.row_count, updated_at_ms = excluded.updated_at_ms`,
				)
				.bind(tenantId, nowMs, JSON.stringify(values)),
			database
				.prepare(
					`DELETE FROM correction WHERE tenant_id = ?1 AND shape IN
						(SELECT shape FROM correction WHERE tenant_id = ?1 ORDER BY updated_at_ms DESC, shape LIMIT -1 OFFSET ?2)`,
				)
				.bind(tenantId, CORRECTION_COUNT_MAX),
		]);
		for (const { shape, ...correction } of rows) known.corrections.set(shape, correction);
		this.#keep(tenantId, known);
	}

	async forget(database: CorrectionDatabase, tenantId: TenantId): Promise<void> {
		this.#known.delete(tenantId);
		await database.batch([database.prepare("DELETE FROM correction WHERE tenant_id = ?1").bind(tenantId)]);
	}

	async #load(database: CorrectionDatabase, tenantId: TenantId, nowMs: number): Promise<Known | null> {
		try {
			const [answer] = await database.batch<{ shape: string; log_factor: number; row_count: number; updated_at_ms: number }>([
				database.prepare("SELECT shape, log_factor, row_count, updated_at_ms FROM correction WHERE tenant_id = ?1").bind(tenantId),
			]);
			const corrections = new Map(
				answer?.results.map((row) => [row.shape, { logFactor: row.log_factor, rowCount: row.row_count, updatedAtMs: row.updated_at_ms }]),
			);
			const known = { corrections, readAtMs: nowMs, writtenAtMs: this.#known.get(tenantId)?.writtenAtMs ?? Number.NEGATIVE_INFINITY };
			this.#keep(tenantId, known);
			return known;
		} catch {
			return null;
		}
	}

	#keep(tenantId: TenantId, known: Known): void {
		this.#known.set(tenantId, known, 1 + known.corrections.size);
	}
}
