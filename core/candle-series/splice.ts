import { MAX_PLAUSIBLE_STEP } from "../data-quality/check-quote.ts";
import type { MarketId } from "../market-calendar/markets.ts";
import { DAY } from "../time.ts";

/** What was done to past prices for splits and dividends. */
export const ADJUSTMENTS = ["raw", "split", "split_dividend", "unknown"] as const;

export type Adjustment = (typeof ADJUSTMENTS)[number];

/** The candles of one interval that one source has, or that imports of one kind have together. */
export interface SeriesPart {
  adjustment: Adjustment;
  /** From when on raw prices fit the adjusted ones, unix seconds; null for raw prices, and where it is not known. */
  adjustedAsOf: number | null;
  /** Whether it was imported. */
  isImport: boolean;
  /** Stamps of its first and last candle. */
  first: number;
  last: number;
}

/** Where a part may be shown beside one that ranks higher. */
export interface Visibility {
  /** Before the first candle of the higher part. */
  before: boolean;
  /** Between its candles. */
  within: boolean;
  /** After its last candle, from this stamp on; null where it may not. */
  after: number | null;
}

const HIDDEN: Visibility = { before: false, within: false, after: null };

/** How far closes of one bucket may be apart in two sources of the same prices, as a share. */
const TOLERANCE: Record<MarketId, number> = { JSE: 0.005, US: 0.005, FOREX: 0.005, CRYPTO: 0.02 };

/** Common buckets whose closes decide whether two sources have the same prices: the last ones. */
export const COMMON_BUCKETS = 3;

/** The closes of a bucket that two sources have. */
export interface CommonClose {
  one: number;
  other: number;
}

/** Whether two sources have the same prices, by their closes in the buckets that both have; null where there is none. */
export function agreeInCommon(market: MarketId, common: readonly CommonClose[]): boolean | null {
  const last = common.slice(-COMMON_BUCKETS);
  if (last.length === 0) return null;
  return last.every(({ one, other }) => Math.abs(one - other) <= TOLERANCE[market] * Math.abs(one));
}

/**
 * Whether an import can be of the same series as one before it, by their closes in the buckets that both have: a later one may correct some
 * of them. Null where there is none.
 */
export function correctsInCommon(market: MarketId, common: readonly CommonClose[]): boolean | null {
  const last = common.slice(-COMMON_BUCKETS);
  if (last.length === 0) return null;
  const isCorrection = last.every(({ one, other }) => Math.abs(Math.log(other / one)) <= MAX_PLAUSIBLE_STEP[market]);
  if (isCorrection && last.length < COMMON_BUCKETS) return true;
  return 2 * last.filter((each) => agreeInCommon(market, [each])).length > last.length;
}

/** Whether a first close can follow a last one of another source without a bucket that both have; times in unix seconds. */
export function followsPlausibly(
  market: MarketId,
  older: { time: number; close: number },
  newer: { time: number; close: number },
): boolean {
  const days = Math.max(1, Math.abs(newer.time - older.time) / DAY);
  return Math.abs(Math.log(newer.close / older.close)) <= MAX_PLAUSIBLE_STEP[market] * Math.sqrt(days);
}

/**
 * Where the candles of a lower part may stand beside those of a higher one. Raw prices may follow adjusted ones from the date of the
 * adjustment on, and may precede raw ones alone; nothing else fits.
 * @param agrees whether the two have the same prices where they meet
 */
export function besideHigher(higher: SeriesPart, lower: SeriesPart, agrees: boolean): Visibility {
  if (!agrees) return HIDDEN;
  const [isRaw, lowerIsRaw] = [higher.adjustment === "raw", lower.adjustment === "raw"];
  if (isRaw && lowerIsRaw) return { before: true, within: true, after: higher.last };
  const areImports = higher.isImport && lower.isImport && higher.adjustment === lower.adjustment;
  if (areImports) return { before: true, within: true, after: higher.last };
  if (!isRaw && lowerIsRaw && higher.adjustedAsOf !== null)
    return { before: false, within: false, after: Math.max(higher.last, higher.adjustedAsOf) };
  const precedes = isRaw && lower.adjustedAsOf !== null && lower.adjustedAsOf <= higher.first;
  return precedes ? { before: true, within: false, after: null } : HIDDEN;
}
