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
import { invalidCursor, type Page, page } from "../request/page.ts";
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
		queue: z.enum(["compaction", "signals"]),
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
			summary: "List messages that were given up",
			description: "Those of the queue `signals` first, then those of `compaction`, of each the newest first.",
			request: { query: PageQuery },
			answers: { 200: jsonAnswer("A page of dead letters.", DeadLetterListSchema) },
			errors: ["malformed_request", "unavailable"],
		},
		async (context) => {
			const { letters, nextCursor } = await deadLetters(context, page(context.req.url));
			const answer: z.infer<typeof DeadLetterListSchema> = { dead_letters: letters, next_cursor: nextCursor };
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
			summary: "Try a dead letter again",
			description: "A job is queued from its first attempt, a signal is sent again; the dead letter is gone.",
			request: { params: z.object({ id: z.string() }) },
			answers: { 200: jsonAnswer("The job.", JobSchema), 204: { description: "The signal is on its way again." } },
			errors: ["not_found", "conflict", "unavailable"],
		},
		async (context) => {
			const id = context.req.param("id");
			if (id === undefined) throw new LittoralError("not_found", "there is no such dead letter");
			const by = { actor: "platform", requestId: context.get("requestId") };
			const signal = await context.env.OPERATIONS.redrive(id);
			if (signal !== null) {
				await auditTenant(context.env, { tenantId: signal.tenantId, action: "signal.redrive" }, by);
				return new Response(null, { status: 204 });
			}
			const job = await context.env.CATALOG.redrive(id, traceOf(context));
			await auditTenant(context.env, { tenantId: job.tenantId, action: "job.redrive" }, by);
			return json(shownJob(job, await tenantNames(context.env, [job])));
		},
	);
}

/** A page over both queues, whose cursor says which one it is in: `signals:...`, then `compaction:...`. */
async function deadLetters(
	context: Context<AppEnv>,
	{ limit, cursor }: Page,
): Promise<{ letters: z.infer<typeof DeadLetterSchema>[]; nextCursor: string | null }> {
	const letters: z.infer<typeof DeadLetterSchema>[] = [];
	const { queue, within } = deadLetterCursor(cursor);
	if (queue === "signals") {
		const signals = await context.env.OPERATIONS.deadLetters({ limit, cursor: within });
		letters.push(...signals.deadLetters.map(({ id, message, at }) => ({ queue, id, job: null, message, created_at: at })));
		if (signals.nextCursor !== null) return { letters, nextCursor: `signals:${signals.nextCursor}` };
	}
	if (letters.length === limit) return { letters, nextCursor: "compaction:" };
	const jobs = await context.env.CATALOG.deadLetters(
		{ limit: limit - letters.length, cursor: queue === "compaction" ? within : null },
		traceOf(context),
	);
	const names = await tenantNames(
		context.env,
		jobs.deadLetters.flatMap(({ job }) => job ?? []),
	);
	letters.push(...jobs.deadLetters.map((letter) => shownLetter(letter, names)));
	return { letters, nextCursor: jobs.nextCursor === null ? null : `compaction:${jobs.nextCursor}` };
}

/** @throws malformed_request */
function deadLetterCursor(cursor: string | null): { queue: "signals" | "compaction"; within: string | null } {
	if (cursor === null) return { queue: "signals", within: null };
	const [, queue, within] = /^(signals|compaction):(.*)$/.exec(cursor) ?? [];
	if (queue === undefined) throw invalidCursor();
	return { queue: queue as "signals" | "compaction", within: within || null };
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
	return {
		queue: "compaction",
		id: letter.id,
		job: letter.job && shownJob(letter.job, names),
		message: letter.message,
		created_at: letter.at,
	};
}
