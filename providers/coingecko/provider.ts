import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Interval } from "../../core/interval.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { barsWithin, type ReadRow, rulesOf } from "../bars.ts";
import {
  type Budget,
  type CallContext,
  type CandleRequest,
  type Failure,
  type FoundListing,
  failure,
  isFailure,
  type Listing,
  type Provider,
  type ProviderCandles,
} from "../provider.ts";
import { rowsFromChart, rowsFromOhlc } from "./candle-mapper.ts";
import { type PlannedCall, planCalls, SUPPORTED_INTERVALS } from "./candle-plan.ts";
import {
  COINS_PER_CALL,
  type CoinGeckoSettings,
  coinMarketChart,
  coinOhlc,
  coinsMarkets,
  type Plan,
  searchCoins,
} from "./client.ts";
import { quoteCurrencyOf } from "./currency.ts";
import { listingFrom, quoteFrom } from "./mapper.ts";
import { type Market, MarketSchema } from "./schema.ts";

/** Where each plan is asked. */
export const COINGECKO_BASE_URL: Record<Plan, string> = {
  keyless: "https://api.coingecko.com/api/v3",
  demo: "https://api.coingecko.com/api/v3",
  pro: "https://pro-api.coingecko.com/api/v3",
};

/**
 * Calls that a plan allows: without a key 5 to 15 a minute, as the service's load has it; a free key 30 a minute and
 * 10,000 a month; the smallest paid one 500 a minute and 500,000 a month.
 * @see https://www.coingecko.com/en/api/pricing
 */
const BUDGETS: Record<Plan, Budget> = {
  keyless: { perSecond: 1, perMinute: 5, perDay: null },
  demo: { perSecond: null, perMinute: 30, perDay: 320 },
  pro: { perSecond: null, perMinute: 500, perDay: 16_000 },
};

/** CoinGecko: prices of coins averaged over venues, by coin and not by pair. */
export function coinGeckoProvider(settings: CoinGeckoSettings): Provider {
  return {
    name: "coingecko",
    capabilities: {
      assetTypes: ["crypto"],
      intervals: { crypto: SUPPORTED_INTERVALS },
      batchSize: COINS_PER_CALL,
      delay: 0,
      budget: BUDGETS[settings.plan],
    },
    quotes: (listings, context) => quotes(settings, listings, context),
    candles: (request, context) => candles(settings, request, context),
    search: (text, context) => search(settings, text, context),
  };
}

/** One call for each currency that is asked in; nearly always that is the dollar alone. */
async function quotes(
  settings: CoinGeckoSettings,
  listings: readonly Listing[],
  context: CallContext,
): Promise<Map<string, ProviderQuote | Failure>> {
  const found = new Map<string, ProviderQuote | Failure>();
  const byCurrency = Map.groupBy(listings, ({ instrument }) => quoteCurrencyOf(instrument.currency)?.code ?? null);
  for (const [code, group] of byCurrency) {
    const ids = group.map(({ providerSymbol }) => providerSymbol);
    const markets = code === null ? failure("unsupported") : await marketsOf(settings, ids, code, context);
    for (const { instrument, providerSymbol } of group) {
      const label = quoteCurrencyOf(instrument.currency)?.label ?? instrument.currency;
      const market = isFailure(markets) ? markets : (markets.get(providerSymbol) ?? failure("unknown_symbol"));
      found.set(instrument.symbol, isFailure(market) ? market : quoteFrom(market, instrument, label, context.now()));
    }
  }
  return found;
}

/** Coins by id; one whose row is not as it should be is that coin's failure alone. */
async function marketsOf(
  settings: CoinGeckoSettings,
  ids: readonly string[],
  currency: string,
  context: CallContext,
): Promise<Map<string, Market | Failure> | Failure> {
  const rows = await coinsMarkets(settings, { ids: [...new Set(ids)], currency }, context);
  if (isFailure(rows)) return rows;
  const markets = new Map<string, Market | Failure>();
  let unreadable = false;
  for (const row of rows) {
    const market = MarketSchema.safeParse(row);
    if (market.success) markets.set(market.data.id, market.data);
    else unreadable = true;
  }
  if (unreadable) for (const id of ids) if (!markets.has(id)) markets.set(id, failure("bad_answer"));
  return markets;
}

async function candles(
  settings: CoinGeckoSettings,
  request: CandleRequest,
  context: CallContext,
): Promise<ProviderCandles | Failure> {
  const { listing, interval, from, to } = request;
  const currency = quoteCurrencyOf(listing.instrument.currency);
  const calls = planCalls(settings.plan, interval, from, to, context.now());
  if (!currency || calls.length === 0) return failure("unsupported");
  const rows: ReadRow[] = [];
  for (const call of calls) {
    const answer = await rowsOf(settings, listing.providerSymbol, currency.code, interval, call, context);
    if (isFailure(answer)) return answer;
    for (const row of answer) {
      if (row.time === null || (row.time >= call.from && row.time < call.to)) rows.push(row);
    }
  }
  const construction = calls[0].endpoint === "ohlc" ? "provider" : "sampled";
  const kept = barsWithin(rows, rulesOf(request, MARKETS.CRYPTO));
  return { kind: "candles", ...kept, upTo: to, interval, adjustment: "raw", construction };
}

async function rowsOf(
  settings: CoinGeckoSettings,
  id: string,
  currency: string,
  interval: Interval,
  { endpoint, days, length }: PlannedCall,
  context: CallContext,
): Promise<ReadRow[] | Failure> {
  if (endpoint === "chart") {
    const chart = await coinMarketChart(settings, { id, currency, days }, context);
    return isFailure(chart) ? chart : (rowsFromChart(chart, interval) ?? failure("bad_answer"));
  }
  const rows = await coinOhlc(settings, { id, currency, days, interval: length }, context);
  return isFailure(rows) ? rows : (rowsFromOhlc(rows, interval, context.now()) ?? failure("bad_answer"));
}

async function search(
  settings: CoinGeckoSettings,
  text: string,
  context: CallContext,
): Promise<FoundListing[] | Failure> {
  const answer = await searchCoins(settings, text, context);
  return isFailure(answer) ? answer : answer.coins.map(listingFrom);
}
