import type { StoredQuote } from "../../../contracts/quote.ts";
import { MAX_ABSENCE_SECONDS } from "../../../contracts/stream.ts";
import { countBuckets, lastClosedStamp } from "../../../core/buckets.ts";
import { candleAt } from "../../../core/candles.ts";
import type { Interval } from "../../../core/interval.ts";
import type { BarReplay, IndicatorInterest, QuotePosition, QuoteReplay } from "../../symbol-events/symbol-events.ts";
import { candleFrame, indicatorFrame, quoteView } from "../frames.ts";
import { CandlesUnavailable, type InstrumentContext, pagesOf } from "../instrument-context.ts";
import { MAX_REPLAYED_CHARACTERS, MAX_REPLAYED_EVENTS, type QuoteLog } from "../quotes/quote-log.ts";
import type { ClosedBarCursor } from "./closed-bars.ts";
import type { IndicatorRunner } from "./indicator-runner.ts";

/** What a client that reconnects missed: all of it, in order, or that it cannot be recovered. */
export class Replay {
  readonly #log: QuoteLog;
  readonly #bars: ClosedBarCursor;
  readonly #indicators: IndicatorRunner;
  readonly #latest: (context: InstrumentContext) => Promise<StoredQuote | null>;
  readonly #renewedAt: () => number | null;

  /**
   * @param latest returns the quote to answer with now
   * @param renewedAt returns when the room's epoch was renewed, unix seconds; null if it never was
   */
  constructor(
    log: QuoteLog,
    bars: ClosedBarCursor,
    indicators: IndicatorRunner,
    latest: (context: InstrumentContext) => Promise<StoredQuote | null>,
    renewedAt: () => number | null,
  ) {
    this.#log = log;
    this.#bars = bars;
    this.#indicators = indicators;
    this.#latest = latest;
    this.#renewedAt = renewedAt;
  }

  async quotes(context: InstrumentContext, position: QuotePosition | null, now: number): Promise<QuoteReplay> {
    const missed = position && this.#log.after(position);
    if (missed) return { position: this.#log.position(), recovered: true, missed, snapshot: null };
    const quote = await this.#latest(context);
    const snapshot = quote && JSON.stringify(quoteView(context.instrument, quote, now));
    return { position: this.#log.position(), recovered: position ? false : null, missed: [], snapshot };
  }

  candles(context: InstrumentContext, interval: Interval, from: number | null, now: number): Promise<BarReplay> {
    return this.#since(context, interval, from, now, async (time) => {
      if (from === null || from === time) return [];
      const pages = pagesOf(context, interval);
      const { candles, more } = await pages(from + 1, time + 1, MAX_REPLAYED_EVENTS, false);
      if (more) return null;
      const { symbol } = context.instrument;
      return Array.from({ length: candles.length }, (_, i) =>
        candleFrame(symbol, interval, candleAt(candles, i), false, now),
      );
    });
  }

  indicator(
    context: InstrumentContext,
    indicator: IndicatorInterest,
    from: number | null,
    now: number,
  ): Promise<BarReplay> {
    return this.#since(context, indicator.interval, from, now, async (time, count) => {
      if (from === null || count === 0) return [];
      const values = await this.#indicators.last(context, indicator, count, time);
      const { symbol } = context.instrument;
      return values
        .filter((each) => each.time > from)
        .map((each) => indicatorFrame(symbol, { ...indicator, ...each, state: "closed" }, now));
    });
  }

  /** The last bar that was sent, or would have been. */
  #closedBy(context: InstrumentContext, interval: Interval, now: number): number | null {
    return this.#bars.closed(interval) ?? lastClosedStamp(context.market, interval, now - context.source.barDelay);
  }

  /** Whether a client that has a bar may have it from before the epoch was renewed, and so another history than the room. */
  #isOfEarlierEpoch(context: InstrumentContext, interval: Interval, time: number): boolean {
    const renewed = this.#renewedAt();
    if (renewed === null) return false;
    const closed = lastClosedStamp(context.market, interval, renewed);
    return closed !== null && time <= closed;
  }

  /** The frames of the bars after `since`, or why there are none to be sent. */
  async #since(
    context: InstrumentContext,
    interval: Interval,
    from: number | null,
    now: number,
    frames: (time: number, count: number) => Promise<string[] | null>,
  ): Promise<BarReplay> {
    const time = this.#closedBy(context, interval, now);
    if (from === null) return { time, recovered: null, missed: [] };
    if (time === null || from > time || time - from > MAX_ABSENCE_SECONDS)
      return { time, recovered: false, missed: [] };
    if (this.#isOfEarlierEpoch(context, interval, from)) return { time, recovered: false, missed: [] };
    const count = countBuckets(context.market, interval, from + 1, time + 1);
    if (count > MAX_REPLAYED_EVENTS) return { time, recovered: false, missed: [] };
    try {
      const missed = await frames(time, count);
      const size = missed?.reduce((total, text) => total + text.length, 0) ?? 0;
      if (missed && size <= MAX_REPLAYED_CHARACTERS) return { time, recovered: true, missed };
    } catch (error) {
      if (!(error instanceof CandlesUnavailable)) throw error;
    }
    return { time, recovered: false, missed: [] };
  }
}
