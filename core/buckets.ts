import { bucketStart, type DatedInterval, INTRADAY_SECONDS, type Interval, isDated, nextStamp } from "./interval.ts";
import type { Market } from "./market-calendar/markets.ts";
import { nextSession, previousSession, type Session, sessionOf, sessionOn } from "./market-calendar/sessions.ts";
import { DAY, HOUR, isTime, startOfDay } from "./time.ts";

/** The span of one candle. */
export interface Bucket {
  /** The candle's `time`: the opening of an intraday bucket, else the trading date's, Monday's or the 1st's 00:00 UTC. */
  time: number;
  /** The stamp of the first intraday candle inside: before `opens` on a day that opens late. */
  anchor: number;
  /** Unix second from which the bucket's trades count. */
  opens: number;
  /** Unix second from which they no longer do. */
  closes: number;
}

/** The intraday buckets of one session, counted from its anchor, the last one cut at the close. */
function intradayBuckets(session: Session, seconds: number): Bucket[] {
  const buckets: Bucket[] = [];
  for (let time = firstStamp(session, seconds, session.anchor); time < session.close; time += seconds) {
    const closes = Math.min(time + seconds, session.close);
    buckets.push({ time, anchor: time, opens: Math.max(time, session.open), closes });
  }
  return buckets;
}

/** The first intraday stamp of a session at or after `from`; at or after its close where there is none. */
export function firstStamp(session: Session, seconds: number, from: number): number {
  // On a late opening the buckets that would end before it do not exist.
  const opening = Math.floor((session.open - session.anchor) / seconds);
  return session.anchor + Math.max(opening, Math.ceil((from - session.anchor) / seconds)) * seconds;
}

/** The daily, weekly or monthly bucket stamped `time`; null where the market never trades in it. */
function datedBucket(market: Market, interval: DatedInterval, time: number): Bucket | null {
  const end = nextStamp(interval, time);
  const first = sessionOn(market, time) ?? nextSession(market, time);
  if (!first || first.date >= end) return null;
  const last = interval === "1d" ? first : previousSession(market, end);
  return last ? { time, anchor: first.anchor, opens: first.open, closes: last.close } : null;
}

/** The bucket that counts a trade at the instant `time`; null while the market is closed. */
export function bucketAt(market: Market, interval: Interval, time: number): Bucket | null {
  const session = sessionOf(market, time);
  if (!session) return null;
  const seconds = INTRADAY_SECONDS[interval];
  if (seconds === null)
    return isDated(interval) ? datedBucket(market, interval, bucketStart(interval, session.date)) : null;
  const opens = session.anchor + Math.floor((time - session.anchor) / seconds) * seconds;
  return {
    time: opens,
    anchor: opens,
    opens: Math.max(opens, session.open),
    closes: Math.min(opens + seconds, session.close),
  };
}

/**
 * The bucket whose candle is stamped `time`, or null where no candle of this interval can be stamped so. Intraday stamps
 * outside regular sessions are accepted where they are whole multiples of the interval in UTC (of an hour, for longer
 * ones): early and late trading, and sessions on days whose hours we do not know, are real.
 */
export function bucketStamped(market: Market, interval: Interval, time: number): Bucket | null {
  if (!isTime(time)) return null;
  if (isDated(interval)) {
    if (bucketStart(interval, time) !== time) return null;
    return (
      datedBucket(market, interval, time) ?? { time, anchor: time, opens: time, closes: nextStamp(interval, time) }
    );
  }
  const seconds = INTRADAY_SECONDS[interval] ?? DAY;
  const inSession = bucketAt(market, interval, time) ?? bucketAt(market, interval, time + seconds - 1);
  if (inSession?.time === time) return inSession;
  const free = !bucketAt(market, interval, time) && time % Math.min(seconds, HOUR) === 0;
  return free ? { time, anchor: time, opens: time, closes: time + seconds } : null;
}

/** Buckets stamped within [`from`, `to`), oldest first, at most `limit` of them from the start. */
export function bucketsBetween(market: Market, interval: Interval, from: number, to: number, limit: number): Bucket[] {
  const found: Bucket[] = [];
  for (const bucket of bucketsForward(market, interval, from)) {
    if (bucket.time >= to || found.length >= limit) break;
    found.push(bucket);
  }
  return found;
}

/** The last `limit` buckets stamped before `to` and not before `from`, oldest first. */
export function bucketsBefore(market: Market, interval: Interval, to: number, limit: number, from: number): Bucket[] {
  const found: Bucket[] = [];
  for (const bucket of bucketsBackward(market, interval, to)) {
    if (bucket.time < from || found.length >= limit) break;
    found.push(bucket);
  }
  return found.reverse();
}

