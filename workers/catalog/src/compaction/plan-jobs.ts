/**
 * The cron's part: looks at the tables that changed since it last looked, lets the policy choose, stores the jobs and sends their pointers; and sends again what went
 * astray. With nothing to do it reads one indexed query of each database.
 */
import { newSortableId, type TableId, type TenantId } from "#shared/base/ids.ts";
import {
	COMPACTION_JOBS_PER_TABLE_MAX,
	COMPACTION_JOBS_PER_TICK,
	COMPACTION_QUERIES_PER_DAY,
	COMPACTION_REDELIVERY_MS,
	COMPACTION_TABLES_PER_TICK,
	JOB_RETAINED_MS,
	MANIFEST_CACHE_BYTES_MAX,
} from "#shared/base/limits.ts";
import { FILE_HAS_MAXIMUM, FILE_HAS_MINIMUM, filePath } from "#shared/contracts/file-page.ts";
import type { JobPointer } from "#shared/contracts/job.ts";
import type { FilePage, TableSnapshot } from "#shared/contracts/snapshot.ts";
import { sql } from "drizzle-orm";
import { repeated, settled } from "../database/attempts.ts";
import { jsonParameters, numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts, Row } from "../ports.ts";
import { Lru } from "#shared/base/lru.ts";
import { readSnapshotsOf } from "../snapshot/read-snapshot.ts";
import { type PlannedJob, planCompaction, type PolicyFile } from "./policy.ts";

export interface TableRef {
	tenantId: TenantId;
	tableId: TableId;
}

export interface DueWork {
	tables: TableRef[];
	/** `dueAtMs` as read: whoever handles it first changes it. */
	jobs: (JobPointer & { dueAtMs: number; attempts: number })[];
}

/** One statement: the entries of two partial indexes that are due. */
export async function readDue(ports: CatalogPorts, database: CatalogDatabase): Promise<DueWork> {
	const nowMs = ports.nowMs();
	const [rows = []] = await repeated(ports, () =>
		database.batch("read_due", [
			statement(sql`
				SELECT * FROM (SELECT tenant_id, table_id, NULL AS job_id, NULL AS due_at_ms, NULL AS attempts FROM tables
					WHERE changed_at_ms <= ${nowMs} ORDER BY changed_at_ms LIMIT ${COMPACTION_TABLES_PER_TICK})
				UNION ALL SELECT * FROM (SELECT tenant_id, table_id, job_id, due_at_ms, attempts FROM job
					WHERE due_at_ms <= ${nowMs} ORDER BY due_at_ms LIMIT ${COMPACTION_JOBS_PER_TICK})`),
		]),
	);
	const tableOf = (row: Row): TableRef => ({ tenantId: textOf(row, "tenant_id") as TenantId, tableId: textOf(row, "table_id") as TableId });
	return {
		tables: rows.filter((row) => row["job_id"] === null).map(tableOf),
		jobs: rows
			.filter((row) => row["job_id"] !== null)
			.map((row) => ({
				...tableOf(row),
				jobId: textOf(row, "job_id"),
				dueAtMs: numberOf(row, "due_at_ms"),
				attempts: numberOf(row, "attempts"),
			})),
	};
}

/**
 * Lets the policy choose among a table's files and stores the jobs. A commit or another look that comes between makes this one nothing: the table stays changed, or
 * was looked at.
 *
 * @returns the jobs stored, not sent yet
 */
export async function planTable(ports: CatalogPorts, database: CatalogDatabase, table: TableRef): Promise<JobPointer[]> {
	const { tenantId, tableId } = table;
	const own = sql`tenant_id = ${tenantId} AND table_id = ${tableId}`;
	const [states, open = []] = await repeated(ports, () =>
		database.batch("read_plan", [
			statement(sql`SELECT version, changed_at_ms, dropped_at_ms FROM tables WHERE ${own}`),
			statement(sql`SELECT inputs FROM job WHERE ${own} AND state IN ('queued', 'running', 'dead')`),
		]),
	);
	const state = states?.[0];
	if (state === undefined || state["changed_at_ms"] === null) return [];
	const seen = { version: numberOf(state, "version"), changedAtMs: numberOf(state, "changed_at_ms") };
	const snapshot = state["dropped_at_ms"] === null ? await readNewest(ports, database, table) : null;
	if (snapshot !== null && snapshot.version !== seen.version) return [];
	const taken = new Set(open.flatMap((row) => (JSON.parse(textOf(row, "inputs")) as StoredInput[]).map(([path]) => path)));
	const planned = snapshot === null ? [] : chooseJobs(snapshot, taken);
	const nowMs = ports.nowMs();
	const jobs = planned.slice(0, COMPACTION_JOBS_PER_TABLE_MAX).map((job) => ({ ...job, jobId: newSortableId(nowMs) }));
	const unchanged = sql`${own} AND version = ${seen.version} AND changed_at_ms = ${seen.changedAtMs}`;
	const stored = await settled<boolean>(
		ports,
		async () => {
			await database.batch("plan_jobs", [
				...jsonParameters(jobs.map(jobRow)).map((rows) =>
					// A NULL, and so a failed batch, where the table is not as it was read.
					statement(sql`
						INSERT INTO job (job_id, tenant_id, table_id, state, attempts, reason, inputs, file_count, row_count, byte_count, due_at_ms,
							planned, created_at_ms, updated_at_ms)
						SELECT value ->> 0, ${tenantId}, ${tableId}, 'queued', 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
							${nowMs + COMPACTION_REDELIVERY_MS},
							(SELECT 1 FROM tables WHERE ${unchanged} AND dropped_at_ms IS NULL), ${nowMs}, ${nowMs}
						FROM json_each(${rows})`),
				),
				statement(sql`DELETE FROM job WHERE ${own} AND state IN ('done', 'failed') AND updated_at_ms < ${nowMs - JOB_RETAINED_MS}`),
				statement(sql`UPDATE tables SET changed_at_ms = NULL WHERE ${unchanged}`),
			]);
			return true;
		},
		() => lookUp(database, table, { jobId: jobs[0]?.jobId ?? null, ...seen }),
	);
	return stored ? jobs.map(({ jobId }) => ({ tenantId, tableId, jobId })) : [];
}

