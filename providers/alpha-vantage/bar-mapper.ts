import { bucketAt } from "../../core/buckets.ts";
import type { Interval } from "../../core/interval.ts";
import type { Market } from "../../core/market-calendar/markets.ts";
import type { Bar } from "../bars.ts";
import { dateStamp, momentIn } from "./clock.ts";
import type { Daily, DailyAdjusted, Intraday } from "./schema.ts";

interface Prices {
  "1. open": number;
  "2. high": number;
  "3. low": number;
  "4. close": number;
}

/** A bar with its prices divided by `factor`; null where there was no price at all. Zero stands for unknown. */
function barOf(time: number, row: Prices, volume: number | null, factor = 1): Bar | null {
  const adjusted = (price: number): number | null => (price > 0 ? divided(price, factor) : null);
  const close = adjusted(row["4. close"]);
  if (close === null) return null;
  return {
    time,
    open: adjusted(row["1. open"]),
    high: adjusted(row["2. high"]),
    low: adjusted(row["3. low"]),
    close,
    volume,
  };
}

const divided = (value: number, factor: number): number =>
  factor === 1 ? value : Number((value / factor).toPrecision(12));

/** Days as they were traded, stamped with their trading date. */
export function barsFromDaily({ rows }: Daily): Bar[] {
  return Object.entries(rows).flatMap(([date, row]) => barOf(dateStamp(date), row, row["5. volume"] ?? null) ?? []);
}

/**
 * Days adjusted for splits, not for dividends: each is divided by every split after it. The answer must reach to the latest
 * day, as the service's always do, or later splits would be missing.
 */
export function barsFromAdjusted({ rows }: DailyAdjusted): Bar[] {
  const bars: Bar[] = [];
  let factor = 1;
  for (const [date, row] of Object.entries(rows).sort(([a], [b]) => (a < b ? 1 : -1))) {
    const bar = barOf(dateStamp(date), row, divided(row["6. volume"], 1 / factor), factor);
    if (bar) bars.push(bar);
    factor *= row["8. split coefficient"];
  }
  return bars;
}

/**
 * Bars inside regular sessions. The service stamps their opening, on the clock of a zone that it names; until 2023 it
 * stamped their end. What does not open one of our buckets is left out.
 */
export function barsFromIntraday({ rows, zone }: Intraday, market: Market, interval: Interval): Bar[] {
  return Object.entries(rows).flatMap(([moment, row]) => {
    const time = momentIn(zone, moment);
    if (bucketAt(market, interval, time)?.time !== time) return [];
    return barOf(time, row, row["5. volume"] ?? null) ?? [];
  });
}
