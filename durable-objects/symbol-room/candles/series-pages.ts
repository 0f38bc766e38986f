import { bucketAt, bucketsBackward, bucketsForward } from "../../../core/buckets.ts";
import { type CandleColumns, sliceCandles } from "../../../core/candles.ts";
import {
  bucketStart,
  INTRADAY_SECONDS,
  type Interval,
  isDated,
  isMultipleOf,
  nextStamp,
} from "../../../core/interval.ts";
import type { Market } from "../../../core/market-calendar/markets.ts";
import { resample } from "../../../core/resample.ts";
import { DAY } from "../../../core/time.ts";
import type { CandleStore, RowQuery, Series } from "./candle-store.ts";

/** Rows read for one page at most, so that minutes resampled to months cost bounded memory: the page is shorter instead. */
const MAX_ROWS = 200_000;

/** A page of one series, at its own interval or resampled. */
export interface SeriesPage {
  candles: CandleColumns;
  /** Whether more candles follow in the page's direction. */
  more: boolean;
}

/** The stored series that answers for an interval: its own, else the coarsest that it can be resampled from. */
export function seriesFor(all: readonly Series[], interval: Interval): Series | null {
  return (
    all.find((series) => series.interval === interval) ??
    all.findLast((series) => isMultipleOf(series.interval, interval)) ??
    null
  );
}

/** The stretch for which a series knows candles of an interval, `[from, to)` by their stamps. */
export function knownStretch(series: Series, market: Market, interval: Interval): { from: number; to: number } {
  const first = stampAt(market, series, interval, series.first);
  const last = stampAt(market, series, interval, series.last);
  return {
    from: first,
    to: isDated(interval) ? nextStamp(interval, last) : last + (INTRADAY_SECONDS[interval] ?? DAY),
  };
}

function stampAt(market: Market, series: Series, interval: Interval, time: number): number {
  if (series.interval === interval) return time;
  if (isDated(series.interval)) return isDated(interval) ? bucketStart(interval, time) : time;
  return bucketAt(market, interval, time)?.time ?? (isDated(interval) ? bucketStart(interval, time) : time);
}

/** The most candles of `fine` that one candle of `coarse` is made of. */
function ratio(fine: Interval, coarse: Interval): number {
  const days = coarse === "1M" ? 31 : coarse === "1w" ? 7 : 1;
  const fineSeconds = INTRADAY_SECONDS[fine];
  if (fineSeconds === null) return days;
  return Math.ceil((INTRADAY_SECONDS[coarse] ?? days * DAY) / fineSeconds);
}

/** Reads a page of a series at `query.interval`, resampling where the series is finer. */
export function readPage(store: CandleStore, series: Series, market: Market, query: RowQuery): SeriesPage {
  if (series.interval === query.interval) {
    const rows = store.read({ ...query, limit: query.limit + 1 });
    return cut(rows, query);
  }
  return readResampled(store, series, market, query);
}

/** Drops what is beyond the limit, at the far end. */
function cut(candles: CandleColumns, query: RowQuery): SeriesPage {
  const more = candles.length > query.limit;
  if (!more) return { candles, more };
  const kept = query.backward
    ? sliceCandles(candles, candles.length - query.limit)
    : sliceCandles(candles, 0, query.limit);
  return { candles: kept, more };
}

function readResampled(store: CandleStore, series: Series, market: Market, query: RowQuery): SeriesPage {
  const known = knownStretch(series, market, query.interval);
  const from = Math.max(query.from, known.from);
  const to = Math.min(query.to, known.to);
  const span = spanOf(market, series.interval, query.interval, from, to);
  if (!span) return { candles: sliceCandles(store.read({ ...query, limit: 0 }), 0), more: false };
  const limit = Math.min((query.limit + 1) * ratio(series.interval, query.interval), MAX_ROWS);
  const rows = store.read({
    ...span,
    interval: series.interval,
    limit,
    backward: query.backward,
    includeSuspect: query.includeSuspect,
  });
  const coarse = resample(rows, market, series.interval, query.interval);
  const exhausted = rows.length < limit;
  // The bucket at the far end may lack the rows that the limit cut off.
  const whole = exhausted
    ? coarse
    : query.backward
      ? sliceCandles(coarse, 1)
      : sliceCandles(coarse, 0, coarse.length - 1);
  const page = cut(whole, query);
  return { candles: page.candles, more: page.more || !exhausted };
}

/** The stamps of the finer candles that make up the coarser ones stamped within `[from, to)`. */
function spanOf(
  market: Market,
  fine: Interval,
  coarse: Interval,
  from: number,
  to: number,
): { from: number; to: number } | null {
  const first = bucketsForward(market, coarse, from).next().value;
  const last = bucketsBackward(market, coarse, to).next().value;
  if (!first || !last || last.time < first.time) return null;
  if (isDated(fine) && isDated(coarse)) return { from: first.time, to: nextStamp(coarse, last.time) };
  return { from: first.anchor, to: last.closes };
}
