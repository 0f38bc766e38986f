import { DAY, isoDate, isTime, startOfDay, weekday } from "../time.ts";
import type { Market } from "./markets.ts";
import { instantOf, offsetAt } from "./zone.ts";

/** One trading date's regular session; all times in unix seconds. */
export interface Session {
  /** The trading date, as its 00:00 UTC. */
  readonly date: number;
  /** Where the counting of intraday buckets begins: the usual opening, even on a day that opens late. */
  readonly anchor: number;
  readonly open: number;
  /** Excluded: the first second after the session. */
  readonly close: number;
}

/** What a market is doing at an instant. */
export const MARKET_STATUSES = ["open", "closed", "pre", "post", "holiday"] as const;

export type MarketStatus = (typeof MARKET_STATUSES)[number];

/** No market that we know is ever closed for longer; bounds every search. */
const MAX_CLOSURE_DAYS = 14;

/** Whether the market's holidays are known on the trading date (or instant) `time`. Where not, only weekends count as closed. */
export function holidaysKnown(market: Market, time: number): boolean {
  if (!market.holidayYears) return true;
  if (!isTime(time)) return false;
  const year = new Date(time * 1000).getUTCFullYear();
  return year >= market.holidayYears.first && year <= market.holidayYears.last;
}

/**
 * Whether an instant (unix seconds) is of a day of the week on which a market never trades, by its own clock. Of forex these begin at 17:00 New
 * York the evening before.
 */
export function isWeekend(market: Market, time: number): boolean {
  const local = time + offsetAt(market.zone, time);
  const date = market.open < 0 ? local - market.open : local;
  return !market.tradingDays.includes(weekday(date));
}

/** Sessions that were asked for, by market and trading date: years of candles ask for each of them several times. */
const sessions = new WeakMap<Market, Map<number, Session | null>>();

/** Trading dates that are kept of a market: a decade and more. */
const MAX_KEPT_DATES = 4_096;

/** The session of a trading date (any time of that UTC day), or null where the market is closed all day. */
export function sessionOn(market: Market, date: number): Session | null {
  if (!isTime(date)) return null;
  const day = startOfDay(date);
  const cache = sessions.get(market) ?? new Map<number, Session | null>();
  const cached = cache.get(day);
  if (cached !== undefined) return cached;
  const session = calculateSession(market, day);
  if (cache.size === 0) sessions.set(market, cache);
  if (cache.size >= MAX_KEPT_DATES) cache.clear();
  cache.set(day, session);
  return session;
}

function calculateSession(market: Market, day: number): Session | null {
  if (!market.tradingDays.includes(weekday(day))) return null;
  if (market.zone === "UTC") return { date: day, anchor: day, open: day, close: day + DAY };
  const name = isoDate(day);
  if (market.holidays.has(name)) return null;
  const anchor = instantOf(market.zone, day, market.open);
  const late = market.lateOpens.get(name);
  return {
    date: day,
    anchor,
    open: late === undefined ? anchor : instantOf(market.zone, day, late.at),
    close: instantOf(market.zone, day, market.earlyCloses.get(name)?.at ?? market.close),
  };
}

/** The first session that closes after `time`; null only where `time` is no time. */
function sessionEndingAfter(market: Market, time: number): Session | null {
  if (!isTime(time)) return null;
  const first = startOfDay(time) - DAY;
  for (let i = 0; i <= MAX_CLOSURE_DAYS; i++) {
    const session = sessionOn(market, first + i * DAY);
    if (session && session.close > time) return session;
  }
  return null;
}

/** The regular session that holds the instant `time`, or null where the market is closed then. */
export function sessionOf(market: Market, time: number): Session | null {
  const session = sessionEndingAfter(market, time);
  return session && session.open <= time ? session : null;
}

/** The session after the trading date `date`. */
export function nextSession(market: Market, date: number): Session | null {
  for (let i = 1; i <= MAX_CLOSURE_DAYS; i++) {
    const session = sessionOn(market, startOfDay(date) + i * DAY);
    if (session) return session;
  }
  return null;
}

/** The session before the trading date `date`. */
export function previousSession(market: Market, date: number): Session | null {
  for (let i = 1; i <= MAX_CLOSURE_DAYS; i++) {
    const session = sessionOn(market, startOfDay(date) - i * DAY);
    if (session) return session;
  }
  return null;
}

/** Whether regular trading is on at `time`. */
export function isOpen(market: Market, time: number): boolean {
  return sessionOf(market, time) !== null;
}

/** What the market is doing at `time`: a holiday is a trading weekday on which it is closed all day. */
export function marketStatus(market: Market, time: number): MarketStatus {
  if (!isTime(time)) return "closed";
  if (isOpen(market, time)) return "open";
  const day = startOfDay(time + offsetAt(market.zone, time));
  const session = sessionOn(market, day);
  if (!session) {
    const weekdayHoliday = market.holidays.has(isoDate(day));
    return weekdayHoliday ? "holiday" : "closed";
  }
  if (time < session.open && time >= session.open - market.preSeconds) return "pre";
  if (time >= session.close && time < session.close + market.postSeconds) return "post";
  return "closed";
}

/** Whether two sessions follow each other without a pause, as in forex and crypto. */
const contiguous = (before: Session, after: Session): boolean => before.close === after.open;

/** The next opening strictly after `time` that ends a closure; null in a market that never closes. */
export function nextOpen(market: Market, time: number): number | null {
  let session = sessionEndingAfter(market, time);
  if (!session) return null;
  if (session.open > time) return session.open;
  for (let i = 0; i <= MAX_CLOSURE_DAYS; i++) {
    const following = nextSession(market, session.date);
    if (!following) return null;
    if (!contiguous(session, following)) return following.open;
    session = following;
  }
  return null;
}

/** The next close strictly after `time` that begins a closure; null in a market that never closes. */
export function nextClose(market: Market, time: number): number | null {
  let session = sessionEndingAfter(market, time);
  for (let i = 0; session && i <= MAX_CLOSURE_DAYS; i++) {
    const following = nextSession(market, session.date);
    if (!following || !contiguous(session, following)) return session.close;
    session = following;
  }
  return null;
}

/**
 * Seconds of regular trading between two instants, counted only up to `atMost` (so that a very old `from` costs nothing).
 */
export function openSecondsBetween(
  market: Market,
  from: number,
  to: number,
  atMost = Number.POSITIVE_INFINITY,
): number {
  if (!isTime(from) || !isTime(to) || to <= from) return 0;
  if (market.id === "CRYPTO") return Math.min(to - from, atMost);
  let total = 0;
  for (let date = startOfDay(from) - DAY; date <= startOfDay(to) + DAY && total < atMost; date += DAY) {
    const session = sessionOn(market, date);
    if (session) total += Math.max(0, Math.min(session.close, to) - Math.max(session.open, from));
  }
  return Math.min(total, atMost);
}