/** True when the jobs are stored, false when the table has changed meanwhile, null when it may be tried again. */
async function lookUp(
	database: CatalogDatabase,
	{ tenantId, tableId }: TableRef,
	seen: { jobId: string | null; version: number; changedAtMs: number },
): Promise<boolean | null> {
	const [jobs, tables] = await database.batch("plan_jobs_outcome", [
		statement(sql`SELECT 1 AS found FROM job WHERE job_id = ${seen.jobId}`),
		statement(sql`
			SELECT 1 AS found FROM tables WHERE tenant_id = ${tenantId} AND table_id = ${tableId}
				AND version = ${seen.version} AND changed_at_ms = ${seen.changedAtMs} AND dropped_at_ms IS NULL`),
	]);
	if (jobs?.length === 1) return true;
	return tables?.length === 1 ? null : false;
}

/** Puts a job whose message went astray, or whose isolate was lost, back in the queue. @returns false when another tick did */
export async function resendJob(ports: CatalogPorts, database: CatalogDatabase, job: DueWork["jobs"][number]): Promise<void> {
	const { tenantId, tableId, jobId, dueAtMs } = job;
	const nowMs = ports.nowMs();
	await repeated(ports, () =>
		database.batch("resend_job", [
			statement(sql`
				UPDATE job SET state = 'queued', lease_token = NULL, due_at_ms = ${nowMs + COMPACTION_REDELIVERY_MS}, updated_at_ms = ${nowMs}
				WHERE job_id = ${jobId} AND due_at_ms = ${dueAtMs}`),
		]),
	);
	await repeated(ports, () => ports.queue.send("send_job", { tenantId, tableId, jobId }));
}

/** [path, bytes, rows], as a job's row has them. */
export type StoredInput = [string, number, number];

function jobRow(job: PlannedJob & { jobId: string }): unknown[] {
	const { inputs } = job;
	const sum = (part: (file: PolicyFile) => number) => inputs.reduce((total, file) => total + part(file), 0);
	const stored = inputs.map(({ path, byteCount, rowCount }): StoredInput => [path, byteCount, rowCount]);
	return [job.jobId, job.reason, JSON.stringify(stored), inputs.length, sum((file) => file.rowCount), sum((file) => file.byteCount)];
}

async function readNewest(ports: CatalogPorts, database: CatalogDatabase, { tenantId, tableId }: TableRef): Promise<TableSnapshot | null> {
	const manifests = new Lru<FilePage>(MANIFEST_CACHE_BYTES_MAX);
	const [snapshot] = await readSnapshotsOf(ports, database, manifests, { tenantId, targets: [{ tableId }] });
	return snapshot ?? null;
}

function chooseJobs(snapshot: TableSnapshot, taken: ReadonlySet<string>): PlannedJob[] {
	const [key] = snapshot.schema.sortKey;
	const files = snapshot.pages.flatMap((page) => policyFiles(page, key?.fieldId ?? null)).filter((file) => !taken.has(file.path));
	return planCompaction({ files, isSorted: key !== undefined, queriesPerDay: COMPACTION_QUERIES_PER_DAY });
}

/** @param fieldId of the first column of the sort key */
function policyFiles(page: FilePage, fieldId: number | null): PolicyFile[] {
	const key = page.columns.find((column) => column.fieldId === fieldId);
	const boundOf = (bit: number, values: FilePage["paths"] | undefined, index: number): Uint8Array | null =>
		key === undefined || values === undefined || ((key.flags[index] as number) & bit) === 0
			? null
			: values.bytes.subarray(values.offsets[index], values.offsets[index + 1]);
	return Array.from({ length: page.fileCount }, (_, index) => ({
		path: filePath(page, index),
		byteCount: page.byteCounts[index] as number,
		rowCount: page.rowCounts[index] as number,
		minimum: boundOf(FILE_HAS_MINIMUM, key?.minimums, index),
		maximum: boundOf(FILE_HAS_MAXIMUM, key?.maximums, index),
	}));
}
