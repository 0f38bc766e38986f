import { bucketsForward, countBuckets, firstStamp } from "./buckets.ts";
import { CandleCursor, type Missing, MissingList } from "./coverage-lists.ts";
import { bucketStart, type DatedInterval, INTRADAY_SECONDS, type Interval, isDated, nextStamp } from "./interval.ts";
import type { Market } from "./market-calendar/markets.ts";
import { holidaysKnown, sessionOn } from "./market-calendar/sessions.ts";
import type { Span } from "./spans.ts";
import { DAY, startOfDay } from "./time.ts";

/** What one page of candles holds, against what the market's calendar lets expect. */
export interface Coverage {
  /** Buckets of regular sessions within the window. */
  expected: number;
  returned: number;
  missing: Missing[];
  /** False where the window touches years whose holidays are unknown: there a holiday looks like a gap. */
  holidaysKnown: boolean;
}

/** What coverage says about a page. */
export interface CoverageQuery {
  market: Market;
  interval: Interval;
  /** The page's window, `[from, to)`. */
  from: number;
  to: number;
  /** Stamps of the candles returned, ascending. */
  times: ArrayLike<number>;
  /** Stamps of candles that are held back as suspect, ascending. */
  suspects: readonly number[];
  /** Stamps of candles of which only a part is known, ascending. */
  partial?: readonly number[];
  /** Stretches in which candles are left out because their prices do not fit, ascending. */
  unfit?: readonly Span[];
  /** The stretch that was ever ingested, `[from, to)`; null where nothing was. */
  known: { from: number; to: number } | null;
  /** 00:00 UTC of the day of the first trade ever (unix seconds): before it no candle is expected. Null where it is not known. */
  listedOn?: number | null;
  /** Whether ordinary closures are listed too. */
  full: boolean;
}

/**
 * Compares a page with its calendar. Costs one step per session and per candle, so that a sparse series over decades stays cheap.
 */
export function coverageOf(query: CoverageQuery): Coverage {
  const { market, interval, to, times } = query;
  const missing = new MissingList(query.unfit ?? []);
  const from = Math.min(listingStamp(query), to);
  missing.add(query.from, from, "before_listing");
  const fetchedFrom = query.known ? Math.min(Math.max(query.known.from, from), to) : to;
  const fetchedTo = query.known ? Math.max(Math.min(query.known.to, to), fetchedFrom) : to;
  const addUnfetched = (start: number, end: number) => {
    const count = countBuckets(market, interval, start, end);
    if (count > 0) missing.add(start, end, "not_ingested");
    else if (listsClosures(query)) missing.add(start, end, "closed");
    return count;
  };
  const before = addUnfetched(from, fetchedFrom);
  const within = isDated(interval)
    ? datedCoverage(query, interval, missing, fetchedFrom, fetchedTo)
    : intradayCoverage(query, missing, INTRADAY_SECONDS[interval] ?? DAY, fetchedFrom, fetchedTo);
  const after = addUnfetched(fetchedTo, to);
  return {
    expected: before + within + after,
    returned: times.length,
    missing: missing.list,
    holidaysKnown: holidaysKnown(market, from) && holidaysKnown(market, Math.max(from, to - 1)),
  };
}

/**
 * Where the window begins to expect candles: its start, or the first stamp of the listing's day, week or month. A candle that is there
 * is worth more than a date.
 */
function listingStamp({ market, interval, from, times, suspects, listedOn }: CoverageQuery): number {
  if (listedOn === null || listedOn === undefined || listedOn <= from) return from;
  const stamp = isDated(interval) ? bucketStart(interval, listedOn) : (sessionOn(market, listedOn)?.anchor ?? listedOn);
  const first = Math.min(times.length > 0 ? times[0] : stamp, suspects[0] ?? stamp);
  return Math.max(from, Math.min(stamp, first));
}

/** Whether closures are listed: no week and no month is closed. */
const listsClosures = ({ full, interval }: CoverageQuery): boolean => full && interval !== "1w" && interval !== "1M";

function datedCoverage(
  query: CoverageQuery,
  interval: DatedInterval,
  missing: MissingList,
  from: number,
  to: number,
): number {
  const candles = new CandleCursor(query);
  const closures = listsClosures(query);
  let expected = 0;
  // A date belongs to a window that holds its stamp: the rest of a day that has begun is no closure.
  let end = Math.ceil(from / DAY) * DAY;
  for (const bucket of bucketsForward(query.market, interval, from)) {
    if (bucket.time >= to) break;
    expected++;
    if (closures) missing.add(end, bucket.time, "closed");
    end = nextStamp(interval, bucket.time);
    const found = candles.next(bucket.time, bucket.time + 1);
    if (found && !found.heldBack) missing.interrupt();
    else if (found?.heldBack) missing.add(bucket.time, Math.min(end, to), found.heldBack);
    else missing.addGap(bucket.time, Math.min(end, to));
  }
  if (closures) missing.add(end, to, "closed");
  return expected;
}

function intradayCoverage(
  query: CoverageQuery,
  missing: MissingList,
  seconds: number,
  from: number,
  to: number,
): number {
  const candles = new CandleCursor(query);
  let expected = 0;
  let end = from;
  if (to <= from) return 0;
  for (let date = startOfDay(from) - DAY; date <= startOfDay(to) + DAY; date += DAY) {
    const session = sessionOn(query.market, date);
    if (!session || session.close <= from || session.anchor >= to) continue;
    const stop = Math.min(session.close, to);
    let time = firstStamp(session, seconds, from);
    if (query.full) missing.add(end, Math.min(time, session.open, to), "closed");
    expected += Math.max(0, Math.ceil((stop - time) / seconds));
    for (let found = candles.next(time, stop); found; found = candles.next(time, stop)) {
      if ((found.time - session.anchor) % seconds !== 0) continue;
      missing.addGap(time, found.time);
      time = found.time + seconds;
      if (found.heldBack) missing.add(found.time, Math.min(time, stop), found.heldBack);
      else missing.interrupt();
    }
    missing.addGap(time, stop);
    end = session.close;
  }
  if (query.full) missing.add(end, to, "closed");
  return expected;
}
