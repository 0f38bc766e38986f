import { bucketStart, type DatedInterval } from "../interval.ts";
import type { Market } from "../market-calendar/markets.ts";
import { sessionOn } from "../market-calendar/sessions.ts";
import { DAY, isoDate, isoTime, startOfDay, weekday } from "../time.ts";
import type { LocalClock } from "./local-clock.ts";
import { CandleFileError, type WeekStart } from "./types.ts";

/** The clocks at whose midnights days may be stamped, and those of the exchange, at whose opening they may. */
export interface DayClocks {
  exchange: LocalClock;
  /** That of --timezone, where it is said. */
  said: LocalClock | null;
}

const secondOfDay = (wall: number): number => wall - startOfDay(wall);

/**
 * The date of a daily or coarser candle that is stamped at an instant: that of UTC, of the exchange or of the zone that was said, where it
 * is midnight there; or the trading date whose session opens then by the usual hours.
 * @param wall what the stamp itself writes, where it writes a time of day with a zone
 * @returns 00:00 UTC of the date; null where the instant is none of these
 */
export function dateOfInstant(time: number, wall: number | null, market: Market, clocks: DayClocks): number | null {
  if (wall !== null && secondOfDay(wall) === 0) return wall;
  if (secondOfDay(time) === 0) return time;
  const local = clocks.exchange.wallAt(time);
  for (const shown of [local, clocks.said?.wallAt(time) ?? local]) if (secondOfDay(shown) === 0) return shown;
  return dateOfOpening(local, market);
}

/**
 * The date of a daily or coarser candle whose stamp has no zone.
 * @param wall what it writes, in seconds of midnight 1970-01-01 on
 */
export function dateOfWall(wall: number, market: Market): number | null {
  return secondOfDay(wall) === 0 ? wall : dateOfOpening(wall, market);
}

/** The trading date whose session opens where the exchange's clocks show `wall`; of forex that is the day after. */
function dateOfOpening(wall: number, { open, zone }: Market): number | null {
  if (zone === "UTC") return null;
  const daysBefore = Math.floor(open / DAY);
  return secondOfDay(wall) === open - daysBefore * DAY ? startOfDay(wall) - daysBefore * DAY : null;
}

/** The days by which weeks that begin on another one are moved, to the Monday after. */
const DAYS_TO_MONDAY: Readonly<Record<WeekStart, number>> = { monday: 0, sunday: 1, saturday: 2 };

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** The days on which the weeks of a file begin, by their number; and the stamps of its candles. */
export class Periods {
  readonly #interval: DatedInterval;
  readonly #market: Market;
  readonly #weekStart: WeekStart | null;

  constructor(interval: DatedInterval, market: Market, weekStart: WeekStart | null) {
    this.#interval = interval;
    this.#market = market;
    this.#weekStart = weekStart;
  }

  /** The platform's stamp of the candle whose file has a date; a sentence where no candle begins on it. */
  stampOf(date: number): number | string {
    if (this.#interval === "1d") return date;
    const moved = this.#interval === "1w" && this.#weekStart !== null ? this.#moved(date, this.#weekStart) : date;
    const stamp = bucketStart(this.#interval, moved);
    if (stamp === moved || this.#isFirstSession(stamp, moved)) return stamp;
    const what = this.#interval === "1w" ? "a week of the platform, which begins on Monday" : "a month";
    return `time ${isoDate(date)}, a ${WEEKDAYS[weekday(date)]}, does not begin ${what}`;
  }

  /** Weeks from Sunday to Saturday, or from Saturday to Friday, are those of the Monday after. */
  #moved(date: number, start: WeekStart): number {
    const isStart = weekday(date) === (8 - DAYS_TO_MONDAY[start]) % 7;
    return isStart ? date + DAYS_TO_MONDAY[start] * DAY : date;
  }

  /** Whether a week or a month that begins on `stamp` has its first session on `date`. */
  #isFirstSession(stamp: number, date: number): boolean {
    for (let day = stamp; day < date; day += DAY) if (sessionOn(this.#market, day)) return false;
    return this.#market.tradingDays.length < 7;
  }
}

/**
 * Refuses weeks that begin on another day, unless it was said.
 * @param date the first date of the file that does not begin a week
 */
export function weeksRefusal(date: number): CandleFileError {
  const name = WEEKDAYS[weekday(date)];
  const option = name === "Sunday" || name === "Saturday" ? name.toLowerCase() : null;
  const hint = option
    ? `say --week-start ${option}, and each counts as the week of the Monday after`
    : "weeks may begin on Monday, or with --week-start on Sunday or Saturday";
  return new CandleFileError(
    `The week of ${isoTime(date).slice(0, 10)} begins on a ${name}, and those of the platform on Monday: ${hint}.`,
  );
}
