import { DAY, HOUR, isoDate, MAX_TIME, MIN_TIME, startOfDay, weekday } from "../time.ts";
import type { Market } from "./markets.ts";
import { type Session, sessionOn } from "./sessions.ts";

/** What a date is to a market. */
export const CALENDAR_STATUSES = ["open", "half_day", "holiday", "weekend"] as const;

export type CalendarStatus = (typeof CALENDAR_STATUSES)[number];

/** One date of a market's calendar. */
export interface CalendarDay {
  /** The trading date, as its 00:00 UTC. */
  readonly date: number;
  readonly status: CalendarStatus;
  /** Its regular session; null where the market is closed all day. */
  readonly session: Session | null;
  /** The holiday's name, or why the day is short; null for other days. */
  readonly name: string | null;
}

/** A session that is shorter than usual by this much, in seconds, is a half day; forex after a holiday opens five minutes late and is none. */
const HALF_DAY_SHORTER_BY = HOUR;

/**
 * What a trading date (any time of that UTC day, in unix seconds) is to a market. Its session is that of `sessionOn`, so that dates in years whose
 * holidays are unknown are open on trading days.
 */
export function calendarDay(market: Market, date: number): CalendarDay {
  const day = startOfDay(date);
  const session = sessionOn(market, day);
  const key = isoDate(day);
  if (!session) {
    const isHoliday = market.tradingDays.includes(weekday(day));
    return { date: day, status: isHoliday ? "holiday" : "weekend", session, name: market.holidays.get(key) ?? null };
  }
  const isHalfDay = market.close - market.open - (session.close - session.open) >= HALF_DAY_SHORTER_BY;
  if (!isHalfDay) return { date: day, status: "open", session, name: null };
  const { name } = market.earlyCloses.get(key) ?? market.lateOpens.get(key) ?? { name: null };
  return { date: day, status: "half_day", session, name };
}

/** The dates of a market's calendar within [`from`, `to`), in unix seconds, one for each UTC day that begins there. */
export function calendarDays(market: Market, from: number, to: number): CalendarDay[] {
  const days: CalendarDay[] = [];
  for (let date = startOfDay(from + DAY - 1); date < to; date += DAY) days.push(calendarDay(market, date));
  return days;
}

/** The dates whose holidays are known, [`from`, `to`) as 00:00 UTC: all that market data may have where the market has no holidays. */
export function knownHolidays({ holidayYears }: Market): { from: number; to: number } {
  if (!holidayYears) return { from: MIN_TIME, to: MAX_TIME };
  const { first, last } = holidayYears;
  return { from: Date.UTC(first, 0, 1) / 1000, to: Date.UTC(last + 1, 0, 1) / 1000 };
}
