import type { ProviderName } from "../../../contracts/provider.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import type { Interval } from "../../../core/interval.ts";
import type { Market } from "../../../core/market-calendar/markets.ts";
import type { Span } from "../../../core/spans.ts";
import type { CandleStore } from "./storage/candle-store.ts";
import type { CandleTurns } from "./storage/candle-turns.ts";
import type { FetchedSpans } from "./storage/fetched-spans.ts";
import type { OriginBook } from "./storage/origin-book.ts";
import type { IsBetter } from "./storage/origins.ts";

/** A room's series as one request sees it: the candles, where they come from, and the sources in their order. */
export interface Series {
  instrument: Instrument;
  market: Market;
  /** The symbol's sources, in order. */
  sources: readonly ProviderName[];
  isBetter: IsBetter;
  store: CandleStore;
  turns: CandleTurns;
  origins: OriginBook;
  fetched: FetchedSpans;
  /** The interval that a provider is asked for to answer another; null where it has none or is not in use. */
  askedInterval: (provider: ProviderName, interval: Interval) => Interval | null;
  /** The stretch of a source's newest candles that may still change, and was fetched a moment ago; null where there is none. */
  recent: (source: ProviderName, interval: Interval) => Span | null;
}

/**
 * What came of filling a page: all that it lacked was fetched, or a source failed that may answer later, or no source has
 * what is lacking.
 */
export type BackfillOutcome = { outcome: "complete" | "unsupported" } | { outcome: "failed"; retryAfter: number };
