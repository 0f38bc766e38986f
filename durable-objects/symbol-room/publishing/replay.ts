import type { StoredQuote } from "../../../contracts/quote.ts";
import { MAX_ABSENCE_SECONDS } from "../../../contracts/stream.ts";
import { countBuckets, lastClosedStamp } from "../../../core/buckets.ts";
import { barsNeeded } from "../../../core/indicators/history.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";
import type { Interval } from "../../../core/interval.ts";
import { isoTime } from "../../../core/time.ts";
import { passBars } from "../../isolate/long-work.ts";
import type { BarReplay, QuotePosition, QuoteReplay } from "../../symbol-events/symbol-events.ts";
import { inPages } from "../candles/reading/columns.ts";
import { type HistoryWork, RoomOverloaded } from "../candles/reading/history-work.ts";
import { candleFrame, indicatorFrame, quoteView } from "../frames.ts";
import { CandlesUnavailable, type InstrumentContext, pagesOf, sourcedCandleAt } from "../instrument-context.ts";
import { MAX_REPLAYED_CHARACTERS, MAX_REPLAYED_EVENTS, type QuoteLog } from "../quotes/quote-log.ts";
import type { ClosedBarCursor } from "./closed-bars.ts";
import type { IndicatorRunner } from "./indicator-runner.ts";

const OVERLOADED = {
  code: "stream.overloaded" as const,
  detail: "The symbol's room reads as much history as it may. Ask again in a moment, or subscribe without since.",
};

/** Frames that are written in one go; then quotes pass. */
const FRAMES_AT_ONCE = 500;

/** Writes many frames. */
async function writeFrames(count: number, write: (i: number) => string): Promise<string[]> {
  const frames: string[] = [];
  for (let i = 0; i < count; i++) {
    if (i > 0 && i % FRAMES_AT_ONCE === 0) await passBars(FRAMES_AT_ONCE);
    frames.push(write(i));
  }
  return frames;
}

/** What a client that reconnects missed: all of it, in order, or that it cannot be recovered. */
export class Replay {
  readonly #log: QuoteLog;
  readonly #bars: ClosedBarCursor;
  readonly #indicators: IndicatorRunner;
  readonly #work: HistoryWork;
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
    work: HistoryWork,
    latest: (context: InstrumentContext) => Promise<StoredQuote | null>,
    renewedAt: () => number | null,
  ) {
    this.#log = log;
    this.#bars = bars;
    this.#indicators = indicators;
    this.#work = work;
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

  async candles(context: InstrumentContext, interval: Interval, from: number | null, now: number): Promise<BarReplay> {
    const [replay] = await this.#since(context, interval, [], from, now, async (time) => {
      if (from === null || from === time) return [[]];
      const pages = inPages(pagesOf(context, interval));
      const { candles, more } = await pages(from + 1, time + 1, MAX_REPLAYED_EVENTS, false);
      if (more) return null;
      const { symbol } = context.instrument;
      const timestamp = isoTime(now);
      return [
        await writeFrames(candles.length, (i) =>
          candleFrame(symbol, interval, sourcedCandleAt(context, candles, i), false, timestamp),
        ),
      ];
    });
    return replay;
  }

  /** Of each of several indicators of one interval. */
  indicators(
    context: InstrumentContext,
    interval: Interval,
    specs: readonly string[],
    from: number | null,
    now: number,
  ): Promise<BarReplay[]> {
    return this.#since(context, interval, specs, from, now, async (time, count) => {
      if (from === null || count === 0) return specs.map(() => []);
      const all = await this.#indicators.last(context, interval, specs, count, time);
      const { symbol } = context.instrument;
      const timestamp = isoTime(now);
      const frames: string[][] = [];
      for (const { indicator, values } of all) {
        const missed = values.filter((each) => each.time > from);
        const write = (i: number) => indicatorFrame(symbol, { ...indicator, ...missed[i], state: "closed" }, timestamp);
        frames.push(await writeFrames(missed.length, write));
      }
      return frames;
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

  /**
   * The frames of the bars after `since`, or that there are none to be sent.
   * @param specs indicators whose values are sent, each a series; none for the candles themselves
   */
  async #since(
    context: InstrumentContext,
    interval: Interval,
    specs: readonly string[],
    from: number | null,
    now: number,
    frames: (time: number, count: number) => Promise<string[][] | null>,
  ): Promise<BarReplay[]> {
    const time = this.#closedBy(context, interval, now);
    const series = Math.max(1, specs.length);
    const nothing = (recovered: false | null): BarReplay[] =>
      Array.from({ length: series }, () => ({ time, recovered, missed: [] }));
    if (from === null) return nothing(null);
    if (time === null || from > time || time - from > MAX_ABSENCE_SECONDS) return nothing(false);
    if (this.#isOfEarlierEpoch(context, interval, from)) return nothing(false);
    const count = countBuckets(context.market, interval, from + 1, time + 1);
    if (count * series > MAX_REPLAYED_EVENTS) return nothing(false);
    const query = { interval, points: Math.max(1, count), from: null, to: time + 1 };
    const bars = specs.length === 0 ? count : barsNeeded(specs.map(parseSpec), context.market, query, now);
    try {
      const all = await this.#work.run(bars, () => frames(time, count));
      const size = all?.flat().reduce((total, text) => total + text.length, 0) ?? 0;
      if (all && size <= MAX_REPLAYED_CHARACTERS) return all.map((missed) => ({ time, recovered: true, missed }));
    } catch (error) {
      if (error instanceof RoomOverloaded) return nothing(false).map((replay) => ({ ...replay, refused: OVERLOADED }));
      if (!(error instanceof CandlesUnavailable)) throw error;
    }
    return nothing(false);
  }
}
