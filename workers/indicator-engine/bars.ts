import { ApiError } from "../../contracts/problem.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { type BarsQuery, readBars } from "../../core/indicators/history.ts";
import type { IndicatorSpec } from "../../core/indicators/spec.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import type { CandlesPage } from "../../durable-objects/symbol-room/candles/candle-pages.ts";
import type { Tier } from "../http/responses.ts";
import { readRoomCandles } from "../rooms/candles.ts";
import { describeUnavailableSources } from "../rooms/unavailable-sources.ts";
import type { BarSeries } from "./response.ts";

/** Bars with their history, and the tier that had them. */
export interface CachedBarSeries extends BarSeries {
  tier: Tier;
}

/**
 * Reads the bars of a symbol that are asked for from its room, and enough history before them for every spec.
 * @throws ApiError candles.unavailable where no source answers and nothing is known
 */
export async function readBarSeries(
  env: Env,
  record: SymbolRecord,
  specs: readonly IndicatorSpec[],
  query: BarsQuery,
): Promise<CachedBarSeries> {
  const { interval } = query;
  const read = async (from: number, to: number, limit: number, backward: boolean): Promise<CandlesPage> => {
    const rows = { interval, from, to, limit, backward, includeSuspect: false };
    const reply = await readRoomCandles(env, record, rows);
    if (reply.kind === "page") return reply;
    const { sentence, sources } = describeUnavailableSources(record, reply.sources);
    throw new ApiError("candles.unavailable", `${sentence}. No candle of it is known yet.`, {
      headers: { "Retry-After": String(Math.max(1, Math.ceil(reply.retryAfter))) },
      extensions: { sources },
    });
  };
  const market = marketOf(record.primary_exchange);
  const { bars, page, forming } = await readBars(read, market, specs, query, Date.now() / 1000);
  return { bars, facts: page.facts, forming, tier: page.tier };
}
