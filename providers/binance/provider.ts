import type { ProviderQuote } from "../../contracts/quote.ts";
import { INTERVALS } from "../../core/interval.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { barsWithin, type ReadRow, rulesOf } from "../bars.ts";
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
import { lastTime, readRows } from "../rows.ts";
import { KLINES_PER_CALL, klines, SYMBOL } from "./client.ts";
import { quoteFrom, rowFrom } from "./mapper.ts";
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

/**
 * Candles, page by page. Some stamps of February 2018 lie off the grid, in the exchange's archive too: the pages go on
 * after them as after any other.
 */
async function candles(
  baseUrl: string,
  request: CandleRequest,
  context: CallContext,
): Promise<ProviderCandles | Failure> {
  const { listing, interval, from, to } = request;
  const symbol = listing.providerSymbol;
  if (!SYMBOL.test(symbol)) return failure("unknown_symbol");
  const rows: ReadRow[] = [];
  let next = from;
  let upTo = to;
  for (let call = 0; next < to; call++) {
    if (call === CALLS_PER_REQUEST) {
      upTo = next;
      break;
    }
    const klinesOfPage = await klines(baseUrl, { symbol, interval, from: next, to }, context);
    if (isFailure(klinesOfPage)) return klinesOfPage;
    const page = readRows(klinesOfPage, rowFrom);
    if (page === null) return failure("bad_answer");
    for (const row of page) rows.push(row);
    const last = lastTime(page);
    // A page that does not go on from the one before would be asked for again and again.
    if (last === null || page.length < KLINES_PER_CALL || last < next) break;
    next = last + 1;
  }
  const kept = barsWithin(rows, rulesOf(request, MARKETS.CRYPTO));
  return { kind: "candles", ...kept, upTo, interval, adjustment: "raw", construction: "provider" };
}
