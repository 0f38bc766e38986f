import { bucketsForward } from "../../../../core/buckets.ts";
import { type CandleColumns, firstAtOrAfter } from "../../../../core/candles.ts";
import { type Interval, isDated, nextStamp } from "../../../../core/interval.ts";
import type { Span } from "../../../../core/spans.ts";
import type { Series } from "../series.ts";
import { finerFiles, stampAt } from "./known-stretch.ts";

/** Buckets that are looked at for one page at most. */
const MAX_LOOKED_AT = 5_000;

/**
 * Stamps of the buckets without a candle of which an imported file has finer candles: a part of them is known.
 * @param candles those that there are
 * @param span the stamps that are asked for
 */
export function unmadeBuckets(series: Series, interval: Interval, candles: CandleColumns, span: Span): number[] {
  const { market, store } = series;
  const found: number[] = [];
  for (const { interval: fine, first, last } of finerFiles(series, interval)) {
    const from = Math.max(span.from, stampAt(market, fine, interval, first));
    const to = Math.min(span.to, stampAt(market, fine, interval, last) + 1);
    let lookedAt = 0;
    for (const { time, anchor, closes } of bucketsForward(market, interval, from)) {
      if (time >= to || ++lookedAt > MAX_LOOKED_AT) break;
      if (candles.time[firstAtOrAfter(candles, time)] === time) continue;
      const isOfDays = isDated(fine) && isDated(interval);
      const part = isOfDays ? { from: time, to: nextStamp(interval, time) } : { from: anchor, to: closes };
      if (store.hasAny(fine, part)) found.push(time);
    }
  }
  return found;
}
