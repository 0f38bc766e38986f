CREATE TABLE `imports` (
	`id` text PRIMARY KEY NOT NULL,
	`symbol` text NOT NULL,
	`interval` text NOT NULL,
	`adjustment` text NOT NULL,
	`adjusted_as_of` text,
	`file` text,
	`sha256` text,
	`rows` integer,
	`status` text NOT NULL,
	`stored` integer NOT NULL,
	`replaced` integer NOT NULL,
	`unchanged` integer NOT NULL,
	`refused` integer NOT NULL,
	`first` integer,
	`last` integer,
	`actor` text NOT NULL,
	`started_at` text NOT NULL,
	`ended_at` text
);
--> statement-breakpoint
CREATE INDEX `imports_by_symbol` ON `imports` (`symbol`,`started_at`);--> statement-breakpoint
CREATE INDEX `imports_by_start` ON `imports` (`started_at`);--> statement-breakpoint
CREATE INDEX `imports_by_status` ON `imports` (`status`);--> statement-breakpoint
ALTER TABLE `symbols` ADD `listed_on` text;--> statement-breakpoint
-- What older versions imported: their audit log knows the symbol, the interval and the adjustment, of which a series had one.
INSERT INTO `imports` (`id`, `symbol`, `interval`, `adjustment`, `status`, `stored`, `replaced`, `unchanged`, `refused`, `actor`, `started_at`, `ended_at`)
SELECT
	'earlier-' || json_extract(`detail`, '$.interval') || '-' || replace(replace(`target`, '/', '-'), ':', '-'),
	`target`,
	json_extract(`detail`, '$.interval'),
	coalesce(max(json_extract(`detail`, '$.adjustment')), 'unknown'),
	'done',
	coalesce(sum(json_extract(`detail`, '$.stored')), 0),
	coalesce(sum(json_extract(`detail`, '$.replaced')), 0),
	0,
	0,
	max(`actor`),
	min(`at`),
	max(`at`)
FROM `audit_log`
WHERE `action` = 'candles.import' AND json_valid(`detail`) AND json_extract(`detail`, '$.interval') IS NOT NULL
GROUP BY `target`, json_extract(`detail`, '$.interval')
ON CONFLICT (`id`) DO NOTHING;
