import { DAY, HOUR, MINUTE } from "../time.ts";
import { byDate, dateOf, yearsBetween } from "./dates.ts";
import type { LateOpen } from "./shortened-days.ts";

/** 17:05 on the evening before the trading date. */
const AFTER_A_HOLIDAY = 17 * HOUR + 5 * MINUTE - DAY;

const ofYear = (year: number): [number, string][] => [
  [dateOf(year, 1, 1), "New Year's Day"],
  [dateOf(year, 12, 25), "Christmas Day"],
];

/** The trading dates on which spot forex is closed, by date (`YYYY-MM-DD`): 1 January and 25 December, moved by no weekend. */
export const forexHolidays = (first: number, last: number): Map<string, string> =>
  byDate(yearsBetween(first, last).flatMap(ofYear));

/** The trading dates after them, which begin at 17:05 New York the evening before. */
export function forexLateOpens(first: number, last: number): Map<string, LateOpen> {
  const dates = yearsBetween(first, last).flatMap(ofYear);
  const late = byDate(dates.map(([date, name]) => [date + DAY, `Day after ${name}`]));
  return new Map([...late].map(([date, name]) => [date, { at: AFTER_A_HOLIDAY, name }]));
}
