import type { StoredQuote } from "../../../contracts/quote.ts";
import type { Candle } from "../../../core/candles.ts";
import type { Interval } from "../../../core/interval.ts";
import type { BarEvent, FrameEvent, IndicatorInterest, Interest } from "../../symbol-events/symbol-events.ts";
import { candleFrame, type IndicatorValue, indicatorFrame } from "../frames.ts";
import { CandlesUnavailable, type InstrumentContext } from "../instrument-context.ts";
import type { BarOutbox } from "./bar-outbox.ts";
import type { ClosedBarCursor } from "./closed-bars.ts";
import type { FormingBars } from "./forming-bars.ts";
import { intervalsOf } from "./hub-leases.ts";
import type { ClosedValues, IndicatorRunner } from "./indicator-runner.ts";

/** The bars and the indicators that somebody watches, as events. */
export class BarPublisher {
  readonly #candles: ClosedBarCursor;
  readonly #forming: FormingBars;
  readonly #indicators: IndicatorRunner;
  readonly #outbox: BarOutbox;
  /** The open candle of each interval that was told last. */
  readonly #published = new Map<Interval, Candle>();
  /** Intervals whose last bars cannot be closed yet, because no source answers. */
  readonly #behind = new Set<Interval>();

  constructor(candles: ClosedBarCursor, forming: FormingBars, indicators: IndicatorRunner, outbox: BarOutbox) {
    this.#candles = candles;
    this.#forming = forming;
    this.#indicators = indicators;
    this.#outbox = outbox;
  }

  /** Forgets closed bars that are not closed yet, by a clock that was set back; returns whether there are any. */
  rewind(subject: InstrumentContext, now: number): boolean {
    return this.#candles.rewind(subject, now);
  }

  /** Watches exactly what is wanted from now on; gives the intervals that must be started. */
  watch(subject: InstrumentContext, wants: Interest, now: number): Interval[] {
    const intervals = intervalsOf(wants);
    const fresh = new Set(this.#candles.watch(subject, intervals, now));
    for (const interval of fresh) {
      this.#forming.forget(interval);
      this.#indicators.forget(interval);
      this.#published.delete(interval);
      this.#behind.delete(interval);
    }
    for (const interval of this.#indicators.watch(wants.indicators)) fresh.add(interval);
    for (const interval of intervals) if (!this.#forming.isKnown(subject, interval)) fresh.add(interval);
    return [...fresh];
  }

  isWatched(interval: Interval): boolean {
    return this.#candles.closed(interval) !== null;
  }

  /** When the next bar's candle is known, unix seconds; null where the interval is not watched. */
  closesAt(subject: InstrumentContext, interval: Interval): number | null {
    const upcoming = this.#candles.upcoming(subject, interval);
    return upcoming && upcoming.closes + subject.delay;
  }

  /** Learns what an interval's forming bar and its indicators have been so far; false where no source answers now. */
  async start(subject: InstrumentContext, interval: Interval, now: number): Promise<boolean> {
    const closed = this.#candles.closed(interval);
    if (closed === null) return true;
    try {
      await this.#forming.load(subject, interval, now);
      await this.#indicators.start(subject, interval, closed);
      return this.#forming.isKnown(subject, interval);
    } catch (error) {
      if (!(error instanceof CandlesUnavailable)) throw error;
      return false;
    }
  }

  /** Closes the bars whose time has come; false where their candles cannot be had now. */
  async close(subject: InstrumentContext, interval: Interval, now: number): Promise<FrameEvent[] | false> {
    try {
      const prepare = async (bars: readonly Candle[]) => [
        ...bars.map((bar) => this.#candleEvent(subject, interval, bar, false, now)),
        ...this.#closedEvents(subject, await this.#indicators.append(subject, interval, bars), "closed", now),
      ];
      const events = await this.#candles.close(subject, interval, now, prepare, (events) => this.#outbox.add(events));
      this.#behind.delete(interval);
      return events ?? [];
    } catch (error) {
      if (!(error instanceof CandlesUnavailable)) throw error;
      this.#behind.add(interval);
      return false;
    }
  }

  /** Tells what a closed bar is now. */
  async revise(subject: InstrumentContext, interval: Interval, time: number, now: number): Promise<FrameEvent[]> {
    const closed = this.#candles.closed(interval);
    if (closed === null || time > closed) return [];
    try {
      const bar = await this.#candles.read(subject, interval, time);
      if (!bar || bar.revision === 0) return [];
      const values = await this.#indicators.revise(subject, interval, time, closed);
      const events = this.#closedEvents(subject, values, "revised", now);
      return this.#outbox.add([this.#candleEvent(subject, interval, bar, false, now), ...events]);
    } catch (error) {
      if (!(error instanceof CandlesUnavailable)) throw error;
      return [];
    }
  }

  /** What the bars that form have become with a quote. */
  form(subject: InstrumentContext, quote: StoredQuote, now: number): FrameEvent[] {
    const events = this.#candles.intervals().flatMap((interval): BarEvent[] => {
      const bar = this.#forming.applyQuote(subject, interval, quote, now);
      const upcoming = this.#candles.upcoming(subject, interval);
      if (!bar || !upcoming) return [];
      // A bar is told of once the one before it has closed, unless nobody knows when that will be.
      if (bar.time !== upcoming.time && !(this.#behind.has(interval) && bar.time > upcoming.time)) return [];
      const before = this.#published.get(interval);
      if (before && sameNumbers(before, bar)) return [];
      this.#published.set(interval, bar);
      const event = this.#candleEvent(subject, interval, bar, true, now);
      if (bar.time !== upcoming.time) return [event];
      const values = this.#indicators.peek(interval, bar);
      return [
        event,
        ...values.map(({ wanted, value }) =>
          this.#valueEvent(subject, wanted, { time: bar.time, state: "open", value }, now),
        ),
      ];
    });
    return this.#outbox.add(events);
  }

  #candleEvent(
    { instrument }: InstrumentContext,
    interval: Interval,
    bar: Candle,
    isOpen: boolean,
    now: number,
  ): BarEvent {
    return {
      ...{ channel: "candles", interval, time: bar.time, isClosed: !isOpen },
      text: candleFrame(instrument.symbol, interval, bar, isOpen, now),
    };
  }

  #valueEvent(
    { instrument }: InstrumentContext,
    { interval, spec }: IndicatorInterest,
    bar: { time: number; state: "open" | "closed" | "revised"; value: IndicatorValue },
    now: number,
  ): BarEvent {
    return {
      ...{ channel: "indicators", interval, spec, time: bar.time, isClosed: bar.state !== "open" },
      text: indicatorFrame(instrument.symbol, { interval, spec, ...bar }, now),
    };
  }

  #closedEvents(subject: InstrumentContext, all: readonly ClosedValues[], state: "closed" | "revised", now: number) {
    return all.flatMap(({ indicator, values }) =>
      values.map((each) => this.#valueEvent(subject, indicator, { ...each, state }, now)),
    );
  }
}

function sameNumbers(a: Candle, b: Candle): boolean {
  const fields = ["time", "open", "high", "low", "close", "volume"] as const;
  return fields.every((field) => a[field] === b[field]);
}
