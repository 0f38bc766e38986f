import { sql } from "drizzle-orm";
import type { Database, Statement } from "../database.ts";
import { aliases } from "../schema.ts";

/**
 * Whose each name is: the symbol that is called so, else the first symbol of which it is an alias. Retired symbols keep their names. Names
 * that belong to none are left out.
 */
export async function ownersOf(database: Database, names: readonly string[]): Promise<Map<string, string>> {
  const wanted = JSON.stringify([...new Set(names)]);
  const rows = await database.session.all<{ name: string; owner: string }>(sql`
    select asked.value as name, coalesce(
      (select symbol from symbols where symbols.symbol = asked.value),
      (select min(aliases.symbol) from aliases where aliases.alias = asked.value)
    ) as owner from json_each(${wanted}) as asked`);
  return new Map(rows.flatMap(({ name, owner }) => (owner === null ? [] : [[name, owner] as const])));
}

/**
 * A statement for a batch that fails, and the batch with it, where one of these names belongs to another symbol by then: two requests
 * at once cannot both take a name. See `isTaken`.
 */
export function claimNames(database: Database, symbol: string, names: readonly string[]): Statement {
  const wanted = JSON.stringify(names);
  return database.session.insert(aliases).select(sql`
    select asked.value, null from json_each(${wanted}) as asked
    where exists (select 1 from symbols where symbols.symbol = asked.value and symbols.symbol <> ${symbol})
       or exists (select 1 from aliases as other where other.alias = asked.value and other.symbol <> ${symbol})`);
}

/** Whether a batch failed because another symbol has one of the names that `claimNames` names. */
export const isTaken = (error: unknown): boolean =>
  error instanceof Error && /NOT NULL constraint failed: aliases\.symbol/.test(`${error.message} ${error.cause}`);
