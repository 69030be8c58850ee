/** D1 `operations`: what autoscaling knows of tenants. A tenant that has one shard and never did much has no row in any of these but its last reports. */
import { index, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { ScalingInputs, ScalingOutcome, ScalingReason, ScalingTrigger } from "#shared/contracts/scaling.ts";

/** The last reports of each shard that worked: one row a shard, so that a report costs two rows written and none to remove. */
export const shardLoads = sqliteTable(
	"shard_loads",
	{
		tenantId: text("tenant_id").notNull(),
		shard: integer("shard").notNull(),
		/** JSON array of `LoadSample`, the newest first. */
		samples: text("samples").notNull(),
		/** Of the newest. */
		toMs: integer("to_ms").notNull(),
	},
	(table) => [primaryKey({ columns: [table.tenantId, table.shard] }), index("shard_loads_by_time").on(table.toMs)],
);

/** The shard set as operations knows it, and the bounds that the administrator gave. */
export const scaling = sqliteTable(
	"scaling",
	{
		tenantId: text("tenant_id").primaryKey(),
		epoch: integer("epoch").notNull(),
		shardCount: integer("shard_count").notNull(),
		/** Null: the defaults. */
		shardCountMin: integer("shard_count_min"),
		shardCountMax: integer("shard_count_max"),
		/** When the cron looks at the tenant although no shard of it reports; null where there is nothing to see. */
		dueMs: integer("due_ms"),
	},
	(table) => [index("scaling_by_due").on(table.dueMs)],
);

/** Highest load by span of time (an hour: a 24th of the window that shrinking looks back at), of tenants with more shards than their least. */
export const scalingPeaks = sqliteTable(
	"scaling_peaks",
	{ tenantId: text("tenant_id").notNull(), fromMs: integer("from_ms").notNull(), load: real("load").notNull() },
	(table) => [primaryKey({ columns: [table.tenantId, table.fromMs] })],
);

/** Each change with what it rested on. The number is the lock: of two that decide at once, one finds its number taken. */
export const scalingDecisions = sqliteTable(
	"scaling_decisions",
	{
		tenantId: text("tenant_id").notNull(),
		number: integer("number").notNull(),
		fromCount: integer("from_count").notNull(),
		toCount: integer("to_count").notNull(),
		/** The epoch that the change may begin from; null for a manual one. */
		fromEpoch: integer("from_epoch"),
		reason: text("reason").$type<ScalingReason>().notNull(),
		trigger: text("trigger").$type<ScalingTrigger>().notNull(),
		inputs: text("inputs", { mode: "json" }).$type<ScalingInputs>(),
		outcome: text("outcome").$type<ScalingOutcome>().notNull(),
		epoch: integer("epoch"),
		decidedAtMs: integer("decided_at_ms").notNull(),
		finishedAtMs: integer("finished_at_ms"),
	},
	(table) => [primaryKey({ columns: [table.tenantId, table.number] })],
);
