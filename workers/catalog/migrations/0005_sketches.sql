CREATE TABLE `table_sketches` (
	`tenant_id` text NOT NULL,
	`table_id` text NOT NULL,
	`revision` integer NOT NULL,
	`sketches` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `table_id`)
);
