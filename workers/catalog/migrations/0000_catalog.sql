CREATE TABLE `commit_log` (
	`tenant_id` text NOT NULL,
	`commit_id` text NOT NULL,
	`kind` text NOT NULL,
	`table_id` text NOT NULL,
	`version` integer NOT NULL,
	`input_count` integer NOT NULL,
	`paths` text NOT NULL,
	`token` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `commit_id`)
);
--> statement-breakpoint
CREATE TABLE `inline_file` (
	`path` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`table_id` text NOT NULL,
	`row_count` integer NOT NULL,
	`byte_count` integer NOT NULL,
	`schema_version` integer NOT NULL,
	`statistics` text NOT NULL,
	`added_version` integer NOT NULL,
	`until_version` integer
);
--> statement-breakpoint
CREATE INDEX `inline_file_table` ON `inline_file` (`tenant_id`,`table_id`,`until_version`);--> statement-breakpoint
CREATE TABLE `manifest` (
	`tenant_id` text NOT NULL,
	`table_id` text NOT NULL,
	`manifest_id` text NOT NULL,
	`path` text NOT NULL,
	`file_count` integer NOT NULL,
	`added_version` integer NOT NULL,
	`until_version` integer,
	PRIMARY KEY(`tenant_id`, `table_id`, `manifest_id`)
);
--> statement-breakpoint
CREATE TABLE `object` (
	`path` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`table_id` text NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`row_count` integer NOT NULL,
	`byte_count` integer NOT NULL,
	`added_version` integer NOT NULL,
	`removed_version` integer,
	`removed_at_ms` integer,
	`condemned_at_ms` integer,
	`manifest_id` text,
	CONSTRAINT "object_state" CHECK(state IN ('live', 'condemned'))
);
--> statement-breakpoint
CREATE INDEX `object_tenant` ON `object` (`tenant_id`,`table_id`);--> statement-breakpoint
CREATE INDEX `object_removed` ON `object` (`tenant_id`,`table_id`,`manifest_id`) WHERE removed_version IS NOT NULL;--> statement-breakpoint
CREATE TABLE `snapshot` (
	`tenant_id` text NOT NULL,
	`table_id` text NOT NULL,
	`version` integer NOT NULL,
	`schema_version` integer NOT NULL,
	`row_count` integer NOT NULL,
	`byte_count` integer NOT NULL,
	`file_count` integer NOT NULL,
	`watermarks` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `table_id`, `version`),
	CONSTRAINT "snapshot_counts" CHECK(row_count >= 0 AND byte_count >= 0 AND file_count >= 0)
);
--> statement-breakpoint
CREATE TABLE `table_schema` (
	`tenant_id` text NOT NULL,
	`table_id` text NOT NULL,
	`schema_version` integer NOT NULL,
	`schema` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `table_id`, `schema_version`)
);
--> statement-breakpoint
CREATE TABLE `tables` (
	`tenant_id` text NOT NULL,
	`table_id` text NOT NULL,
	`name` text NOT NULL,
	`schema_version` integer NOT NULL,
	`version` integer NOT NULL,
	`next_field_id` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`dropped_at_ms` integer,
	PRIMARY KEY(`tenant_id`, `table_id`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tables_live_name` ON `tables` (`tenant_id`,`name`) WHERE dropped_at_ms IS NULL;--> statement-breakpoint
CREATE TABLE `tenant_assignment` (
	`tenant_id` text PRIMARY KEY NOT NULL,
	`database` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `watermark` (
	`tenant_id` text NOT NULL,
	`table_id` text NOT NULL,
	`shard` integer NOT NULL,
	`sequence_number` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `table_id`, `shard`)
);
--> statement-breakpoint
CREATE INDEX `watermark_shard` ON `watermark` (`tenant_id`,`shard`);