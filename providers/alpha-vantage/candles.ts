import { countBuckets } from "../../core/buckets.ts";
import { INTRADAY_SECONDS, type Interval } from "../../core/interval.ts";
import { type Market, marketOf } from "../../core/market-calendar/markets.ts";
import type { AssetType } from "../../core/symbol.ts";
import { DAY, isoDate, startOfMonth, startOfNextMonth } from "../../core/time.ts";
import { barsWithin, type ReadRow, rulesOf } from "../bars.ts";
import {
  type CallContext,
  type CandleRequest,
  type Failure,
  failure,
  isFailure,
  type ProviderCandles,
} from "../provider.ts";
import { rowsFromAdjusted, rowsFromDaily, rowsFromIntraday } from "./bar-mapper.ts";
import {
  type AlphaVantageSettings,
  fxDaily,
  fxIntraday,
  type IntradayLength,
  type OutputSize,
  timeSeriesDaily,
  timeSeriesDailyAdjusted,
  timeSeriesIntraday,
} from "./client.ts";
import { pairOf } from "./pair.ts";
import type { Series } from "./schema.ts";

/** Bars in a compact answer. */
const COMPACT_BARS = 100;
/** How far back intraday bars reach without naming a month; the service says 30 days. */
const RECENT_SECONDS = 29 * DAY;
/** Months of intraday bars that one request is answered with, the oldest first. */
const MONTHS_PER_REQUEST = 3;

const LENGTHS: Partial<Record<Interval, IntradayLength>> = {
  "1m": "1min",
  "5m": "5min",
  "15m": "15min",
  "30m": "30min",
  "1h": "60min",
};

const SHARES: readonly Interval[] = ["1m", "5m", "15m", "30m", "1d"];

/**
 * The intervals served on our buckets. Shares have no hours: theirs begin on the full hour, the session's at half past.
 * Whether a key allows intraday bars is for the service to say: a free one is refused with `premium_only`.
 */
export const SUPPORTED_INTERVALS: Partial<Record<AssetType, readonly Interval[]>> = {
  stock: SHARES,
  etf: SHARES,
  forex: ["1m", "5m", "15m", "30m", "1h", "1d"],
};

/** Candles of a share or a pair of currencies. */
export async function candles(
  settings: AlphaVantageSettings,
  request: CandleRequest,
  context: CallContext,
): Promise<ProviderCandles | Failure> {
  const { instrument } = request.listing;
  const { interval, from } = request;
  if (!SUPPORTED_INTERVALS[instrument.type]?.includes(interval)) return failure("unsupported");
  const market = marketOf(instrument.primary_exchange);
  const dated = INTRADAY_SECONDS[interval] === null;
  // Intraday bars are of shares in the US alone.
  if (!dated && market.id !== "US" && market.id !== "FOREX") return failure("unsupported");
  const size: OutputSize = countBuckets(market, interval, from, context.now()) < COMPACT_BARS ? "compact" : "full";
  const answer = dated
    ? await dailyBars(settings, request, size, context)
    : await intradayBars(settings, request, market, size, context);
  if (isFailure(answer)) return answer;
  const kept = barsWithin(answer.rows, rulesOf(request, market));
  const { adjustment, upTo } = answer;
  return { kind: "candles", ...kept, upTo: upTo ?? request.to, interval, adjustment, construction: "provider" };
}

interface ReadSeries {
  rows: ReadRow[];
  adjustment: "raw" | "split";
  /** Where the rows end before what was asked for does, unix seconds. */
  upTo?: number;
}

/** Days. Where the key does not allow all of them the last hundred are taken. */
async function dailyBars(
  settings: AlphaVantageSettings,
  request: CandleRequest,
  size: OutputSize,
  context: CallContext,
): Promise<ReadSeries | Failure> {
  const series = await dailySeries(settings, request, size, context);
  const beyondPlan = isFailure(series) && series.reason === "premium_only" && size === "full";
  return beyondPlan ? dailySeries(settings, request, "compact", context) : series;
}

async function dailySeries(
  settings: AlphaVantageSettings,
  { listing }: CandleRequest,
  size: OutputSize,
  context: CallContext,
): Promise<ReadSeries | Failure> {
  const symbol = listing.providerSymbol;
  if (listing.instrument.type === "forex") {
    const pair = pairOf(symbol);
    if (!pair) return failure("unknown_symbol");
    const days = await fxDaily(settings, { ...pair, size }, context);
    return checked(days, symbol, rowsFromDaily, "raw");
  }
  if (settings.plan === "free") {
    return checked(await timeSeriesDaily(settings, { symbol, size }, context), symbol, rowsFromDaily, "raw");
  }
  const days = await timeSeriesDailyAdjusted(settings, { symbol, size }, context);
  return checked(days, symbol, rowsFromAdjusted, "split");
}

/** The rows of an answer, provided that it is one, about the symbol that was asked for. */
function checked(
  answer: Series | Failure,
  symbol: string,
  rowsFrom: (answer: Series) => ReadRow[] | null,
  adjustment: ReadSeries["adjustment"],
): ReadSeries | Failure {
  if (isFailure(answer)) return answer;
  const rows = answer.symbol.toUpperCase() === symbol.toUpperCase() ? rowsFrom(answer) : null;
  return rows === null ? failure("bad_answer") : { rows, adjustment };
}

async function intradayBars(
  settings: AlphaVantageSettings,
  { listing, interval, from, to }: CandleRequest,
  market: Market,
  size: OutputSize,
  context: CallContext,
): Promise<ReadSeries | Failure> {
  const length = LENGTHS[interval];
  if (!length) return failure("unsupported");
  const symbol = listing.providerSymbol;
  const rowsFrom = (answer: Series) => rowsFromIntraday(answer, market, interval);
  if (listing.instrument.type === "forex") {
    const pair = pairOf(symbol);
    if (!pair) return failure("unknown_symbol");
    return checked(await fxIntraday(settings, { ...pair, interval: length, size }, context), symbol, rowsFrom, "raw");
  }
  const rows: ReadRow[] = [];
  const months = monthsToAsk(from, to, context.now());
  const asked = months.slice(0, MONTHS_PER_REQUEST);
  for (const month of asked) {
    const answer = await timeSeriesIntraday(settings, { symbol, interval: length, size, month }, context);
    const series = checked(answer, symbol, rowsFrom, "raw");
    if (isFailure(series)) return series;
    for (const row of series.rows) rows.push(row);
  }
  const rest = months[MONTHS_PER_REQUEST];
  return { rows, adjustment: "raw", ...(rest && { upTo: Date.parse(rest) / 1000 }) };
}

/** The months that hold a range, or more of them than one request asks for, as the service names them; one call without a month where the range is recent. */
function monthsToAsk(from: number, to: number, now: number): (string | undefined)[] {
  if (from >= now - RECENT_SECONDS) return [undefined];
  const months: string[] = [];
  const end = Math.min(to, now);
  for (let month = startOfMonth(from); month < end && months.length <= MONTHS_PER_REQUEST; ) {
    months.push(isoDate(month).slice(0, 7));
    month = startOfNextMonth(month);
  }
  return months;
}
