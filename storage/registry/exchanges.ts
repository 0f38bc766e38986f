import { asc, type InferSelectModel } from "drizzle-orm";
import type { Database } from "../database.ts";
import { exchanges } from "../schema.ts";

/** An exchange as the registry has it; its hours are in core/market-calendar. */
export type ExchangeRow = InferSelectModel<typeof exchanges>;

/** All exchanges, by code. */
export function listExchanges(database: Database): Promise<ExchangeRow[]> {
  return database.session.select().from(exchanges).orderBy(asc(exchanges.code));
}
