import { z } from "zod";
import { CandleSchema } from "../../contracts/candle.ts";
import { QuoteSchema } from "../../contracts/quote.ts";
import { bucketStamped } from "../../core/buckets.ts";
import type { Interval } from "../../core/interval.ts";
import { MARKETS, type Market } from "../../core/market-calendar/markets.ts";
import { barOf, decimalsOf, priceOf } from "../fakes/prices.ts";

/** A symbol that is asked for, and what the stand-ins call what it costs. */
export interface TradedSymbol {
  symbol: string;
  name: string;
  market: Market;
  intervals: readonly Interval[];
}

const crypto = (symbol: string): TradedSymbol => ({
  symbol,
  name: symbol.split("/")[0],
  market: MARKETS.CRYPTO,
  intervals: symbol.endsWith("/USDT") ? ["1m", "1h", "1d"] : ["1d"],
});
const share = (symbol: string): TradedSymbol => ({ symbol, name: symbol, market: MARKETS.US, intervals: ["1h", "1d"] });
const currency = (symbol: string): TradedSymbol => ({ symbol, name: symbol, market: MARKETS.FOREX, intervals: ["1d"] });
const johannesburg = (symbol: string): TradedSymbol => ({
  symbol,
  name: symbol,
  market: MARKETS.JSE,
  intervals: ["1d"],
});

/** What is asked for: every class of asset, and every provider as first and as second source. */
export const TRADED: readonly TradedSymbol[] = [
  ...["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "DOGE/USDT", "BTC/USD", "ETH/USD"].map(crypto),
  ...["AAPL", "MSFT"].map(share),
  ...["USD/ZAR", "EUR/USD"].map(currency),
  ...["JSE:NPN", "JSE:SOL"].map(johannesburg),
];

const BY_SYMBOL = new Map(TRADED.map((traded) => [traded.symbol, traded]));

/** By how much a number may differ: one of its last decimals. */
const toleranceOf = (name: string): number => 1.01 * 10 ** -decimalsOf(name);

/** What is wrong with a quote that was served; null where nothing is. */
export function faultOfQuote(value: unknown): string | null {
  const parsed = QuoteSchema.safeParse(value);
  if (!parsed.success) return `is no quote: ${parsed.error.message}`;
  const { symbol, price, timestamp, provider, simulated } = parsed.data;
  const traded = BY_SYMBOL.get(symbol);
  if (!traded) return `${symbol} was not asked for`;
  if (simulated) return `${symbol} is simulated`;
  const time = Date.parse(timestamp) / 1000;
  if (time > Date.now() / 1000 + 1) return `${symbol} is of ${timestamp}, which is yet to come`;
  const expected = priceOf(traded.name, time);
  if (price !== null && Math.abs(price - expected) <= toleranceOf(traded.name)) return null;
  return `${symbol} cost ${expected} at ${timestamp}, not ${price} (${provider})`;
}

const CandlesSchema = z.object({ symbol: z.string(), interval: z.custom<Interval>(), data: z.array(CandleSchema) });

/** What is wrong with candles that were served: one that goes beyond what was traded in its bucket. */
export function faultOfCandles(value: unknown): string | null {
  const parsed = CandlesSchema.safeParse(value);
  if (!parsed.success) return `are no candles: ${parsed.error.message}`;
  const { symbol, interval, data } = parsed.data;
  const traded = BY_SYMBOL.get(symbol);
  if (!traded) return `${symbol} was not asked for`;
  const { name, market } = traded;
  const slack = toleranceOf(name);
  for (const { time, open, high, low, close } of data) {
    const bucket = bucketStamped(market, interval, time);
    if (!bucket) return `${symbol} ${interval}: ${time} opens no bucket`;
    const bar = barOf(name, bucket.opens, Math.min(bucket.closes, Date.now() / 1000 + 1));
    // The price moves between the instants at which a bar is sampled.
    const room = slack + bar.high * 2e-3;
    for (const part of [open, high, low, close]) {
      if (part === null || (part <= bar.high + room && part >= bar.low - room)) continue;
      return `${symbol} ${interval} of ${time} says ${part}; it traded from ${bar.low} to ${bar.high}`;
    }
  }
  return null;
}
