/** `/v1/jobs` and `/v1/dead-letters`: platform administration sees what the catalog does in the background, and tries again what was given up. */
import { z } from "@hono/zod-openapi";
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { TENANT_LOOKUP_CONCURRENCY } from "#shared/base/limits.ts";
import type { DeadLetter, Job } from "#shared/contracts/job.ts";
import type { CallTrace } from "#shared/contracts/rpc.ts";
import type { Context } from "hono";
import type { AppEnv, Env } from "../env.ts";
import { auditTenant } from "../identity/tenant-changes.ts";
import { page } from "../request/page.ts";
import { type App, json, jsonAnswer, serve } from "./define.ts";
import { PageQuery } from "./page-query.ts";

const FiguresSchema = z.object({
	files: z.int(),
	rows: z.int(),
	bytes_read: z.int(),
	bytes_written: z.int(),
	arena_peak_bytes: z.int(),
	elapsed_ms: z.int(),
});
const JobSchema = z
	.object({
		id: z.string(),
		kind: z.enum(["compaction"]),
		tenant: z.string().nullable().openapi({ description: "null once the tenant is deleted." }),
		table: z.string(),
		state: z.enum(["queued", "running", "done", "failed", "dead"]).openapi({
			description: "`failed`: what it was to replace is gone, which is no fault. `dead`: given up; it waits in the dead letters.",
		}),
		attempts: z.int(),
		reason: z.string().openapi({ description: "Why it is done, in dollars." }),
		inputs: z.object({ files: z.int(), rows: z.int(), bytes: z.int() }),
		figures: FiguresSchema.nullable().openapi({ description: "What it did; null unless it is done." }),
		error: z.string().nullable().openapi({ description: "Of the last attempt that failed." }),
		created_at: z.iso.datetime(),
		updated_at: z.iso.datetime(),
	})
	.openapi("Job");
const JobListSchema = z.object({ jobs: z.array(JobSchema), next_cursor: z.string().nullable() }).openapi("JobList");
const DeadLetterSchema = z
	.object({
		id: z.string(),
		job: JobSchema.nullable().openapi({ description: "null where the message names no job." }),
		message: z.string().openapi({ description: "As it came." }),
		created_at: z.iso.datetime(),
	})
	.openapi("DeadLetter");
const DeadLetterListSchema = z
	.object({ dead_letters: z.array(DeadLetterSchema), next_cursor: z.string().nullable() })
	.openapi("DeadLetterList");

const TAG = "Platform";
const JobQuery = PageQuery.extend({ tenant: z.string().optional().openapi({ description: "Only this tenant's.", example: "acme" }) });

export function jobRoutes(app: App): void {
	serve(
		app,
		{
			method: "get",
			path: "/v1/jobs",
			access: "platform",
			tag: TAG,
			summary: "List background jobs, newest first",
			request: { query: JobQuery },
			answers: { 200: jsonAnswer("A page of jobs.", JobListSchema) },
			errors: ["malformed_request", "tenant_not_found", "unavailable"],
		},
		async (context) => {
			const { url } = context.req;
			const asked = page(url);
			const tenant = new URL(url).searchParams.get("tenant");
			const tenantId = tenant === null ? null : (await context.env.OPERATIONS.getTenant(tenant)).tenantId;
			const { jobs, nextCursor } = await context.env.CATALOG.jobs(tenantId, asked, traceOf(context));
			const names = await tenantNames(context.env, jobs);
			const answer: z.infer<typeof JobListSchema> = { jobs: jobs.map((job) => shownJob(job, names)), next_cursor: nextCursor };
			return json(answer);
		},
	);
	serve(
		app,
		{
			method: "get",
			path: "/v1/dead-letters",
			access: "platform",
			tag: TAG,
			summary: "List messages that were given up, newest first",
			request: { query: PageQuery },
			answers: { 200: jsonAnswer("A page of dead letters.", DeadLetterListSchema) },
			errors: ["malformed_request", "unavailable"],
		},
		async (context) => {
			const { deadLetters, nextCursor } = await context.env.CATALOG.deadLetters(page(context.req.url), traceOf(context));
			const names = await tenantNames(
				context.env,
				deadLetters.flatMap(({ job }) => job ?? []),
			);
			const answer: z.infer<typeof DeadLetterListSchema> = {
				dead_letters: deadLetters.map((letter) => shownLetter(letter, names)),
				next_cursor: nextCursor,
			};
			return json(answer);
		},
	);
	serve(
		app,
		{
			method: "post",
			path: "/v1/dead-letters/{id}/redrive",
			access: "platform",
			tag: TAG,
			summary: "Try a dead letter's job again",
			description: "The job is queued from its first attempt, and the dead letter is gone.",
			request: { params: z.object({ id: z.string() }) },
			answers: { 200: jsonAnswer("The job.", JobSchema) },
			errors: ["not_found", "conflict", "unavailable"],
		},
		async (context) => {
			const id = context.req.param("id");
			if (id === undefined) throw new LittoralError("not_found", "there is no such dead letter");
			const job = await context.env.CATALOG.redrive(id, traceOf(context));
			const by = { actor: "platform", requestId: context.get("requestId") };
			await auditTenant(context.env, { tenantId: job.tenantId, action: "job.redrive" }, by);
			return json(shownJob(job, await tenantNames(context.env, [job])));
		},
	);
}

function traceOf(context: Context<AppEnv>): CallTrace {
	return { traceparent: context.get("span").traceparent, requestId: context.get("requestId") };
}

/** Public names by internal id; a tenant that is gone has none. */
async function tenantNames(env: Env, jobs: readonly Job[]): Promise<Map<TenantId, string>> {
	const ids = [...new Set(jobs.map((job) => job.tenantId))];
	const names = new Map<TenantId, string>();
	for (let start = 0; start < ids.length; start += TENANT_LOOKUP_CONCURRENCY) {
		const tenants = await Promise.all(ids.slice(start, start + TENANT_LOOKUP_CONCURRENCY).map((id) => env.OPERATIONS.tenantById(id)));
		for (const tenant of tenants) if (tenant !== null) names.set(tenant.tenantId, tenant.id);
	}
	return names;
}

function shownJob(job: Job, names: ReadonlyMap<TenantId, string>): z.infer<typeof JobSchema> {
	const { inputs, figures } = job;
	return {
		id: job.jobId,
		kind: job.kind,
		tenant: names.get(job.tenantId) ?? null,
		table: job.tableName,
		state: job.state,
		attempts: job.attempts,
		reason: job.reason,
		inputs: { files: inputs.fileCount, rows: inputs.rowCount, bytes: inputs.byteCount },
		figures: figures && {
			files: figures.fileCount,
			rows: figures.rowCount,
			bytes_read: figures.bytesRead,
			bytes_written: figures.bytesWritten,
			arena_peak_bytes: figures.arenaPeakBytes,
			elapsed_ms: figures.elapsedMs,
		},
		error: job.error,
		created_at: job.createdAt,
		updated_at: job.updatedAt,
	};
}

function shownLetter(letter: DeadLetter, names: ReadonlyMap<TenantId, string>): z.infer<typeof DeadLetterSchema> {
	return { id: letter.id, job: letter.job && shownJob(letter.job, names), message: letter.message, created_at: letter.at };
}
