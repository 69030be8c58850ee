/** Tables of D1 `IDENTITY`. Times are milliseconds since 1970. `drizzle-kit generate` writes the migrations from here. */
import type { TenantId } from "#shared/base/ids.ts";
import type { Role } from "#shared/contracts/principal.ts";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** A revoked key keeps its row until its tenant is deleted: a tenant with any row here has had its first owner key. */
export const apiKeys = sqliteTable(
	"api_keys",
	{
		/** 16 of [0-9a-z]; the readable middle of the key. */
		id: text("id").primaryKey(),
		tenantId: text("tenant_id").$type<TenantId>().notNull(),
		name: text("name").notNull(),
		role: text("role").$type<Role>().notNull(),
		/** SHA-256 of the secret, hex. The secret has 256 random bits: a slow hash would add nothing. */
		secretHash: text("secret_hash").notNull(),
		createdAt: integer("created_at").notNull(),
		expiresAt: integer("expires_at"),
		revokedAt: integer("revoked_at"),
	},
	(table) => [index("api_keys_by_tenant").on(table.tenantId, table.createdAt, table.id)],
);

/** EdDSA keys that sign tokens. `current` is 1 for the one in use and NULL for those before it, so that the unique index admits one. */
export const signingKeys = sqliteTable(
	"signing_keys",
	{
		id: text("id").primaryKey(),
		/** JWK, JSON. */
		publicKey: text("public_key").notNull(),
		/** JWK, JSON, sealed by AES-256-GCM: see `seal.ts`. */
		sealedPrivateKey: text("sealed_private_key").notNull(),
		createdAt: integer("created_at").notNull(),
		retiredAt: integer("retired_at"),
		current: integer("current"),
	},
	(table) => [uniqueIndex("signing_keys_current").on(table.current)],
);

/** What was changed in this database, by whom. Ids only: it outlives the tenant. */
export const auditLog = sqliteTable("audit_log", {
	id: integer("id").primaryKey({ autoIncrement: true }),
	at: integer("at").notNull(),
	/** Key id, or `platform` for ADMIN_KEY, or `cron`. */
	actor: text("actor").notNull(),
	tenantId: text("tenant_id").$type<TenantId>().notNull(),
	action: text("action").notNull(),
	/** Key id, where the action is about one. */
	target: text("target"),
	requestId: text("request_id").notNull(),
});

/** Creations and deletions of tenants under way, so that the cron finishes what was interrupted. Nothing stays of what is finished. */
export const tenantChanges = sqliteTable("tenant_changes", {
	/** The tenant's public id. */
	name: text("name").primaryKey(),
	kind: text("kind").$type<"create" | "delete">().notNull(),
	location: text("location"),
	/** Known from the start for a deletion. */
	tenantId: text("tenant_id").$type<TenantId>(),
	startedAt: integer("started_at").notNull(),
});
