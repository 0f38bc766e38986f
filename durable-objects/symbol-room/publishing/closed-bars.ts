import { type Bucket, bucketsForward, lastClosedStamp } from "../../../core/buckets.ts";
import type { Interval } from "../../../core/interval.ts";
import { type InstrumentContext, pagesOf, type SourcedCandle, sourcedCandleAt } from "../instrument-context.ts";

/** Bars that are closed at once at most; what more there is follows with the next call. */
const MAX_BARS_AT_ONCE = 1_000;
/** Clocks are put right by fractions of a second all the time: no bar is opened again for less than this (seconds). */
const MAX_CLOCK_STEP = 1;

/** The bars of the intervals that a client watches, as they close. Which one was sent last is kept in the database. */
export class ClosedBarCursor {
  readonly #sql: SqlStorage;
  readonly #published: Map<Interval, number>;
  readonly #next = new Map<Interval, Bucket>();
  /** The last moment at which it was looked whether the clock was set back; unknown after a start. */
  #seen = Number.POSITIVE_INFINITY;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = this.#sql
      .exec<{ interval: Interval; closed: number }>("select interval, closed from live_bars")
      .toArray();
    this.#published = new Map(rows.map(({ interval, closed }) => [interval, closed]));
  }

  /** Forgets the intervals whose last closed bar is not closed yet, by a clock that was set back; returns whether there are any. */
  rewind({ market, source }: InstrumentContext, now: number): boolean {
    const isSetBack = now < this.#seen;
    this.#seen = now;
    if (!isSetBack) return false;
    const ahead = [...this.#published].filter(([interval, closed]) => {
      const last = lastClosedStamp(market, interval, now + MAX_CLOCK_STEP - source.barDelay);
      return last !== null && last < closed;
    });
    for (const [interval] of ahead) this.#forget(interval);
    return ahead.length > 0;
  }

  /** Watches exactly these intervals from now on; returns those that are new. */
  watch(context: InstrumentContext, intervals: readonly Interval[], now: number): Interval[] {
    for (const interval of this.#published.keys()) if (!intervals.includes(interval)) this.#forget(interval);
    const fresh = intervals.filter((interval) => !this.#published.has(interval));
    for (const interval of fresh) {
      const last = lastClosedStamp(context.market, interval, now - context.source.barDelay);
      if (last !== null) this.#moveOn(interval, last);
    }
    return fresh;
  }

  intervals(): Interval[] {
    return [...this.#published.keys()];
  }

  /** Opening of the last closed bar that was sent; null where the interval is not watched. */
  closed(interval: Interval): number | null {
    return this.#published.get(interval) ?? null;
  }

  /** The bar that is closed next; null where the interval is not watched. */
  upcoming({ market }: InstrumentContext, interval: Interval): Bucket | null {
    const closed = this.#published.get(interval);
    if (closed === undefined) return null;
    const bucket = this.#next.get(interval) ?? bucketsForward(market, interval, closed + 1).next().value;
    if (!bucket) return null;
    this.#next.set(interval, bucket);
    return bucket;
  }

  /**
   * Takes the bars that have closed since, in order, once `prepare` has done with them all that may fail; returns what `keep` made of
   * that in the same turn. Throws CandlesUnavailable where they cannot be had now, or `prepare` throws it: they are taken another time.
   */
  async close<T, U>(
    context: InstrumentContext,
    interval: Interval,
    now: number,
    prepare: (bars: readonly SourcedCandle[]) => Promise<T>,
    keep: (prepared: T) => U,
  ): Promise<U | null> {
    const before = this.#published.get(interval);
    const last = lastClosedStamp(context.market, interval, now - context.source.barDelay);
    if (before === undefined || last === null || last <= before) return null;
    const page = await pagesOf(context, interval)(before + 1, last + 1, MAX_BARS_AT_ONCE, false);
    const bars = Array.from({ length: page.candles.length }, (_, i) => sourcedCandleAt(context, page.candles, i));
    const prepared = await prepare(bars);
    // Meanwhile the last watcher may have left, or another one come.
    if (this.#published.get(interval) !== before) return null;
    this.#moveOn(interval, (page.more ? bars.at(-1)?.time : undefined) ?? last);
    return keep(prepared);
  }

  /** The candle of a closed bar as it is now; null where there is none. */
  async read(context: InstrumentContext, interval: Interval, time: number): Promise<SourcedCandle | null> {
    const { candles } = await pagesOf(context, interval)(time, time + 1, 1, false);
    return candles.length === 0 ? null : sourcedCandleAt(context, candles, 0);
  }

  #forget(interval: Interval): void {
    this.#published.delete(interval);
    this.#next.delete(interval);
    this.#sql.exec("delete from live_bars where interval = ?", interval);
  }

  #moveOn(interval: Interval, closed: number): void {
    this.#published.set(interval, closed);
    this.#next.delete(interval);
    this.#sql.exec("insert or replace into live_bars (interval, closed) values (?, ?)", interval, closed);
  }
}
