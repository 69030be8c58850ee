/** D1 `operations`: the tenants that exist and the history of those that did. */
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const tenants = sqliteTable("tenants", {
	/** Public name; free again once the tenant is deleted. */
	id: text("id").primaryKey(),
	/** Internal id, random, never reused. */
	tenantId: text("tenant_id").notNull().unique(),
	status: text("status", { enum: ["creating", "active", "suspended", "deleting"] }).notNull(),
	location: text("location"),
	createdAtMs: integer("created_at_ms").notNull(),
});

/** What happened to a tenant, without any of its data; outlives it. */
export const history = sqliteTable(
	"history",
	{
		sequence: integer("sequence").primaryKey({ autoIncrement: true }),
		id: text("id").notNull(),
		tenantId: text("tenant_id").notNull(),
		event: text("event", { enum: ["created", "suspended", "resumed", "deleting", "deleted", "shards_changed"] }).notNull(),
		detail: text("detail"),
		requestId: text("request_id"),
		atMs: integer("at_ms").notNull(),
	},
	(table) => [index("history_by_id").on(table.id)],
);
