import type { Adjustment } from "../../contracts/candle.ts";
import type { ProviderName } from "../../contracts/provider.ts";
import type { StoredQuote } from "../../contracts/quote.ts";
import type { CandleColumns } from "../../core/candles.ts";
import type { Interval } from "../../core/interval.ts";
import type { CandlesPage } from "./candles/candle-pages.ts";
import type { StoreCounts } from "./candles/candle-store.ts";
import type { Columns } from "./candles/columns.ts";
import type { DecisionCount } from "./quality-log.ts";
import type { Attempt } from "./quotes/source-failover.ts";

/** What rides on an answer: the data-quality decisions since the last one. */
export interface WithCounts {
  decisions?: DecisionCount[];
}

/** What a room says when it is asked for its quote. */
export type QuoteReply = QuoteFound & WithCounts;

type QuoteFound =
  | { kind: "quote"; quote: StoredQuote; tier: "room" | "provider" }
  | { kind: "too_old"; lastKnown: StoredQuote }
  | { kind: "unavailable"; sources: ProviderName[]; attempts: Attempt[]; retryAfter: number };

/** What a room says when it is asked for candles. */
export type CandlesReply = CandlesFound & WithCounts;

type CandlesFound = CandlesPage | { kind: "unavailable"; sources: ProviderName[]; retryAfter: number };

/** What a room replies when it is asked for the bars of indicators. */
export type ColumnsReply = (
  | Columns
  | { kind: "unavailable"; sources: ProviderName[]; retryAfter: number }
  /** The room reads as much history as it may. */
  | { kind: "overloaded"; retryAfter: number }
) &
  WithCounts;

/** Candles to import into one series. */
export interface ImportBatch {
  interval: Interval;
  adjustment: Adjustment;
  candles: CandleColumns;
}

/** What importing did, or the adjustment that the series has and the candles do not fit. */
export type ImportReply = ({ kind: "stored" } & StoreCounts) | { kind: "conflict"; adjustment: Adjustment };

/** What a room can serve. */
export interface Availability {
  lastQuoteAt: string | null;
  intervals: Partial<Record<Interval, { from: number; to: number }>>;
}

/** How a room came by its quote. */
export interface Trace {
  latest: StoredQuote | null;
  sources: ProviderName[];
  attempts: Attempt[];
}
