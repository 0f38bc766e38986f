import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { changeSince } from "../../core/quotes/change.ts";
import { isoTime } from "../../core/time.ts";
import type { FoundListing } from "../provider.ts";
import type { Market } from "./schema.ts";

/**
 * A quote from the service's average over venues: no exchange's price, in the currency that it was asked in, whatever
 * the pair trades against; its volume is in that currency too.
 * @param currency the label of the currency that was asked in
 * @param receivedAt unix seconds
 */
export function quoteFrom(market: Market, instrument: Instrument, currency: string, receivedAt: number): ProviderQuote {
  const price = market.current_price;
  const before = priceADayAgo(price, market.price_change_24h ?? null);
  return {
    symbol: instrument.symbol,
    price,
    ...changeSince(before, price),
    open: before,
    high: market.high_24h ?? null,
    low: market.low_24h ?? null,
    previous_close: before,
    volume: market.total_volume ?? null,
    // Zero stands for unknown there.
    market_cap: market.market_cap || null,
    bid: null,
    ask: null,
    window: "24h",
    currency,
    price_unit: currency,
    volume_unit: "quote",
    exchange: "CRYPTO",
    price_basis: "index",
    timestamp: isoTime(Date.parse(market.last_updated) / 1000),
    received_at: isoTime(receivedAt),
    provider: "coingecko",
    simulated: false,
  };
}

/** The price that the change is counted from, without the noise of binary subtraction. */
function priceADayAgo(price: number, change: number | null): number | null {
  if (change === null) return null;
  const before = Number((price - change).toPrecision(12));
  return before > 0 ? before : null;
}

/** A coin that the search found. Its id is what the registry must hold: thousands of codes there are shared. */
export function listingFrom(coin: { id: string; name: string }): FoundListing {
  return { providerSymbol: coin.id, name: coin.name, type: "crypto", currency: null, region: null };
}
