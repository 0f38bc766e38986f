import type { StoredQuote } from "../../../contracts/quote.ts";
import { bucketAt, bucketStamped, bucketsForward } from "../../../core/buckets.ts";
import { type Candle, candleAt } from "../../../core/candles.ts";
import type { Interval } from "../../../core/interval.ts";
import { DAY } from "../../../core/time.ts";
import { type InstrumentContext, pagesOf, type ReadCandles } from "../instrument-context.ts";
import { lastSimulated } from "../quotes/simulated-quote.ts";

/** Further back and ahead than any bar that forms is stamped. */
const AROUND = 32 * DAY;

/** The bars that form, quote by quote. They are in memory only: a source knows what a bar has been so far. */
export interface FormingBars {
  /** The bar that forms, with a quote in it; null where none does, or what it has been so far must be learnt first. */
  applyQuote(subject: InstrumentContext, interval: Interval, quote: StoredQuote, now: number): Candle | null;
  /** Whether the next quote can be put into a bar. */
  isKnown(subject: InstrumentContext, interval: Interval): boolean;
  /** Asks the sources what the bar that forms has been so far; throws CandlesUnavailable where none answers. */
  load(subject: InstrumentContext, interval: Interval, now: number): Promise<void>;
  forget(interval: Interval): void;
}

/** A bar that a price begins. */
const begun = (time: number, price: number): Candle => ({
  ...{ time, open: price, high: price, low: price, close: price },
  ...{ volume: null, revision: 0, suspect: false },
});

/** A bar with one price more. What was traded since its volume was known is not known. */
const continued = (bar: Candle, price: number): Candle => ({
  ...bar,
  high: Math.max(bar.high ?? price, price),
  low: Math.min(bar.low ?? price, price),
  close: price,
  volume: null,
});

/** Opens a room's forming bars. */
export function openFormingBars(readCandles: ReadCandles): FormingBars {
  const bars = new Map<Interval, Candle>();

  const simulated = ({ instrument, market }: InstrumentContext, interval: Interval, now: number): Candle | null => {
    const last = lastSimulated(instrument, interval, now);
    const closes = last && bucketStamped(market, interval, last.time)?.closes;
    return closes && closes > now ? last : null;
  };

  return {
    applyQuote(subject, interval, { price, timestamp }, now) {
      if (subject.kind === "simulated") return simulated(subject, interval, now);
      const bucket = bucketAt(subject.market, interval, Date.parse(timestamp) / 1000);
      const bar = bars.get(interval);
      if (!bucket || !bar || price === null || bucket.time < bar.time) return null;
      if (bar.time === bucket.time) {
        const next = continued(bar, price);
        bars.set(interval, next);
        return next;
      }
      // A bar is known from its opening only where the one before it was watched.
      if (bucketsForward(subject.market, interval, bar.time + 1).next().value?.time !== bucket.time) {
        bars.delete(interval);
        return null;
      }
      const first = begun(bucket.time, price);
      bars.set(interval, first);
      return first;
    },
    isKnown: ({ kind }, interval) => kind !== "polled" || bars.has(interval),
    async load(subject, interval, now) {
      if (subject.kind !== "polled" || bars.has(interval)) return;
      const { candles } = await pagesOf(readCandles, subject, interval)(now - AROUND, now + AROUND, 1, true);
      if (candles.length > 0 && !bars.has(interval)) bars.set(interval, candleAt(candles, 0));
    },
    forget: (interval) => void bars.delete(interval),
  };
}
