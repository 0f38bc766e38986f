import { factsOf, type Origin, type SeriesFacts } from "../../../../contracts/candle.ts";
import { joinCandles, sliceCandles } from "../../../../core/candles.ts";
import {
  type Bars,
  type BarsQuery,
  type HistoryPage,
  type ReadPage,
  readBars,
} from "../../../../core/indicators/history.ts";
import { parseSpec } from "../../../../core/indicators/spec.ts";
import type { Market } from "../../../../core/market-calendar/markets.ts";
import { passBars } from "../../../isolate/long-work.ts";
import type { RowQuery } from "../storage/candle-store.ts";
import { type CandlesPage, originsOf } from "./candle-pages.ts";

/** Bars with the history that indicators need, without what cannot cross between objects. */
export interface Columns {
  kind: "columns";
  bars: Omit<Bars, "tradingDay">;
  /** The origins of the bars that are answered. */
  origins: Origin[];
  facts: SeriesFacts;
  /** Whether the last bar is still forming. */
  forming: boolean;
  tier: CandlesPage["tier"];
}

/** Bars that are read in one go; then quotes pass. */
const MAX_PAGE = 1_000;
/** Fewer bars are short work. */
const FEW_BARS = 500;

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
 * Reads long stretches in several pages, between which quotes pass: a room has one thread.
 * @param read reads one page
 */
export function inPages<Page extends HistoryPage>(read: ReadPage<Page>): ReadPage<Page> {
  return async (from, to, limit, backward) => {
    if (limit > FEW_BARS) await passBars(Math.min(limit, MAX_PAGE));
    let page = await read(from, to, Math.min(limit, MAX_PAGE), backward);
    const pages = [page];
    for (let left = limit - page.candles.length; page.more && page.candles.length > 0 && left > 0; ) {
      const { candles } = page;
      const size = Math.min(left, MAX_PAGE);
      await passBars(size);
      page = backward
        ? await read(from, candles.time[0], size, true)
        : await read(candles.time[candles.length - 1] + 1, to, size, false);
      pages.push(page);
      left -= page.candles.length;
    }
    if (pages.length === 1) return page;
    const provider = pages.every(({ facts }) => facts.provider === page.facts.provider) ? page.facts.provider : "mixed";
    const columns = pages.map(({ candles }) => candles);
    const candles = joinCandles(...(backward ? columns.reverse() : columns));
    return { ...page, candles, facts: { ...page.facts, provider } };
  };
}

/**
 * Reads the bars that are asked for, and enough history before them for every indicator.
 * @param originOf returns the origin with a number that bars have
 * @param specs the keys of the indicators' specs
 * @param now unix seconds
 */
export async function readColumns(
  read: ReadSourcePage,
  originOf: (id: number) => Origin,
  market: Market,
  query: BarsQuery,
  specs: readonly string[],
  now: number,
): Promise<Columns | { kind: "unavailable"; retryAfter: number }> {
  const { interval } = query;
  const readOne = async (from: number, to: number, limit: number, backward: boolean): Promise<CandlesPage> => {
    const page = await read({ interval, from, to, limit, backward, includeSuspect: false });
    if (page.kind === "unavailable") throw new PageUnavailable(page.retryAfter);
    return page;
  };
  const readPage = inPages(readOne);
  try {
    const { bars, page, forming } = await readBars(readPage, market, specs.map(parseSpec), query, now);
    const { tradingDay: _, ...plain } = bars;
    const origins = originsOf(sliceCandles(bars.columns, bars.first), originOf);
    const facts = origins.length > 0 ? factsOf(origins) : page.facts;
    return { kind: "columns", bars: plain, origins, facts, forming, tier: page.tier };
  } catch (error) {
    if (!(error instanceof PageUnavailable)) throw error;
    return { kind: "unavailable", retryAfter: error.retryAfter };
  }
}
