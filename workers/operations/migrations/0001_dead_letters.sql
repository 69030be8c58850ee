CREATE TABLE `dead_letters` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`message` text NOT NULL,
	`died_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `dead_letters_id_unique` ON `dead_letters` (`id`);