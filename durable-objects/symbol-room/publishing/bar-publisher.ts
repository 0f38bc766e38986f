import type { BarState } from "../../../contracts/candle.ts";
import type { ProviderName } from "../../../contracts/provider.ts";
import type { StoredQuote } from "../../../contracts/quote.ts";
import { type Candle, NUMBER_FIELDS } from "../../../core/candles.ts";
import type { Interval } from "../../../core/interval.ts";
import { isoTime } from "../../../core/time.ts";
import type { BarEvent, FrameEvent, IndicatorInterest, Interest } from "../../symbol-events/symbol-events.ts";
import { candleFrame, type IndicatorValue, indicatorFrame, resetFrame } from "../frames.ts";
import { CandlesUnavailable, type InstrumentContext, type SourcedCandle } from "../instrument-context.ts";
import type { BarOutbox } from "./bar-outbox.ts";
import type { ClosedBarCursor } from "./closed-bars.ts";
import type { FormingBars } from "./forming-bars.ts";
import { intervalsOf } from "./hub-leases.ts";
import type { ClosedValues, IndicatorRunner } from "./indicator-runner.ts";

/** The bars and the indicators that a client watches, as events. */
export class BarPublisher {
  readonly #candles: ClosedBarCursor;
  readonly #forming: FormingBars;
  readonly #indicators: IndicatorRunner;
  readonly #outbox: BarOutbox;
  /** The open candle of each interval that was sent last. */
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
  rewind(context: InstrumentContext, now: number): boolean {
    return this.#candles.rewind(context, now);
  }

