CREATE TABLE `demand` (
	`symbol` text PRIMARY KEY NOT NULL,
	`asked_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `quality_decisions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` text NOT NULL,
	`symbol` text NOT NULL,
	`provider` text NOT NULL,
	`kind` text NOT NULL,
	`interval` text NOT NULL,
	`time` integer NOT NULL,
	`check` text NOT NULL,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `quality_decisions_once` ON `quality_decisions` (`symbol`,`provider`,`kind`,`interval`,`time`,`check`);--> statement-breakpoint
CREATE INDEX `quality_decisions_by_age` ON `quality_decisions` (`at`);