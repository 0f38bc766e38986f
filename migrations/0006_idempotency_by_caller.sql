-- Idempotency-Keys belong to their callers: what was answered before is given to the caller who asked, as the audit log names it. A request
-- that is in flight, or whose caller is not known, keeps its name, by which none is found any more; it is forgotten within a day.
UPDATE `idempotency_keys` SET `key` = (
  SELECT `actor` FROM `audit_log`
  WHERE `action` = 'symbol.create' AND `target` = json_extract(`idempotency_keys`.`answer`, '$.data.symbol')
  ORDER BY `id` DESC LIMIT 1
) || ' ' || `key`
WHERE `status` IS NOT NULL AND json_valid(`answer`) AND instr(`key`, ' ') = 0 AND EXISTS (
  SELECT 1 FROM `audit_log`
  WHERE `action` = 'symbol.create' AND `target` = json_extract(`idempotency_keys`.`answer`, '$.data.symbol')
);
