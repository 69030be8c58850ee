/** What platform administration sees of jobs: lists over all databases, newest first, and the way back from the dead letters. */
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { LIST_LIMIT_MAX } from "#shared/base/limits.ts";
import type { DeadLetter, Job } from "#shared/contracts/job.ts";
import type { PageRequest } from "#shared/contracts/rpc.ts";
import { type SQL, sql } from "drizzle-orm";
import { repeated } from "../database/attempts.ts";
import { numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts, Row } from "../ports.ts";
import { jobColumns, jobOf, jobTables } from "./job-row.ts";

const JOB_ID = /^[0-9a-f]{24}$/;
const DEAD_LETTER_CURSOR = /^(\d{1,15}):(.{1,200})$/;

const letterColumns = sql`d.id, d.message, d.created_at_ms AS dead_at_ms, ${jobColumns}`;
const letterTables = sql`dead_letter d LEFT JOIN job j ON j.job_id = d.id
	LEFT JOIN tables t ON t.tenant_id = j.tenant_id AND t.table_id = j.table_id`;

/** @param page `cursor` is the last job's id of the page before */
export async function listJobs(
	ports: CatalogPorts,
	databases: readonly CatalogDatabase[],
	tenantId: TenantId | null,
	page: PageRequest,
): Promise<{ jobs: Job[]; nextCursor: string | null }> {
	if (page.cursor !== null && !JOB_ID.test(page.cursor)) throw foreignCursor();
	const limit = bounded(page.limit);
	const below = page.cursor === null ? sql`TRUE` : sql`j.job_id < ${page.cursor}`;
	const rows = await readAll(
		ports,
		databases,
		sql`SELECT ${jobColumns} FROM ${jobTables} WHERE ${tenantId === null ? sql`TRUE` : sql`j.tenant_id = ${tenantId}`} AND ${below}
			ORDER BY j.job_id DESC LIMIT ${limit + 1}`,
	);
	rows.sort((left, right) => (textOf(left, "job_id") < textOf(right, "job_id") ? 1 : -1));
	const jobs = rows.slice(0, limit).map(jobOf);
	return { jobs, nextCursor: rows.length > limit ? (jobs.at(-1)?.jobId ?? null) : null };
}

/** @param page `cursor` is time and id of the last dead letter of the page before */
export async function listDeadLetters(
	ports: CatalogPorts,
	page: PageRequest,
): Promise<{ deadLetters: DeadLetter[]; nextCursor: string | null }> {
	const last = page.cursor === null ? null : DEAD_LETTER_CURSOR.exec(page.cursor);
	if (page.cursor !== null && last === null) throw foreignCursor();
	const limit = bounded(page.limit);
	const below = last === null ? sql`TRUE` : sql`(d.created_at_ms, d.id) < (${Number(last[1])}, ${last[2] as string})`;
	const rows = await readAll(
		ports,
		ports.databases,
		sql`SELECT ${letterColumns} FROM ${letterTables} WHERE ${below} ORDER BY d.created_at_ms DESC, d.id DESC LIMIT ${limit + 1}`,
	);
	rows.sort((left, right) => {
		const newer = numberOf(right, "dead_at_ms") - numberOf(left, "dead_at_ms");
		return newer !== 0 ? newer : textOf(left, "id") < textOf(right, "id") ? 1 : -1;
	});
	const shown = rows.slice(0, limit);
	const end = shown.at(-1);
	return {
		deadLetters: shown.map(deadLetterOf),
		nextCursor: rows.length > limit && end !== undefined ? `${numberOf(end, "dead_at_ms")}:${textOf(end, "id")}` : null,
	};
}

/**
 * Puts a dead job back: queued, from its first attempt. The message is sent after that, and by the cron where it goes astray.
 *
 * @throws LittoralError not_found, conflict
 */
export async function redriveJob(ports: CatalogPorts, id: string): Promise<Job> {
	for (const database of ports.databases) {
		const [letters] = await repeated(ports, () =>
			database.batch("read_jobs", [statement(sql`SELECT ${letterColumns} FROM ${letterTables} WHERE d.id = ${id}`)]),
		);
		const letter = letters?.[0];
		if (letter === undefined) continue;
		const { job } = deadLetterOf(letter);
		if (job === null) throw new LittoralError("conflict", "the message names no job that could be tried again");
		const nowMs = ports.nowMs();
		// Repeated, it changes nothing: the second finds no dead letter, and so leaves a job alone that died anew.
		const results = await repeated(ports, () =>
			database.batch("redrive_job", [
				statement(sql`
					UPDATE job SET state = 'queued', attempts = 0, lease_token = NULL, due_at_ms = ${nowMs}, updated_at_ms = ${nowMs}
					WHERE job_id = ${id} AND state = 'dead' AND EXISTS (SELECT 1 FROM dead_letter WHERE id = ${id})`),
				statement(sql`DELETE FROM dead_letter WHERE id = ${id}`),
				statement(sql`SELECT ${jobColumns} FROM ${jobTables} WHERE j.job_id = ${id}`),
			]),
		);
		await repeated(ports, () => ports.queue.send("send_job", { tenantId: job.tenantId, tableId: job.tableId, jobId: job.jobId }));
		const row = results[2]?.[0];
		return row === undefined ? job : jobOf(row);
	}
	throw new LittoralError("not_found", "there is no such dead letter");
}

function deadLetterOf(row: Row): DeadLetter {
	return {
		id: textOf(row, "id"),
		job: row["job_id"] === null ? null : jobOf(row),
		message: textOf(row, "message"),
		at: new Date(numberOf(row, "dead_at_ms")).toISOString(),
	};
}

/** The rows of every database. */
async function readAll(ports: CatalogPorts, databases: readonly CatalogDatabase[], query: SQL): Promise<Row[]> {
	const results = await Promise.all(databases.map((database) => repeated(ports, () => database.batch("read_jobs", [statement(query)]))));
	return results.flatMap(([rows]) => rows ?? []);
}

function bounded(limit: number): number {
	return Math.max(1, Math.min(limit, LIST_LIMIT_MAX));
}

function foreignCursor(): LittoralError {
	return new LittoralError("malformed_request", "cursor is not one that this list gave");
}
