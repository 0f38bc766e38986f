import { gt, lt } from "drizzle-orm";
import type { Database } from "./database.ts";
import { demand } from "./schema.ts";

/** Notes that a client asked for a symbol (unix seconds). Rooms do so at most every few minutes. */
export async function noteDemand(registry: Database, symbol: string, askedAt: number): Promise<void> {
  await registry.session
    .insert(demand)
    .values({ symbol, askedAt })
    .onConflictDoUpdate({ target: demand.symbol, set: { askedAt } });
}

/** Symbols that a client asked for after a moment (unix seconds). */
export async function symbolsInDemand(registry: Database, since: number): Promise<string[]> {
  const rows = await registry.session.select({ symbol: demand.symbol }).from(demand).where(gt(demand.askedAt, since));
  return rows.map(({ symbol }) => symbol);
}

/** Forgets demand from before a moment (unix seconds). */
export async function deleteDemand(registry: Database, before: number): Promise<void> {
  await registry.session.delete(demand).where(lt(demand.askedAt, before));
}
