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
export interface BarPublisher {
  /** Forgets closed bars that are not closed yet, by a clock that was set back; returns whether there are any. */
  rewind(subject: InstrumentContext, now: number): boolean;
  /** Watches exactly what is wanted from now on; gives the intervals that must be started. */
  watch(subject: InstrumentContext, wants: Interest, now: number): Interval[];
  isWatched(interval: Interval): boolean;
  /** When the next bar's candle is known, unix seconds; null where the interval is not watched. */
  closesAt(subject: InstrumentContext, interval: Interval): number | null;
  /** Learns what an interval's forming bar and its indicators have been so far; false where no source answers now. */
  start(subject: InstrumentContext, interval: Interval, now: number): Promise<boolean>;
  /** Closes the bars whose time has come; false where their candles cannot be had now. */
  close(subject: InstrumentContext, interval: Interval, now: number): Promise<FrameEvent[] | false>;
  /** Tells what a closed bar is now. */
  revise(subject: InstrumentContext, interval: Interval, time: number, now: number): Promise<FrameEvent[]>;
  /** What the bars that form have become with a quote. */
  form(subject: InstrumentContext, quote: StoredQuote, now: number): FrameEvent[];
}

/** Opens a room's live series. */
export function openBarPublisher(
  candles: ClosedBarCursor,
  forming: FormingBars,
  indicators: IndicatorRunner,
  outbox: BarOutbox,
): BarPublisher {
  /** The open candle of each interval that was told last. */
  const published = new Map<Interval, Candle>();
  /** Intervals whose last bars cannot be closed yet, because no source answers. */
  const behind = new Set<Interval>();

  const candleEvent = (
    { instrument }: InstrumentContext,
    interval: Interval,
    bar: Candle,
    isOpen: boolean,
    now: number,
  ): BarEvent => ({
    ...{ channel: "candles", interval, time: bar.time, isClosed: !isOpen },
    text: candleFrame(instrument.symbol, interval, bar, isOpen, now),
  });

  const valueEvent = (
    { instrument }: InstrumentContext,
    { interval, spec }: IndicatorInterest,
    bar: { time: number; state: "open" | "closed" | "revised"; value: IndicatorValue },
    now: number,
  ): BarEvent => ({
    ...{ channel: "indicators", interval, spec, time: bar.time, isClosed: bar.state !== "open" },
    text: indicatorFrame(instrument.symbol, { interval, spec, ...bar }, now),
  });

  const closedEvents = (
    subject: InstrumentContext,
    all: readonly ClosedValues[],
    state: "closed" | "revised",
    now: number,
  ) =>
    all.flatMap(({ indicator, values }) =>
      values.map((each) => valueEvent(subject, indicator, { ...each, state }, now)),
    );

  return {
    rewind: candles.rewind,
    watch(subject, wants, now) {
      const intervals = intervalsOf(wants);
      const fresh = new Set(candles.watch(subject, intervals, now));
      for (const interval of fresh) {
        forming.forget(interval);
        indicators.forget(interval);
        published.delete(interval);
        behind.delete(interval);
      }
      for (const interval of indicators.watch(wants.indicators)) fresh.add(interval);
      for (const interval of intervals) if (!forming.isKnown(subject, interval)) fresh.add(interval);
      return [...fresh];
    },
    isWatched: (interval) => candles.closed(interval) !== null,
    closesAt(subject, interval) {
      const upcoming = candles.upcoming(subject, interval);
      return upcoming && upcoming.closes + subject.delay;
    },
    async start(subject, interval, now) {
      const closed = candles.closed(interval);
      if (closed === null) return true;
      try {
        await forming.load(subject, interval, now);
        await indicators.start(subject, interval, closed);
        return forming.isKnown(subject, interval);
      } catch (error) {
        if (!(error instanceof CandlesUnavailable)) throw error;
        return false;
      }
    },
    async close(subject, interval, now) {
      try {
        const prepare = async (bars: readonly Candle[]) => [
          ...bars.map((bar) => candleEvent(subject, interval, bar, false, now)),
          ...closedEvents(subject, await indicators.append(subject, interval, bars), "closed", now),
        ];
        const events = await candles.close(subject, interval, now, prepare, outbox.add);
        behind.delete(interval);
        return events ?? [];
      } catch (error) {
        if (!(error instanceof CandlesUnavailable)) throw error;
        behind.add(interval);
        return false;
      }
    },
    async revise(subject, interval, time, now) {
      const closed = candles.closed(interval);
      if (closed === null || time > closed) return [];
      try {
        const bar = await candles.read(subject, interval, time);
        if (!bar || bar.revision === 0) return [];
        const values = await indicators.revise(subject, interval, time, closed);
        const events = closedEvents(subject, values, "revised", now);
        return outbox.add([candleEvent(subject, interval, bar, false, now), ...events]);
      } catch (error) {
        if (!(error instanceof CandlesUnavailable)) throw error;
        return [];
      }
    },
    form(subject, quote, now) {
      const events = candles.intervals().flatMap((interval): BarEvent[] => {
        const bar = forming.applyQuote(subject, interval, quote, now);
        const upcoming = candles.upcoming(subject, interval);
        if (!bar || !upcoming) return [];
        // A bar is told of once the one before it has closed, unless nobody knows when that will be.
        if (bar.time !== upcoming.time && !(behind.has(interval) && bar.time > upcoming.time)) return [];
        const before = published.get(interval);
        if (before && sameNumbers(before, bar)) return [];
        published.set(interval, bar);
        const event = candleEvent(subject, interval, bar, true, now);
        if (bar.time !== upcoming.time) return [event];
        const values = indicators.peek(interval, bar);
        return [
          event,
          ...values.map(({ wanted, value }) =>
            valueEvent(subject, wanted, { time: bar.time, state: "open", value }, now),
          ),
        ];
      });
      return outbox.add(events);
    },
  };
}

function sameNumbers(a: Candle, b: Candle): boolean {
  const fields = ["time", "open", "high", "low", "close", "volume"] as const;
  return fields.every((field) => a[field] === b[field]);
}
