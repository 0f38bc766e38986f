import type { ProviderQuote } from "../../contracts/quote.ts";
import { bucketStamped } from "../../core/buckets.ts";
import { INTERVALS } from "../../core/interval.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { type Bar, columnsWithin } from "../bars.ts";
import {
  type CallContext,
  type CandleRequest,
  type Capabilities,
  type Failure,
  failure,
  isFailure,
  type Listing,
  type Provider,
  type ProviderCandles,
} from "../provider.ts";
import { KLINES_PER_CALL, klines, SYMBOL } from "./client.ts";
import { barFrom, quoteFrom } from "./mapper.ts";
import { type RefusedSymbols, tickersOf } from "./tickers.ts";

/** What the exchange is asked with: its market data needs no key. */
export interface BinanceSettings {
  baseUrl: string;
}

/** Its host for public market data, which has no accounts behind it. */
export const BINANCE_BASE_URL = "https://data-api.binance.vision";

/** The most candles that one request is answered with; the rest of its range is a request of its own. */
const CALLS_PER_REQUEST = 5;

/**
 * Every call that we make weighs 2 of the 6,000 that an address may spend in a minute. Edge locations share addresses
 * with other tenants, so that only a tenth is ours.
 */
const CAPABILITIES: Capabilities = {
  assetTypes: ["crypto"],
  intervals: { crypto: INTERVALS },
  batchSize: 20,
  delay: 0,
  budget: { perSecond: 10, perMinute: 300, perDay: null },
};

/** Binance: crypto as one exchange trades it, with volumes, without a key. */
export function binanceProvider({ baseUrl }: BinanceSettings): Provider {
  const refused: RefusedSymbols = new Map();
  return {
    name: "binance",
    capabilities: CAPABILITIES,
    quotes: (listings, context) => quotes(baseUrl, refused, listings, context),
    candles: (request, context) => candles(baseUrl, request, context),
  };
}

async function quotes(
  baseUrl: string,
  refused: RefusedSymbols,
  listings: readonly Listing[],
  context: CallContext,
): Promise<Map<string, ProviderQuote | Failure>> {
  const symbols = listings.map(({ providerSymbol }) => providerSymbol);
  const tickers = await tickersOf(baseUrl, symbols, refused, context);
  const found = new Map<string, ProviderQuote | Failure>();
  for (const { instrument, providerSymbol } of listings) {
    const ticker = tickers.get(providerSymbol) ?? failure("unknown_symbol");
    found.set(instrument.symbol, isFailure(ticker) ? ticker : quoteFrom(ticker, instrument, context.now()));
  }
  return found;
}

async function candles(
  baseUrl: string,
  { listing, interval, from, to }: CandleRequest,
  context: CallContext,
): Promise<ProviderCandles | Failure> {
  if (!SYMBOL.test(listing.providerSymbol)) return failure("unknown_symbol");
  const bars: Bar[] = [];
  let next = from;
  for (let call = 0; call < CALLS_PER_REQUEST && next < to; call++) {
    const page = await klines(baseUrl, { symbol: listing.providerSymbol, interval, from: next, to }, context);
    if (isFailure(page)) return page;
    for (const kline of page) {
      const bar = barFrom(kline);
      if (!bucketStamped(MARKETS.CRYPTO, interval, bar.time)) return failure("bad_answer");
      bars.push(bar);
    }
    const last = bars.at(-1);
    // A page that does not go on from the one before would be asked for again and again.
    if (!last || page.length < KLINES_PER_CALL || last.time < next) break;
    next = last.time + 1;
  }
  const columns = columnsWithin(bars, from, to);
  return { kind: "candles", candles: columns, interval, adjustment: "raw", construction: "provider" };
}
