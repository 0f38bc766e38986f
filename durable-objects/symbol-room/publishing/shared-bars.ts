import { type Bars, historyKey, readBars } from "../../../core/indicators/history.ts";
import type { IndicatorSpec } from "../../../core/indicators/spec.ts";
import type { Interval } from "../../../core/interval.ts";
import { MemoryCache } from "../../../storage/memory-cache.ts";
import { inPages } from "../candles/reading/columns.ts";
import { type InstrumentContext, pagesOf } from "../instrument-context.ts";

/**
 * Bars are kept for this long (milliseconds), and no more than that many of all rooms of an isolate: after a bar has closed many clients
 * ask for the same.
 */
const KEPT_MS = 5_000;
const MAX_KEPT_BARS = 200_000;
const kept = new MemoryCache<Bars>(KEPT_MS, MAX_KEPT_BARS);
/** Rooms, and what they have forgotten, are distinguished by a number. */
let generations = 0;
/** Bars are read up to the last closed one, so that none of them can be forming. */
const ALL_CLOSED = Number.POSITIVE_INFINITY;

/** The bars that indicators are calculated from: read once for all who ask for the same within seconds. */
export class SharedBars {
  #generation = generations++;
  readonly #reading = new Map<string, Promise<Bars>>();

  /**
   * The last `points` bars up to `closed` with the history that the specs need. Throws CandlesUnavailable where no source answers.
   * @param closed stamp of the last closed bar, unix seconds
   */
  async read(
    context: InstrumentContext,
    interval: Interval,
    specs: readonly IndicatorSpec[],
    points: number,
    closed: number,
  ): Promise<Bars> {
    const key = `${this.#generation} ${interval} ${closed} ${points} ${historyKey(specs)}`;
    const known = kept.get(key) ?? this.#reading.get(key);
    if (known) return known;
    const query = { interval, points, from: null, to: closed + 1, includeOpen: false };
    const pages = inPages(pagesOf(context, interval));
    const reading = readBars(pages, context.market, specs, query, ALL_CLOSED).then(({ bars }) => bars);
    this.#reading.set(key, reading);
    try {
      const bars = await reading;
      kept.set(key, bars, bars.columns.length);
      return bars;
    } finally {
      this.#reading.delete(key);
    }
  }

  /** Forgets what is kept: bars were changed. */
  clear(): void {
    this.#generation = generations++;
  }
}
