import { asc, type InferSelectModel } from "drizzle-orm";
import type { Registry } from "./database.ts";
import { exchanges } from "./schema.ts";

/** An exchange as the registry has it; its hours are in core/market-calendar. */
export type ExchangeRow = InferSelectModel<typeof exchanges>;

/** All exchanges, by code. */
export function listExchanges(registry: Registry): Promise<ExchangeRow[]> {
  return registry.db.select().from(exchanges).orderBy(asc(exchanges.code));
}
