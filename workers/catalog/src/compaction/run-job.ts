/**
 * The queue's part: one job, from its pointer to its end. Whatever is cut off, wherever, may be repeated:
 *
 * 1. Claim: a lease under a random token. A message that comes twice finds the job claimed, or ended.
 * 2. Ask whether the job's commit happened: an attempt before this one may have been lost after it.
 * 3. Merge, into paths that carry the token: no attempt ever writes over another's.
 * 4. Commit, by an id derived from the job's. The commit is rebased on what came meanwhile; where an input is gone it is a conflict, and the inputs stay as they are.
 * 5. End: only who holds the lease.
 */
import { hasCode, isLittoralError } from "#shared/base/errors.ts";
import { type CommitId, dataFilePath, randomHex, type TenantId } from "#shared/base/ids.ts";
import { COMPACTION_LEASE_MS, COMPACTION_REDELIVERY_MS, DEAD_LETTER_BYTES_MAX, JOB_ERROR_LENGTH_MAX } from "#shared/base/limits.ts";
import type { JobFigures, JobPointer } from "#shared/contracts/job.ts";
import type { CommitAnswer, CommitRequest } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import { encodeSketches } from "#shared/sketches/table-sketches.ts";
import { sql } from "drizzle-orm";
import { repeated } from "../database/attempts.ts";
import { numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts } from "../ports.ts";
import { decodeSchema } from "../schema/schema-json.ts";
import { type MergeInput, mergeFiles } from "./merge-files.ts";
import type { StoredInput } from "./plan-jobs.ts";

/** `skipped`: nothing was to be done, the job is another's, or ended, or gone with its tenant. */
export type JobOutcome = { state: "done"; figures: JobFigures | null } | { state: "failed"; reason: string } | { state: "skipped" };

export interface JobPorts {
	ports: CatalogPorts;
	engine: Engine;
	/** The catalog's commit, with all that goes with it. */
	commit: (request: CommitRequest) => Promise<CommitAnswer>;
}

interface ClaimedJob {
	token: string;
	attempts: number;
	inputs: MergeInput[];
	/** Null where the table is dropped. */
	schema: TableSchema | null;
	/** An attempt before this one has committed. */
	isCommitted: boolean;
}

/** @throws what an attempt failed with, once the job waits for the next one */
export async function runJob({ ports, engine, commit }: JobPorts, database: CatalogDatabase, pointer: JobPointer): Promise<JobOutcome> {
	const job = await claim(ports, database, pointer);
	if (job === null) return { state: "skipped" };
	try {
		const outcome = await attempt({ ports, engine, commit }, pointer, job);
		await end(ports, database, pointer, job.token, outcome);
		return outcome;
	} catch (error) {
		await putBack(ports, database, pointer, job.token, error);
		throw error;
	}
}

async function attempt(
	{ ports, engine, commit }: JobPorts,
	{ tenantId, tableId, jobId }: JobPointer,
	job: ClaimedJob,
): Promise<Exclude<JobOutcome, { state: "skipped" }>> {
	if (job.isCommitted) return { state: "done", figures: null };
	if (job.schema === null) return { state: "failed", reason: "the table is dropped" };
	const startedAtMs = ports.nowMs();
	const { merged, files, sketches, bytesRead, arenaPeakBytes } = await mergeFiles(ports, engine, {
		tenantId,
		schema: job.schema,
		inputs: job.inputs,
		path: (group, number) =>
			dataFilePath({ tenantId, tableId, intentId: `merge-${jobId}-${job.attempts}${job.token}-${group}`, attempt: number }),
	});
	const paths = files.map((file) => file.path);
	try {
		const answer = await commit({
			tenantId,
			tableId,
			commitId: jobCommitId(jobId),
			change: { kind: "replace", removed: merged.map((file) => file.path), files },
			sketches: encodeSketches(sketches),
		});
		if (answer.paths.join() !== paths.join()) return { state: "done", figures: null };
	} catch (error) {
		// Final, each of them: what is gone does not come back.
		if (hasCode(error, "conflict") || hasCode(error, "undefined_table")) return { state: "failed", reason: messageOf(error) };
		throw error;
	}
	const sum = (part: (file: (typeof files)[number]) => number) => files.reduce((total, file) => total + part(file), 0);
	return {
		state: "done",
		figures: {
			fileCount: files.length,
			rowCount: sum((file) => file.rowCount),
			bytesRead,
			bytesWritten: sum((file) => file.byteCount),
			arenaPeakBytes,
			elapsedMs: ports.nowMs() - startedAtMs,
		},
	};
}

function jobCommitId(jobId: string): CommitId {
	return `merge-${jobId}` as CommitId;
}

