import { ApiError } from "../../contracts/problem.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { sliceCandles } from "../../core/candles.ts";
import { type BarsQuery, tradingDayOf } from "../../core/indicators/history.ts";
import type { IndicatorSpec } from "../../core/indicators/spec.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import type { Tier } from "../http/responses.ts";
import { readRoomColumns } from "../rooms/candles.ts";
import { segmentsOf } from "../rooms/segments.ts";
import { describeUnavailableSources } from "../rooms/unavailable-sources.ts";
import type { BarSeries } from "./response.ts";

/** Bars with their history, and the tier that had them. */
export interface CachedBarSeries extends BarSeries {
  tier: Tier;
}

/**
 * Reads the bars of a symbol that are asked for from its room, and enough history before them for every spec.
 * @throws ApiError rate_limit.exceeded where its room has too much to read, candles.unavailable where no source answers and no candles are stored
 */
export async function readBarSeries(
  env: Env,
  record: SymbolRecord,
  specs: readonly IndicatorSpec[],
  query: BarsQuery,
): Promise<CachedBarSeries> {
  const { interval, points, from, to, includeOpen } = query;
  const keys = specs.map(({ key }) => key);
  const reply = await readRoomColumns(env, record, { interval, points, from, to, includeOpen }, keys);
  if (reply.kind === "columns") {
    const { bars, origins, facts, forming, tier } = reply;
    const market = marketOf(record.primary_exchange);
    const segments = segmentsOf(sliceCandles(bars.columns, bars.first), origins, market, interval);
    return { bars: { ...bars, tradingDay: tradingDayOf(market, interval) }, facts, segments, forming, tier };
  }
  if (reply.kind === "overloaded") {
    const detail = `The room of ${record.symbol} reads as much history as it may at the moment. Ask again in a moment.`;
    throw new ApiError("rate_limit.exceeded", detail, { headers: { "Retry-After": String(reply.retryAfter) } });
  }
  const { sentence, sources } = describeUnavailableSources(record, reply.sources);
  throw new ApiError("candles.unavailable", `${sentence}. No candle of it is known yet.`, {
    headers: { "Retry-After": String(Math.max(1, Math.ceil(reply.retryAfter))) },
    extensions: { sources },
  });
}
