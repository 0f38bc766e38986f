import { DAY, HOUR, isoDate } from "../time.ts";
import { isWeekend } from "./dates.ts";
import type { EarlyClose } from "./shortened-days.ts";

/** The years of the half days: reports of them begin with 2016, and market data ends with 2199. */
const MIN_YEAR = 2016;
const MAX_YEAR = 2199;

const NOON = 12 * HOUR;

/**
 * Half days that a source names: Business Live of 2017-12-29 ("closed at noon"), its like of 2016 and 2023, Business Day of
 * 2024-12-23, a market report of 2025-12-24. That of Christmas is the exchange's custom; of 31 December it is not certain from 2024.
 */
const REPORTED = new Set(["2016-12-30", "2017-12-29", "2023-12-29", "2024-12-24", "2025-12-24"]);

/** The last weekday before a date (00:00 UTC). None of the days before Christmas Day and New Year's Day is a public holiday. */
function lastWeekdayBefore(date: number): number {
  let day = date - DAY;
  while (isWeekend(day)) day -= DAY;
  return day;
}

/**
 * The dates on which the JSE's equity market closes at 12:00 Johannesburg, by date (`YYYY-MM-DD`): the last trading day before
 * Christmas Day and the last one before New Year's Day, from 2016 on.
 */
export function jseHalfDays(): Map<string, EarlyClose> {
  const halfDays = new Map<string, EarlyClose>();
  for (let year = MIN_YEAR; year <= MAX_YEAR; year++) {
    for (const [holiday, name] of [
      [Date.UTC(year, 11, 25), "Christmas Day"],
      [Date.UTC(year + 1, 0, 1), "New Year's Day"],
    ] as const) {
      const date = isoDate(lastWeekdayBefore(holiday / 1000));
      halfDays.set(date, { at: NOON, confirmed: REPORTED.has(date), name: `Last trading day before ${name}` });
    }
  }
  return halfDays;
}
