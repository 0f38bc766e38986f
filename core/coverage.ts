import { bucketsForward, countBuckets, firstStamp } from "./buckets.ts";
import { type DatedInterval, INTRADAY_SECONDS, type Interval, isDated, nextStamp } from "./interval.ts";
import type { Market } from "./market-calendar/markets.ts";
import { holidaysKnown, sessionOn } from "./market-calendar/sessions.ts";
import { DAY, startOfDay } from "./time.ts";

/** Why a candle that one could look for is not there. */
export const MISSING_REASONS = ["closed", "no_trades", "gap", "suspect", "not_ingested"] as const;

export type MissingReason = (typeof MISSING_REASONS)[number];

/** A stretch without candles, `[from, to)` in unix seconds. */
export interface Missing {
  from: number;
  to: number;
  reason: MissingReason;
}

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
  /** The stretch that was ever ingested, `[from, to)`; null where nothing was. */
  known: { from: number; to: number } | null;
  /** Whether ordinary closures are listed too. */
  full: boolean;
}

/** Collects stretches, joining those that touch or are only parted by a closure. */
class MissingList {
  readonly list: Missing[] = [];
  #joinable = false;

  add(from: number, to: number, reason: MissingReason): void {
    if (to <= from) return;
    const last = this.list.at(-1);
    if (last && last.reason === reason && (last.to >= from || this.#joinable)) last.to = to;
    else this.list.push({ from, to, reason });
    this.#joinable = true;
  }

  /** A candle that is there ends the stretch before it. */
  interrupt(): void {
    this.#joinable = false;
  }
}

/**
 * Compares a page with its calendar. Costs one step per session and per candle, so that a sparse series over decades stays cheap.
 */
export function coverageOf(query: CoverageQuery): Coverage {
  const { market, interval, from, to, times } = query;
  const missing = new MissingList();
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

/** Whether closures are listed: no week and no month is closed. */
const listsClosures = ({ full, interval }: CoverageQuery): boolean => full && interval !== "1w" && interval !== "1M";

/** The candles that there are, returned or held back, by time. */
class CandleCursor {
  readonly #query: CoverageQuery;
  #returnedIndex = 0;
  #suspectIndex = 0;

  constructor(query: CoverageQuery) {
    this.#query = query;
  }

  /** Takes the next candle stamped within `[from, to)`, passing over earlier ones; null where there is none. */
  next(from: number, to: number): { time: number; suspect: boolean } | null {
    const { times, suspects } = this.#query;
    while (this.#returnedIndex < times.length && times[this.#returnedIndex] < from) this.#returnedIndex++;
    while (this.#suspectIndex < suspects.length && suspects[this.#suspectIndex] < from) this.#suspectIndex++;
    const time = this.#returnedIndex < times.length ? times[this.#returnedIndex] : Number.POSITIVE_INFINITY;
    const suspectTime = this.#suspectIndex < suspects.length ? suspects[this.#suspectIndex] : Number.POSITIVE_INFINITY;
    if (Math.min(time, suspectTime) >= to) return null;
    if (time <= suspectTime) this.#returnedIndex++;
    if (suspectTime <= time) this.#suspectIndex++;
    return time <= suspectTime ? { time, suspect: false } : { time: suspectTime, suspect: true };
  }
}

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
    if (found && !found.suspect) missing.interrupt();
    else missing.add(bucket.time, Math.min(end, to), found ? "suspect" : "gap");
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
      missing.add(time, found.time, "gap");
      time = found.time + seconds;
      if (found.suspect) missing.add(found.time, Math.min(time, stop), "suspect");
      else missing.interrupt();
    }
    missing.add(time, stop, "gap");
    end = session.close;
  }
  if (query.full) missing.add(end, to, "closed");
  return expected;
}
