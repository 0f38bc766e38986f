import { bucketStamped } from "../core/buckets.ts";
import { type CandleColumns, candlesFrom, PRICE_FIELDS } from "../core/candles.ts";
import { implausible } from "../core/data-quality/plausible.ts";
import type { Interval } from "../core/interval.ts";
import type { Market } from "../core/market-calendar/markets.ts";
import { isoTime } from "../core/time.ts";
import { type CandleRequest, type LeftOut, MAX_LEFT_OUT_LISTED } from "./provider.ts";

/** A candle as an upstream says it, stamped with the opening of our bucket, unix seconds. Unknown is null. */
export interface Bar {
  time: number;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number;
  volume: number | null;
}

/** A row that is no candle. */
export interface UnfitRow extends Omit<LeftOut, "time"> {
  /** Whether it is one of the rows that were asked for at all: it has a stamp, and one number at least. */
  isRow: boolean;
  /** Null where it has no stamp that can be read. */
  time: number | null;
}

/** What a row of an answer was read as. */
export type ReadRow = Bar | UnfitRow;

/** Whether a row is no candle. */
export const isUnfit = (row: ReadRow): row is UnfitRow => "isRow" in row;

/** Which candles are wanted: those stamped within [`from`, `to`), unix seconds, on the buckets of `market`. */
export interface BarRules {
  market: Market;
  interval: Interval;
  from: number;
  to: number;
  /** Whether prices of zero and below are possible. */
  negativePrices: boolean;
}

/** What was asked for, as rules. */
export function rulesOf({ listing, interval, from, to }: CandleRequest, market: Market): BarRules {
  return { market, interval, from, to, negativePrices: listing.instrument.type === "commodity" };
}

/** Candles, and what was left out of them. */
export interface KeptBars {
  candles: CandleColumns;
  leftOut: LeftOut[];
  leftOutCount: number;
}

/**
 * The rows stamped within a range as columns, ascending, and what of them cannot be candles: stamped off the grid, without
 * a price, or with numbers that no market can have made. What is merely suspect is kept. Of two rows with one stamp the
 * later one counts.
 */
export function barsWithin(rows: Iterable<ReadRow>, rules: BarRules): KeptBars {
  const byTime = new Map<number, Bar>();
  const leftOut: LeftOut[] = [];
  let leftOutCount = 0;
  for (const row of rows) {
    const { time } = row;
    if (time !== null && (time < rules.from || time >= rules.to)) continue;
    const fault = isUnfit(row) ? row : faultOf(row, rules);
    if (fault === null) {
      if (!isUnfit(row)) byTime.set(row.time, row);
      continue;
    }
    leftOutCount++;
    const { check, detail } = fault;
    if (leftOut.length < MAX_LEFT_OUT_LISTED) leftOut.push({ time: time ?? rules.from, check, detail });
  }
  const bars = [...byTime.values()].sort((a, b) => a.time - b.time);
  const candles = candlesFrom(bars.map((bar) => ({ ...bar, revision: 0, suspect: false })));
  return { candles, leftOut, leftOutCount };
}

function faultOf(bar: Bar, { market, interval, negativePrices }: BarRules): Omit<LeftOut, "time"> | null {
  if (!bucketStamped(market, interval, bar.time)) {
    return { check: "off_grid", detail: `no candle of ${interval} opens at ${isoTime(bar.time)}` };
  }
  for (const field of PRICE_FIELDS) {
    const price = bar[field];
    if (price === null || price > 0 || negativePrices) continue;
    return { check: "no_price", detail: `${field} is ${price}; a price must be above 0` };
  }
  const { open, high, low, close, volume } = bar;
  const unknown = Number.NaN;
  const numbers = { open: open ?? unknown, high: high ?? unknown, low: low ?? unknown, close };
  const detail = implausible({ ...numbers, volume: volume ?? unknown }, negativePrices);
  return detail === null ? null : { check: "impossible", detail };
}
