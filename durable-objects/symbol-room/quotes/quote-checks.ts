import type { ProviderQuote, StoredQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import type { Print, QuoteRules } from "../../../core/data-quality/check-quote.ts";
import { openMarketAge } from "../../../core/freshness.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";

/** Whether a quote was true within the last `maxAge` open-market seconds. */
export function isYoungEnough(instrument: Instrument, quote: StoredQuote, maxAge: number | null, now: number): boolean {
  if (maxAge === null) return true;
  const timestamp = Date.parse(quote.timestamp) / 1000;
  return openMarketAge(marketOf(instrument.primary_exchange), timestamp, now, maxAge + 1) <= maxAge;
}

/** A quote's price as its source printed it. */
export const printOf = (quote: ProviderQuote, price: number): Print => ({
  price,
  time: Date.parse(quote.timestamp) / 1000,
  source: quote.provider,
});

/** What quotes of an instrument are checked against. */
export const rulesFor = ({ primary_exchange, type }: Instrument): QuoteRules => ({
  market: marketOf(primary_exchange),
  now: Date.now() / 1000,
  negativePrices: type === "commodity",
});
