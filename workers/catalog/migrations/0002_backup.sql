ALTER TABLE `commit_log` ADD `pending` integer;--> statement-breakpoint
CREATE INDEX `commit_log_pending` ON `commit_log` (`tenant_id`,`table_id`) WHERE pending = 1;--> statement-breakpoint
CREATE INDEX `commit_log_age` ON `commit_log` (`tenant_id`,`table_id`,`created_at_ms`);--> statement-breakpoint
ALTER TABLE `tables` ADD `checkpoint_version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `tables` ADD `backed_up_at_ms` integer;