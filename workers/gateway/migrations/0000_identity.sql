CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`secret_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE INDEX `api_keys_by_tenant` ON `api_keys` (`tenant_id`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`tenant_id` text NOT NULL,
	`action` text NOT NULL,
	`target` text,
	`request_id` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`public_key` text NOT NULL,
	`sealed_private_key` text NOT NULL,
	`created_at` integer NOT NULL,
	`retired_at` integer,
	`current` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `signing_keys_current` ON `signing_keys` (`current`);--> statement-breakpoint
CREATE TABLE `tenant_changes` (
	`name` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`location` text,
	`tenant_id` text,
	`started_at` integer NOT NULL
);
