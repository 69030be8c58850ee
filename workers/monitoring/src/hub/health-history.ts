/** What probes have found of each service, a row a minute, for a day. Of several in a minute the worst stays. */
import { HEALTH_HISTORY_MINUTE_COUNT, HEALTH_STALE_MS } from "#shared/base/limits.ts";
import type { MetricSample } from "#shared/contracts/metrics.ts";
import type { HealthRecord } from "#shared/contracts/rpc.ts";

const MINUTE_MS = 60_000;
/** More than there are: a bound on what a broken caller could write. */
const SERVICE_COUNT_MAX = 20;

export class HealthHistory {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		sql.exec(
			"CREATE TABLE IF NOT EXISTS health_minute (service TEXT NOT NULL, minute INTEGER NOT NULL, failed INTEGER NOT NULL, latency_ms REAL NOT NULL, PRIMARY KEY (minute, service)) WITHOUT ROWID",
		);
		sql.exec("DROP TABLE IF EXISTS health");
	}

	record(records: readonly HealthRecord[]): void {
		for (const { service, status, latencyMs, atMs } of records.slice(0, SERVICE_COUNT_MAX)) {
			this.#sql.exec(
				`INSERT INTO health_minute (service, minute, failed, latency_ms) VALUES (?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET failed = max(failed, excluded.failed), latency_ms = max(latency_ms, excluded.latency_ms)
				WHERE excluded.failed > failed OR excluded.latency_ms > latency_ms`,
				service,
				Math.floor(atMs / MINUTE_MS),
				status === "ok" ? 0 : 1,
				latencyMs,
			);
		}
		this.#sql.exec("DELETE FROM health_minute WHERE minute <= (SELECT max(minute) FROM health_minute) - ?", HEALTH_HISTORY_MINUTE_COUNT);
	}

	/** Oldest first. */
	all(): HealthRecord[] {
		return this.#sql.exec("SELECT * FROM health_minute ORDER BY minute, service").toArray().map(fromSql);
	}

	/** The last minute's state of each service, as gauges; what was long not probed is not known. */
	gauges(nowMs: number): MetricSample[] {
		const recent = this.#sql
			.exec("SELECT * FROM health_minute WHERE minute >= ? ORDER BY minute", Math.floor((nowMs - HEALTH_STALE_MS) / MINUTE_MS))
			.toArray()
			.map(fromSql);
		const last = new Map(recent.map((record) => [record.service, record]));
		return [...last.values()].flatMap(({ service, status, latencyMs }): MetricSample[] => [
			{ name: "littoral_service_up", labels: { service }, kind: "gauge", value: status === "ok" ? 1 : 0 },
			{ name: "littoral_service_probe_duration_seconds", labels: { service }, kind: "gauge", value: latencyMs / 1000 },
		]);
	}
}

function fromSql(row: Record<string, SqlStorageValue>): HealthRecord {
	return {
		service: row["service"] as string,
		status: row["failed"] === 0 ? "ok" : "failed",
		latencyMs: row["latency_ms"] as number,
		atMs: (row["minute"] as number) * MINUTE_MS,
	};
}
