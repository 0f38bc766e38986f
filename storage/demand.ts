import { gt, lt } from "drizzle-orm";
import type { Database } from "./database.ts";
import { demand } from "./schema.ts";

/** Notes that a client asked for a symbol (unix seconds). Rooms do so at most every few minutes. */
export async function recordDemand(database: Database, symbol: string, askedAt: number): Promise<void> {
  await database.session
    .insert(demand)
    .values({ symbol, askedAt })
    .onConflictDoUpdate({ target: demand.symbol, set: { askedAt } });
}

/** Symbols that a client asked for after a moment (unix seconds). */
export async function symbolsInDemand(database: Database, since: number): Promise<string[]> {
  const rows = await database.session.select({ symbol: demand.symbol }).from(demand).where(gt(demand.askedAt, since));
  return rows.map(({ symbol }) => symbol);
}

/** Forgets demand from before a moment (unix seconds). */
export async function deleteDemand(database: Database, before: number): Promise<void> {
  await database.session.delete(demand).where(lt(demand.askedAt, before));
}
