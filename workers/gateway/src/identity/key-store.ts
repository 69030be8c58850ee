/** API keys in D1: made, listed, revoked. Each change and its audit entry are one batch. */
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { API_KEY_COUNT_MAX } from "#shared/base/limits.ts";
import type { Role } from "#shared/contracts/principal.ts";
import { and, asc, count, eq, gt, isNull, or, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { formatApiKey, newApiKey, sha256Hex } from "./api-key.ts";
import { apiKeys, auditLog } from "./schema.ts";

export type ApiKeyRow = typeof apiKeys.$inferSelect;

/** Who changes something, for the audit log. */
export interface Actor {
	/** Key id, `platform` or `cron`. */
	actor: string;
	requestId: string;
}

export interface NewKey {
	tenantId: TenantId;
	name: string;
	role: Role;
	expiresAt: number | null;
}

export interface MintedKey {
	id: string;
	apiKey: string;
}

async function newRow(key: NewKey, nowMs: number): Promise<{ row: ApiKeyRow; minted: MintedKey }> {
	const parts = newApiKey();
	const secretHash = await sha256Hex(parts.secret);
	return {
		row: { ...key, id: parts.id, secretHash, createdAt: nowMs, revokedAt: null },
		minted: { id: parts.id, apiKey: formatApiKey(parts) },
	};
}

/**
 * Inserts a key and its audit entry where `condition` holds at that moment: one batch decides.
 * @returns null where it does not hold
 */
async function insertKeyIf(identity: D1Database, key: NewKey, by: Actor, condition: SQL): Promise<MintedKey | null> {
	const database = drizzle(identity);
	const nowMs = Date.now();
	const { row, minted } = await newRow(key, nowMs);
	// Columns stand in the order of the schema.
	const [inserted] = await database.batch([
		database.insert(apiKeys).select(sql`
			SELECT ${row.id}, ${row.tenantId}, ${row.name}, ${row.role}, ${row.secretHash}, ${row.createdAt}, ${row.expiresAt}, NULL
			WHERE ${condition}`),
		database.insert(auditLog).select(sql`
			SELECT NULL, ${nowMs}, ${by.actor}, ${row.tenantId}, 'key.create', id, ${by.requestId} FROM api_keys WHERE id = ${row.id}`),
	]);
	return inserted.meta.changes === 0 ? null : minted;
}

/**
 * Makes a key in the name of the key `by.actor`, which must be alive still: nothing is made for a tenant whose deletion has taken its keys.
 * @throws conflict when the tenant has API_KEY_COUNT_MAX keys, unauthenticated when the maker's key is gone
 */
export async function createKey(identity: D1Database, key: NewKey, by: Actor): Promise<MintedKey> {
	const [held] = await drizzle(identity)
		.select({ keyCount: count() })
		.from(apiKeys)
		.where(and(eq(apiKeys.tenantId, key.tenantId), isNull(apiKeys.revokedAt)));
	if ((held?.keyCount ?? 0) >= API_KEY_COUNT_MAX) throw new LittoralError("conflict", `a tenant has at most ${API_KEY_COUNT_MAX} keys`);
	const makerLives = sql`EXISTS (SELECT 1 FROM api_keys WHERE id = ${by.actor} AND tenant_id = ${key.tenantId} AND revoked_at IS NULL)`;
	const minted = await insertKeyIf(identity, key, by, makerLives);
	if (minted === null) throw new LittoralError("unauthenticated", "the credential is not valid");
	return minted;
}

/**
 * Makes a tenant's first owner key, unless the tenant ever had a key, or is no longer being created: of two callers one gets it.
 * @param tenant its public name, under which the intent to create it stands
 * @returns null where there is nothing to make
 */
export async function createFirstKey(
	identity: D1Database,
	tenant: { name: string; tenantId: TenantId },
	by: Actor,
): Promise<MintedKey | null> {
	const { name, tenantId } = tenant;
	const isFirst = sql`
		NOT EXISTS (SELECT 1 FROM api_keys WHERE tenant_id = ${tenantId})
		AND EXISTS (SELECT 1 FROM tenant_changes WHERE name = ${name} AND kind = 'create')`;
	return await insertKeyIf(identity, { tenantId, name: "owner", role: "owner", expiresAt: null }, by, isFirst);
}

export async function findKey(identity: D1Database, id: string): Promise<ApiKeyRow | null> {
	const rows = await drizzle(identity).select().from(apiKeys).where(eq(apiKeys.id, id)).limit(1);
	return rows[0] ?? null;
}

/** A tenant's keys that are not revoked, oldest first, after the position `after`. */
export async function listKeys(
	identity: D1Database,
	page: { tenantId: TenantId; after: { createdAt: number; id: string } | null; limit: number },
): Promise<ApiKeyRow[]> {
	const { tenantId, after, limit } = page;
	return await drizzle(identity)
		.select()
		.from(apiKeys)
		.where(
			and(
				eq(apiKeys.tenantId, tenantId),
				isNull(apiKeys.revokedAt),
				after === null
					? undefined
					: or(gt(apiKeys.createdAt, after.createdAt), and(eq(apiKeys.createdAt, after.createdAt), gt(apiKeys.id, after.id))),
			),
		)
		.orderBy(asc(apiKeys.createdAt), asc(apiKeys.id))
		.limit(limit);
}

/** Revokes for good. The caller has checked that the key is the tenant's. */
export async function revokeKey(identity: D1Database, key: { tenantId: TenantId; id: string }, by: Actor): Promise<void> {
	const database = drizzle(identity);
	const nowMs = Date.now();
	await database.batch([
		database
			.update(apiKeys)
			.set({ revokedAt: nowMs })
			.where(and(eq(apiKeys.id, key.id), eq(apiKeys.tenantId, key.tenantId), isNull(apiKeys.revokedAt))),
		database.insert(auditLog).values({ at: nowMs, tenantId: key.tenantId, action: "key.revoke", target: key.id, ...by }),
	]);
}

/** Removes every key of a tenant that is being deleted. */
export async function deleteTenantKeys(identity: D1Database, tenantId: TenantId): Promise<void> {
	await drizzle(identity).delete(apiKeys).where(eq(apiKeys.tenantId, tenantId));
}
