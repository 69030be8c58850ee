CREATE TABLE `scaling` (
	`tenant_id` text PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL,
	`shard_count` integer NOT NULL,
	`shard_count_min` integer,
	`shard_count_max` integer,
	`due_ms` integer
);
--> statement-breakpoint
CREATE INDEX `scaling_by_due` ON `scaling` (`due_ms`);--> statement-breakpoint
CREATE TABLE `scaling_decisions` (
	`tenant_id` text NOT NULL,
	`number` integer NOT NULL,
	`from_count` integer NOT NULL,
	`to_count` integer NOT NULL,
	`from_epoch` integer,
	`reason` text NOT NULL,
	`trigger` text NOT NULL,
	`inputs` text,
	`outcome` text NOT NULL,
	`epoch` integer,
	`decided_at_ms` integer NOT NULL,
	`finished_at_ms` integer,
	PRIMARY KEY(`tenant_id`, `number`)
);
--> statement-breakpoint
CREATE TABLE `scaling_peaks` (
	`tenant_id` text NOT NULL,
	`from_ms` integer NOT NULL,
	`load` real NOT NULL,
	PRIMARY KEY(`tenant_id`, `from_ms`)
);
--> statement-breakpoint
CREATE TABLE `shard_loads` (
	`tenant_id` text NOT NULL,
	`shard` integer NOT NULL,
	`samples` text NOT NULL,
	`to_ms` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `shard`)
);
--> statement-breakpoint
CREATE INDEX `shard_loads_by_time` ON `shard_loads` (`to_ms`);