/** Every bucket stamped at or after `from`, oldest first, for as long as it is read. */
export function* bucketsForward(market: Market, interval: Interval, from: number): Generator<Bucket, void> {
  if (!isTime(from)) return;
  if (isDated(interval)) {
    let time = bucketStart(interval, from);
    if (time < from) time = nextStamp(interval, time);
    for (; isTime(time); time = nextStamp(interval, time)) {
      const bucket = datedBucket(market, interval, time);
      if (bucket) yield bucket;
    }
    return;
  }
  const seconds = INTRADAY_SECONDS[interval] ?? DAY;
  for (let date = startOfDay(from) - DAY; isTime(date); date += DAY) {
    const session = sessionOn(market, date);
    if (!session || session.close <= from) continue;
    for (const bucket of intradayBuckets(session, seconds)) if (bucket.time >= from) yield bucket;
  }
}

/** Every bucket stamped before `to`, newest first, for as long as it is read. */
export function* bucketsBackward(market: Market, interval: Interval, to: number): Generator<Bucket, void> {
  if (!isTime(to)) return;
  if (isDated(interval)) {
    for (let time = bucketStart(interval, Math.ceil(to) - 1); isTime(time); time = bucketStart(interval, time - 1)) {
      const bucket = datedBucket(market, interval, time);
      if (bucket) yield bucket;
    }
    return;
  }
  const seconds = INTRADAY_SECONDS[interval] ?? DAY;
  for (let date = startOfDay(to) + DAY; isTime(date); date -= DAY) {
    const session = sessionOn(market, date);
    if (!session || session.anchor >= to) continue;
    for (const bucket of intradayBuckets(session, seconds).reverse()) if (bucket.time < to) yield bucket;
  }
}

/**
 * The end of the stamps that can have a candle at `now` (unix seconds), excluded. A forex day that forms is stamped hours
 * ahead; a bucket that opens this very second has no trades yet.
 */
export function lastPossibleStamp(market: Market, interval: Interval, now: number): number {
  const second = Math.floor(now);
  const forming = bucketAt(market, interval, second);
  return forming && forming.opens < second ? Math.max(second, forming.time + 1) : second;
}

/** The stamp of the last bucket that has closed by `now`, by the calendar alone; null where none has. */
export function lastClosedStamp(market: Market, interval: Interval, now: number): number | null {
  for (const bucket of bucketsBackward(market, interval, now)) if (bucket.closes <= now) return bucket.time;
  return null;
}

/** The dates, as their 00:00 UTC, on which a market has a holiday, closes early or opens late. */
const irregularDates = new WeakMap<Market, ReadonlySet<number>>();

/** Whether all sessions of the seven dates from `date` on are alike: none of them is known to be a holiday or to be shortened. */
function isPlainWeek(market: Market, date: number): boolean {
  let irregular = irregularDates.get(market);
  if (!irregular) {
    const days = [market.holidays, market.earlyCloses, market.lateOpens].flatMap((dates) => [...dates.keys()]);
    irregular = new Set(days.map((day) => Date.parse(day) / 1000));
    irregularDates.set(market, irregular);
  }
  for (let i = 0; i < 7; i++) if (irregular.has(date + i * DAY)) return false;
  return true;
}

/** How many buckets are stamped within [`from`, `to`), counted by session, and by week where all weeks are alike. */
export function countBuckets(market: Market, interval: Interval, from: number, to: number): number {
  if (!isTime(from) || !isTime(to) || to <= from) return 0;
  if (interval === "1w" || interval === "1M") return countDated(market, interval, from, to);
  const seconds = INTRADAY_SECONDS[interval];
  if (market.id === "CRYPTO") {
    const length = seconds ?? DAY;
    return Math.ceil(to / length) - Math.ceil(from / length);
  }
  const perSession = seconds === null ? 1 : Math.ceil((market.close - market.open) / seconds);
  let count = 0;
  let date = startOfDay(from) - DAY;
  while (date <= startOfDay(to) + DAY) {
    if (date - DAY > from && date + 8 * DAY < to && isPlainWeek(market, date)) {
      count += market.tradingDays.length * perSession;
      date += 7 * DAY;
      continue;
    }
    const session = sessionOn(market, date);
    if (session) count += countOfSession(session, seconds, from, to);
    date += DAY;
  }
  return count;
}

/** How many buckets of one session are stamped within [`from`, `to`). */
function countOfSession(session: Session, seconds: number | null, from: number, to: number): number {
  if (seconds === null) return session.date >= from && session.date < to ? 1 : 0;
  const first = firstStamp(session, seconds, from);
  return Math.max(0, Math.ceil((Math.min(to, session.close) - first) / seconds));
}

/** Every month has a session; so has every week but a few, if any, that holidays fill. */
function countDated(market: Market, interval: DatedInterval, from: number, to: number): number {
  let count = 0;
  let stamp = bucketStart(interval, startOfDay(from));
  if (stamp < from) stamp = nextStamp(interval, stamp);
  for (let end = stamp; stamp < to; stamp = end) {
    end = nextStamp(interval, stamp);
    if (interval === "1M" || isPlainWeek(market, stamp) || hasSession(market, stamp, end)) count++;
  }
  return count;
}

function hasSession(market: Market, from: number, to: number): boolean {
  for (let date = from; date < to; date += DAY) if (sessionOn(market, date)) return true;
  return false;
}
