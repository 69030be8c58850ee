CREATE TABLE `collection` (
	`tenant_id` text NOT NULL,
	`table_id` text NOT NULL,
	`active_at_ms` integer NOT NULL,
	`swept_at_ms` integer NOT NULL,
	`sweep_after` text,
	`due_at_ms` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `table_id`)
);
--> statement-breakpoint
CREATE INDEX `collection_due` ON `collection` (`due_at_ms`);--> statement-breakpoint
ALTER TABLE `object` ADD `deleted_at_ms` integer;--> statement-breakpoint
CREATE INDEX `object_live` ON `object` (`tenant_id`,`table_id`,`removed_version`) WHERE state = 'live';--> statement-breakpoint
CREATE INDEX `object_to_delete` ON `object` (`tenant_id`,`table_id`,`condemned_at_ms`) WHERE state = 'condemned' AND deleted_at_ms IS NULL;