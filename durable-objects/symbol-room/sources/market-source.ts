import type { Origin } from "../../../contracts/candle.ts";
import type { ProviderName } from "../../../contracts/provider.ts";
import type { ProviderQuote } from "../../../contracts/quote.ts";
import type { Candle } from "../../../core/candles.ts";
import type { Interval } from "../../../core/interval.ts";
import type { Span } from "../../../core/spans.ts";
import type { CandlesPage } from "../candles/reading/candle-pages.ts";
import type { RowQuery } from "../candles/storage/candle-store.ts";
import type { Priority } from "../upstreams.ts";

/** What a source does by itself at a second: a quote, the same quote once more, or a number whose event is lost. */
export type SourceTick = { kind: "quote" | "again"; quote: ProviderQuote } | { kind: "lost" };

/** A page of candles, or how long to wait (seconds) before asking again for one that no source has now. */
export type SourcePage = CandlesPage | { kind: "unavailable"; retryAfter: number };

/** The source of a symbol's data: the simulator, imported candles, or upstreams that are polled. Chosen once per request. */
export interface MarketSource {
  /** The provider that needs no upstream; null if all do. */
  readonly localProvider: ProviderName | null;
  /** Whether prices come by polling upstreams. */
  readonly isPolled: boolean;
  /** Seconds after the close of a bar at which its candle is known. */
  readonly barDelay: number;
  /** Seconds after the close of a bar at which the source revises it by itself; null if it never does. */
  readonly revisesAfter: number | null;
  /** The quote at `now` (unix seconds) that needs no upstream; null if there is none. Of a polled source it is the last resort. */
  localQuote(now: number): ProviderQuote | null;
  /** When the source ticks next by itself; null if it never does. */
  nextTickAt(now: number): number | null;
  /**
   * What the source does by itself at `now`.
   * @param last the second of the quote that it published last; null if there is none
   */
  ticks(now: number, last: number | null): SourceTick[];
  /** The bar that forms at `now`: null if none does, undefined if quotes make it. */
  formingBar(interval: Interval, now: number): Candle | null | undefined;
  /** A page of candles, fetched from upstreams first if the store lacks some. */
  readPage(query: RowQuery, priority: Priority): Promise<SourcePage>;
  /** The origin with a number that its candles have. */
  originOf(id: number): Origin;
  /** The stretch of each interval for which candles are known. */
  knownIntervals(): Partial<Record<Interval, Span>>;
}
