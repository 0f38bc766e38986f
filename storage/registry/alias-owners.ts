import { sql } from "drizzle-orm";
import type { Database, Statement } from "../database.ts";
import { aliases } from "../schema.ts";

/** A name, and a symbol that is called so or has it as an alias. */
export interface NameOwner {
  name: string;
  owner: string;
}

/**
 * Whose each name is: the symbol that is called so, else every symbol of which it is an alias (a few usual ones are shared). Retired
 * symbols keep their names. Names that belong to none are left out.
 */
export async function ownersOf(database: Database, names: readonly string[]): Promise<NameOwner[]> {
  const wanted = JSON.stringify([...new Set(names)]);
  return database.session.all<NameOwner>(sql`
    select asked.value as name, symbols.symbol as owner
      from json_each(${wanted}) as asked join symbols on symbols.symbol = asked.value
    union all
    select asked.value, aliases.symbol
      from json_each(${wanted}) as asked join aliases on aliases.alias = asked.value
      where not exists (select 1 from symbols where symbols.symbol = asked.value)
    order by name, owner`);
}

/**
 * A statement for a batch that fails, and the batch with it, where one of these names belongs to another symbol by then, and not to this
 * one as well: two requests at once cannot both take a name. See `isTaken`.
 */
export function claimNames(database: Database, symbol: string, names: readonly string[]): Statement {
  const wanted = JSON.stringify(names);
  return database.session.insert(aliases).select(sql`
    select asked.value, null from json_each(${wanted}) as asked
    where exists (select 1 from symbols where symbols.symbol = asked.value and symbols.symbol <> ${symbol})
       or (exists (select 1 from aliases as other where other.alias = asked.value and other.symbol <> ${symbol})
           and not exists (select 1 from aliases as own where own.alias = asked.value and own.symbol = ${symbol}))`);
}

/** Whether a batch failed because another symbol has one of the names that `claimNames` names. */
export const isTaken = (error: unknown): boolean =>
  error instanceof Error && /NOT NULL constraint failed: aliases\.symbol/.test(`${error.message} ${error.cause}`);
