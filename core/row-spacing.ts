import { countBuckets } from "./buckets.ts";
import { bucketStart, INTERVALS, INTRADAY_SECONDS, type Interval, isDated } from "./interval.ts";
import type { Market } from "./market-calendar/markets.ts";
import { sessionOf } from "./market-calendar/sessions.ts";
import { startOfDay } from "./time.ts";

/** Fewer rows than this say nothing about their interval. */
const MIN_ROWS = 3;
/** Rows that are compared at most: the first ones. */
const MAX_ROWS = 1_000;

/** A stamp's bucket, and its distance (seconds) from the bucket's opening, or from its day's, by the session and by UTC. */
interface BucketOffset {
  bucket: number;
  fromSession: number;
  fromUtc: number;
}

function offsetIn(market: Market, interval: Interval, time: number): BucketOffset {
  const session = sessionOf(market, time);
  const day = startOfDay(time);
  if (isDated(interval)) {
    // A stamp of 00:00 is a date by itself, whatever session trades then.
    const date = time === day ? day : (session?.date ?? day);
    return { bucket: bucketStart(interval, date), fromSession: time - (session?.anchor ?? day), fromUtc: time - day };
  }
  const seconds = INTRADAY_SECONDS[interval] ?? 1;
  const offset = (((time - (session?.anchor ?? 0)) % seconds) + seconds) % seconds;
  return { bucket: time - offset, fromSession: offset, fromUtc: offset };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const steps = <T>(values: readonly number[], each: (from: number, to: number) => T): T[] =>
  values.slice(1).map((to, i) => each(values[i], to));

/** Whether rows are one in each bucket of an interval, always at the same moment of it, and most often in the next one. */
function fits(market: Market, interval: Interval, times: readonly number[]): boolean {
  const offsets = times.map((time) => offsetIn(market, interval, time));
  const [first] = offsets;
  const isSteady =
    offsets.every(({ fromUtc }) => fromUtc === first.fromUtc) ||
    offsets.every(({ fromSession }) => fromSession === first.fromSession);
  if (!isSteady) return false;
  const buckets = offsets.map(({ bucket }) => bucket);
  if (steps(buckets, (from, to) => to <= from).includes(true)) return false;
  return median(steps(buckets, (from, to) => countBuckets(market, interval, from, to))) === 1;
}

/**
 * The coarser interval that rows are of by their spacing, although they are said to be of `interval`; null where it fits, where rows
 * come too seldom and too irregularly to say (a share that hardly trades), and of fewer than three rows. Distances are counted in
 * buckets of the market's calendar, so that nights, weekends and holidays part nothing.
 * @param times stamps of the rows, unix seconds, ascending, each once
 */
export function coarserSpacing(market: Market, interval: Interval, times: readonly number[]): Interval | null {
  if (times.length < MIN_ROWS) return null;
  const compared = times.slice(0, MAX_ROWS);
  if (median(steps(compared, (from, to) => countBuckets(market, interval, from, to))) <= 1) return null;
  const coarser = INTERVALS.slice(INTERVALS.indexOf(interval) + 1);
  return coarser.find((candidate) => fits(market, candidate, compared)) ?? null;
}
