import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { instantOf } from "../../core/market-calendar/zone.ts";
import { changeSince } from "../../core/quotes/change.ts";
import { isoTime } from "../../core/time.ts";
import { plainNumber } from "../answer-schema.ts";
import type { ReadRow } from "../bars.ts";
import type { FoundListing } from "../provider.ts";
import { readRow } from "../rows.ts";
import { DaySchema, type JseInstruments, type JseQuote } from "./schema.ts";

/** Zero and nothing both stand for unknown. */
const known = (value: number | null | undefined): number | null => value || null;

/** The instant at which Johannesburg's clocks show `2016-02-15T18:45:12`, unix seconds. */
function localInstant(text: string): number {
  const local = Date.parse(`${text}Z`) / 1000;
  return instantOf("Africa/Johannesburg", local, 0);
}

/**
 * A share's quote in cents, as the exchange trades it. `market_cap` belongs in rand and is left out: the feed does not say
 * which of the two it returns.
 * @param receivedAt unix seconds
 */
export function quoteFrom(quote: JseQuote, instrument: Instrument, receivedAt: number): ProviderQuote {
  const previousClose = known(quote.closingPrice);
  return {
    symbol: instrument.symbol,
    price: quote.price,
    ...changeSince(previousClose, quote.price),
    open: known(quote.dayOpen),
    high: known(quote.dayHi),
    low: known(quote.dayLo),
    previous_close: previousClose,
    volume: quote.dayVolume ?? null,
    market_cap: null,
    bid: known(quote.bidPrice1),
    ask: known(quote.askPrice1),
    window: "session",
    currency: "ZAR",
    price_unit: "ZAc",
    volume_unit: "shares",
    exchange: "JSE",
    price_basis: "exchange",
    timestamp: isoTime(localInstant(quote.priceTime)),
    received_at: isoTime(receivedAt),
    provider: "jse",
    simulated: false,
  };
}

/** A trading day in cents, stamped with its date; null where the row is no day. */
export function rowFrom(row: unknown): ReadRow | null {
  const day = DaySchema.safeParse(row).data;
  if (!day) return null;
  const stamp = Date.parse(`${day.date.slice(0, 10)}T00:00:00Z`) / 1000;
  const time = Number.isNaN(stamp) ? null : stamp;
  const { open, high, low, close, volume } = day;
  return readRow({ time, open, high, low, close, volume }, { number: plainNumber, unknown: "zero_or_nothing" });
}

/** What the search found. It lists funds and warrants beside shares, without saying which is which. */
export function listingsFrom(instruments: JseInstruments): FoundListing[] {
  return instruments.map(({ code, longName }) => ({
    providerSymbol: code,
    name: longName,
    type: null,
    currency: "ZAR",
    region: "South Africa",
  }));
}
