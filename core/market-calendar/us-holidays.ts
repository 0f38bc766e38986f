import { DAY, HOUR, isoDate, weekday } from "../time.ts";
import { byDate, dateOf, easterSunday, isWeekend, lastWeekday, nthWeekday, yearsBetween } from "./dates.ts";
import type { EarlyClose, LateOpen } from "./shortened-days.ts";

const MONDAY = 1;
const THURSDAY = 4;

/** Juneteenth is a holiday of the exchange from this year on. */
const FIRST_JUNETEENTH = 2022;

/** From this year on, an Independence Day on a Thursday shortens the Wednesday before and no longer the Friday after. */
const FIRST_SHORT_WEDNESDAY = 2013;

/**
 * Closures for one time: the attacks of 2001, days of mourning for presidents Reagan, Ford, Bush and Carter, and Hurricane Sandy. From the
 * exchange's list of closings ("NYSE Closings", to January 2011, as pandas_market_calendars @0144298 and exchange_calendars `us_holidays.py`
 * @434f5c1 quote it), and for those since from these two.
 */
const SPECIAL: readonly (readonly [year: number, month: number, day: number, name: string])[] = [
  [2001, 9, 11, "Attacks of September 11"],
  [2001, 9, 12, "Attacks of September 11"],
  [2001, 9, 13, "Attacks of September 11"],
  [2001, 9, 14, "Attacks of September 11"],
  [2004, 6, 11, "National Day of Mourning"],
  [2007, 1, 2, "National Day of Mourning"],
  [2012, 10, 29, "Hurricane Sandy"],
  [2012, 10, 30, "Hurricane Sandy"],
  [2018, 12, 5, "National Day of Mourning"],
  [2025, 1, 9, "National Day of Mourning"],
];

/** A date and its name where the exchange observes it: NYSE Rule 7.2 moves Saturdays to Friday and Sundays to Monday. */
function observed(date: number, name: string): [number, string] {
  if (!isWeekend(date)) return [date, name];
  return [weekday(date) === 0 ? date + DAY : date - DAY, `${name} (observed)`];
}

function holidaysOfYear(year: number): [number, string][] {
  const newYear = dateOf(year, 1, 1);
  return [
    // The Friday before would end a year's accounts: Rule 7.2 leaves a Saturday's New Year's Day out.
    ...(weekday(newYear) === 6 ? [] : [observed(newYear, "New Year's Day")]),
    [nthWeekday(year, 1, MONDAY, 3), "Martin Luther King Jr. Day"],
    [nthWeekday(year, 2, MONDAY, 3), "Washington's Birthday"],
    [easterSunday(year) - 2 * DAY, "Good Friday"],
    [lastWeekday(year, 5, MONDAY), "Memorial Day"],
    ...(year < FIRST_JUNETEENTH ? [] : [observed(dateOf(year, 6, 19), "Juneteenth")]),
    observed(dateOf(year, 7, 4), "Independence Day"),
    [nthWeekday(year, 9, MONDAY, 1), "Labor Day"],
    [nthWeekday(year, 11, THURSDAY, 4), "Thanksgiving Day"],
    observed(dateOf(year, 12, 25), "Christmas Day"),
  ];
}

/** The weekdays on which NYSE and NASDAQ are closed, by date (`YYYY-MM-DD`), from the year `first` (1998 at the earliest) to the year `last`. */
export function usHolidays(first: number, last: number): Map<string, string> {
  const dates = yearsBetween(first, last).flatMap(holidaysOfYear);
  for (const [year, month, day, name] of SPECIAL) {
    if (year >= first && year <= last) dates.push([dateOf(year, month, day), name]);
  }
  return byDate(dates);
}

/** The day that Independence Day shortens: the weekday before it, or the Friday after a Thursday until 2012; null beside a weekend. */
function shortenedByIndependenceDay(year: number): [number, string] | null {
  const holiday = dateOf(year, 7, 4);
  const day = weekday(holiday);
  if (day === THURSDAY && year < FIRST_SHORT_WEDNESDAY) return [holiday + DAY, "Day after Independence Day"];
  return day >= 2 && day <= 5 ? [holiday - DAY, "Day before Independence Day"] : null;
}

/**
 * The dates on which NYSE and NASDAQ close at 13:00 New York, by date (`YYYY-MM-DD`): the day after Thanksgiving, Christmas Eve from Monday to
 * Thursday, one beside Independence Day, and 2003-12-26. Sources as for the holidays. Trading that was cut short without notice is not among them
 * (2005-06-01, at 15:56).
 */
export function usEarlyCloses(first: number, last: number): Map<string, EarlyClose> {
  const dates: [number, string][] = [];
  for (const year of yearsBetween(first, last)) {
    const independence = shortenedByIndependenceDay(year);
    const christmasEve = dateOf(year, 12, 24);
    if (independence) dates.push(independence);
    dates.push([nthWeekday(year, 11, THURSDAY, 4) + DAY, "Day after Thanksgiving"]);
    // On a Friday it is Christmas Day (observed).
    if (weekday(christmasEve) !== 5) dates.push([christmasEve, "Christmas Eve"]);
    if (year === 2003) dates.push([dateOf(year, 12, 26), "Day after Christmas"]);
  }
  return new Map([...byDate(dates)].map(([date, name]) => [date, { at: 13 * HOUR, confirmed: true, name }]));
}

/** The date on which NYSE and NASDAQ opened late by plan, at noon; minutes of silence are no late opening. Source as for the holidays. */
export function usLateOpens(): Map<string, LateOpen> {
  return new Map([[isoDate(dateOf(2002, 9, 11)), { at: 12 * HOUR, name: "Commemoration of September 11" }]]);
}
