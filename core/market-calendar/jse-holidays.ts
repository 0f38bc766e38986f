import { DAY, weekday } from "../time.ts";
import { byDate, dateOf, easterSunday, yearsBetween } from "./dates.ts";

/** Month and day of the holidays that have a date of their own: Public Holidays Act 36 of 1994, schedule 1. */
const FIXED: readonly (readonly [month: number, day: number, name: string])[] = [
  [1, 1, "New Year's Day"],
  [3, 21, "Human Rights Day"],
  [4, 27, "Freedom Day"],
  [5, 1, "Workers' Day"],
  [6, 16, "Youth Day"],
  [8, 9, "National Women's Day"],
  [9, 24, "Heritage Day"],
  [12, 16, "Day of Reconciliation"],
  [12, 25, "Christmas Day"],
  [12, 26, "Day of Goodwill"],
];

/**
 * Days that were proclaimed holidays under section 2A of the Act, since 2000.
 *
 * Elections, and 2008-05-02, 2011-12-27 and 2016-12-27: exchange_calendars (`exchange_calendar_xjse.py` @bf7cd26) and python-holidays
 * (`south_africa.py` @01c16ab), which also has 2000-01-02 (a Sunday, so that Monday the 3rd followed) and 2021-11-01. 2022-12-27: QuantLib 1.29.
 * 2023-12-15 and 2024-05-29: date-holidays 3.37.0. 2026-11-04: Government Gazette of 2026-08-07. The municipal elections of Tuesday 2000-12-05
 * are in none of these lists: whether they were a holiday is not certain, and the day is taken for a trading day.
 */
const PROCLAIMED: readonly (readonly [year: number, month: number, day: number, name: string])[] = [
  [2000, 1, 3, "Y2K changeover (observed)"],
  [2004, 4, 14, "National and Provincial Election Day"],
  [2006, 3, 1, "Local Government Election Day"],
  [2008, 5, 2, "Public holiday in lieu of Human Rights Day"],
  [2009, 4, 22, "National and Provincial Election Day"],
  [2011, 5, 18, "Local Government Election Day"],
  [2011, 12, 27, "Public holiday in lieu of Christmas Day"],
  [2014, 5, 7, "National and Provincial Election Day"],
  [2016, 8, 3, "Local Government Election Day"],
  [2016, 12, 27, "Public holiday in lieu of Christmas Day"],
  [2019, 5, 8, "National and Provincial Election Day"],
  [2021, 11, 1, "Local Government Election Day"],
  [2022, 12, 27, "Public holiday in lieu of Christmas Day"],
  [2023, 12, 15, "Rugby World Cup public holiday"],
  [2024, 5, 29, "National and Provincial Election Day"],
  [2026, 11, 4, "Local Government Election Day"],
];

/**
 * The weekdays on which the JSE is closed, by date (`YYYY-MM-DD`), from the year `first` to the year `last`: South Africa's public holidays.
 * One that falls on a Sunday is observed on the Monday, which is a holiday once; one that falls on a Saturday is not moved (section 2(1)).
 */
export function jseHolidays(first: number, last: number): Map<string, string> {
  const dates: [number, string][] = [];
  for (const year of yearsBetween(first, last)) {
    const easter = easterSunday(year);
    const ofYear: [number, string][] = FIXED.map(([month, day, name]) => [dateOf(year, month, day), name]);
    ofYear.push([easter - 2 * DAY, "Good Friday"], [easter + DAY, "Family Day"]);
    const taken = new Set(ofYear.map(([date]) => date));
    const moved = ofYear.filter(([date]) => weekday(date) === 0 && !taken.has(date + DAY));
    dates.push(...ofYear, ...moved.map(([date, name]): [number, string] => [date + DAY, `${name} (observed)`]));
  }
  for (const [year, month, day, name] of PROCLAIMED) {
    if (year >= first && year <= last) dates.push([dateOf(year, month, day), name]);
  }
  return byDate(dates);
}
