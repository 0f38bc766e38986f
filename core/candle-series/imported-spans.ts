import { bucketStamped, countBuckets } from "../buckets.ts";
import { type Interval, isDated, nextStamp } from "../interval.ts";
import type { Market } from "../market-calendar/markets.ts";
import { sessionOf } from "../market-calendar/sessions.ts";
import type { Span } from "../spans.ts";

/**
 * The stretches of stamps that a file of candles speaks of. Within a session every bucket between its first and its last row is known,
 * a missing one to be without trades; before and after, and of days without a row, nothing is known.
 * @param times stamps of the file's candles, unix seconds, ascending
 */
export function importedSpans(market: Market, interval: Interval, times: ArrayLike<number>): Span[] {
  const spans: Span[] = [];
  let session = Number.NaN;
  for (let i = 0; i < times.length; i++) {
    const time = times[i];
    const end = isDated(interval)
      ? nextStamp(interval, time)
      : (bucketStamped(market, interval, time)?.closes ?? time + 1);
    const current = isDated(interval) ? Number.NaN : (sessionOf(market, time)?.anchor ?? Number.NaN);
    const last = spans.at(-1);
    if (last && (current === session || countBuckets(market, interval, last.to, time) === 0)) last.to = end;
    else spans.push({ from: time, to: end });
    session = current;
  }
  return spans;
}
