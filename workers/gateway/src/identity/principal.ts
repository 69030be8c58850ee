/**
 * From an `Authorization` header to a principal: the only place where a tenant's identity begins (invariant T1).
 *
 * Keys and tenants are cached for at most PRINCIPAL_CACHE_MS, so a change of key, role or tenant takes effect within 5 s everywhere.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { PRINCIPAL_CACHE_COUNT_MAX, PRINCIPAL_CACHE_MS } from "#shared/base/limits.ts";
import { ROLES, type Role } from "#shared/contracts/principal.ts";
import type { TenantDescription } from "#shared/contracts/rpc.ts";
import type { Env } from "../env.ts";
import { type ApiKeyParts, parseApiKey, secretMatches } from "./api-key.ts";
import { type ApiKeyRow, findKey } from "./key-store.ts";
import { TimedCache } from "./timed-cache.ts";
import { verifyToken } from "./tokens.ts";

/** A verified caller of a tenant. */
export interface Principal {
	tenantId: TenantId;
	/** The tenant's public id, for logs. */
	tenant: string;
	keyId: string;
	/** The lower of the key's role and, with a token, the token's. */
	role: Role;
}

const bounds = { ageMsMax: PRINCIPAL_CACHE_MS, countMax: PRINCIPAL_CACHE_COUNT_MAX };
const keyCache = new TimedCache<ApiKeyRow | null>(bounds);
const tenantCache = new TimedCache<TenantDescription | null>(bounds);

/** This isolate revoked the key. */
export function forgetKey(keyId: string): void {
	keyCache.forget(keyId);
}

/** This isolate changed the tenant. */
export function forgetTenant(tenantId: TenantId): void {
	tenantCache.forget(tenantId);
}

/** True where `role` permits no more than `other` does. */
export function roleAtMost(role: Role, other: Role): boolean {
	return ROLES.indexOf(role) <= ROLES.indexOf(other);
}

/** What is compared where no such key exists, so that an unknown id takes the time of a wrong secret. */
const NO_HASH = "0".repeat(64);

function isAlive(key: ApiKeyRow): boolean {
	return key.revokedAt === null && (key.expiresAt === null || key.expiresAt > Date.now());
}

/** The secret that a cached key was last shown with, and was right: the digest is not made again for each request. Gone with the key, after PRINCIPAL_CACHE_MS. */
const shownSecrets = new WeakMap<ApiKeyRow, Uint8Array>();

/** In constant time. */
async function isSecretOf(key: ApiKeyRow | null, secret: string): Promise<boolean> {
	const bytes = new TextEncoder().encode(secret);
	const shown = key === null ? undefined : shownSecrets.get(key);
	if (shown?.byteLength === bytes.byteLength && crypto.subtle.timingSafeEqual(shown, bytes)) return true;
	const matches = await secretMatches(secret, key?.secretHash ?? NO_HASH);
	if (matches && key !== null) shownSecrets.set(key, bytes);
	return matches;
}

async function readKey(env: Env, id: string): Promise<ApiKeyRow | null> {
	return await keyCache.get(id, () => findKey(env.IDENTITY, id));
}

/** @returns the key of a right id and secret that is neither expired nor revoked; else null */
export async function verifyApiKey(env: Env, parts: ApiKeyParts): Promise<ApiKeyRow | null> {
	const key = await readKey(env, parts.id);
	const matches = await isSecretOf(key, parts.secret);
	return key !== null && matches && isAlive(key) ? key : null;
}

/** @returns key and role of a bearer credential, API key or token; null where it is no good */
export async function verifyBearer(env: Env, credential: string): Promise<{ key: ApiKeyRow; role: Role } | null> {
	const parts = parseApiKey(credential);
	if (parts !== null) {
		const key = await verifyApiKey(env, parts);
		return key === null ? null : { key, role: key.role };
	}
	if (credential.split(".").length !== 3) return null;
	const claims = await verifyToken(env, credential);
	const key = claims === null ? null : await readKey(env, claims.keyId);
	if (claims === null || key === null || !isAlive(key)) return null;
	return { key, role: roleAtMost(claims.role, key.role) ? claims.role : key.role };
}

/**
 * The tenant behind a verified key.
 * @throws unauthenticated once it is being deleted, tenant_suspended, unavailable while it is being created
 */
export async function activeTenant(env: Env, tenantId: TenantId): Promise<TenantDescription> {
	const tenant = await tenantCache.get(tenantId, () => env.OPERATIONS.tenantById(tenantId));
	switch (tenant?.status) {
		case undefined:
		case "deleting":
			throw new LittoralError("unauthenticated", "the credential is not valid");
		case "suspended":
			throw new LittoralError("tenant_suspended", "the tenant is suspended");
		case "creating":
			throw new LittoralError("unavailable", "the tenant is being created");
		case "active":
			return tenant as TenantDescription;
	}
}
