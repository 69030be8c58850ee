/** A job as it stands in D1, and as it is shown. */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import type { Job, JobFigures, JobState } from "#shared/contracts/job.ts";
import { sql } from "drizzle-orm";
import { numberOf, textOf } from "../database/statement.ts";
import type { Row } from "../ports.ts";

/** The columns that {@link jobOf} reads, of `job j` joined with `tables t`. */
export const jobColumns = sql`j.job_id, j.tenant_id, j.table_id, t.name AS table_name, j.state, j.attempts, j.reason, j.file_count, j.row_count,
	j.byte_count, j.figures, j.error, j.created_at_ms, j.updated_at_ms`;
export const jobTables = sql`job j JOIN tables t ON t.tenant_id = j.tenant_id AND t.table_id = j.table_id`;

export function jobOf(row: Row): Job {
	const figures = row["figures"];
	return {
		jobId: textOf(row, "job_id"),
		kind: "compaction",
		tenantId: textOf(row, "tenant_id") as TenantId,
		tableId: textOf(row, "table_id") as TableId,
		tableName: textOf(row, "table_name"),
		state: textOf(row, "state") as JobState,
		attempts: numberOf(row, "attempts"),
		reason: textOf(row, "reason"),
		inputs: { fileCount: numberOf(row, "file_count"), rowCount: numberOf(row, "row_count"), byteCount: numberOf(row, "byte_count") },
		figures: typeof figures === "string" ? (JSON.parse(figures) as JobFigures) : null,
		error: row["error"] === null ? null : textOf(row, "error"),
		createdAt: new Date(numberOf(row, "created_at_ms")).toISOString(),
		updatedAt: new Date(numberOf(row, "updated_at_ms")).toISOString(),
	};
}
