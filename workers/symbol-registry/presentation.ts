import { effectiveSources, marketModeOf } from "../../contracts/provider.ts";
import type { SymbolAnswer, SymbolRecord } from "../../contracts/symbol.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { holidaysKnown, marketStatus, nextClose, nextOpen } from "../../core/market-calendar/sessions.ts";
import { isoTime } from "../../core/time.ts";
import type { Availability } from "../../durable-objects/symbol-room/symbol-room.ts";
import { providerStates } from "../rooms/providers.ts";
import { whyNotQueryable } from "../rooms/unavailable-sources.ts";

/** A symbol under all the names that answers use. */
export const withExchange = (record: SymbolRecord): SymbolAnswer => ({ ...record, exchange: record.primary_exchange });

/** A symbol as it is answered: its sources are those that answer for it in the mode the platform runs in. */
export function symbolAnswer(record: SymbolRecord, env: Env): SymbolAnswer {
  return withExchange({ ...record, data_sources: effectiveSources(record.data_sources, marketModeOf(env)) });
}

const isoOrNull = (time: number | null): string | null => (time === null ? null : isoTime(time));

/** What the symbol's market is doing at `now`, and when that ends. */
export function sessionAnswer(record: SymbolRecord, now: number) {
  const market = marketOf(record.primary_exchange);
  return {
    status: marketStatus(market, now),
    opens_at: isoOrNull(nextOpen(market, now)),
    closes_at: isoOrNull(nextClose(market, now)),
    holidays_known: holidaysKnown(market, now),
  };
}

/** What is known of a symbol, and by whom. */
export async function availabilityAnswer(record: SymbolRecord, availability: Availability, env: Env) {
  const sources = effectiveSources(record.data_sources, marketModeOf(env));
  const intervals = Object.entries(availability.intervals).map(([interval, known]) => [
    interval,
    { from: isoTime(known.from), to: isoTime(known.to) },
  ]);
  return {
    last_quote_at: availability.lastQuoteAt,
    providers: (await providerStates(env, sources)).map(({ name, state }) => ({
      name,
      state,
      reason:
        marketModeOf(env) === "live"
          ? (whyNotQueryable(record, name) ?? (state === "disabled" ? "not_configured" : null))
          : null,
    })),
    intervals: Object.fromEntries(intervals),
  };
}
