import { bucketAt } from "../../core/buckets.ts";
import { INTRADAY_SECONDS, type Interval } from "../../core/interval.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { DAY } from "../../core/time.ts";
import type { Bar } from "../bars.ts";
import type { Chart, Ohlc } from "./schema.ts";

/** Fewer prices than this say nothing of how high and low it went between them. */
const SAMPLES_PER_CANDLE = 4;

const market = MARKETS.CRYPTO;
const lengthOf = (interval: Interval): number => INTRADAY_SECONDS[interval] ?? DAY;

/** The opening of the bucket that ends at `time` or holds it: a price at 14:00:00 is the last of the hour before. */
const openingBefore = (interval: Interval, time: number): number | null =>
  bucketAt(market, interval, time - 0.001)?.time ?? null;

/**
 * Candles from the service's own. It stamps their end; ours are stamped with the opening.
 * @returns null where they are not of this interval: how long they are depends on the range, which has changed before
 */
export function barsFromOhlc(rows: Ohlc, interval: Interval): Bar[] | null {
  const steps = rows.slice(1).map(([time], i) => (time - rows[i][0]) / 1000);
  const usual = steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)];
  if (usual !== undefined && usual !== lengthOf(interval)) return null;
  const bars: Bar[] = [];
  for (const [end, open, high, low, close] of rows) {
    const time = openingBefore(interval, end / 1000);
    if (time !== null) bars.push({ time, open, high, low, close, volume: null });
  }
  return bars;
}

/**
 * Candles sampled from prices at instants. Volumes are unknown: the service's are of 24 hours each. Where the prices lie
 * too far apart to report how high and low it went, all that is known of a candle is its close.
 */
export function barsFromChart({ prices }: Chart, interval: Interval): Bar[] {
  if (prices.length < 2) return [];
  const first = prices[0][0] / 1000;
  const spacing = (prices[prices.length - 1][0] / 1000 - first) / (prices.length - 1);
  return spacing * SAMPLES_PER_CANDLE <= lengthOf(interval)
    ? wholeBars(prices, interval, first - spacing)
    : closes(prices, interval, spacing);
}

/** @param from a bucket that opens earlier was sampled in part only, and is left out */
function wholeBars(prices: Chart["prices"], interval: Interval, from: number): Bar[] {
  const bars = new Map<number, Bar & { high: number; low: number }>();
  for (const [at, price] of prices) {
    const time = openingBefore(interval, at / 1000);
    if (time === null || time < from) continue;
    const bar = bars.get(time);
    if (!bar) {
      bars.set(time, { time, open: price, high: price, low: price, close: price, volume: null });
      continue;
    }
    bar.high = Math.max(bar.high, price);
    bar.low = Math.min(bar.low, price);
    bar.close = price;
  }
  return [...bars.values()];
}

/** A price that was taken just after a bucket's end is that bucket's close. */
function closes(prices: Chart["prices"], interval: Interval, spacing: number): Bar[] {
  const bars: Bar[] = [];
  for (const [at, close] of prices) {
    const opening = openingBefore(interval, at / 1000);
    if (opening === null) continue;
    const justAfter = at / 1000 - opening <= spacing / 4;
    const time = justAfter ? openingBefore(interval, opening) : opening;
    if (time !== null) bars.push({ time, open: null, high: null, low: null, close, volume: null });
  }
  return bars;
}