/** @returns null where there is nothing to claim */
async function claim(ports: CatalogPorts, database: CatalogDatabase, pointer: JobPointer): Promise<ClaimedJob | null> {
	const { tenantId, tableId, jobId } = pointer;
	const token = randomHex(6);
	const nowMs = ports.nowMs();
	// Repeated after a lost answer it claims nothing more, and reads its own token.
	const [, jobs, schemas, commits] = await repeated(ports, () =>
		database.batch("claim_job", [
			statement(sql`
				UPDATE job SET state = 'running', attempts = attempts + 1, lease_token = ${token}, due_at_ms = ${nowMs + COMPACTION_LEASE_MS},
					updated_at_ms = ${nowMs}
				WHERE job_id = ${jobId} AND tenant_id = ${tenantId} AND table_id = ${tableId}
					AND (state = 'queued' OR (state = 'running' AND due_at_ms <= ${nowMs}))`),
			statement(sql`SELECT attempts, inputs FROM job WHERE job_id = ${jobId} AND state = 'running' AND lease_token = ${token}`),
			statement(sql`
				SELECT s."schema" FROM tables t JOIN table_schema s
					ON s.tenant_id = t.tenant_id AND s.table_id = t.table_id AND s.schema_version = t.schema_version
				WHERE t.tenant_id = ${tenantId} AND t.table_id = ${tableId} AND t.dropped_at_ms IS NULL`),
			statement(sql`SELECT 1 AS found FROM commit_log WHERE tenant_id = ${tenantId} AND commit_id = ${jobCommitId(jobId)}`),
		]),
	);
	const job = jobs?.[0];
	if (job === undefined) return null;
	const schema = schemas?.[0];
	return {
		token,
		attempts: numberOf(job, "attempts"),
		inputs: (JSON.parse(textOf(job, "inputs")) as StoredInput[]).map(([path, byteCount, rowCount]) => ({ path, byteCount, rowCount })),
		schema: schema === undefined ? null : decodeSchema(textOf(schema, "schema")),
		isCommitted: commits?.length === 1,
	};
}

/** A job that failed frees its inputs: the policy looks at the table again. */
async function end(
	ports: CatalogPorts,
	database: CatalogDatabase,
	{ tenantId, tableId, jobId }: JobPointer,
	token: string,
	outcome: Exclude<JobOutcome, { state: "skipped" }>,
): Promise<void> {
	const nowMs = ports.nowMs();
	const figures = outcome.state === "done" && outcome.figures !== null ? JSON.stringify(outcome.figures) : null;
	const error = outcome.state === "failed" ? outcome.reason : null;
	await repeated(ports, () =>
		database.batch("end_job", [
			statement(sql`
				UPDATE job SET state = ${outcome.state}, figures = ${figures}, error = ${error}, lease_token = NULL, due_at_ms = NULL,
					updated_at_ms = ${nowMs}
				WHERE job_id = ${jobId} AND lease_token = ${token}`),
			...(outcome.state === "done"
				? []
				: [
						statement(sql`
							UPDATE tables SET changed_at_ms = coalesce(changed_at_ms, ${nowMs})
							WHERE tenant_id = ${tenantId} AND table_id = ${tableId} AND dropped_at_ms IS NULL`),
					]),
		]),
	);
}

/** After an attempt that failed: the queue brings the message again, or the cron does. An error here leaves the job to its lease's end. */
async function putBack(
	ports: CatalogPorts,
	database: CatalogDatabase,
	{ jobId }: JobPointer,
	token: string,
	error: unknown,
): Promise<void> {
	const nowMs = ports.nowMs();
	await repeated(ports, () =>
		database.batch("end_job", [
			statement(sql`
				UPDATE job SET state = 'queued', error = ${messageOf(error)}, lease_token = NULL, due_at_ms = ${nowMs + COMPACTION_REDELIVERY_MS},
					updated_at_ms = ${nowMs}
				WHERE job_id = ${jobId} AND lease_token = ${token}`),
		]),
	).catch(() => {});
}

/**
 * Gives a message up: its job is dead, and a dead letter says so. Its inputs stay in no other job until it is tried again.
 *
 * @param letter `jobId` null where the message names no job; `tenantId` null where it names no tenant of this database
 * @returns whether this call did it
 */
export async function buryJob(
	ports: CatalogPorts,
	database: CatalogDatabase,
	letter: { id: string; jobId: string | null; tenantId: TenantId | null; message: string },
): Promise<boolean> {
	const nowMs = ports.nowMs();
	const { jobId } = letter;
	const isMissing = sql`NOT EXISTS (SELECT 1 FROM dead_letter WHERE id = ${letter.id})`;
	const isDead = jobId === null ? sql`TRUE` : sql`EXISTS (SELECT 1 FROM job WHERE job_id = ${jobId} AND state = 'dead')`;
	const results = await repeated(ports, () =>
		database.batch("bury_job", [
			statement(sql`
				UPDATE job SET state = 'dead', lease_token = NULL, due_at_ms = NULL, updated_at_ms = ${nowMs}
				WHERE job_id = ${jobId} AND state IN ('queued', 'running')`),
			statement(sql`
				INSERT INTO dead_letter (id, tenant_id, message, created_at_ms)
				SELECT ${letter.id}, ${letter.tenantId ?? ""}, ${letter.message.slice(0, DEAD_LETTER_BYTES_MAX)}, ${nowMs} WHERE ${isMissing} AND ${isDead}
				RETURNING id`),
		]),
	);
	return results[1]?.length === 1;
}

function messageOf(error: unknown): string {
	const code = isLittoralError(error) ? error.code : "internal_error";
	return `${code}: ${error instanceof Error ? error.message : String(error)}`.slice(0, JOB_ERROR_LENGTH_MAX);
}
