CREATE TABLE `dead_letter` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`message` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `dead_letter_time` ON `dead_letter` (`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `dead_letter_tenant` ON `dead_letter` (`tenant_id`);--> statement-breakpoint
CREATE TABLE `job` (
	`job_id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`table_id` text NOT NULL,
	`state` text NOT NULL,
	`attempts` integer NOT NULL,
	`reason` text NOT NULL,
	`inputs` text NOT NULL,
	`file_count` integer NOT NULL,
	`row_count` integer NOT NULL,
	`byte_count` integer NOT NULL,
	`lease_token` text,
	`due_at_ms` integer,
	`figures` text,
	`error` text,
	`planned` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	CONSTRAINT "job_state" CHECK(state IN ('queued', 'running', 'done', 'failed', 'dead'))
);
--> statement-breakpoint
CREATE INDEX `job_tenant` ON `job` (`tenant_id`,`job_id`);--> statement-breakpoint
CREATE INDEX `job_table` ON `job` (`tenant_id`,`table_id`,`state`);--> statement-breakpoint
CREATE INDEX `job_due` ON `job` (`due_at_ms`) WHERE due_at_ms IS NOT NULL;--> statement-breakpoint
ALTER TABLE `inline_file` ADD `statistics_byte_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `tables` ADD `changed_at_ms` integer;--> statement-breakpoint
CREATE INDEX `tables_changed` ON `tables` (`changed_at_ms`) WHERE changed_at_ms IS NOT NULL;