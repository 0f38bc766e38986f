-- Full-text search over the names of symbols; the row id is symbols.id.
CREATE VIRTUAL TABLE `symbols_fts` USING fts5(`name`, content='symbols', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3');
--> statement-breakpoint
CREATE TRIGGER `symbols_fts_insert` AFTER INSERT ON `symbols` BEGIN
  INSERT INTO symbols_fts(rowid, name) VALUES (new.id, new.name);
END;
--> statement-breakpoint
CREATE TRIGGER `symbols_fts_delete` AFTER DELETE ON `symbols` BEGIN
  INSERT INTO symbols_fts(symbols_fts, rowid, name) VALUES ('delete', old.id, old.name);
END;
--> statement-breakpoint
CREATE TRIGGER `symbols_fts_update` AFTER UPDATE OF `name` ON `symbols` BEGIN
  INSERT INTO symbols_fts(symbols_fts, rowid, name) VALUES ('delete', old.id, old.name);
  INSERT INTO symbols_fts(rowid, name) VALUES (new.id, new.name);
END;
