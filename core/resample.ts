import { type Bucket, bucketAt } from "./buckets.ts";
import { type CandleColumns, emptyCandles, sliceCandles } from "./candles.ts";
import { INTRADAY_SECONDS, type Interval, isDated, stampOfDate } from "./interval.ts";
import type { Market } from "./market-calendar/markets.ts";

/** Decimal digits that a float64 always keeps. */
const EXACT_DIGITS = 15;

/** A sum of decimal volumes as on paper: without the last binary digits that adding floats leaves behind. */
const decimal = (sum: number): number => (Number.isInteger(sum) ? sum : Number(sum.toPrecision(EXACT_DIGITS)));

/** A first candle that is stamped before a late opening belongs to the bucket that it opens. */
function lateOpening(market: Market, from: Interval, to: Interval, time: number): Bucket | null {
  const opening = bucketAt(market, from, time + (INTRADAY_SECONDS[from] ?? 0) - 1);
  return opening?.time === time ? bucketAt(market, to, opening.opens) : null;
}

/** The stamp of the coarser bucket that holds a candle, or NaN for a candle outside every session. */
function bucketStamper(market: Market, from: Interval, to: Interval): (time: number) => number {
  if (isDated(from)) return isDated(to) ? (time) => stampOfDate(to, time) : () => Number.NaN;
  let current: Bucket | null = null;
  return (time) => {
    if (!current || time < current.opens || time >= current.closes) {
      current = bucketAt(market, to, time) ?? lateOpening(market, from, to, time);
    }
    return current ? current.time : Number.NaN;
  };
}

/**
 * Coarser candles on the market's calendar: first open, highest high, lowest low, last close, summed volume. A number is
 * unknown where one of its parts is. Candles outside regular sessions stay out of coarser ones. Resampling is
 * associative: minutes to hours to days gives what minutes to days gives.
 * @param columns candles of the interval `from`, ascending; not changed
 */
export function resample(columns: CandleColumns, market: Market, from: Interval, to: Interval): CandleColumns {
  const result = emptyCandles(columns.length);
  const stampOf = bucketStamper(market, from, to);
  let last = -1;
  for (let i = 0; i < columns.length; i++) {
    const stamp = stampOf(columns.time[i]);
    if (Number.isNaN(stamp)) continue;
    if (last >= 0 && result.time[last] === stamp) {
      // Math.max, Math.min and + keep NaN: unknown stays unknown.
      result.high[last] = Math.max(result.high[last], columns.high[i]);
      result.low[last] = Math.min(result.low[last], columns.low[i]);
      result.volume[last] += columns.volume[i];
      result.revision[last] = Math.max(result.revision[last], columns.revision[i]);
      result.suspect[last] |= columns.suspect[i];
    } else {
      if (last >= 0) result.volume[last] = decimal(result.volume[last]);
      last++;
      result.time[last] = stamp;
      result.open[last] = columns.open[i];
      result.high[last] = columns.high[i];
      result.low[last] = columns.low[i];
      result.volume[last] = columns.volume[i];
      result.revision[last] = columns.revision[i];
      result.suspect[last] = columns.suspect[i];
    }
    result.close[last] = columns.close[i];
  }
  if (last >= 0) result.volume[last] = decimal(result.volume[last]);
  return sliceCandles(result, 0, last + 1);
}
