import type { CandleColumns } from "../candles.ts";
import type { Interval } from "../interval.ts";
import type { Market } from "../market-calendar/markets.ts";

/**
 * What a candle can be flagged for:
 * - `off_grid`: stamped where no bucket of its interval opens, and so left out
 * - `no_price`: without a close, or with a price of zero or below where there are none such, and so left out
 * - `impossible`: no market can have made these numbers (high below low, open or close outside, a price of 0, no time)
 * - `duplicate`: says again, to the last digit, what an earlier row said
 * - `conflict`: shares its time with a row of other numbers; neither can be trusted
 * - `out_of_order`: does not fit among the rows around it in time
 * - `future`: opens later than now
 * - `closed`: stamped while its market was closed
 * - `shifted`: in a stretch whose stamps are some buckets off
 * - `unit`: about 100 times too large or too small, as rand for cents
 * - `spike`: a price that left its neighbours and came back, far beyond what is usual
 * - `frozen`: the price of the candle before, too often in a row for a market that is open
 */
export const CHECKS = [
  "off_grid",
  "no_price",
  "impossible",
  "duplicate",
  "conflict",
  "out_of_order",
  "future",
  "closed",
  "shifted",
  "unit",
  "spike",
  "frozen",
] as const;

export type Check = (typeof CHECKS)[number];

/** One candle flagged by one check. */
export interface Finding {
  /** The candle's row in the columns that were checked. */
  index: number;
  /** The candle's stamp, unix seconds. */
  time: number;
  check: Check;
  /** What is wrong, for a person. */
  detail: string;
}

/** What a series is checked against. */
export interface SeriesRules {
  market: Market;
  interval: Interval;
  /** Unix seconds. */
  now: number;
  /** Whether prices of zero and below are possible, as they are for commodities. */
  negativePrices?: boolean;
}

/** Candles under check, as they came: perhaps unordered, perhaps doubled. */
export interface Batch extends SeriesRules {
  candles: CandleColumns;
}

/** Where a check puts what it finds: a row, and what is wrong with it. */
export type ReportFinding = (index: number, check: Check, detail: string) => void;

/** Seconds by which a source's clock may run ahead of ours. */
export const MAX_CLOCK_SKEW_SECONDS = 30;
