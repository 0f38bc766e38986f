import type { ProviderName } from "../../../contracts/provider.ts";
import type { StoredQuote } from "../../../contracts/quote.ts";
import { bucketAt, bucketsForward } from "../../../core/buckets.ts";
import type { Interval } from "../../../core/interval.ts";
import { DAY } from "../../../core/time.ts";
import { type InstrumentContext, pagesOf, type SourcedCandle, sourcedCandleAt } from "../instrument-context.ts";

/** Further back and ahead than any bar that forms is stamped. */
const AROUND = 32 * DAY;

/** A bar that a price begins. */
const begun = (time: number, price: number, provider: ProviderName): SourcedCandle => ({
  ...{ time, open: price, high: price, low: price, close: price },
  ...{ volume: null, revision: 0, suspect: false, provider },
});

/** A bar with one price more. What was traded since its volume was known is not known. */
const continued = (bar: SourcedCandle, price: number): SourcedCandle => ({
  ...bar,
  high: Math.max(bar.high ?? price, price),
  low: Math.min(bar.low ?? price, price),
  close: price,
  volume: null,
});

/** The bars that form, quote by quote. They are in memory only: a source knows what a bar has been so far. */
export class FormingBars {
  readonly #bars = new Map<Interval, SourcedCandle>();

  /** The bar that forms, with a quote in it; null where none does, or what it has been so far must be learnt first. */
  applyQuote(
    context: InstrumentContext,
    interval: Interval,
    { price, timestamp, provider }: StoredQuote,
    now: number,
  ): SourcedCandle | null {
    const own = context.source.formingBar(interval, now);
    if (own !== undefined) return own && { ...own, provider };
    const bucket = bucketAt(context.market, interval, Date.parse(timestamp) / 1000);
    const bar = this.#bars.get(interval);
    if (!bucket || !bar || price === null || bucket.time < bar.time) return null;
    // A bar is never made of two sources: what the other has of it must be learnt.
    if (bar.provider !== provider) {
      this.#bars.delete(interval);
      return null;
    }
    if (bar.time === bucket.time) {
      const next = continued(bar, price);
      this.#bars.set(interval, next);
      return next;
    }
    // A bar is known from its opening only where the one before it was watched.
    if (bucketsForward(context.market, interval, bar.time + 1).next().value?.time !== bucket.time) {
      this.#bars.delete(interval);
      return null;
    }
    const first = begun(bucket.time, price, provider);
    this.#bars.set(interval, first);
    return first;
  }

  /** Whether the next quote can be put into a bar. */
  isKnown({ source }: InstrumentContext, interval: Interval): boolean {
    return !source.isPolled || this.#bars.has(interval);
  }

  /** Asks the sources what the bar that forms has been so far; throws CandlesUnavailable where none answers. */
  async load(context: InstrumentContext, interval: Interval, now: number): Promise<void> {
    if (!context.source.isPolled || this.#bars.has(interval)) return;
    const { candles } = await pagesOf(context, interval)(now - AROUND, now + AROUND, 1, true);
    if (candles.length > 0 && !this.#bars.has(interval)) this.#bars.set(interval, sourcedCandleAt(context, candles, 0));
  }

  forget(interval: Interval): void {
    void this.#bars.delete(interval);
  }
}
