import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { changeSince } from "../../core/quotes/change.ts";
import type { AssetType } from "../../core/symbol.ts";
import { isoTime } from "../../core/time.ts";
import type { FoundListing } from "../provider.ts";
import { momentIn, momentOnDate } from "./clock.ts";
import type { BulkQuote, ExchangeRate, GlobalQuote, Search } from "./schema.ts";

/** Zero and nothing both stand for unknown. */
const known = (value: number | null | undefined): number | null => value || null;

/** What is the same in every quote of this service, in the units that the instrument trades in. */
function labelled(instrument: Instrument, timestamp: number, receivedAt: number) {
  return {
    symbol: instrument.symbol,
    market_cap: null,
    window: "session",
    currency: instrument.currency,
    price_unit: instrument.price_unit,
    volume_unit: instrument.volume_unit,
    exchange: instrument.primary_exchange,
    timestamp: isoTime(timestamp),
    received_at: isoTime(receivedAt),
    provider: "alpha_vantage",
    simulated: false,
  } as const;
}

/**
 * A share's quote. The service says only the trading date of the price; its moment is reckoned from the session.
 * @param delay seconds by which the service delays
 * @param receivedAt unix seconds
 */
export function quoteFromGlobal(
  quote: GlobalQuote,
  instrument: Instrument,
  delay: number,
  receivedAt: number,
): ProviderQuote {
  const price = quote["05. price"];
  const previousClose = known(quote["08. previous close"]);
  const market = marketOf(instrument.primary_exchange);
  return {
    ...labelled(instrument, momentOnDate(market, quote["07. latest trading day"], delay, receivedAt), receivedAt),
    price,
    ...changeSince(previousClose, price),
    open: known(quote["02. open"]),
    high: known(quote["03. high"]),
    low: known(quote["04. low"]),
    previous_close: previousClose,
    volume: quote["06. volume"],
    bid: null,
    ask: null,
    price_basis: "exchange",
  };
}

/** A share's quote out of a bulk answer. */
export function quoteFromBulk(quote: BulkQuote, instrument: Instrument, receivedAt: number): ProviderQuote {
  const previousClose = known(quote.previous_close);
  return {
    ...labelled(instrument, momentIn("America/New_York", quote.timestamp), receivedAt),
    price: quote.close,
    ...changeSince(previousClose, quote.close),
    open: known(quote.open),
    high: known(quote.high),
    low: known(quote.low),
    previous_close: previousClose,
    volume: quote.volume,
    bid: null,
    ask: null,
    price_basis: "exchange",
  };
}

/** A currency's rate: indicative, of no one venue. The day that it belongs to is not known. */
export function quoteFromRate(rate: ExchangeRate, instrument: Instrument, receivedAt: number): ProviderQuote {
  return {
    ...labelled(instrument, momentIn("UTC", rate["6. Last Refreshed"]), receivedAt),
    price: rate["5. Exchange Rate"],
    ...changeSince(null, null),
    open: null,
    high: null,
    low: null,
    previous_close: null,
    volume: null,
    bid: rate["8. Bid Price"] ?? null,
    ask: rate["9. Ask Price"] ?? null,
    price_basis: "index",
  };
}

const TYPES: Partial<Record<string, AssetType>> = { Equity: "stock", ETF: "etf" };

/** What the search found, in the service's own order. */
export function listingsFrom(search: Search): FoundListing[] {
  return search.bestMatches.map((match) => ({
    providerSymbol: match["1. symbol"],
    name: match["2. name"],
    type: TYPES[match["3. type"]] ?? null,
    currency: match["8. currency"],
    region: match["4. region"],
  }));
}
