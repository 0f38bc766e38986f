CREATE TABLE `reference_seed` (
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`seeded` text,
	`next` text,
	PRIMARY KEY(`kind`, `key`)
);
