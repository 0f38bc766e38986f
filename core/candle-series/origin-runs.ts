import { bucketStamped } from "../buckets.ts";
import type { CandleColumns } from "../candles.ts";
import { type Interval, isDated, nextStamp } from "../interval.ts";
import type { Market } from "../market-calendar/markets.ts";

/** Candles in a row that have one origin, `[from, to)` in unix seconds. */
export interface OriginRun {
  from: number;
  to: number;
  origin: number;
}

/** The runs of equal origins of candles, oldest first; each ends where the next begins, and the last with its last bucket. */
export function originRuns({ time, origin, length }: CandleColumns, market: Market, interval: Interval): OriginRun[] {
  const runs: OriginRun[] = [];
  for (let i = 0; i < length; i++) {
    const last = runs.at(-1);
    if (last) last.to = time[i];
    if (last?.origin !== origin[i]) runs.push({ from: time[i], to: time[i], origin: origin[i] });
  }
  const last = runs.at(-1);
  if (last) last.to = endOf(market, interval, time[length - 1]);
  return runs;
}

function endOf(market: Market, interval: Interval, time: number): number {
  return isDated(interval) ? nextStamp(interval, time) : (bucketStamped(market, interval, time)?.closes ?? time + 1);
}
