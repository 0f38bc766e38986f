import type { Adjustment } from "../../contracts/candle.ts";
import type { ProviderName } from "../../contracts/provider.ts";
import type { StoredQuote } from "../../contracts/quote.ts";
import type { CandleColumns } from "../../core/candles.ts";
import type { Interval } from "../../core/interval.ts";
import type { CandlesPage } from "./candles/reading/candle-pages.ts";
import type { Columns } from "./candles/reading/columns.ts";
import type { StoreCounts } from "./candles/storage/bucket-rows.ts";
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

/** Candles of one import. */
export interface ImportBatch {
  interval: Interval;
  adjustment: Adjustment;
  /** From when on raw prices fit adjusted ones, unix seconds; null for raw prices. */
  adjustedAsOf: number | null;
  /** The import that the candles belong to. */
  importId: string;
  candles: CandleColumns;
}

/** A candle that is stored and doubted. */
export interface DoubtedCandle {
  /** Its stamp, unix seconds. */
  time: number;
  reason: string;
}

/** What importing did, or would do. */
export interface ImportReply extends StoreCounts {
  /** Candles that data-quality checks flag, ascending. */
  suspect: DoubtedCandle[];
}

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
