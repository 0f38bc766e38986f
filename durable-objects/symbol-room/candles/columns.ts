import type { SeriesFacts } from "../../../contracts/candle.ts";
import { type Bars, type BarsQuery, readBars } from "../../../core/indicators/history.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";
import type { Market } from "../../../core/market-calendar/markets.ts";
import type { CandlesPage } from "./candle-pages.ts";
import type { RowQuery } from "./candle-store.ts";

/** Bars with the history that indicators need, without what cannot cross between objects. */
export interface Columns {
  kind: "columns";
  bars: Omit<Bars, "tradingDay">;
  facts: SeriesFacts;
  /** Whether the last bar is still forming. */
  forming: boolean;
  tier: CandlesPage["tier"];
}

/** Reads a page of candles, or says after how many seconds to ask again for it. */
export type ReadSourcePage = (query: RowQuery) => Promise<CandlesPage | { kind: "unavailable"; retryAfter: number }>;

/** A page that no source has now. */
class PageUnavailable extends Error {
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super("no source has the candles");
    this.retryAfter = retryAfter;
  }
}

/**
 * Reads the bars that are asked for, and enough history before them for every indicator.
 * @param specs the keys of the indicators' specs
 * @param now unix seconds
 */
export async function readColumns(
  read: ReadSourcePage,
  market: Market,
  query: BarsQuery,
  specs: readonly string[],
  now: number,
): Promise<Columns | { kind: "unavailable"; retryAfter: number }> {
  const { interval } = query;
  const readPage = async (from: number, to: number, limit: number, backward: boolean): Promise<CandlesPage> => {
    const page = await read({ interval, from, to, limit, backward, includeSuspect: false });
    if (page.kind === "unavailable") throw new PageUnavailable(page.retryAfter);
    return page;
  };
  try {
    const { bars, page, forming } = await readBars(readPage, market, specs.map(parseSpec), query, now);
    const { tradingDay: _, ...plain } = bars;
    return { kind: "columns", bars: plain, facts: page.facts, forming, tier: page.tier };
  } catch (error) {
    if (!(error instanceof PageUnavailable)) throw error;
    return { kind: "unavailable", retryAfter: error.retryAfter };
  }
}
