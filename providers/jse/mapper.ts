import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { instantOf } from "../../core/market-calendar/zone.ts";
import { changeSince } from "../../core/quotes/change.ts";
import { isoTime } from "../../core/time.ts";
import type { Bar } from "../bars.ts";
import type { FoundListing } from "../provider.ts";
import type { JseHistory, JseInstruments, JseQuote } from "./schema.ts";

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

/** Trading days in cents, stamped with their date. */
export function barsFrom(history: JseHistory): Bar[] {
  return history.map((day) => ({
    time: Date.parse(`${day.date.slice(0, 10)}T00:00:00Z`) / 1000,
    open: known(day.open),
    high: known(day.high),
    low: known(day.low),
    close: day.close,
    volume: day.volume ?? null,
  }));
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
