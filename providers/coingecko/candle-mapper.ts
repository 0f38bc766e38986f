import { bucketAt } from "../../core/buckets.ts";
import { INTRADAY_SECONDS, type Interval } from "../../core/interval.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { DAY, isoTime, MINUTE } from "../../core/time.ts";
import { milliseconds, plainNumber } from "../answer-schema.ts";
import { type Bar, isUnfit, type ReadRow } from "../bars.ts";
import { readRow, readRows, unfit } from "../rows.ts";
import { type Chart, OhlcRowSchema, PointSchema } from "./schema.ts";

/** Fewer prices than this say nothing of how high and low it went between them. */
const SAMPLES_PER_CANDLE = 4;

const market = MARKETS.CRYPTO;
const lengthOf = (interval: Interval): number => INTRADAY_SECONDS[interval] ?? DAY;

/** The opening of the bucket that ends at `time` or holds it: a price at 14:00:00 is the last of the hour before. */
const openingBefore = (interval: Interval, time: number): number | null =>
  bucketAt(market, interval, time - 0.001)?.time ?? null;

const secondsOf = (stamp: unknown): number | null => {
  const read = milliseconds.safeParse(stamp).data;
  return read === undefined ? null : read / 1000;
};

function ohlcRow(row: unknown): ReadRow | null {
  const fields = OhlcRowSchema.safeParse(row).data;
  if (!fields) return null;
  const [end, open, high, low, close] = fields;
  return readRow({ time: secondsOf(end), open, high, low, close, volume: null }, { number: plainNumber });
}

/**
 * Candles from the service's own. It stamps their end; ours are stamped with the opening. An end off the grid is that of
 * no candle, but for the one that forms at `now` (unix seconds).
 * @returns null where it is no answer, or they are not of this interval: how long they are depends on the range, which has
 * changed before
 */
export function rowsFromOhlc(answer: readonly unknown[], interval: Interval, now: number): ReadRow[] | null {
  const rows = readRows(answer, ohlcRow);
  if (rows === null) return null;
  const ends = rows.flatMap(({ time }) => time ?? []);
  // To the minute: single stamps may be off.
  const steps = ends.slice(1).map((end, i) => Math.round((end - ends[i]) / MINUTE) * MINUTE);
  const usual = steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)];
  if (usual !== undefined && usual !== lengthOf(interval)) return null;
  const formingAt = bucketAt(market, interval, now)?.time;
  return rows.map((row, i) => {
    if (isUnfit(row)) return row;
    const time = openingBefore(interval, row.time);
    const isEnd = bucketAt(market, interval, row.time)?.time === row.time;
    const isForming = time === formingAt && i === rows.length - 1;
    if (time !== null && (isEnd || isForming)) return { ...row, time };
    return unfit(row.time, "off_grid", `no candle of ${interval} ends at ${isoTime(row.time)}`);
  });
}

function pointRow(point: unknown): ReadRow | null {
  const fields = PointSchema.safeParse(point).data;
  if (!fields) return null;
  const [at, close] = fields;
  const time = secondsOf(at);
  const row = { time, open: null, high: null, low: null, close, volume: null };
  const read = readRow(row, { number: plainNumber, unknown: "zero_or_nothing" });
  if (isUnfit(read) || read.close > 0) return read;
  return unfit(time, "no_price", `the price is ${read.close}; a price must be above 0`);
}

/** A price at an instant, unix seconds. */
type Point = Pick<Bar, "time" | "close">;

/**
 * Candles sampled from prices at instants. Volumes are unknown: the service's are of 24 hours each. Where the prices lie
 * too far apart to report how high and low it went, all that is known of a candle is its close.
 * @returns null where it is no answer
 */
export function rowsFromChart({ prices }: Chart, interval: Interval): ReadRow[] | null {
  const rows = readRows(prices, pointRow);
  if (rows === null) return null;
  const points = rows.flatMap((row) => (isUnfit(row) ? [] : [row]));
  const leftOut = rows.filter(isUnfit);
  if (points.length < 2) return leftOut;
  const first = points[0].time;
  const spacing = (points[points.length - 1].time - first) / (points.length - 1);
  const bars =
    spacing * SAMPLES_PER_CANDLE <= lengthOf(interval)
      ? wholeBars(points, interval, first - spacing)
      : closes(points, interval, spacing);
  return [...bars, ...leftOut];
}

/** @param from a bucket that opens earlier was sampled in part only, and is left out */
function wholeBars(points: readonly Point[], interval: Interval, from: number): Bar[] {
  const bars = new Map<number, Bar & { high: number; low: number }>();
  for (const { time: at, close: price } of points) {
    const time = openingBefore(interval, at);
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
function closes(points: readonly Point[], interval: Interval, spacing: number): Bar[] {
  const bars: Bar[] = [];
  for (const { time: at, close } of points) {
    const opening = openingBefore(interval, at);
    if (opening === null) continue;
    const justAfter = at - opening <= spacing / 4;
    const time = justAfter ? openingBefore(interval, opening) : opening;
    if (time !== null) bars.push({ time, open: null, high: null, low: null, close, volume: null });
  }
  return bars;
}
