import { bucketsForward, countBuckets } from "./buckets.ts";
import { type DatedInterval, INTRADAY_SECONDS, type Interval, isDated, nextStamp } from "./interval.ts";
import type { Market } from "./market-calendar/markets.ts";
import { holidaysKnown, type Session, sessionOn } from "./market-calendar/sessions.ts";
import { DAY, startOfDay } from "./time.ts";

/** Why a candle that one could look for is not there. */
export type MissingReason = "closed" | "no_trades" | "gap" | "suspect" | "not_ingested";

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

/** What coverage is told about a page. */
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
  private joinable = false;

  add(from: number, to: number, reason: MissingReason): void {
    if (to <= from) return;
    const last = this.list.at(-1);
    if (last && last.reason === reason && (last.to >= from || this.joinable)) last.to = to;
    else this.list.push({ from, to, reason });
    this.joinable = true;
  }

  /** A candle that is there ends the stretch before it. */
  interrupt(): void {
    this.joinable = false;
  }
}

/**
 * Compares a page with its calendar. Costs one step per session and per candle, so that a sparse series over decades stays cheap.
 */
export function coverageOf(query: CoverageQuery): Coverage {
  const { market, interval, from, to, times } = query;
  const missing = new MissingList();
  const knownFrom = query.known ? Math.min(Math.max(query.known.from, from), to) : to;
  const knownTo = query.known ? Math.max(Math.min(query.known.to, to), knownFrom) : to;
  const before = countBuckets(market, interval, from, knownFrom);
  if (before > 0) missing.add(from, knownFrom, "not_ingested");
  const within = isDated(interval)
    ? datedCoverage(query, interval, missing, knownFrom, knownTo)
    : intradayCoverage(query, missing, INTRADAY_SECONDS[interval] ?? DAY, knownFrom, knownTo);
  const after = countBuckets(market, interval, knownTo, to);
  if (after > 0) missing.add(knownTo, to, "not_ingested");
  return {
    expected: before + within + after,
    returned: times.length,
    missing: missing.list,
    holidaysKnown: holidaysKnown(market, from) && holidaysKnown(market, Math.max(from, to - 1)),
  };
}

/** Walks two ascending lists of stamps beside the expected ones. */
function presence(query: CoverageQuery): (time: number) => "present" | "suspect" | "gap" {
  let i = 0;
  let s = 0;
  return (time) => {
    while (i < query.times.length && query.times[i] < time) i++;
    if (query.times[i] === time) return "present";
    while (s < query.suspects.length && query.suspects[s] < time) s++;
    return query.suspects[s] === time ? "suspect" : "gap";
  };
}

function datedCoverage(
  query: CoverageQuery,
  interval: DatedInterval,
  missing: MissingList,
  from: number,
  to: number,
): number {
  const look = presence(query);
  let expected = 0;
  let end = from;
  for (const bucket of bucketsForward(query.market, interval, from)) {
    if (bucket.time >= to) break;
    expected++;
    if (query.full && interval === "1d" && bucket.time > end) missing.add(end, bucket.time, "closed");
    end = nextStamp(interval, bucket.time);
    const found = look(bucket.time);
    if (found === "present") missing.interrupt();
    else missing.add(bucket.time, Math.min(end, to), found);
  }
  if (query.full && interval === "1d" && to > end) missing.add(end, to, "closed");
  return expected;
}

function intradayCoverage(
  query: CoverageQuery,
  missing: MissingList,
  seconds: number,
  from: number,
  to: number,
): number {
  const look = presence(query);
  let expected = 0;
  let end = from;
  if (to <= from) return 0;
  for (let date = startOfDay(from) - DAY; date <= startOfDay(to) + DAY; date += DAY) {
    const session = sessionOn(query.market, date);
    if (!session || session.close <= from || session.anchor >= to) continue;
    if (query.full) missing.add(end, Math.min(session.open, to), "closed");
    for (let time = firstStamp(session, seconds, from); time < Math.min(session.close, to); time += seconds) {
      expected++;
      const found = look(time);
      if (found === "present") missing.interrupt();
      else missing.add(time, Math.min(time + seconds, session.close, to), found);
    }
    end = session.close;
  }
  if (query.full) missing.add(end, to, "closed");
  return expected;
}

/** The first bucket of a session stamped at or after `from`. */
function firstStamp(session: Session, seconds: number, from: number): number {
  return session.anchor + Math.max(0, Math.ceil((from - session.anchor) / seconds)) * seconds;
}
