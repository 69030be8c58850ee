/**
 * Creating and deleting tenants, in steps that survive a crash between any two: the intent stands in D1 before operations is called, each step
 * may be repeated, and the cron repeats those of intents that nobody finished.
 */
import { hasCode, isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import type { TenantDescription } from "#shared/contracts/rpc.ts";
import { log } from "#shared/observability/log.ts";
import { and, asc, eq, isNotNull, isNull, lt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Env } from "../env.ts";
import { type Actor, createFirstKey, deleteTenantKeys, type MintedKey } from "./key-store.ts";
import { forgetTenant } from "./principal.ts";
import { auditLog, tenantChanges } from "./schema.ts";

/** Younger intents belong to a request that is still at work. */
const INTERRUPTED_AFTER_MS = 30_000;
/** A finished deletion is remembered this long, for those who poll it. */
const FINISHED_KEPT_MS = 24 * 3_600_000;
/** Intents taken up by one run of the cron. */
const CHANGES_PER_RUN_MAX = 20;

async function beginChange(
	env: Env,
	change: { name: string; kind: "create" | "delete"; location: string | null; tenantId: TenantId | null },
): Promise<void> {
	const row = { ...change, startedAt: Date.now(), finishedAt: null };
	await drizzle(env.IDENTITY).insert(tenantChanges).values(row).onConflictDoUpdate({ target: tenantChanges.name, set: row });
}

async function endCreation(env: Env, name: string): Promise<void> {
	await drizzle(env.IDENTITY)
		.delete(tenantChanges)
		.where(and(eq(tenantChanges.name, name), eq(tenantChanges.kind, "create")));
}

/** Writes an entry about a tenant as a whole. */
export async function auditTenant(env: Env, entry: { tenantId: TenantId; action: string }, by: Actor): Promise<void> {
	await drizzle(env.IDENTITY)
		.insert(auditLog)
		.values({ at: Date.now(), ...entry, ...by });
}

/** Operations' part of a creation; a tenant that is there already is continued with, so that a lost answer can be asked for again. */
async function createOrFind(env: Env, request: { id: string; location: string | null; requestId: string }): Promise<TenantDescription> {
	try {
		return await env.OPERATIONS.createTenant(request);
	} catch (error) {
		if (!hasCode(error, "tenant_exists")) throw error;
		const tenant = await env.OPERATIONS.getTenant(request.id);
		if (tenant.status !== "active") throw error;
		return tenant;
	}
}

/**
 * Creates a tenant and its first owner key. A tenant whose creation was cut off before its key was made gets it now; of two callers one succeeds.
 * @throws tenant_exists
 */
export async function createTenant(
	env: Env,
	request: { id: string; location: string | null },
	by: Actor,
): Promise<{ tenant: TenantDescription; key: MintedKey }> {
	const { id, location } = request;
	const [pending] = await drizzle(env.IDENTITY)
		.select()
		.from(tenantChanges)
		.where(and(eq(tenantChanges.name, id), eq(tenantChanges.kind, "delete"), isNull(tenantChanges.finishedAt)));
	if (pending !== undefined) throw new LittoralError("tenant_exists", `tenant ${id} is being deleted`);
	await beginChange(env, { name: id, kind: "create", location, tenantId: null });
	const tenant = await createOrFind(env, { id, location, requestId: by.requestId });
	const key = await createFirstKey(env.IDENTITY, tenant.tenantId, by);
	await endCreation(env, id);
	if (key === null) throw new LittoralError("tenant_exists", `tenant ${id} exists already`);
	await auditTenant(env, { tenantId: tenant.tenantId, action: "tenant.create" }, by);
	return { tenant, key };
}

async function deletionOf(env: Env, name: string): Promise<typeof tenantChanges.$inferSelect | null> {
	const rows = await drizzle(env.IDENTITY)
		.select()
		.from(tenantChanges)
		.where(and(eq(tenantChanges.name, name), eq(tenantChanges.kind, "delete")));
	return rows[0] ?? null;
}

async function endDeletion(env: Env, deletion: { name: string; tenantId: TenantId }): Promise<void> {
	await deleteTenantKeys(env.IDENTITY, deletion.tenantId);
	await drizzle(env.IDENTITY)
		.update(tenantChanges)
		.set({ finishedAt: Date.now() })
		.where(and(eq(tenantChanges.name, deletion.name), eq(tenantChanges.kind, "delete"), isNull(tenantChanges.finishedAt)));
}

/**
 * Deletes a tenant, or goes on with it. Its keys are gone at once.
 * @returns true once nothing is left
 * @throws tenant_not_found
 */
export async function deleteTenant(env: Env, name: string, by: Actor): Promise<boolean> {
	let tenant: TenantDescription;
	try {
		tenant = await env.OPERATIONS.getTenant(name);
	} catch (error) {
		// Operations forgets a tenant once it is gone; whoever polls the deletion still learns that it is done.
		const deletion = hasCode(error, "tenant_not_found") ? await deletionOf(env, name) : null;
		if (deletion?.tenantId === undefined || deletion.tenantId === null) throw error;
		if (deletion.finishedAt === null) await endDeletion(env, { name, tenantId: deletion.tenantId });
		return true;
	}
	const { tenantId } = tenant;
	if ((await deletionOf(env, name))?.tenantId !== tenantId) {
		await beginChange(env, { name, kind: "delete", location: null, tenantId });
		await auditTenant(env, { tenantId, action: "tenant.delete" }, by);
	}
	const { done } = await env.OPERATIONS.deleteTenant(name);
	forgetTenant(tenantId);
	await deleteTenantKeys(env.IDENTITY, tenantId);
	if (done) await endDeletion(env, { name, tenantId });
	return done;
}

/** Errors after which the cron tries again; any other ends the intent, as it would for a caller. */
function isTransient(error: unknown): boolean {
	return !isLittoralError(error) || ["unavailable", "overloaded", "conflict", "internal_error"].includes(error.code);
}

/** Repeats the steps of interrupted creations and deletions; forgets deletions finished long ago. */
export async function finishChanges(env: Env, nowMs: number): Promise<void> {
	const database = drizzle(env.IDENTITY);
	const interrupted = await database
		.select()
		.from(tenantChanges)
		.where(and(isNull(tenantChanges.finishedAt), lt(tenantChanges.startedAt, nowMs - INTERRUPTED_AFTER_MS)))
		.orderBy(asc(tenantChanges.startedAt))
		.limit(CHANGES_PER_RUN_MAX);
	for (const { name, kind, location } of interrupted) {
		const by: Actor = { actor: "cron", requestId: crypto.randomUUID() };
		try {
			if (kind === "delete") {
				await deleteTenant(env, name, by);
			} else {
				// Without a key: there is nobody to show it to. The administrator's repetition makes it.
				await createOrFind(env, { id: name, location, requestId: by.requestId });
				await endCreation(env, name);
			}
		} catch (error) {
			log("warn", "tenant change not finished", { service: "gateway", requestId: by.requestId, kind, error: String(error) });
			if (kind === "create" && !isTransient(error)) await endCreation(env, name);
		}
	}
	const forgotten = await database
		.select()
		.from(tenantChanges)
		.where(and(isNotNull(tenantChanges.finishedAt), lt(tenantChanges.finishedAt, nowMs - FINISHED_KEPT_MS)))
		.limit(CHANGES_PER_RUN_MAX);
	for (const { name, tenantId } of forgotten) {
		// Once more: a key made by a request that was under way when the deletion began.
		if (tenantId !== null) await deleteTenantKeys(env.IDENTITY, tenantId);
		await database.delete(tenantChanges).where(eq(tenantChanges.name, name));
	}
}
