CREATE TABLE `dependency` (
	`tenant_id` text NOT NULL,
	`view_id` text NOT NULL,
	`used_id` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `view_id`, `used_id`)
);
--> statement-breakpoint
CREATE INDEX `dependency_used` ON `dependency` (`tenant_id`,`used_id`);--> statement-breakpoint
ALTER TABLE `tables` ADD `kind` text DEFAULT 'table' NOT NULL;