import { type Bucket, bucketAt } from "./buckets.ts";
import { type CandleColumns, emptyCandles, sliceCandles } from "./candles.ts";
import { bucketStart, INTRADAY_SECONDS, type Interval, isDated } from "./interval.ts";
import type { Market } from "./market-calendar/markets.ts";
import { sessionOf, sessionOn } from "./market-calendar/sessions.ts";

/** Decimal digits that a float64 always keeps. */
const EXACT_DIGITS = 15;

/** A sum of decimal volumes as on paper: without the last binary digits that adding floats leaves behind. */
const decimal = (sum: number): number => (Number.isInteger(sum) ? sum : Number(sum.toPrecision(EXACT_DIGITS)));

/** Adds many numbers as if rounded once: what each addition loses is kept and added at the end (Neumaier, 1974). */
class Sum {
  #compensation = 0;
  #total: number;

  constructor(first: number) {
    this.#total = first;
  }

  add(value: number): void {
    const next = this.#total + value;
    const [large, small] = Math.abs(this.#total) >= Math.abs(value) ? [this.#total, value] : [value, this.#total];
    this.#compensation += large - next + small;
    this.#total = next;
  }

  value(): number {
    return decimal(this.#total + this.#compensation);
  }
}

/** The part of a coarser bucket that lies in one session. */
type Span = Pick<Bucket, "time" | "opens" | "closes">;

/** A week or a month spans closures, and what is traded in them is no part of it: its candles are known by their session. */
function spanAt(market: Market, to: Interval, time: number): Span | null {
  if (!isDated(to)) return bucketAt(market, to, time);
  const session = sessionOf(market, time);
  return session && { time: bucketStart(to, session.date), opens: session.open, closes: session.close };
}

/** A first candle that is stamped before a late opening belongs to the bucket that it opens. */
function lateOpening(market: Market, from: Interval, to: Interval, time: number): Span | null {
  const opening = bucketAt(market, from, time + (INTRADAY_SECONDS[from] ?? 0) - 1);
  return opening?.time === time ? spanAt(market, to, opening.opens) : null;
}

/** The stamp of the coarser bucket that holds a candle, or NaN for a candle outside every session. */
export function bucketStamper(market: Market, from: Interval, to: Interval): (time: number) => number {
  if (isDated(from)) {
    if (!isDated(to)) return () => Number.NaN;
    return (time) => (from === "1d" && !sessionOn(market, time) ? Number.NaN : bucketStart(to, time));
  }
  let current: Span | null = null;
  return (time) => {
    if (!current || time < current.opens || time >= current.closes) {
      current = spanAt(market, to, time) ?? lateOpening(market, from, to, time);
    }
    return current ? current.time : Number.NaN;
  };
}

/**
 * Coarser candles on the market's calendar: first open, highest high, lowest low, last close, summed volume. A number is
 * unknown where one of its parts is. Candles outside regular sessions stay out of coarser ones. Resampling is
 * associative, as long as volumes add up to at most fifteen digits: minutes to hours to days makes what minutes to days makes.
 * Of several origins a candle has the one with the highest number.
 * @param columns candles of the interval `from`, ascending; not changed
 */
export function resample(columns: CandleColumns, market: Market, from: Interval, to: Interval): CandleColumns {
  const result = emptyCandles(columns.length);
  const stampOf = bucketStamper(market, from, to);
  let last = -1;
  let volume = new Sum(0);
  for (let i = 0; i < columns.length; i++) {
    const stamp = stampOf(columns.time[i]);
    if (Number.isNaN(stamp)) continue;
    if (last >= 0 && result.time[last] === stamp) {
      // Math.max, Math.min and the sum keep NaN: unknown stays unknown.
      result.high[last] = Math.max(result.high[last], columns.high[i]);
      result.low[last] = Math.min(result.low[last], columns.low[i]);
      volume.add(columns.volume[i]);
      result.revision[last] = Math.max(result.revision[last], columns.revision[i]);
      result.suspect[last] |= columns.suspect[i];
    } else {
      if (last >= 0) result.volume[last] = volume.value();
      last++;
      result.time[last] = stamp;
      result.open[last] = columns.open[i];
      result.high[last] = columns.high[i];
      result.low[last] = columns.low[i];
      volume = new Sum(columns.volume[i]);
      result.revision[last] = columns.revision[i];
      result.suspect[last] = columns.suspect[i];
    }
    result.close[last] = columns.close[i];
    result.origin[last] = Math.max(result.origin[last], columns.origin[i]);
  }
  if (last >= 0) result.volume[last] = volume.value();
  return sliceCandles(result, 0, last + 1);
}
