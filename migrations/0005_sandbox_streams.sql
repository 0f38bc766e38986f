-- The sandbox streams, for registries that were filled before there were any; a new one has them already.
INSERT OR IGNORE INTO `exchanges` (`code`, `name`, `country`, `mic`) VALUES
  ('SIM', 'Sandbox of the simulator', NULL, NULL);
--> statement-breakpoint
INSERT OR IGNORE INTO `symbols` (`symbol`, `name`, `type`, `sector`, `industry`, `currency`, `country`, `primary_exchange`, `market_cap`, `shares_outstanding`, `description`, `website`, `ceo`, `employees`, `founded`, `headquarters`, `streaming_available`, `data_sources`, `is_active`, `isin`, `price_unit`, `price_decimals`, `volume_unit`, `last_updated`) VALUES
  ('SIM:CLEAN', 'Sandbox: a simulated stream without faults', 'stock', NULL, NULL, 'USD', NULL, 'SIM', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '["simulator"]', 1, NULL, 'USD', 2, 'shares', '2026-11-22T00:00:00.000Z'),
  ('SIM:GAPPY', 'Sandbox: a simulated stream that loses events', 'stock', NULL, NULL, 'USD', NULL, 'SIM', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '["simulator"]', 1, NULL, 'USD', 2, 'shares', '2026-11-22T00:00:00.000Z'),
  ('SIM:LATE', 'Sandbox: a simulated stream whose events come late', 'stock', NULL, NULL, 'USD', NULL, 'SIM', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '["simulator"]', 1, NULL, 'USD', 2, 'shares', '2026-11-22T00:00:00.000Z'),
  ('SIM:REVISE', 'Sandbox: a simulated stream whose bars are revised', 'stock', NULL, NULL, 'USD', NULL, 'SIM', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '["simulator"]', 1, NULL, 'USD', 2, 'shares', '2026-11-22T00:00:00.000Z'),
  ('SIM:FLAKY', 'Sandbox: a simulated stream with outages and repetitions', 'stock', NULL, NULL, 'USD', NULL, 'SIM', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '["simulator"]', 1, NULL, 'USD', 2, 'shares', '2026-11-22T00:00:00.000Z');
--> statement-breakpoint
INSERT OR IGNORE INTO `aliases` (`alias`, `symbol`) VALUES
  ('CLEAN', 'SIM:CLEAN'),
  ('GAPPY', 'SIM:GAPPY'),
  ('LATE', 'SIM:LATE'),
  ('REVISE', 'SIM:REVISE'),
  ('FLAKY', 'SIM:FLAKY');
