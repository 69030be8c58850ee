/**
 * A hub: totals of the isolates that hash to it, in memory, stored as one value by an alarm some seconds after a change.
 *
 * Hub 0 also keeps the health history. An idle hub has no alarm. A hub that is lost between two alarms loses what came since the last: metrics may,
 * billed usage never comes from here (design, section 9).
 */
import { DurableObject } from "cloudflare:workers";
import type { MetricSample, MetricsPush } from "#shared/contracts/metrics.ts";
import type { HealthRecord } from "#shared/contracts/rpc.ts";
import type { Env } from "../env.ts";
import { applyPush, decodeState, emptyState, encodeState, hubSamples, type HubState } from "./series.ts";

const STORE_DELAY_MS = 10_000;
const HEALTH_RECORD_COUNT_MAX = 10_000;
/** A stored value is at most 2 MB. */
const CHUNK_CHARACTERS = 500_000;

export class MetricsHub extends DurableObject<Env> {
	readonly #state: HubState;
	/** Something was counted since it was last stored. */
	#isDirty = false;

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		const { sql } = ctx.storage;
		sql.exec("CREATE TABLE IF NOT EXISTS state (chunk INTEGER PRIMARY KEY, text TEXT NOT NULL)");
		sql.exec(
			"CREATE TABLE IF NOT EXISTS health (id INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL, status TEXT NOT NULL, latency_ms REAL NOT NULL, at_ms INTEGER NOT NULL)",
		);
		const stored = sql
			.exec<{ text: string }>("SELECT text FROM state ORDER BY chunk")
			.toArray()
			.map((row) => row.text)
			.join("");
		this.#state = stored === "" ? emptyState() : decodeState(stored);
	}

	async push(push: MetricsPush): Promise<void> {
		if (!applyPush(this.#state, push)) return;
		this.#isDirty = true;
		if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + STORE_DELAY_MS);
	}

	/**
	 * What it has counted, stored first: a counter that has been shown must not fall when this object is lost, or Prometheus would take its whole
	 * value for an increase.
	 */
	async series(): Promise<MetricSample[]> {
		this.#store();
		return hubSamples(this.#state);
	}

	async ready(): Promise<void> {}

	override async alarm(): Promise<void> {
		this.#store();
	}

	#store(): void {
		if (!this.#isDirty) return;
		const text = encodeState(this.#state);
		this.ctx.storage.transactionSync(() => {
			this.ctx.storage.sql.exec("DELETE FROM state");
			for (let chunk = 0; chunk * CHUNK_CHARACTERS < text.length; chunk++) {
				this.ctx.storage.sql.exec(
					"INSERT INTO state VALUES (?, ?)",
					chunk,
					text.slice(chunk * CHUNK_CHARACTERS, (chunk + 1) * CHUNK_CHARACTERS),
				);
			}
		});
		this.#isDirty = false;
	}

	async recordHealth(records: HealthRecord[]): Promise<void> {
		const { sql } = this.ctx.storage;
		for (const record of records) {
			sql.exec(
				"INSERT INTO health (service, status, latency_ms, at_ms) VALUES (?, ?, ?, ?)",
				record.service,
				record.status,
				record.latencyMs,
				record.atMs,
			);
		}
		sql.exec("DELETE FROM health WHERE id <= (SELECT max(id) FROM health) - ?", HEALTH_RECORD_COUNT_MAX);
	}

	async healthHistory(limit: number): Promise<HealthRecord[]> {
		return this.ctx.storage.sql
			.exec<{ service: string; status: "ok" | "failed"; latency_ms: number; at_ms: number }>(
				"SELECT service, status, latency_ms, at_ms FROM health ORDER BY id DESC LIMIT ?",
				limit,
			)
			.toArray()
			.map((row) => ({ service: row.service, status: row.status, latencyMs: row.latency_ms, atMs: row.at_ms }));
	}
}