  /** Watches exactly what is wanted from now on; returns the intervals that must be started. */
  watch(context: InstrumentContext, interest: Interest, now: number): Interval[] {
    const intervals = intervalsOf(interest);
    const fresh = new Set(this.#candles.watch(context, intervals, now));
    for (const interval of fresh) {
      this.#forming.forget(interval);
      this.#indicators.forget(interval);
      this.#published.delete(interval);
      this.#behind.delete(interval);
    }
    for (const interval of this.#indicators.watch(interest.indicators)) fresh.add(interval);
    for (const interval of intervals) if (!this.#forming.isKnown(context, interval)) fresh.add(interval);
    return [...fresh];
  }

  /** Bars were changed: nothing that was calculated from them is kept for later. */
  forgetKept(): void {
    this.#indicators.forgetKept();
  }

  /** Opening of the last closed bar that was published; null where the interval is not watched. */
  closed(interval: Interval): number | null {
    return this.#candles.closed(interval);
  }

  /** Says that more bars have changed than are published one by one: a client that has any from a stamp on must ask again. */
  reset(context: InstrumentContext, interval: Interval, from: number, now: number): FrameEvent[] {
    const indicators = this.#indicators.watched(interval);
    this.#indicators.forget(interval);
    const text = resetFrame(context.instrument.symbol, interval, from, isoTime(now));
    const event = { interval, time: from, isClosed: true, text };
    return this.#outbox.add([
      { ...event, channel: "candles" },
      ...indicators.map(({ spec }): BarEvent => ({ ...event, channel: "indicators", spec })),
    ]);
  }

  /** When the next bar's candle is known, unix seconds; null where the interval is not watched. */
  closesAt(context: InstrumentContext, interval: Interval): number | null {
    const upcoming = this.#candles.upcoming(context, interval);
    return upcoming && upcoming.closes + context.source.barDelay;
  }

  /** Learns what an interval's forming bar and its indicators have been so far; false where no source answers now. */
  async start(context: InstrumentContext, interval: Interval, now: number): Promise<boolean> {
    const closed = this.#candles.closed(interval);
    if (closed === null) return true;
    try {
      await this.#forming.load(context, interval, now);
      await this.#indicators.start(context, interval, closed);
      return this.#forming.isKnown(context, interval);
    } catch (error) {
      if (!(error instanceof CandlesUnavailable)) throw error;
      return false;
    }
  }

  /** Closes the bars whose time has come; false where their candles cannot be had now. */
  async close(context: InstrumentContext, interval: Interval, now: number): Promise<FrameEvent[] | false> {
    try {
      const prepare = async (bars: readonly SourcedCandle[]) => [
        ...bars.map((bar) => this.#candleEvent(context, interval, bar, false, now)),
        ...this.#closedEvents(context, await this.#indicators.append(context, interval, bars), "closed", now),
      ];
      const events = await this.#candles.close(context, interval, now, prepare, (events) => this.#outbox.add(events));
      this.#behind.delete(interval);
      return events ?? [];
    } catch (error) {
      if (!(error instanceof CandlesUnavailable)) throw error;
      this.#behind.add(interval);
      return false;
    }
  }

  /** Publishes what a closed bar is now. */
  async revise(context: InstrumentContext, interval: Interval, time: number, now: number): Promise<FrameEvent[]> {
    const closed = this.#candles.closed(interval);
    if (closed === null || time > closed) return [];
    try {
      const bar = await this.#candles.read(context, interval, time);
      if (!bar) return this.reset(context, interval, time, now);
      // What a source revises by itself may be as it was.
      if (bar.revision === 0 && !context.source.isPolled) return [];
      const values = await this.#indicators.revise(context, interval, time, closed);
      const events = this.#closedEvents(context, values, "revised", now);
      return this.#outbox.add([this.#candleEvent(context, interval, bar, false, now), ...events]);
    } catch (error) {
      if (!(error instanceof CandlesUnavailable)) throw error;
      return [];
    }
  }

  /** What the bars that form have become with a quote. */
  form(context: InstrumentContext, quote: StoredQuote, now: number): FrameEvent[] {
    const events = this.#candles.intervals().flatMap((interval): BarEvent[] => {
      const bar = this.#forming.applyQuote(context, interval, quote, now);
      const upcoming = this.#candles.upcoming(context, interval);
      if (!bar || !upcoming) return [];
      // A bar is published once the one before it has closed, unless it is not known when that will be.
      if (bar.time !== upcoming.time && !(this.#behind.has(interval) && bar.time > upcoming.time)) return [];
      const before = this.#published.get(interval);
      if (before && sameNumbers(before, bar)) return [];
      this.#published.set(interval, bar);
      const event = this.#candleEvent(context, interval, bar, true, now);
      if (bar.time !== upcoming.time) return [event];
      const values = this.#indicators.peek(interval, bar);
      return [
        event,
        ...values.map(({ wanted: indicator, value }) =>
          this.#valueEvent(context, indicator, { time: bar.time, state: "open", value, provider: bar.provider }, now),
        ),
      ];
    });
    return this.#outbox.add(events);
  }

  #candleEvent(
    { instrument }: InstrumentContext,
    interval: Interval,
    bar: SourcedCandle,
    isOpen: boolean,
    now: number,
  ): BarEvent {
    return {
      ...{ channel: "candles", interval, time: bar.time, isClosed: !isOpen },
      text: candleFrame(instrument.symbol, interval, bar, isOpen, isoTime(now)),
    };
  }

  #valueEvent(
    { instrument }: InstrumentContext,
    { interval, spec }: IndicatorInterest,
    bar: { time: number; state: BarState; value: IndicatorValue; provider: ProviderName },
    now: number,
  ): BarEvent {
    return {
      ...{ channel: "indicators", interval, spec, time: bar.time, isClosed: bar.state !== "open" },
      text: indicatorFrame(instrument.symbol, { interval, spec, ...bar }, isoTime(now)),
    };
  }

  #closedEvents(context: InstrumentContext, all: readonly ClosedValues[], state: "closed" | "revised", now: number) {
    return all.flatMap(({ indicator, values }) =>
      values.map((each) => this.#valueEvent(context, indicator, { ...each, state }, now)),
    );
  }
}

function sameNumbers(a: Candle, b: Candle): boolean {
  return a.time === b.time && NUMBER_FIELDS.every((field) => a[field] === b[field]);
}
