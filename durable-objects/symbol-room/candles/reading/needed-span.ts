import { type Bucket, bucketAt, bucketsBefore, bucketsForward, lastPossibleStamp } from "../../../../core/buckets.ts";
import { type Interval, isDated, nextStamp } from "../../../../core/interval.ts";
import type { Market } from "../../../../core/market-calendar/markets.ts";
import type { Span } from "../../../../core/spans.ts";
import type { RowQuery } from "../storage/candle-store.ts";

function firstBuckets(market: Market, query: RowQuery, end: number): Bucket[] {
  const found: Bucket[] = [];
  for (const bucket of bucketsForward(market, query.interval, query.from)) {
    if (bucket.time >= end || found.length > query.limit) break;
    found.push(bucket);
  }
  return found;
}

/** The stretch of stamps of the interval `fine` that a page needs; null where the page can hold nothing. */
export function neededSpan(market: Market, query: RowQuery, fine: Interval, now: number): Span | null {
  const end = Math.min(query.to, lastPossibleStamp(market, query.interval, now));
  const buckets = query.backward
    ? bucketsBefore(market, query.interval, end, query.limit, query.from)
    : firstBuckets(market, query, end);
  const first = buckets.at(0);
  const last = buckets.at(-1);
  if (!first || !last) return null;
  if (isDated(fine) && isDated(query.interval)) return { from: first.time, to: nextStamp(query.interval, last.time) };
  return { from: first.anchor, to: last.closes };
}

/** The stamp before which every candle has closed by `now` and changes no more. */
export function settledBefore(market: Market, interval: Interval, now: number): number {
  const second = Math.floor(now);
  const forming = bucketAt(market, interval, now);
  if (forming) return forming.time;
  const last = bucketsBefore(market, interval, second + 1, 1, 0).at(0);
  if (!last) return second;
  // A week whose market sleeps for the night is still forming.
  if (last.closes > now) return last.time;
  return isDated(interval) ? Math.max(second, nextStamp(interval, last.time)) : second;
}
