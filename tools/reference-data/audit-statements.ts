/** Who the audit log names for what a seed did. */
const ACTOR = "reference-data";

/** Statements that record in the audit log what a seed adds, changes, and leaves as an operator has it. */
export interface AuditStatements {
  /** Before the seed adopts the rows that operators added. */
  beforeAdoption: string;
  /** After everything that the seed changes, while `seeded` is still the last seed's. */
  afterChanges: string[];
}

const entry = (action: "add" | "change" | "keep", detail: string, from: string): string =>
  `INSERT INTO audit_log (at, actor, action, target, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%fZ'), '${ACTOR}', 'reference.${action}', seed.key, ${detail}
FROM reference_seed AS seed${from};
`;

/** New values of a table's columns: those that the row has by now, or those that it has not. */
function ofColumns(action: "change" | "keep", table: string, key: string, kind: string, columns: readonly string[]) {
  const current = columns.map((name) => `WHEN '${name}' THEN ${table}.${name}`).join(" ");
  return entry(
    action,
    "json_group_object(field.key, field.value)",
    ` JOIN ${table} ON ${table}.${key} = seed.key, json_each(seed.next) AS field
WHERE seed.kind = '${kind}' AND seed.seeded IS NOT NULL AND field.key IN (${columns.map((name) => `'${name}'`).join(", ")})
  AND field.value IS NOT seed.seeded ->> field.key
  AND CASE field.key ${current} END ${action === "change" ? "IS" : "IS NOT"} field.value
GROUP BY seed.key`,
  );
}

const IS_THERE = "seed.kind = 'symbol' AND seed.key IN (SELECT symbol FROM symbols)";

const IS_ALIAS = "EXISTS (SELECT 1 FROM aliases WHERE aliases.symbol = seed.key AND aliases.alias = item.value)";

const IS_PROVIDER_SYMBOL = `EXISTS (
    SELECT 1 FROM provider_symbols AS given
    WHERE given.symbol = seed.key AND given.provider = item.key AND given.provider_symbol = item.value
  )`;

/** Aliases that are new in this seed. A symbol that is new itself has all of its own, but for those of other symbols. */
const newAliases = (action: "change" | "keep"): string =>
  entry(
    action,
    "json_object('aliases', json_group_array(item.value))",
    `, json_each(seed.next, '$.aliases') AS item
WHERE ${IS_THERE}${action === "change" ? " AND seed.seeded IS NOT NULL" : ""}
  AND item.value NOT IN (SELECT value FROM json_each(seed.seeded, '$.aliases'))
  AND ${action === "change" ? "" : "NOT "}${IS_ALIAS}
GROUP BY seed.key`,
  );

const removedAliases = entry(
  "change",
  "json_object('removed_aliases', json_group_array(item.value))",
  `, json_each(seed.seeded, '$.aliases') AS item
WHERE ${IS_THERE} AND seed.next IS NOT NULL AND item.value NOT IN (SELECT value FROM json_each(seed.next, '$.aliases'))
  AND NOT ${IS_ALIAS}
GROUP BY seed.key`,
);

const newProviderSymbols = (action: "change" | "keep"): string =>
  entry(
    action,
    "json_object('provider_symbols', json_group_object(item.key, item.value))",
    `, json_each(seed.next, '$.provider_symbols') AS item
WHERE ${IS_THERE} AND seed.seeded IS NOT NULL
  AND item.value IS NOT (SELECT value FROM json_each(seed.seeded, '$.provider_symbols') AS last WHERE last.key = item.key)
  AND ${action === "change" ? "" : "NOT "}${IS_PROVIDER_SYMBOL}
GROUP BY seed.key`,
  );

const removedProviderSymbols = entry(
  "change",
  "json_object('removed_provider_symbols', json_group_array(item.key))",
  `, json_each(seed.seeded, '$.provider_symbols') AS item
WHERE ${IS_THERE} AND seed.next IS NOT NULL
  AND item.key NOT IN (SELECT key FROM json_each(seed.next, '$.provider_symbols')) AND NOT ${IS_PROVIDER_SYMBOL}
GROUP BY seed.key`,
);

const ADDED = entry(
  "add",
  "json_object('name', seed.next ->> 'name')",
  `
WHERE seed.seeded IS NULL AND (
  (seed.kind = 'symbol' AND seed.key IN (SELECT symbol FROM symbols))
  OR (seed.kind = 'exchange' AND seed.key IN (SELECT code FROM exchanges))
)`,
);

/** A symbol that cannot be added, as its name is another's alias; said once, however often the seed is applied. */
const WAITING = entry(
  "keep",
  "json_object('name', seed.next ->> 'name')",
  `
WHERE seed.kind = 'symbol' AND seed.seeded IS NULL AND seed.key NOT IN (SELECT symbol FROM symbols) AND NOT EXISTS (
  SELECT 1 FROM audit_log AS said
  WHERE said.target = seed.key AND said.action = 'reference.keep' AND said.actor = '${ACTOR}'
)`,
);

/**
 * @param isOperators the condition by which a row of `reference_seed` is one that an operator added before any seed had it
 * @param columns those of exchanges and of symbols that the seed writes
 */
export const auditStatements = (
  isOperators: string,
  columns: { exchanges: readonly string[]; symbols: readonly string[] },
): AuditStatements => ({
  beforeAdoption: entry("keep", "json_object('name', seed.next ->> 'name')", `\nWHERE ${isOperators}`),
  afterChanges: [
    ADDED,
    WAITING,
    ...(["change", "keep"] as const).flatMap((action) => [
      ofColumns(action, "exchanges", "code", "exchange", columns.exchanges),
      ofColumns(action, "symbols", "symbol", "symbol", columns.symbols),
      newAliases(action),
      newProviderSymbols(action),
    ]),
    removedAliases,
    removedProviderSymbols,
  ],
});
