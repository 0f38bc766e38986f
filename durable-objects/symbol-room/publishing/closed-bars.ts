import { type Bucket, bucketsForward, lastClosedStamp } from "../../../core/buckets.ts";
import { type Candle, candleAt } from "../../../core/candles.ts";
import type { Interval } from "../../../core/interval.ts";
import { type InstrumentContext, pagesOf, type ReadCandles } from "../instrument-context.ts";

/** Bars that are closed at once at most; what more there is follows with the next call. */
const MAX_BARS_AT_ONCE = 1_000;
/** Clocks are put right by fractions of a second all the time: no bar is opened again for less than this (seconds). */
const MAX_CLOCK_STEP = 1;

/** The bars of the intervals that somebody watches, as they close. Which one was told last is kept in the database. */
export interface ClosedBarCursor {
  /** Forgets the intervals whose last closed bar is not closed yet, by a clock that was set back; returns whether there are any. */
  rewind(subject: InstrumentContext, now: number): boolean;
  /** Watches exactly these intervals from now on; gives those that are new. */
  watch(subject: InstrumentContext, intervals: readonly Interval[], now: number): Interval[];
  intervals(): Interval[];
  /** Opening of the last closed bar that was told; null where the interval is not watched. */
  closed(interval: Interval): number | null;
  /** The bar that is closed next; null where the interval is not watched. */
  upcoming(subject: InstrumentContext, interval: Interval): Bucket | null;
  /**
   * Takes the bars that have closed since, in order, once `prepare` has done with them all that may fail; gives what `keep` made of
   * that in the same turn. Throws CandlesUnavailable where they cannot be had now, or `prepare` throws it: they are taken another time.
   */
  close<T, U>(
    subject: InstrumentContext,
    interval: Interval,
    now: number,
    prepare: (bars: readonly Candle[]) => Promise<T>,
    keep: (prepared: T) => U,
  ): Promise<U | null>;
  /** The candle of a closed bar as it is now; null where there is none. */
  read(subject: InstrumentContext, interval: Interval, time: number): Promise<Candle | null>;
}

/** Opens a room's live bars. */
export function openClosedBars(sql: SqlStorage, readCandles: ReadCandles): ClosedBarCursor {
  const rows = sql.exec<{ interval: Interval; closed: number }>("select interval, closed from live_bars").toArray();
  const published = new Map(rows.map(({ interval, closed }) => [interval, closed]));
  const next = new Map<Interval, Bucket>();
  /** The last moment at which it was looked whether the clock was set back; unknown after a start. */
  let seen = Number.POSITIVE_INFINITY;

  const forget = (interval: Interval): void => {
    published.delete(interval);
    next.delete(interval);
    sql.exec("delete from live_bars where interval = ?", interval);
  };

  const moveOn = (interval: Interval, closed: number): void => {
    published.set(interval, closed);
    next.delete(interval);
    sql.exec("insert or replace into live_bars (interval, closed) values (?, ?)", interval, closed);
  };

  return {
    rewind({ market, delay }, now) {
      const isSetBack = now < seen;
      seen = now;
      if (!isSetBack) return false;
      const ahead = [...published].filter(([interval, closed]) => {
        const last = lastClosedStamp(market, interval, now + MAX_CLOCK_STEP - delay);
        return last !== null && last < closed;
      });
      for (const [interval] of ahead) forget(interval);
      return ahead.length > 0;
    },
    watch(subject, intervals, now) {
      for (const interval of published.keys()) if (!intervals.includes(interval)) forget(interval);
      const fresh = intervals.filter((interval) => !published.has(interval));
      for (const interval of fresh) {
        const last = lastClosedStamp(subject.market, interval, now - subject.delay);
        if (last !== null) moveOn(interval, last);
      }
      return fresh;
    },
    intervals: () => [...published.keys()],
    closed: (interval) => published.get(interval) ?? null,
    upcoming({ market }, interval) {
      const closed = published.get(interval);
      if (closed === undefined) return null;
      const bucket = next.get(interval) ?? bucketsForward(market, interval, closed + 1).next().value;
      if (!bucket) return null;
      next.set(interval, bucket);
      return bucket;
    },
    async close(subject, interval, now, prepare, keep) {
      const before = published.get(interval);
      const last = lastClosedStamp(subject.market, interval, now - subject.delay);
      if (before === undefined || last === null || last <= before) return null;
      const page = await pagesOf(readCandles, subject, interval)(before + 1, last + 1, MAX_BARS_AT_ONCE, false);
      const bars = Array.from({ length: page.candles.length }, (_, i) => candleAt(page.candles, i));
      const prepared = await prepare(bars);
      // Meanwhile nobody may watch any more, or somebody anew.
      if (published.get(interval) !== before) return null;
      moveOn(interval, (page.more ? bars.at(-1)?.time : undefined) ?? last);
      return keep(prepared);
    },
    async read(subject, interval, time) {
      const { candles } = await pagesOf(readCandles, subject, interval)(time, time + 1, 1, false);
      return candles.length === 0 ? null : candleAt(candles, 0);
    },
  };
}
