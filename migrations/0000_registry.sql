CREATE TABLE `aliases` (
	`alias` text NOT NULL,
	`symbol` text NOT NULL,
	PRIMARY KEY(`alias`, `symbol`),
	FOREIGN KEY (`symbol`) REFERENCES `symbols`(`symbol`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `aliases_by_symbol` ON `aliases` (`symbol`);--> statement-breakpoint
CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` text NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`target` text NOT NULL,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_log_by_target` ON `audit_log` (`target`);--> statement-breakpoint
CREATE TABLE `exchanges` (
	`code` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`country` text,
	`mic` text
);
--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`key` text PRIMARY KEY NOT NULL,
	`fingerprint` text NOT NULL,
	`status` integer,
	`answer` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_by_age` ON `idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `provider_symbols` (
	`symbol` text NOT NULL,
	`provider` text NOT NULL,
	`provider_symbol` text NOT NULL,
	PRIMARY KEY(`symbol`, `provider`),
	FOREIGN KEY (`symbol`) REFERENCES `symbols`(`symbol`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `symbols` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`symbol` text NOT NULL,
	`name` text NOT NULL,
	`type` text NOT NULL,
	`sector` text,
	`industry` text,
	`currency` text NOT NULL,
	`country` text,
	`primary_exchange` text NOT NULL,
	`market_cap` real,
	`shares_outstanding` real,
	`description` text,
	`website` text,
	`ceo` text,
	`employees` integer,
	`founded` integer,
	`headquarters` text,
	`streaming_available` integer NOT NULL,
	`data_sources` text NOT NULL,
	`is_active` integer NOT NULL,
	`isin` text,
	`price_unit` text NOT NULL,
	`price_decimals` integer NOT NULL,
	`volume_unit` text,
	`last_updated` text NOT NULL,
	FOREIGN KEY (`primary_exchange`) REFERENCES `exchanges`(`code`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `symbols_symbol_unique` ON `symbols` (`symbol`);--> statement-breakpoint
CREATE INDEX `symbols_by_type` ON `symbols` (`type`);--> statement-breakpoint
CREATE INDEX `symbols_by_exchange` ON `symbols` (`primary_exchange`);