/**
 * Creating and deleting tenants, in steps that survive a crash between any two: the intent stands in D1 before operations is called, each step
 * may be repeated, and the cron repeats those of intents that nobody finished.
 */
import { hasCode, isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import type { TenantDescription } from "#shared/contracts/rpc.ts";
import { log } from "#shared/observability/log.ts";
import { and, asc, eq, lt, ne } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Env } from "../env.ts";
import { type Actor, createFirstKey, deleteTenantKeys, type MintedKey } from "./key-store.ts";
import { forgetTenant } from "./principal.ts";
import { auditLog, tenantChanges } from "./schema.ts";

/** Younger intents belong to a request that is still at work. */
const INTERRUPTED_AFTER_MS = 30_000;
/** Intents taken up by one run of the cron. */
const CHANGES_PER_RUN_MAX = 20;

/** @throws tenant_exists where a tenant of this name is being deleted */
async function beginCreation(env: Env, creation: { name: string; location: string | null }): Promise<void> {
	const row = { ...creation, kind: "create" as const, tenantId: null, startedAt: Date.now() };
	const written = await drizzle(env.IDENTITY)
		.insert(tenantChanges)
		.values(row)
		.onConflictDoUpdate({ target: tenantChanges.name, set: row, setWhere: eq(tenantChanges.kind, "create") })
		.returning();
	if (written.length === 0) throw new LittoralError("tenant_exists", `tenant "${creation.name}" is being deleted`);
}

/** @returns false where the intent stands already */
async function beginDeletion(env: Env, deletion: { name: string; tenantId: TenantId }): Promise<boolean> {
	const row = { ...deletion, kind: "delete" as const, location: null, startedAt: Date.now() };
	const written = await drizzle(env.IDENTITY)
		.insert(tenantChanges)
		.values(row)
		.onConflictDoUpdate({ target: tenantChanges.name, set: row, setWhere: ne(tenantChanges.kind, "delete") })
		.returning();
	return written.length > 0;
}

/** A deletion's intent ends with the tenant that it was written for, never with a later one of its name. */
async function endChange(
	env: Env,
	change: { name: string; kind: "create" } | { name: string; kind: "delete"; tenantId: TenantId },
): Promise<void> {
	const isOfTenant = change.kind === "delete" ? eq(tenantChanges.tenantId, change.tenantId) : undefined;
	await drizzle(env.IDENTITY)
		.delete(tenantChanges)
		.where(and(eq(tenantChanges.name, change.name), eq(tenantChanges.kind, change.kind), isOfTenant));
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
	await beginCreation(env, { name: id, location });
	// Where this throws, the intent stays for the cron: another caller of the same name may be at work under it.
	const tenant = await createOrFind(env, { id, location, requestId: by.requestId });
	const key = await createFirstKey(env.IDENTITY, { name: id, tenantId: tenant.tenantId }, by);
	await endChange(env, { name: id, kind: "create" });
	if (key === null) throw new LittoralError("tenant_exists", `tenant "${id}" exists`);
	await auditTenant(env, { tenantId: tenant.tenantId, action: "tenant.create" }, by);
	return { tenant, key };
}

/** The internal id behind a name, null where no tenant has it now. */
async function tenantIdOf(env: Env, name: string): Promise<TenantId | null> {
	try {
		return (await env.OPERATIONS.getTenant(name)).tenantId;
	} catch (error) {
		if (hasCode(error, "tenant_not_found")) return null;
		throw error;
	}
}

/**
 * Deletes a tenant, or goes on with it. Its keys are gone at once.
 * @returns true once nothing is left, also when that was so before
 * @throws tenant_not_found where there never was such a tenant
 */
export async function deleteTenant(env: Env, name: string, by: Actor): Promise<boolean> {
	const known = await tenantIdOf(env, name);
	if (known !== null && (await beginDeletion(env, { name, tenantId: known }))) {
		await auditTenant(env, { tenantId: known, action: "tenant.delete" }, by);
	}
	return await carryDeletion(env, { name, tenantId: known });
}

/** @param deletion `tenantId`: null for the last tenant that had the name */
async function carryDeletion(env: Env, { name, tenantId: meant }: { name: string; tenantId: TenantId | null }): Promise<boolean> {
	const { done, tenantId } = await env.OPERATIONS.deleteTenant(name, meant ?? undefined);
	forgetTenant(tenantId);
	await deleteTenantKeys(env.IDENTITY, tenantId);
	if (done) await endChange(env, { name, kind: "delete", tenantId });
	return done;
}

/** Errors after which the same change may still succeed; any other ends its intent. */
function isTransient(error: unknown): boolean {
	return !isLittoralError(error) || ["unavailable", "overloaded", "conflict", "internal_error"].includes(error.code);
}

type TenantChange = typeof tenantChanges.$inferSelect;

/** While the intent stands, its name is taken. */
async function stillStands(env: Env, { name, kind, startedAt }: TenantChange): Promise<boolean> {
	const [standing] = await drizzle(env.IDENTITY).select().from(tenantChanges).where(eq(tenantChanges.name, name));
	return standing?.kind === kind && standing.startedAt === startedAt;
}

/** @param change as it was read some time ago: it may be finished since, and its name have gone to another tenant, which a deletion by id does not touch */
export async function finishChange(env: Env, change: TenantChange): Promise<void> {
	const { name, kind, location, tenantId } = change;
	const requestId = crypto.randomUUID();
	const intent = kind === "create" ? { name, kind } : { name, kind, tenantId: tenantId as TenantId };
	try {
		if (intent.kind === "delete") {
			await carryDeletion(env, intent);
			return;
		}
		if (!(await stillStands(env, change))) return;
		// Without a key: there is nobody to show it to. The administrator's repetition makes it.
		await createOrFind(env, { id: name, location, requestId });
		await endChange(env, intent);
	} catch (error) {
		log("warn", "tenant change not finished", { service: "gateway", requestId, kind, error: String(error) });
		if (!isTransient(error)) await endChange(env, intent);
	}
}

/** Repeats the steps of interrupted creations and deletions, oldest first. */
export async function finishChanges(env: Env, nowMs: number): Promise<void> {
	const interrupted = await drizzle(env.IDENTITY)
		.select()
		.from(tenantChanges)
		.where(lt(tenantChanges.startedAt, nowMs - INTERRUPTED_AFTER_MS))
		.orderBy(asc(tenantChanges.startedAt))
		.limit(CHANGES_PER_RUN_MAX);
	for (const change of interrupted) await finishChange(env, change);
}
