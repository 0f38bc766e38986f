import { DAY, isoDate, weekday } from "../time.ts";

/** 00:00 UTC of a date; months count from 1. */
export const dateOf = (year: number, month: number, day: number): number => Date.UTC(year, month - 1, day) / 1000;

/** The n-th (from 1) of a weekday (0 Sunday to 6 Saturday) in a month (from 1), as its 00:00 UTC. */
export function nthWeekday(year: number, month: number, day: number, n: number): number {
  const first = dateOf(year, month, 1);
  return first + (((day - weekday(first) + 7) % 7) + 7 * (n - 1)) * DAY;
}

/** The last of a weekday (0 Sunday to 6 Saturday) in a month (from 1), as its 00:00 UTC. */
export function lastWeekday(year: number, month: number, day: number): number {
  const last = dateOf(year, month + 1, 1) - DAY;
  return last - ((weekday(last) - day + 7) % 7) * DAY;
}

/** Easter Sunday of the Gregorian calendar, as its 00:00 UTC: Oudin's rule, as in the Explanatory Supplement to the Astronomical Almanac (1992). */
export function easterSunday(year: number): number {
  const century = Math.floor(year / 100);
  const golden = year % 19;
  const epact = (century - Math.floor(century / 4) - Math.floor((8 * century + 13) / 25) + 19 * golden + 15) % 30;
  const full =
    epact -
    Math.floor(epact / 28) *
      (1 - Math.floor(epact / 28) * Math.floor(29 / (epact + 1)) * Math.floor((21 - golden) / 11));
  const day = (year + Math.floor(year / 4) + full + 2 - century + Math.floor(century / 4)) % 7;
  const offset = full - day;
  const month = 3 + Math.floor((offset + 40) / 44);
  return dateOf(year, month, offset + 28 - 31 * Math.floor(month / 4));
}

/** Whether a date is a Saturday or a Sunday. */
export const isWeekend = (date: number): boolean => weekday(date) === 0 || weekday(date) === 6;

/** Dates with their names, in ascending order and by `YYYY-MM-DD`. Those that fall on a weekend are left out; a date with two names has both. */
export function byDate(dates: readonly (readonly [date: number, name: string])[]): Map<string, string> {
  const named = new Map<string, string>();
  for (const [date, name] of [...dates].sort(([a], [b]) => a - b)) {
    if (isWeekend(date)) continue;
    const day = isoDate(date);
    const before = named.get(day);
    named.set(day, before === undefined ? name : `${before} and ${name}`);
  }
  return named;
}

/** The years from `first` to `last`, both included. */
export const yearsBetween = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
