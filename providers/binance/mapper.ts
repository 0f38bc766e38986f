import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { changeSince } from "../../core/quotes/change.ts";
import { isoTime } from "../../core/time.ts";
import { decimalText, milliseconds } from "../answer-schema.ts";
import type { ReadRow } from "../bars.ts";
import { readRow } from "../rows.ts";
import { KlineSchema, type Ticker } from "./schema.ts";

const orNull = (zeroIsUnknown: number): number | null => (zeroIsUnknown > 0 ? zeroIsUnknown : null);

/**
 * A quote from the exchange's rolling 24 hours: price and volume in the pair's own units, the volume in the base asset.
 * @param receivedAt unix seconds
 */
export function quoteFrom(ticker: Ticker, instrument: Instrument, receivedAt: number): ProviderQuote {
  return {
    symbol: instrument.symbol,
    price: ticker.lastPrice,
    ...changeSince(ticker.openPrice, ticker.lastPrice),
    open: ticker.openPrice,
    high: ticker.highPrice,
    low: ticker.lowPrice,
    previous_close: ticker.openPrice,
    volume: ticker.volume,
    market_cap: null,
    bid: orNull(ticker.bidPrice),
    ask: orNull(ticker.askPrice),
    window: "24h",
    currency: instrument.currency,
    price_unit: instrument.price_unit,
    volume_unit: "base",
    exchange: "BINANCE",
    price_basis: "exchange",
    timestamp: isoTime(ticker.closeTime / 1000),
    received_at: isoTime(receivedAt),
    provider: "binance",
    simulated: false,
  };
}

/** A candle, its stamp the opening of the bucket; null where the row is no kline. */
export function rowFrom(kline: unknown): ReadRow | null {
  const fields = KlineSchema.safeParse(kline).data;
  if (!fields) return null;
  const [openTime, open, high, low, close, volume] = fields;
  const stamp = milliseconds.safeParse(openTime).data;
  const time = stamp === undefined ? null : stamp / 1000;
  return readRow({ time, open, high, low, close, volume }, { number: decimalText });
}
